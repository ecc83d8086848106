"""Which settings an experiment tried and how accurate each was, in whatever shape the numbers were handed in. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from grader.checks.reported_numbers import best_of, number_in

Numbers = Mapping[str, float]  # setting to accuracy, 0 to 1; NaN where the run diverged

SETTING = ("lr", "learningrate", "rate", "eta", "schedule", "scheduler", "lrschedule", "setting", "name", "label", "model",
           "config", "variant", "batchnorm", "usebatchnorm", "bn", "usebn", "norm", "withbatchnorm")  # fmt: skip
MOST = 10_000  # settings that are read
DEEPEST = 3  # groups of settings
_PART = {
    "lr-sweep": ("lrsweep", "learningratesweep", "sweep", "learningrates", "lrs", "learningrate", "lr", "sweeplr"),
    "batch-norm": ("batchnorm", "bn", "batchnormalization", "batchnormalisation", "batchnormcomparison"),
    "schedules": ("schedules", "schedule", "lrschedules", "lrschedule", "schedulers", "learningrateschedules"),
}  # fmt: skip
_IGNORED = re.compile(
    r"(?i)[^,]*(loss|train)[^,]*|((num|n|best)[ _-]?)?epochs?|(random[ _-]?)?seed|batch[ _-]?size|(training[ _-]?)?(time|seconds)"
    r"|device|hidden([ _-]?(dims|units|size))?|(initial[ _-]?)?(lr|rate|learning[ _-]?rate)|images"
)  # settings of all runs, and what is no accuracy
_RATE = re.compile(
    r"(?i)((?:lr|learning[ _-]?rate|rate|eta|alpha)[ _=:()-]*)?"
    r"(10\s*(?:\^|\*\*)\s*[({]?-?\d+[)}]?|\d+(?:[.,]\d+)?(?:e[+-]?\d+)?|\.\d+)"
)
_WITHOUT = re.compile(r"\b(without|wo|w/o|no|non|not|off|false|none)\b|\bno(bn|batch)|(^|norm |bn )0$")
_WITH = re.compile(r"\b(with|w/|true|on|yes)\b|\b(with|use)?(bn|batch|norm)|^1$")
_PLAIN = re.compile(r"\b(plain|baseline|vanilla|default|standard|regular|normal|base|mlp)\b")


def find_part(content: Any, experiment: str, depth: int = 0) -> Any:
    """The value under an experiment's name, however it is spelt; None if there is none."""
    if not isinstance(content, dict) or depth > DEEPEST:
        return None
    for name in (_letters(experiment), *_PART.get(experiment, ())):
        for key, value in content.items():
            if _letters(str(key)) == name and isinstance(value, dict | list):
                return value
    below = (find_part(value, experiment, depth + 1) for value in content.values())
    return next((part for part in below if part is not None), None)


def settings_in(part: Any) -> dict[str, float]:
    """Setting to accuracy.

    ``part`` is an object from setting to accuracy (a number, a curve, or an object with one), a list of objects or of
    pairs, an object of columns, or groups of these: ``{"with_bn": {"0.1": 0.49}}`` gives "with_bn, 0.1".
    """
    found = dict(_settings(part, "", 0))
    scale = 100 if any(accuracy > 1 for accuracy in found.values()) else 1
    return {name: accuracy / scale for name, accuracy in found.items()}


def _settings(part: Any, group: str, depth: int) -> Iterator[tuple[str, float]]:
    columns = _rows_of_columns(part)
    if columns is not None:
        part = columns
    if isinstance(part, list):
        part = dict(row for row in map(_named_row, part[:MOST]) if row is not None)
    if not isinstance(part, dict) or len(part) > MOST:
        return
    for name, value in part.items():
        if _IGNORED.fullmatch(str(name)):
            continue
        full = f"{group}, {name}" if group else str(name)
        accuracy = math.nan if value is None else best_of(value)
        if accuracy is not None:
            yield full, accuracy
        elif depth < DEEPEST:
            yield from _settings(value, full, depth + 1)


def _named_row(row: Any) -> tuple[str, Any] | None:
    """A row of a table as setting and value."""
    if isinstance(row, list) and len(row) == 2 and isinstance(row[0], str | int | float):
        return str(row[0]), row[1]
    if not isinstance(row, dict):
        return None
    settings = {
        key: value for key, value in row.items() if _letters(str(key)) in SETTING and _is_label(value)
    }
    if not settings:
        return None
    return ", ".join(f"{key}={value}" for key, value in settings.items()), {
        key: value for key, value in row.items() if key not in settings
    }


def _is_label(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _rows_of_columns(part: Any) -> list[dict[str, Any]] | None:
    """Rows, where a part is an object of columns of one length, one of which holds settings."""
    if not isinstance(part, dict):
        return None
    columns = {str(key): value for key, value in part.items() if isinstance(value, list) and value}
    heads = [key for key in columns if _letters(key).removesuffix("s") in SETTING]
    if not heads:
        return None
    length = len(columns[heads[0]])
    whole = {
        (key.rstrip("s") if key in heads else key): value
        for key, value in columns.items()
        if len(value) == length
    }
    return [{key: value[row] for key, value in whole.items()} for row in range(min(length, MOST))]


def rate_and_norm(name: str) -> tuple[float, bool | None] | None:
    """The learning rate that a setting's name holds, and whether it says with or without batch norm; None: no rate."""
    for found in _RATE.finditer(name):
        before, after = name[: found.start()], name[found.end() :]
        rest = re.sub(r"[\s,;=:()_/-]+", " ", f"{before} {after}").strip()
        below_zero = re.search(r"(^|[ =(])-$", before)
        rate = _rate(found[2])
        if below_zero or (rest and not found[1] and has_norm(rest) is None) or not 0 < rate < math.inf:
            continue
        return rate, has_norm(rest) if rest else None
    return None


def _rate(text: str) -> float:
    base, _, power = re.sub(r"[\s({})]", "", text).replace("**", "^").partition("^")
    number = number_in(base) or 0.0
    return float(f"1e{power}") if power and len(power) < 5 else number


def has_norm(name: str) -> bool | None:
    """Whether a setting's name says with batch norm or without it; None if it says neither."""
    plain = re.sub(r"[^a-z0-9/]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
    if _WITHOUT.search(plain):
        return False
    if _WITH.search(plain):
        return True
    return False if _PLAIN.search(plain) else None


def _letters(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()
