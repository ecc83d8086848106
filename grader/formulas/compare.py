"""Is a value the truth? Free indices are put in order, vectors may stand or lie, and nothing that is not finite is equal."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from grader.formulas.limits import Ambiguous, Clash
from grader.formulas.sampling import Sample
from grader.formulas.values import Array, Value, expanded

TOLERANCE = 1e-7  # relative to the largest entry of the truth; both sides are float64


@dataclass(frozen=True)
class Compared:
    """Whether a value equals the truth, how it was laid out, and the value as a matrix where it has one."""

    equal: bool
    got: Array | None = None
    note: str = ""
    transposed: bool = False


def compare(
    value: Value, want: Array, left: tuple[str, ...], sample: Sample, *, layout_any: bool
) -> Compared:
    """Compare a value with the truth.

    Args:
        value: what the answer evaluates to.
        want: (r, c), the truth.
        left: the subscripts of the answer's left-hand side, empty if there are none.
        sample: the point, for messages.
        layout_any: the transpose counts as equal.

    Raises:
        Clash: an index is free on one side only.
        Ambiguous: nothing says which of two indices numbers the rows, and it matters.
    """
    best: Compared | None = None
    misnamed = ""
    if not left and len(value.axes) > 1:
        left = _ordered_by_size(value, want, sample)
        misnamed = _misnamed(value, sample)
    for got, note in arrangements(value, want, left):
        if equal(got, want):
            if misnamed:
                raise Ambiguous(f"{misnamed}; write the left-hand side with its subscripts")
            return Compared(True, got, note)
        vector = 1 in want.shape
        if got.shape == want.shape[::-1] and equal(got.T, want) and (vector or layout_any):
            how = "the transposed layout" if not vector else ("a row" if got.shape[0] == 1 else "a column")
            return Compared(True, got, note or f"given as {how}", transposed=True)
        best = best or Compared(False, got, note)
    if not left and len(value.axes) > 1:
        _ask_for_order(value, want)
    return best or Compared(False)


def _ordered_by_size(value: Value, want: Array, sample: Sample) -> tuple[str, ...]:
    """The free indices in the order of the truth's sizes, where their letters name these sizes: s of S, n of N."""
    sizes = {name.lower(): size for name, size in sample.sizes.items()}
    named = [axis for axis in value.axes if axis in sizes]
    if not named or any(sizes[axis] != value.size_of(axis) for axis in named):
        return ()
    lengths = [value.size_of(axis) for axis in value.axes]
    if sorted(lengths) != sorted(want.shape) or len(set(lengths)) < len(lengths):
        return ()
    return tuple(value.axes[lengths.index(side)] for side in want.shape)


def _misnamed(value: Value, sample: Sample) -> str:
    """What is odd about the letters of the free indices: m numbers an axis of length N where n numbers one of M."""
    sizes = {name.lower(): (name, size) for name, size in sample.sizes.items()}
    odd = [axis for axis in value.axes if axis in sizes and sizes[axis][1] != value.size_of(axis)]
    if len(odd) < 2 or {sizes[axis][1] for axis in odd} != {value.size_of(axis) for axis in odd}:
        return ""
    return f"the index {odd[0]} numbers an axis of length {sample.show(value.size_of(odd[0]))}, not {sizes[odd[0]][0]}"


def _ask_for_order(value: Value, want: Array) -> None:
    """An answer whose free indices are right in another order than the usual one is for a person to read.

    Raises:
        Ambiguous: it is such an answer.
    """
    for order in list(permutations(value.axes))[1:]:
        got = _laid_out(value, order, want)
        if got is not None and equal(got, want):
            rows, cols = order[0], order[-1]
            raise Ambiguous(
                f"which of its indices numbers the rows is not said: it is right if {rows} does and {cols} numbers"
                " the columns; write the left-hand side with its subscripts", rows,
            )  # fmt: skip


def equal(got: Array, want: Array) -> bool:
    """Equality of finite matrices up to rounding."""
    if got.shape != want.shape or not np.isfinite(got).all() or not np.isfinite(want).all():
        return False
    scale = float(np.abs(want).max())
    return bool(np.abs(got - want).max() <= TOLERANCE * scale if scale > 0 else np.abs(got).max() <= 1e-12)


def arrangements(value: Value, want: Array, left: tuple[str, ...]) -> list[tuple[Array, str]]:
    """The value as matrices, one for every way to order its free indices."""
    if value.eye:
        value = (
            expanded(value, want.shape[0])
            if want.shape[0] == want.shape[1]
            else Value(value.data, value.axes)
        )
    if not value.axes:
        if any(flexible and side == 1 for flexible, side in zip(value.flex, want.shape, strict=True)):
            shape = " × ".join(
                "any" if f else str(n) for f, n in zip(value.flex, value.data.shape, strict=True)
            )
            raise Clash(f"the result has rows or columns of a length that is not given ({shape})", "W112")
        return [(_stretched(value, want), "")]
    columns = len(left) == 2 and left[0] == ":"  # [dX]_{:,j}: what is given are the columns
    left = tuple(index for index in left if index != ":")
    orders, note = _orders(value, want, left)
    if columns and value.axes and not value.is_scalar:
        matrices = [(laid.T, note) for order in orders if (laid := _laid_out(value, order, want)) is not None]
        if matrices:
            return matrices
    matrices = [(matrix, note) for order in orders if (matrix := _laid_out(value, order, want)) is not None]
    if not matrices:
        free = ", ".join(axis.partition("#")[0] for axis in value.axes)
        raise Clash(f"the result still depends on the indices {free}", "W116")
    return matrices


def _stretched(value: Value, want: Array) -> Array:
    data = value.data
    for side in (0, 1):
        if value.flex[side] and want.shape[side] > 1:
            data = np.repeat(data, want.shape[side], axis=side)
    return data


def _orders(value: Value, want: Array, left: tuple[str, ...]) -> tuple[list[tuple[str, ...]], str]:
    axes = value.axes
    free = set(axes)
    if left:
        if len(set(left)) < len(left):
            raise Clash("the left-hand side has the same subscript twice", "W116")
        extra = sorted(free - set(left))
        if extra:
            raise Clash(
                f"the index {extra[0]} is free on the right and not on the left: the sum over it is missing",
                "W105",
            )
        missing = [index for index in left if index not in free and not index.isdigit()]
        if missing:
            raise Clash(f"the index {missing[0]} stands on the left and not on the right", "W116")
        return [tuple(i for i in left if i in free)], ""
    rank = sum(1 for side in want.shape if side != 1)
    if len(axes) > rank and value.is_scalar:
        names = ", ".join(axes)
        raise Clash(
            f"the indices {names} are all free, which is more than the answer has: a sum is missing", "W105"
        )
    note = f"the free indices were taken in the order {', '.join(axes)}" if len(axes) > 1 else ""
    return [axes], note


def _laid_out(value: Value, order: tuple[str, ...], want: Array) -> Array | None:
    data = np.transpose(
        value.data, [*(value.axes.index(axis) for axis in order), -2 % value.data.ndim, -1 % value.data.ndim]
    )
    if any(value.flex):
        return None
    rows, cols = value.rows, value.cols
    if len(order) == 2 and (rows, cols) == (1, 1):
        return np.asarray(data[:, :, 0, 0])
    if len(order) == 1 and (rows, cols) == (1, 1):
        column = data[:, :, 0]
        return np.asarray(column.T if want.shape[0] == 1 else column)
    if len(order) == 1 and 1 in (rows, cols):
        return np.asarray(data.reshape(data.shape[0], -1))
    return None
