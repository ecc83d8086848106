"""Mutation operators on a syntax tree: what students get wrong, one place at a time."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Change = Callable[[ast.AST], ast.AST | None]
SKIPPED_METHODS = frozenset({"clear_cache", "__repr__", "__str__", "device"})

_SWAPPED_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}
_SWAPPED_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Gt: ast.Lt,
    ast.Lt: ast.Gt,
    ast.GtE: ast.Lt,
    ast.LtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}
_SWAPPED_NAMES = {
    "sum": "mean",
    "mean": "sum",
    "max": "min",
    "argmax": "argmin",
    "zeros": "ones",
    "exp": "log",
    "log": "exp",
}
_UNWRAPPED = frozenset({"sqrt", "reversed", "exp", "log", "deepcopy"})


def mutations(tree: ast.Module, name: str) -> Iterator[tuple[str, str]]:
    """Every single change of the class or function ``name``: a label, and the whole changed source."""
    seen = {ast.unparse(tree)}
    for place in _places(tree, name):
        for operator in OPERATORS:
            replacement = operator(copy.deepcopy(place.node))
            if replacement is None:
                continue
            ast.fix_missing_locations(replacement)
            place.put(replacement)
            source = ast.unparse(tree)
            place.put(place.node)
            if source not in seen:
                seen.add(source)
                line = getattr(place.node, "lineno", 0)
                yield f"line {line}: {_text(place.node)} -> {_text(replacement)}", source


@dataclass(frozen=True)
class _Place:
    """A node, and the field of its parent that holds it."""

    node: ast.AST
    parent: ast.AST
    field: str
    index: int | None  # in a list

    def put(self, node: ast.AST) -> None:
        """Put a node at this place."""
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


def _places(tree: ast.Module, name: str) -> list[_Place]:
    """The nodes of the target that may be changed, in a fixed order."""
    found: list[_Place] = []
    for top in tree.body:
        if getattr(top, "name", None) != name:
            continue
        bodies = top.body if isinstance(top, ast.ClassDef) else [top]
        for item in bodies:
            if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)) and item.name not in SKIPPED_METHODS:
                for number, statement in enumerate(item.body):
                    found += _below(_Place(statement, item, "body", number))
    return found


def _below(place: _Place) -> Iterator[_Place]:
    yield place
    for field, value in ast.iter_fields(place.node):
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.AST):
                yield from _below(_Place(child, place.node, field, index))


def _text(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())[:60]


def _swap_operator(node: ast.AST) -> ast.AST | None:
    if isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in _SWAPPED_OPERATORS:
        node.op = _SWAPPED_OPERATORS[type(node.op)]()
        return node
    return None


def _swap_operands(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        node.left, node.right = node.right, node.left
        return node
    return None


def _drop_sign(node: ast.AST) -> ast.AST | None:
    return node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else None


def _drop_transpose(node: ast.AST) -> ast.AST | None:
    return node.value if isinstance(node, ast.Attribute) and node.attr == "T" else None


def _swap_name(node: ast.AST) -> ast.AST | None:
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _SWAPPED_NAMES
    ):
        node.func.attr = _SWAPPED_NAMES[node.func.attr]
        return node
    return None


def _swap_axis(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.keyword) and node.arg in ("axis", "dim") and isinstance(node.value, ast.Constant):
        node.value = ast.Constant(1 if node.value.value == 0 else 0)
        return node
    return None


def _drop_keyword(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.Call) and any(k.arg == "keepdims" for k in node.keywords):
        node.keywords = [k for k in node.keywords if k.arg != "keepdims"]
        return node
    return None


def _swap_comparison(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _SWAPPED_COMPARISONS:
        node.ops[0] = _SWAPPED_COMPARISONS[type(node.ops[0])]()
        return node
    return None


def _unwrap(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return node.args[0] if called in _UNWRAPPED else None
    return None


def _accumulate(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Subscript):
        return ast.AugAssign(node.targets[0], ast.Add(), node.value)
    return None


def _overwrite(node: ast.AST) -> ast.AST | None:
    return ast.Assign([node.target], node.value) if isinstance(node, ast.AugAssign) else None


def _change_number(node: ast.AST) -> ast.AST | None:
    if (
        isinstance(node, ast.Constant)
        and isinstance(node.value, (int, float))
        and node.value not in (0, True, False)
    ):
        node.value = node.value * 2
        return node
    return None


OPERATORS: tuple[Change, ...] = (
    _swap_operator,
    _swap_operands,
    _drop_sign,
    _drop_transpose,
    _swap_name,
    _swap_axis,
    _drop_keyword,
    _swap_comparison,
    _unwrap,
    _accumulate,
    _overwrite,
    _change_number,
)
