"""Comparing what a script computed with what is due: numbers, arrays, and tuples, lists and dicts of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from grader.numerics import Array, Comparison, compare
from grader.numerics.compare import RELATIVE, precision_of
from grader.sandbox import Opaque

ZERO = 1e-3  # of the tolerance, ten times of which may stand where zeros alone are due: inputs are near one
CLOSE = 1e-6  # relative, for a factor to be called by its name


def differences(
    got: object, want: object, name: str, tolerance: float
) -> Iterator[tuple[str, Comparison, object, object]]:
    """Every number or array of a value with its place, the comparison, and both sides.

    A dict may hold more than is due; a tuple may be a list, or an array of as many rows; an array of one element may
    stand for a number.
    """
    if isinstance(want, Mapping):
        if not isinstance(got, Mapping):
            yield name, _other_kind(got, "a dict"), got, want
            return
        for key, item in want.items():
            yield from differences(got.get(key), item, f"{name}[{key!r}]", tolerance)
    elif isinstance(want, (list, tuple)):
        if isinstance(got, np.ndarray) and got.ndim and len(got) == len(want):
            got = [np.asarray(row) for row in got]
        if not isinstance(got, (list, tuple)) or len(got) != len(want):
            yield name, _other_kind(got, f"{len(want)} values"), got, want
            return
        for i, (one, due) in enumerate(zip(got, want, strict=True)):
            yield from differences(one, due, f"{name}[{i}]", tolerance)
    elif isinstance(want, bool):
        same = (
            isinstance(got, bool | int | np.ndarray)
            and np.size(got) == 1
            and bool(np.all(got == np.array(want)))
        )
        said = "" if same else f"{_shown(got)} came where {want} is due"
        yield name, Comparison(same, "" if same else "values", said, None, ()), got, want
    elif isinstance(want, (np.ndarray, float, int)):
        yield name, _numbers(got, np.asarray(want), tolerance), got, want
    else:
        same = type(got) is type(want) and got == want
        said = "" if same else f"got {_shown(got)}, want {_shown(want)}"
        yield name, Comparison(same, "" if same else "values", said, None, ()), got, want


def _numbers(got: object, want: Array, tolerance: float) -> Comparison:
    if isinstance(got, (list, tuple)):
        got = _as_array(got)
    scalar = want.ndim == 0
    if got is None or isinstance(got, (Opaque, Mapping, str, list, tuple)):
        return _other_kind(got, "a number" if scalar else f"an array of shape {want.shape}")
    if isinstance(got, np.ndarray) and scalar and got.size == 1:
        got = got.reshape(())
    array = got if isinstance(got, np.ndarray) else want
    precision = max((precision_of(array), precision_of(want)), key=RELATIVE.__getitem__)
    relative = max(tolerance, RELATIVE[precision])
    noise = (
        0.0 if np.any(want) else ZERO * relative
    )  # where zeros are due, there is nothing to be relative to
    return compare(got, want, relative=relative, floor=relative / 10, noise=noise, precision=precision)


def _as_array(items: list[object] | tuple[object, ...]) -> object:
    """A list of numbers as an array; anything else as it is."""
    try:
        array = np.asarray(items, np.float64)
        numbers = np.asarray(items).dtype.kind in "fiub"  # text that reads as numbers is none
    except (TypeError, ValueError):
        return items
    return array if numbers else items


def _other_kind(got: object, due: str) -> Comparison:
    return Comparison(False, "type", f"{_shown(got)} came where {due} is due", None, ())


def unfit(value: object) -> str:
    """Why a value cannot be what is due, as it would prove nothing; "" if it can."""
    if value is None:
        return "is None"
    if isinstance(value, Opaque):
        return f"is an object of type {value.type_name}; compare its arrays and numbers"
    if isinstance(value, (Mapping, list, tuple)):
        items = list(value.values() if isinstance(value, Mapping) else value)
        return next((why for item in items if (why := unfit(item))), "" if items else "is empty")
    if isinstance(value, np.ndarray) and value.size == 0:
        return "is empty"
    if isinstance(value, np.ndarray | float) and np.isnan(value).any():
        return "is not a number"
    return ""


def sound(value: object) -> bool:
    """Whether a value is one of numbers, all of them finite, and not empty."""
    if isinstance(value, Mapping):
        return bool(value) and all(map(sound, value.values()))
    if isinstance(value, (list, tuple)):
        return bool(value) and all(map(sound, value))
    return not unfit(value) and bool(
        np.isfinite(value).all() if isinstance(value, np.ndarray | float) else True
    )


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Opaque):
        return f"an object of type {value.type_name}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    return repr(value)[:60] if isinstance(value, (str, int, float)) else f"a {type(value).__name__}"


def in_proportion(got: object, want: object, sizes: Mapping[str, int]) -> str:
    """How a wrong array relates to the right one, where that can be said: a factor, a sign, the transpose; else ""."""
    if not isinstance(got, np.ndarray | float | int) or not isinstance(want, np.ndarray | float | int):
        return ""
    if isinstance(got, bool) or isinstance(want, bool) or np.iscomplexobj(got) or np.iscomplexobj(want):
        return ""
    a, b = np.asarray(got, np.float64), np.asarray(want, np.float64)
    if a.ndim > 1 and a.shape == b.T.shape and np.allclose(a, b.T, rtol=CLOSE):
        return "it is the transpose of what is due"
    if a.size != b.size or not np.isfinite(a).all() or not np.any(b):
        return ""
    a, b = a.ravel(), b.ravel()
    if not np.any(a):
        return "it is all zeros"
    factor = float(a @ b / (b @ b))
    if np.max(np.abs(a - factor * b)) > CLOSE * np.max(np.abs(a)):
        return ""
    if abs(factor - 1) < CLOSE:
        return "the numbers are right and the shape is not"
    named = {"1": 1.0} | {name: float(n) for name, n in sizes.items()}
    named |= {f"1/{name}": 1 / n for name, n in sizes.items()}
    for name, number in named.items():
        for sign in (1, -1):
            if abs(factor - sign * number) <= CLOSE * number:
                words = name if name == "1" else f"{name} = {number:.4g}"
                return (
                    "its sign is wrong"
                    if (name, sign) == ("1", -1)
                    else f"it is {'-' * (sign < 0)}{words} times what is due"
                )
    return f"it is {factor:.4g} times what is due"
