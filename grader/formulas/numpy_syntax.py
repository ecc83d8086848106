"""Pieces of Python syntax that the NumPy dialect takes as literals: axes, subscripts, targets of assignments."""

from __future__ import annotations

import ast

from grader.formulas.limits import Unreadable
from grader.syntax import parse_expression

MODULES = {"np", "numpy", "torch", "F", "nn", "functional", "linalg", "math", "scipy", "special", "jnp", "jax",
           "tf", "tensorflow", "cp", "xp"}  # fmt: skip


def is_dtype(node: ast.expr) -> bool:
    module = node.value if isinstance(node, ast.Attribute) else None
    return (
        isinstance(node, ast.Attribute)
        and isinstance(module, ast.Name)
        and module.id in MODULES
        and node.attr.startswith(("float", "int", "double"))
    )


def is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def assignment(statement: ast.stmt) -> tuple[str, ast.expr]:
    if isinstance(statement, ast.Expr):
        return "", statement.value
    if isinstance(statement, ast.Return) and statement.value is not None:
        return "", statement.value
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        return assigned_name(statement.targets[0]), statement.value
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        return assigned_name(statement.target), statement.value
    if isinstance(statement, ast.AugAssign):
        value = ast.BinOp(as_loaded(statement.target), statement.op, statement.value)
        return assigned_name(statement.target), value
    raise Unreadable(
        f"{type(statement).__name__} is not understood; give an expression", type(statement).__name__
    )


def masked(statement: ast.stmt) -> tuple[str, ast.expr, ast.expr] | None:
    """The name, the mask and the new value of ``dX[X <= 0] = 0`` and ``dX[X <= 0] *= a``, or None for anything else."""
    target: ast.expr | None = None
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, value = statement.targets[0], statement.value
    elif isinstance(statement, ast.AugAssign):
        target = statement.target
        value = ast.BinOp(as_loaded(target), statement.op, statement.value)
    if not isinstance(target, ast.Subscript) or not isinstance(target.value, ast.Name):
        return None
    mask = target.slice
    if not isinstance(mask, (ast.Compare, ast.Name, ast.UnaryOp)):
        return None
    return target.value.id, mask, value


def as_loaded(node: ast.expr) -> ast.expr:
    """The target of an assignment as an expression."""
    return parse_expression(ast.unparse(node))


def assigned_name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and node.attr not in ("T", "mT", "flat"):
        return node.attr
    if isinstance(node, ast.Subscript) and isinstance(key := literal(node.slice), str):
        return key
    raise Unreadable(f"an assignment to {shown(node)} is not understood", shown(node))


def is_asked(left: str, target: str) -> bool:
    plain = left.replace("_", "").lower()
    wanted = target.replace("_", "").lower()
    stem = wanted.removeprefix("d")
    return plain in {wanted, f"dl{wanted}", f"grad{stem}", f"dld{stem}", f"{stem}grad"}


def literal(node: ast.expr) -> object:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        raise Unreadable(f"{shown(node)} has to be written out", shown(node)) from error
    if isinstance(value, list):
        value = tuple(value)
    if isinstance(value, (int, float, bool, str, type(None))) or (
        isinstance(value, tuple) and len(value) < 4
    ):
        return value
    raise Unreadable(f"{shown(node)} is not understood", shown(node))


def integer(node: ast.expr) -> int:
    value = literal(node)
    if isinstance(value, int) and -3 < value < 3:
        return int(value)
    raise Unreadable(f"{shown(node)} is not an axis", shown(node))


def subscript(node: ast.expr) -> str | int:
    if isinstance(node, ast.Slice) and node.lower is None and node.upper is None and node.step is None:
        return ":"
    if (isinstance(node, ast.Constant) and node.value is None) or (
        isinstance(node, ast.Attribute) and node.attr == "newaxis"
    ):
        return "new"
    if isinstance(node, ast.Constant) and isinstance(node.value, int) and abs(node.value) < 100:
        return int(node.value)
    raise Unreadable(f"the subscript {shown(node)} is not understood", shown(node))


def shown(node: ast.AST) -> str:
    try:
        return ast.unparse(node)[:60]
    except (ValueError, RecursionError):
        return type(node).__name__
