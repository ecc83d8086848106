"""Comparing two arrays, with the reason in the answer. The one place that says when numbers are close."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grader.errors import ShapeError
from grader.numerics.subject import Array

RELATIVE = {"float64": 1e-6, "float32": 1e-4, "float16": 1e-2}
"""Relative tolerance of values by the precision that they were computed in."""

_FLOOR = {
    "float64": 1e-9,
    "float32": 1e-6,
    "float16": 1e-3,
}  # rounding, as a share of the largest wanted value
_NOISES = 10.0  # how many standard deviations of measured noise are let through


@dataclass(frozen=True)
class Comparison:
    """The answer of :func:`compare`. True where the arrays agree.

    Attributes:
        agreed: whether they agree.
        fault: what is wrong, in one word: ``"type"``, ``"dtype"``, ``"empty"``, ``"broadcast"`` (a shape
            that only broadcasts), ``"shape"``, ``"finite"``, ``"values"``; ``""`` if they agree.
        detail: one sentence; names shapes, dtypes or numbers.
        got_shape: shape of what was compared, ``None`` if it was no array.
        want_shape: shape that was due.
        worst_index: where the error is largest compared with what is let through there.
        got: the value there.
        want: the wanted value there.
        abs_error: the largest absolute error anywhere.
        rel_error: that error divided by what :attr:`rel_to` names.
        rel_to: the denominator of the relative error.
        off: how many elements are off.
        total: of how many.
        tolerance: what was let through at the worst index, absolute.
        tolerance_reason: why that much.
    """

    agreed: bool
    fault: str
    detail: str
    got_shape: tuple[int, ...] | None
    want_shape: tuple[int, ...]
    worst_index: tuple[int, ...] | None = None
    got: float | None = None
    want: float | None = None
    abs_error: float | None = None
    rel_error: float | None = None
    rel_to: str = "max |want|"
    off: int | None = None
    total: int | None = None
    tolerance: float | None = None
    tolerance_reason: str = ""

    def __bool__(self) -> bool:
        return self.agreed


def precision_of(array: Array) -> str:
    """The precision in which values of this dtype are judged: a key of :data:`RELATIVE`."""
    name = array.dtype.name
    return name if name in RELATIVE else "float64"


def drop_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape without its axes of length 1."""
    return tuple(size for size in shape if size != 1)


def compare(
    got: object,
    want: Array,
    *,
    relative: float | None = None,
    floor: float | None = None,
    noise: float | Array = 0.0,
    precision: str | None = None,
    ones_are_free: bool = False,
    integers: bool = True,
) -> Comparison:
    """Compare what came with what was due, element by element.

    An element is off if ``|got - want| > relative |want| + floor max|want| + 10 noise``. Before any
    value is looked at, ``got`` must be exactly a ``numpy.ndarray`` (or a number, where ``want`` has
    shape ``()``) of real numbers, in the shape of ``want``, with no NaN and no infinity but where
    ``want`` has the same, and not empty unless ``want`` is.

    Args:
        got: what came, any object.
        want: what was due.
        relative: relative tolerance; by default :data:`RELATIVE` of the precision.
        floor: rounding as a share of the largest finite wanted value; by default 1e-9 (float64), 1e-6
            (float32).
        noise: measured standard deviation of ``got``, one number or one for each element.
        precision: ``"float64"``, ``"float32"`` or ``"float16"``; by default the coarser of the two dtypes.
        ones_are_free: whether shapes may differ by axes of length 1, as a bias (1, C) from a bias (C,).
        integers: whether integers and truth values are numbers.

    Returns:
        The comparison, with the worst index and what was let through there.

    Raises:
        ShapeError: if ``noise`` is an array that does not broadcast to the shape of ``want``.
    """
    want = np.asarray(want)
    array, refusal = _as_numbers(got, want, ones_are_free=ones_are_free, integers=integers)
    if array is None:
        return refusal
    if precision is None:
        precision = min((precision_of(array), precision_of(want)), key=lambda name: -RELATIVE[name])
    relative = RELATIVE[precision] if relative is None else relative
    floor = _FLOOR[precision] if floor is None else floor
    scale = _largest(want)
    try:
        spread = np.broadcast_to(np.asarray(noise, np.float64), want.shape)
    except ValueError as error:
        shapes = f"shape {np.shape(noise)}, which does not broadcast to {want.shape}"
        raise ShapeError(f"compare: noise has {shapes}") from error
    with np.errstate(invalid="ignore", over="ignore"):
        allowed = relative * np.abs(want) + (floor * scale + _NOISES * spread)
    parts = [f"{relative:.0e} of |want|", f"{floor:.0e} of max |want| for {precision} rounding"]
    if np.any(spread > 0):
        parts.append("10 times the measured noise")
    return compare_within(array, want, allowed, reason=" + ".join(parts))


