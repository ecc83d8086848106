"""How far the indices of a formula run: from the entries they number, from upper limits, from Kronecker deltas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.formulas.limits import Clash, Unreadable
from grader.formulas.tree import Compare, Delta, Entry, IndexValue, Node, Sum, children

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
    elif isinstance(node, Sum) and node.upper is not None and node.index not in evaluator.ranges:
        try:
            number = float(evaluator.of(node.upper).data.real.flat[0])
        except (Clash, Unreadable):
            return
        if number == int(number) and 1 <= number <= 4096:
            evaluator.ranges[node.index] = int(number)


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
