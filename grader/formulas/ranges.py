"""How far the indices of a formula run: from the entries they number, from upper limits, from Kronecker deltas."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from grader.formulas.limits import Clash, Unreadable
from grader.formulas.tree import Compare, Delta, Entry, IndexValue, Node, Shifted, Sum, children
from grader.formulas.values import Value, elementwise, sum_over

if TYPE_CHECKING:
    from grader.formulas.evaluate import Evaluator


def learn_deltas(ranges: dict[str, int], node: Node) -> None:
    """Lengths of indices that a Kronecker delta ties to known ones."""
    for _ in range(4):
        before = len(ranges)
        _ranges_of_deltas(ranges, node)
        if len(ranges) == before:
            break


def learn_entries(evaluator: Evaluator, node: Node) -> None:
    """Lengths of indices from the entries and sum signs that they occur in."""
    for child in children(node):
        learn_entries(evaluator, child)
    if isinstance(node, Entry):
        try:
            value = evaluator.of(node)
        except (Clash, Unreadable):
            return
        for axis in value.axes:
            evaluator.ranges.setdefault(axis, value.size_of(axis))
    elif isinstance(node, Shifted):
        _learn_alone(evaluator, node)
    elif isinstance(node, Sum):
        evaluator.starts[node.index] = node.lower
        if node.upper is None or node.index in evaluator.ranges:
            return
        try:
            number = float(evaluator.of(node.upper).data.real.flat[0])
        except (Clash, Unreadable):
            return
        if number == int(number) and 1 <= number <= 4096:
            evaluator.ranges[node.index] = int(number)


def _learn_alone(evaluator: Evaluator, node: Shifted) -> None:
    """Lengths of indices that stand alone beside a sum: the j of ``x_{i+k,j}``."""
    try:
        shape = evaluator.of(node.a).data.shape[-2:]
    except (Clash, Unreadable):
        return
    for sub, size in zip(node.subs, shape, strict=False):
        if isinstance(sub, IndexValue) and len(node.subs) == 2:
            evaluator.ranges.setdefault(sub.name, int(size))


def summed(evaluator: Evaluator, node: Sum) -> Value:
    """The value of a sum or product over an index.

    Raises:
        Clash: the index does not occur in the body, and no limit says how often it is added.
        Unreadable: it runs to another limit than the end of the axis that it numbers.
    """
    name = node.index.partition("#")[0]
    show = evaluator.sample.show
    body = evaluator.of(node.body)
    if node.where is not None:
        body, _ = elementwise(body, evaluator.of(node.where), np.multiply, "the condition", show)
    upper = None if node.upper is None else evaluator.of(node.upper)
    count = None
    if upper is not None and upper.is_scalar and not upper.axes:
        count = float(upper.data.real.flat[0])
    if node.upper is not None and count is None:
        evaluator.notes.add(f"the upper limit of the sum over {name} was taken as the end of the axis")
    if node.index not in body.axes:
        if count is None:
            raise Clash(f"the sum over {name}, which does not occur in it", "W116")
        return replace(body, data=body.data**count if node.product else body.data * count)
    size = body.size_of(node.index)
    if count is not None and count not in (
        size,
        size + 1 - node.lower,
    ):  # from 0 to n is written for n values
        shown = show(int(count)) if count == int(count) else f"{count:g}"
        raise Unreadable(
            f"the sum over {name} runs to {shown}, but {name} numbers an axis of length {show(size)}", shown
        )
    return sum_over(body, node.index, node.product)


def _ranges_of_deltas(ranges: dict[str, int], node: Node) -> None:
    for child in children(node):
        _ranges_of_deltas(ranges, child)
    pair: tuple[str, str] | None = None
    if isinstance(node, Delta):
        pair = node.i, node.j
    elif isinstance(node, Compare) and isinstance(node.a, IndexValue) and isinstance(node.b, IndexValue):
        pair = node.a.name, node.b.name
    if pair is None:
        return
    for one, other in (pair, pair[::-1]):
        if one in ranges:
            ranges.setdefault(other, ranges[one])