def compare_within(got: Array, want: Array, allowed: Array, *, reason: str) -> Comparison:
    """Compare two arrays of one shape under a tolerance for each element.

    Args:
        got: what came.
        want: what was due, in the same shape.
        allowed: what is let through at each element, absolute, in the same shape.
        reason: why that much; it goes into the answer.

    Returns:
        The comparison; its fault is ``""``, ``"finite"`` or ``"values"``.
    """
    if want.size == 0:
        return Comparison(True, "", "both are empty", got.shape, want.shape, off=0, total=0)
    with np.errstate(invalid="ignore", over="ignore"):
        same = (got == want) | (np.isnan(got) & np.isnan(want))
        error = np.where(same, 0.0, np.abs(np.asarray(got, np.float64) - np.asarray(want, np.float64)))
        off = ~(same | ((error <= allowed) & np.isfinite(want)))
        excess = np.where(np.isfinite(error), error / np.maximum(allowed, 1e-300), np.inf)
    unfit = off & ~np.isfinite(got)
    flat = int(np.argmax(np.where(off, excess, -1.0) if off.any() else excess))
    where = tuple(int(i) for i in np.unravel_index(flat, want.shape))
    scale = _largest(want)
    finite = error[np.isfinite(error)]
    largest = float(finite.max()) if finite.size and not unfit.any() else float("nan") if unfit.any() else 0.0
    count, total = int(off.sum()), int(want.size)
    fault = "finite" if unfit.any() else "values" if count else ""
    return Comparison(
        agreed=count == 0,
        fault=fault,
        detail=_sentence(fault, got, want, where, count),
        got_shape=got.shape,
        want_shape=want.shape,
        worst_index=where,
        got=float(got[where]),
        want=float(want[where]),
        abs_error=largest,
        rel_error=largest / scale if scale else (0.0 if largest == 0 else float("inf")),
        off=count,
        total=total,
        tolerance=float(allowed[where]),
        tolerance_reason=reason,
    )


def shape_fault(got: tuple[int, ...], want: tuple[int, ...]) -> tuple[str, str]:
    """Why a shape is wrong: a word and a sentence. ``("", "")`` if it is right."""
    if got == want:
        return "", ""
    if 0 in got and 0 not in want:
        return "empty", f"an empty array of shape {got} came where shape {want} is due"
    try:
        broadcasts = np.broadcast_shapes(got, want) == want
    except ValueError:
        broadcasts = False
    if broadcasts:
        return (
            "broadcast",
            f"shape {got} came where {want} is due: it broadcasts, but it is not the same array",
        )
    if len(got) > 1 and got == want[::-1]:
        return "shape", f"shape {got} came where {want} is due: it is transposed"
    return "shape", f"shape {got} came where {want} is due"


def _as_numbers(
    got: object, want: Array, *, ones_are_free: bool, integers: bool
) -> tuple[Array | None, Comparison]:
    """``got`` as an array in the shape of ``want``, or ``None`` and the comparison that refuses it."""

    def refuse(fault: str, detail: str, shape: tuple[int, ...] | None) -> tuple[None, Comparison]:
        return None, Comparison(False, fault, detail, shape, want.shape)

    if want.ndim == 0 and (type(got) in (int, float) or isinstance(got, np.number)):
        got = np.asarray(got)
    if got is None:
        return refuse("type", f"nothing came where an array of shape {want.shape} is due", None)
    if type(got) is not np.ndarray:
        return refuse("type", f"{type(got).__name__} came where numpy.ndarray is due", None)
    if got.dtype.kind not in ("fiub" if integers else "f"):
        return refuse(
            "dtype", f"an array of {got.dtype} came where floating-point numbers are due", got.shape
        )
    if ones_are_free and got.size == want.size and drop_ones(got.shape) == drop_ones(want.shape):
        got = got.reshape(want.shape)
    fault, detail = shape_fault(got.shape, want.shape)
    if fault:
        return refuse(fault, detail, got.shape)
    return got, Comparison(True, "", "", got.shape, want.shape)


def _largest(want: Array) -> float:
    """The largest finite magnitude, 0 if there is none."""
    magnitude = np.abs(np.asarray(want, np.float64))
    finite = magnitude[np.isfinite(magnitude)]
    return float(finite.max()) if finite.size else 0.0


def _sentence(fault: str, got: Array, want: Array, where: tuple[int, ...], count: int) -> str:
    if not fault:
        return f"all {want.size} elements agree"
    if fault == "finite":
        unfit = int((~np.isfinite(got)).sum())
        return f"{unfit} of {want.size} elements are NaN or infinite, at {where} among others"
    numbers = f"got {got[where]:.8g}, want {want[where]:.8g}"
    return f"{count} of {want.size} elements are off, worst at {where}: {numbers}"
