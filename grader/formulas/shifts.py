"""Subscripts that are sums: ``g_{T-i}``, ``x_{i+k-1}``. Their entries are looked up one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from grader.formulas.limits import Unreadable
from grader.formulas.names import Names
from grader.formulas.tokens import Token
from grader.formulas.tree import Bin, IndexValue, Node, Num, Sym
from grader.formulas.values import Value, aligned

_OPERANDS = ("word", "name", "num")


def is_shifted(group: Sequence[Token]) -> bool:
    """Whether a plus or minus stands between two operands of a subscript."""
    return any(
        sign.text in ("+", "-") and before.kind in _OPERANDS and after.kind in _OPERANDS
        for before, sign, after in zip(group, group[1:], group[2:], strict=False)
    )


def shifted(group: Sequence[Token], scope: Mapping[str, str], names: Names) -> tuple[Node, ...]:
    """The subscripts as formulas of indices, sizes and whole numbers.

    Raises:
        Unreadable: anything else.
    """
    parts: list[list[Token]] = [[]]
    for token in group:
        if token.text in (",", ";"):
            parts.append([])
        else:
            parts[-1].append(token)
    return tuple(_sum(part, scope, names) for part in parts)


def _sum(part: list[Token], scope: Mapping[str, str], names: Names) -> Node:
    signs = [token.text for token in part[1::2]]
    if len(part) % 2 == 0 or not set(signs) <= {"+", "-"}:
        text = "".join(token.text for token in part)
        raise Unreadable(f"the subscript {text!r} is not understood", text)
    node = _operand(part[0], scope, names)
    for sign, token in zip(signs, part[2::2], strict=True):
        node = Bin(sign, node, _operand(token, scope, names))
    return node


def _operand(token: Token, scope: Mapping[str, str], names: Names) -> Node:
    text = token.text
    if token.kind == "num" and text.isdigit():
        return Num(float(text))
    if text in scope:
        return IndexValue(scope[text])
    if text in names.sizes or (text in names.known and not names.shapes.get(text)):
        return Sym(text)
    if token.kind == "word" and len(text) == 1 and text.islower():
        return IndexValue(text)
    raise Unreadable(f"the subscript {text!r} is not understood", text)


def gathered(base: Value, places: Sequence[Value]) -> Value:
    """The entries of a matrix or vector at places that count from 1.

    Raises:
        Unreadable: a place is no number, or there is no entry at it.
    """
    vector = base.rows == 1 or base.cols == 1
    if base.axes or base.eye or any(base.flex) or len(places) != (1 if vector else 2):
        raise Unreadable("these subscripts are not understood", "_")
    axes, found = aligned(tuple(places))
    sides = (base.data.size,) if vector else base.data.shape
    exact = all(place.is_scalar for place in places) and all((p == np.round(p)).all() for p in found)
    if not exact or not all(((p >= 1) & (p <= n)).all() for p, n in zip(found, sides, strict=True)):
        raise Unreadable("a subscript runs beyond the axis that it numbers", "_")
    data = base.data.reshape(-1) if vector else base.data
    return Value(data[tuple(p.real.astype(int) - 1 for p in found)], axes)
