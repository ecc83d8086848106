"""Statements under the line that names their cell, guarded so that one cell costs only those that need it."""

from __future__ import annotations

import ast

from grader.notebooks.statements import Statement


def emitted(notebook: str, statement: Statement, needed: frozenset[str]) -> str:
    """A kept statement under the line that names its cell.

    What may fail is guarded, so that one cell costs only those that need it: the failure is printed, and a name that
    a definition needs is bound to a stand-in which says on use which cell failed and why.
    """
    node = statement.node
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])
    place = f"{notebook}, {statement.cell.name}"
    if _is_safe(node):
        return f"#%% {place}, line {first}\n{statement.text}"
    rewritten = _long_texts(node)  # its lines are no longer those of the cell
    text = ast.unparse(node) if rewritten else statement.text
    body = "\n".join(f"    {line}" if line.strip() else "" for line in text.split("\n"))
    names = sorted(statement.binds & needed | _definition_names(node))
    marker = f"#%% {place}" if rewritten else f"#%% {place}, line {first - 1}"
    handler = f"except Exception as _error:\n    _failed({place!r}, _error, {names!r})"
    return f"{marker}\ntry:\n{body}\n{handler}"


def _is_safe(node: ast.stmt) -> bool:
    """A function whose decorators, defaults and annotations cannot fail, or an assignment of plain constants."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        arguments = node.args
        evaluated = [*node.decorator_list, *arguments.defaults, *(d for d in arguments.kw_defaults if d)]
        every = [
            *arguments.posonlyargs,
            *arguments.args,
            *arguments.kwonlyargs,
            arguments.vararg,
            arguments.kwarg,
        ]
        evaluated += [argument.annotation for argument in every if argument and argument.annotation]
        evaluated += [node.returns] if node.returns else []
        return all(isinstance(expression, ast.Constant) for expression in evaluated)
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)


def _long_texts(node: ast.stmt) -> bool:
    """Whether a text other than a docstring spans lines, which indentation would change."""
    docstrings = {
        child.body[0].value
        for child in ast.walk(node)
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        and isinstance(child.body[0], ast.Expr)
    }
    return any(
        isinstance(child, (ast.Constant, ast.JoinedStr))
        and child.lineno != child.end_lineno
        and child not in docstrings
        for child in ast.walk(node)
    )


def _definition_names(node: ast.stmt) -> set[str]:
    return {node.name} if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) else set()


# Part of every module made here: what a name is bound to when its cell failed.
PRELUDE = """\
class _Missing:
    def __init__(self, why, error):
        object.__setattr__(self, "_why", (why, error))

    def __getattr__(self, name):
        raise type(self)._told(self)

    def __call__(self, *args, **kwargs):
        raise type(self)._told(self)

    def __mro_entries__(self, bases):
        raise type(self)._told(self)

    def _told(self):
        why, error = object.__getattribute__(self, "_why")
        return ImportError(why, name=getattr(error, "name", None)) if isinstance(error, ImportError) else NameError(why)


def _failed(place, error, names):
    why = f"{place} failed: {type(error).__name__}: {error}"
    print(why)
    for name in names:
        globals().setdefault(name, _Missing(why, error))
"""
