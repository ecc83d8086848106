"""Values of the mathematical languages: matrices that may carry named index axes.

A value is an array of shape ``(index axes..., rows, columns)``. A scalar is 1 x 1, a vector of the statement a column.
A *flexible* side has a length that nobody wrote (``1`` in ``1^T dY``): its entries are constant along it, it is
stored with length 1 and fits every length. ``eye`` marks a multiple of the identity of a size that nobody wrote.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.formulas.limits import MAX_ELEMENTS, MAX_INDICES, Clash, Unreadable

Array = npt.NDArray[Any]
Shower = Callable[[int], str]  # a size in symbols: 5 -> "S"


@dataclass(frozen=True, slots=True)
class Value:
    """A matrix for every combination of its index axes."""

    data: Array
    axes: tuple[str, ...] = ()  # sorted
    flex: tuple[bool, bool] = (False, False)
    eye: bool = False
    spread: Array | None = None  # of an ``eye``: what is added to every entry, as in I - 11^T/n

    @property
    def rows(self) -> int:
        """Number of rows; 1 if flexible."""
        return int(self.data.shape[-2])

    @property
    def cols(self) -> int:
        """Number of columns; 1 if flexible."""
        return int(self.data.shape[-1])

    @property
    def is_scalar(self) -> bool:
        """A number for every combination of its indices."""
        return not self.eye and self.data.shape[-2:] == (1, 1) and not any(self.flex)

    @property
    def is_column(self) -> bool:
        """A vector."""
        return self.cols == 1 and self.rows > 1 and not any(self.flex)

    def size_of(self, axis: str) -> int:
        """Length of an index axis."""
        return int(self.data.shape[self.axes.index(axis)])

    def show_shape(self, show: Shower) -> str:
        """The shape in symbols: ``S × N``."""
        if self.eye:
            return "identity"
        sides = ["any" if f else show(n) for n, f in zip((self.rows, self.cols), self.flex, strict=True)]
        return "a number" if self.is_scalar else " × ".join(sides)


def scalar(number: complex) -> Value:
    """A plain number."""
    return Value(np.array([[number]], dtype=complex if isinstance(number, complex) else float))


def aligned(values: tuple[Value, ...]) -> tuple[tuple[str, ...], list[Array]]:
    """Arrays of several values over the union of their index axes.

    Raises:
        Clash: an index has different ranges in two of them.
        Unreadable: too many indices, or arrays too large.
    """
    axes = tuple(sorted({axis for value in values for axis in value.axes}))
    if len(axes) > MAX_INDICES:
        raise Unreadable(f"more than {MAX_INDICES} indices at the same time")
    lengths: dict[str, int] = {}
    for value in values:
        for axis in value.axes:
            if lengths.setdefault(axis, value.size_of(axis)) != value.size_of(axis):
                raise two_ranges(axis, lengths[axis], value.size_of(axis))
    arrays = []
    for value in values:
        sizes = [value.size_of(axis) if axis in value.axes else 1 for axis in axes]
        arrays.append(value.data.reshape(*sizes, value.rows, value.cols))
    if (
        np.prod([lengths[a] for a in axes], dtype=float) * max(a.shape[-1] * a.shape[-2] for a in arrays)
        > MAX_ELEMENTS
    ):
        raise Unreadable("the sums in this formula are too large to evaluate")
    return axes, arrays


def two_ranges(index: str, n: int, m: int) -> Clash:
    """One index with two ranges; the sizes are put into the message by who knows their names."""
    name = index.partition("#")[0]
    message = (
        f"the index {name} numbers an axis of length {{0}} at one place and one of length {{1}} at another"
    )
    return Clash(message, "W116", (n, m))


def expanded(value: Value, n: int) -> Value:
    """A multiple of the identity written out as an n x n matrix; other values as they are."""
    if not value.eye:
        return value
    with np.errstate(invalid="ignore"):  # infinity times 0
        data = value.data * np.eye(n)
        return Value(data if value.spread is None else data + value.spread, value.axes)


def elementwise(
    a: Value, b: Value, op: Callable[[Array, Array], Array], what: str, show: Shower
) -> tuple[Value, bool]:
    """Apply ``op`` element by element; the flag says whether a row or column was repeated to fit.

    Raises:
        Clash: the shapes do not fit; the message names them in symbols.
    """
    if (a.eye or b.eye) and (found := _beside_eye(a, b, op)) is not None:
        return found, False
    a, b = expanded(a, max(b.rows, b.cols)), expanded(b, max(a.rows, a.cols))
    flex, repeated = [], False
    for side, (n, m) in enumerate(((a.rows, b.rows), (a.cols, b.cols))):
        flex.append((a.flex[side] and (b.flex[side] or m == 1)) or (b.flex[side] and n == 1))
        if n == m or a.is_scalar or b.is_scalar:
            continue
        if not ((a.flex[side] and n == 1) or (b.flex[side] and m == 1)):
            if 1 not in (n, m):
                raise Clash(f"{what} of {a.show_shape(show)} and {b.show_shape(show)}: the shapes do not fit")
            repeated = True
    if repeated and (a.rows < b.rows) != (a.cols < b.cols) and a.rows != b.rows and a.cols != b.cols:
        raise Clash(f"{what} of {a.show_shape(show)} and {b.show_shape(show)}: the shapes do not fit")
    axes, (x, y) = aligned((a, b))
    return Value(op(x, y), axes, (flex[0], flex[1])), repeated


def _beside_eye(a: Value, b: Value, op: Callable[[Array, Array], Array]) -> Value | None:
    """An identity of unknown size and something else of unknown size; None where the other one has a size.

    Raises:
        Unreadable: the result is no multiple of the identity plus a constant.
    """
    if not all(v.eye or v.is_scalar or all(v.flex) for v in (a, b)):
        return None
    axes, (x, y) = aligned((a, b))
    _, (p, q) = aligned((_spread(a), _spread(b)))
    if op in (np.add, np.subtract):
        zero = np.zeros((1, 1))
        return Value(op(x if a.eye else zero, y if b.eye else zero), axes, eye=True, spread=op(p, q))
    if op is np.multiply and not (a.eye and b.eye):
        return Value(x * y, axes, eye=True, spread=p * q)
    if op is np.divide and a.eye and b.is_scalar:
        return Value(x / y, axes, eye=True, spread=p / y)
    if op is np.multiply and a.spread is None and b.spread is None:
        return Value(x * y, axes, eye=True)
    raise Unreadable("an identity matrix of unknown size; write its size as a subscript", "I")


def _spread(value: Value) -> Value:
    """What a value of unknown size adds to every entry."""
    if not value.eye:
        return Value(value.data, value.axes)
    return Value(np.zeros_like(value.data) if value.spread is None else value.spread, value.axes)


def _eye_product(a: Value, b: Value) -> Value:
    """The matrix product with a multiple of the identity plus a constant, on one side or both."""
    axes, (x, y) = aligned((a, b))
    if a.spread is None and b.spread is None:
        other = b if a.eye else a
        both = (a.eye or a.is_scalar) and (b.eye or b.is_scalar)
        return Value(x * y, axes, other.flex, eye=both)
    if a.is_scalar or b.is_scalar:
        _, (p, q) = aligned((_spread(a), _spread(b)))
        return Value(x * y, axes, eye=True, spread=p * q)
    constant, other = (a, b) if a.eye else (b, a)
    if other.eye or other.flex[0 if a.eye else 1]:
        raise Unreadable("an identity matrix of unknown size; write its size as a subscript", "I")
    side = -2 if a.eye else -1
    _, (p, sums) = aligned((_spread(constant), replace(other, data=other.data.sum(axis=side, keepdims=True))))
    return Value(x * y + p * sums, axes, other.flex)


def matmul(a: Value, b: Value, show: Shower) -> Value:
    """The matrix product; a number times anything is the scaled thing.

    Raises:
        Clash: inner sizes differ; the message names both shapes in symbols.
        Unreadable: the inner size is written nowhere (``1^T 1`` without sizes).
    """
    if a.eye or b.eye:
        return _eye_product(a, b)
    if a.is_scalar or b.is_scalar:
        axes, (x, y) = aligned((a, b))
        return Value(x * y, axes, (b if a.is_scalar else a).flex)
    inner_flex = a.flex[1], b.flex[0]
    if all(inner_flex):
        raise Unreadable("the length of this vector of ones is not given; write it as a subscript", "1")
    lone = (inner_flex[0] and b.rows == 1) or (inner_flex[1] and a.cols == 1)  # ones of length 1
    if lone or (not any(inner_flex) and a.cols != b.rows):
        raise Clash(f"the product of {a.show_shape(show)} and {b.show_shape(show)} does not exist")
    axes, (x, y) = aligned((a, b))
    if inner_flex[0]:
        data = x * y.sum(axis=-2, keepdims=True)
    elif inner_flex[1]:
        data = x.sum(axis=-1, keepdims=True) * y
    else:
        data = x @ y
    return Value(data, axes, (a.flex[0], b.flex[1]))


def transpose(a: Value) -> Value:
    """Rows and columns swapped."""
    return replace(a, data=np.swapaxes(a.data, -1, -2), flex=(a.flex[1], a.flex[0]))


def unary(a: Value, op: Callable[[Array], Array], name: str) -> Value:
    """Apply an elementwise function."""
    if a.eye:
        raise Unreadable(f"{name} of an identity matrix of unknown size", name)
    return replace(a, data=op(a.data))


def entry(a: Value, subs: tuple[str | int, ...], as_row: bool) -> Value:
    """Entries of a matrix: every named subscript becomes an index axis.

    One subscript of a vector takes an element; one subscript of a matrix takes a row, as a column vector unless
    ``as_row``.

    Raises:
        Clash: too many subscripts, or a number beyond the axis.
    """
    if a.eye:
        raise Unreadable("entries of an identity matrix of unknown size; write a Kronecker delta", "I")
    full = _full_subs(a, subs)
    if any(flexible and sub != ":" for flexible, sub in zip(a.flex, full, strict=True)):
        raise Unreadable("entries of a vector of ones whose length is not given", "1")
    data, letters = a.data, list(a.axes)
    for side in (0, 1):
        sub = full[side]
        axis = side - 2
        if isinstance(sub, int) and not a.flex[side]:
            if not 1 <= sub <= data.shape[axis]:
                raise Clash(f"the subscript {sub} is beyond the axis", "W116")
            data = np.take(data, [sub - 1], axis=axis)
    names = [
        *letters,
        *(sub if isinstance(sub, str) and sub != ":" else f"!{k}" for k, sub in enumerate(full)),
    ]
    order = tuple(sorted({n for n in names if not n.startswith("!")}))
    if len(order) > MAX_INDICES:
        raise Unreadable(f"more than {MAX_INDICES} indices at the same time")
    code = {name: k for k, name in enumerate(dict.fromkeys(names))}
    keep = [n for n in names if n.startswith("!")]
    try:
        out = np.einsum(data, [code[n] for n in names], [code[n] for n in (*order, *keep)])
    except ValueError as error:
        twice = next((n for n in names if names.count(n) > 1), "")
        raise two_ranges(twice, a.rows, a.cols) from error
    rows = data.shape[-2] if "!0" in keep else 1
    cols = data.shape[-1] if "!1" in keep else 1
    out = out.reshape(*out.shape[: len(order)], rows, cols)
    value = Value(out, order, (a.flex[0] and "!0" in keep, a.flex[1] and "!1" in keep))
    single = len(subs) == 1 and not (a.rows == 1 or a.cols == 1)
    return transpose(value) if single and not as_row else value


def _full_subs(a: Value, subs: tuple[str | int, ...]) -> tuple[str | int, str | int]:
    if len(subs) == 2:
        return subs[0], subs[1]
    if len(subs) != 1:
        raise Clash(f"{len(subs)} subscripts on a matrix", "W116")
    if a.is_scalar:
        raise Clash(
            f"a number has no entries, but it carries the index {str(subs[0]).partition('#')[0]}", "W116"
        )
    if a.cols == 1 and not a.flex[1]:
        return subs[0], 1
    if a.rows == 1 and not a.flex[0]:
        return 1, subs[0]
    return subs[0], ":"


def sum_over(a: Value, axis: str, product: bool = False) -> Value:
    """Sum (or multiply) over an index axis that the value has."""
    k = a.axes.index(axis)
    data = a.data.prod(axis=k) if product else a.data.sum(axis=k)
    return replace(a, data=data, axes=a.axes[:k] + a.axes[k + 1 :])


def tabulated(body: Value, indices: tuple[str, ...]) -> Value:
    """A matrix from its entries: two indices number its rows and columns; one numbers entries or rows.

    Raises:
        Unreadable: the body depends on other indices, or is too large for a matrix.
    """
    vector = 1 in (body.rows, body.cols) and not any(body.flex) and not body.eye
    if set(body.axes) != set(indices) or not (body.is_scalar or (vector and len(indices) == 1)):
        raise Unreadable(
            "a definition by entries that does not say what they are", indices[0].partition("#")[0]
        )
    data = np.transpose(
        body.data, [*(body.axes.index(i) for i in indices), -2 % body.data.ndim, -1 % body.data.ndim]
    )
    return Value(data.reshape(data.shape[0], -1))
