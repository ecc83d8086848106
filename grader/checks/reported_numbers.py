"""Accuracies as people write them down: shares or percent, as numbers or as text, alone, in lists or in curves. Pure.

A run that diverged has an accuracy too: NaN, which is what ``NaN``, ``null`` and "diverged" are read as where it is
asked for.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from grader.checks.training_values import LONGEST, as_share

DEEPEST = 8  # lists and objects within each other
DIVERGED = frozenset(
    ("nan", "inf", "-inf", "+inf", "infinity", "-infinity", "diverged", "diverges", "overflow")
)
_NUMBER = re.compile(r"[+-]?(?:\d{1,40}(?:[.,]\d{0,40})?|\.\d{1,40})(?:e[+-]?\d{1,3})?", re.ASCII)
_NO_MEASURE = re.compile(
    r"loss|time|second|epoch|seed|size|image|device|hidden|(?<![a-z])(?:lr|rate|learning)"
)
_PREFERRED = ("best val", "val acc", "val", "test", "acc", "best")


def number_in(value: Any) -> float | None:
    """The number that a value of a results file is, NaN for one that diverged; None if it is none.

    Text is read as well: "0.49", "49.1 %" (0.491), "0,49", "nan".
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        try:
            found = float(value)
        except OverflowError:
            return None
        return found if math.isfinite(found) else math.nan
    if isinstance(value, str) and len(value) < 100:
        text = value.strip().lower()
        if text in DIVERGED:
            return math.nan
        plain = text.removesuffix("%").rstrip()
        if _NUMBER.fullmatch(plain):
            found = float(plain.replace(",", "."))
            return found / 100 if plain != text else found
    return None


def share_of(value: Any) -> float | None:
    """One accuracy as a share from 0 to 1, percent or not, alone in a list or named in an object; None if it is none."""
    if isinstance(value, dict):
        return share_of(
            next((item for key, item in value.items() if str(key).lower().startswith("acc")), None)
        )
    if isinstance(value, list) and len(value) == 1:
        return share_of(value[0])
    return as_share(number_in(value))


def shares_in(value: Any) -> tuple[float, ...] | None:
    """A series of accuracies as shares, NaN where a run diverged; None if it is none.

    It may be a list of numbers, of lists of one number, of pairs (epoch, accuracy), of objects with an accuracy, or an
    object from epoch to accuracy. More than 1 anywhere means percent everywhere.
    """
    row = _series(value)
    if not row or any(item < 0 or item > 100 for item in row):
        return None
    scale = 100 if any(item > 1 for item in row) else 1
    return tuple(item / scale for item in row)


def _series(value: Any) -> list[float]:
    if isinstance(value, dict):
        if value and all(str(key).removeprefix("epoch").strip(" _").isdecimal() for key in value):
            return _series(list(value.values()))
        return _series(measured_in(value)) if isinstance(measured_in(value), list) else []
    if not isinstance(value, list) or not 0 < len(value) <= LONGEST:
        return []
    if _counted(value):
        value = [row[1] for row in value]
    found = [
        number_in(
            item[0] if isinstance(item, list) and len(item) == 1
            else measured_in(item) if isinstance(item, dict) else item
        )
        for item in value
    ]  # fmt: skip
    return [item for item in found if item is not None] if None not in found else []


def _counted(rows: Sequence[Any]) -> bool:
    """Whether rows are pairs whose first numbers count epochs."""
    if not all(isinstance(row, list) and len(row) == 2 for row in rows):
        return False
    first = [row[0] for row in rows]
    return first in (list(range(len(rows))), list(range(1, len(rows) + 1)))


def measured_in(values: dict[Any, Any]) -> Any:
    """Of an object with several numbers the one that says how good a run is: validation before test before training.

    Keys that name losses, times and settings are none; None if no key is one.
    """
    names = {str(key): re.sub(r"[\W_]+", " ", str(key)).lower().strip() for key in values}
    kept = {key: plain for key, plain in names.items() if not _NO_MEASURE.search(plain)}
    for known in (False, True):  # of training images last
        for word in _PREFERRED:
            for key, plain in kept.items():
                if word in plain and plain.startswith("train") is known:
                    return values.get(key)
    return None


def best_of(value: Any, depth: int = 0) -> float | None:
    """The best accuracy of a run as it is written: not scaled, NaN where the run diverged; None if there is none.

    A curve counts by its largest number.
    """
    if depth > DEEPEST:
        return None
    if isinstance(value, dict):
        return best_of(measured_in(value), depth + 1)
    if isinstance(value, list):
        rows = [row[1] for row in value] if _counted(value) else value[:LONGEST]
        read = (best_of(row, depth + 1) for row in rows)
        found = [number for number in read if number is not None]
        return (
            max((number for number in found if not math.isnan(number)), default=math.nan) if found else None
        )
    one = number_in(value)
    return one if one is None or math.isnan(one) or 0 <= one <= 100 else None
