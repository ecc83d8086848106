"""Reads what a submission's ``train`` returned as numbers, whatever containers they come in. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

LONGEST = 200_000  # numbers of a series that are read
FEW = 0.08  # of the images: a series in percent that is below it half the time holds no accuracies


def number(value: Any) -> float | None:
    """A finite or infinite number out of a float, an int or an array of one element; None if it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "fiu":
        return float(value.reshape(()))
    return None


def accuracy_of(value: Any) -> float | None:
    """An accuracy as a share: a number, percent or not, or a dictionary of metrics that has one."""
    if isinstance(value, dict):
        named = [v for k, v in value.items() if str(k).lower().startswith("acc")]
        return accuracy_of(named[0]) if named else None
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    return as_share(number(value))


def as_share(found: float | None) -> float | None:
    """A number that is an accuracy, percent or not, from 0 to 1; None if it can be none."""
    if found is None or not 0 <= found <= 100:
        return None
    return found / 100 if found > 1 else found


def accuracies(value: Any) -> tuple[float, ...] | None:
    """A row of accuracies: a list, tuple or array of numbers or of dictionaries of metrics."""
    if isinstance(value, np.ndarray) and value.ndim >= 1 and value.dtype.kind in "fiu":
        value = value.reshape(-1)[:LONGEST].tolist()
    if isinstance(value, dict) and value and all(type(key) is int for key in value):
        value = [value[key] for key in sorted(value)]  # by epoch
    if isinstance(value, dict):
        listed = [v for k, v in value.items() if str(k).lower().startswith(("acc", "val_acc"))]
        return accuracies(listed[0]) if listed and not number(listed[0]) else None
    if not isinstance(value, list | tuple) or not value or len(value) > LONGEST:
        return None
    raw = [_plain(item) for item in value]
    if any(item is None or math.isnan(item) or not 0 <= item <= 100 for item in raw):
        return None
    scale = 100 if max(item for item in raw if item is not None) > 1 else 1
    return tuple(item / scale for item in raw if item is not None)


def row_of_accuracies(values: Sequence[Any]) -> int | None:
    """Which of the values is a row of accuracies: the first one that cannot be losses, else the first one."""
    rows = {i: row for i, value in enumerate(values) if (row := accuracies(value)) is not None}
    sure = [i for i, row in rows.items() if not _like_losses(values[i], row)]
    return next(iter(sure or rows), None)


def _like_losses(value: Any, row: tuple[float, ...]) -> bool:
    """Numbers above 1 that would be accuracies of a few percent, below those of guessing one of ten classes."""
    return any(item > 1 for item in _flat(value)) and sorted(row)[len(row) // 2] < FEW


def _plain(item: Any) -> float | None:
    if isinstance(item, dict):
        named = [v for k, v in item.items() if str(k).lower().startswith("acc")]
        return number(named[0]) if named else None
    return number(item)


def losses_in(values: Sequence[Any]) -> tuple[float, ...]:
    """The longest row of training losses in what else was returned; empty if there is none."""
    found = [series for value in values for name, series in _series(value, "") if _names_loss(name)]
    return max(found, key=len, default=())


def _names_loss(name: str) -> bool:
    return "loss" in name and not any(word in name for word in ("val", "test", "eval"))


def _series(value: Any, name: str, depth: int = 0) -> Iterator[tuple[str, tuple[float, ...]]]:
    """Rows of numbers with the keys that lead to them."""
    if depth > 4:
        return
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _series(item, f"{name} {key}".lower(), depth + 1)
        return
    row = _flat(value)
    if len(row) >= 2:
        yield name, row


def _flat(value: Any) -> tuple[float, ...]:
    """The numbers of a list, of a list of lists, or of an array, in order."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiu":
        return tuple(float(item) for item in value.reshape(-1)[:LONGEST])
    if not isinstance(value, list | tuple):
        return ()
    found: list[float] = []
    for item in value:
        one = number(item)
        found += [one] if one is not None else _flat(item)
        if len(found) > LONGEST:
            break
    return tuple(found[:LONGEST])
