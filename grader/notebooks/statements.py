"""Which statements of a notebook make a module: definitions, and what they need; experiments stay behind."""

from __future__ import annotations

import ast
import re
import symtable
import warnings
from dataclasses import dataclass

from grader.notebooks.cells import Cell, parse

SETTINGS = re.compile(
    r"^(sys\.path\.\w+|warnings\.\w+|\w+(\.random)?\.(seed|manual_seed(_all)?|seterr)|torch\.set_\w+|os\.environ\.\w+"
    r"|torch\.use_deterministic_algorithms|setattr)$"
)
EXPERIMENTS = re.compile(
    r"(?i)^(\w+\.)*(train|fit|main|run|sweep|experiment|plot|grid_?search|tune)(_\w+)?$|^plt\."
)


@dataclass(frozen=True)
class Statement:
    """A top-level statement of a cell: what it binds, what it needs of the module, and whether it is kept anyway."""

    cell: Cell
    node: ast.stmt
    text: str
    binds: frozenset[str]
    needs: frozenset[str]
    definition: bool


def statements_of(cell: Cell, code: str) -> list[Statement]:
    lines = code.split("\n")
    found = []
    previous_end = 0
    for node in parse(code).body:
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
        end = node.end_lineno or first
        if first <= previous_end or (node.col_offset and not hasattr(node, "decorator_list")):
            text = ast.unparse(node)  # several statements on one line
        else:
            text = "\n".join(lines[first - 1 : end])
            text = text if _only(text) else ast.unparse(node)
        previous_end = end
        definition = isinstance(
            node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
        )
        found.append(
            Statement(cell, node, text, _bound(node), _globals(node), definition or _is_setting(node))
        )
    return found


def _only(text: str) -> bool:
    """Whether the lines hold exactly one statement (none shares a line with it)."""
    try:
        return len(parse(text).body) == 1
    except SyntaxError:
        return False


def _bound(node: ast.stmt) -> frozenset[str]:
    """Names that a top-level statement binds or changes in the module."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return frozenset((node.name,))
    names: set[str] = set()
    for child in ast.walk(node):
        if isinstance(child, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in child.names}
        elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(child.name)
        elif isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            names.add(child.id)
        elif isinstance(child, (ast.Attribute, ast.Subscript)) and isinstance(child.ctx, ast.Store):
            names |= {_root(child)} - {""}
    return frozenset(names)


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _globals(node: ast.stmt) -> frozenset[str]:
    """Names of the module that a statement reads, in its function bodies as well."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = symtable.symtable(ast.unparse(node), "cell", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return frozenset(child.id for child in ast.walk(node) if isinstance(child, ast.Name))
    names: set[str] = set()
    tables = [table]
    while tables:
        table = tables.pop()
        top = table.get_type() == "module"
        names |= {s.get_name() for s in table.get_symbols() if s.is_referenced() and (top or s.is_global())}
        tables += table.get_children()
    return frozenset(names)


def _is_setting(node: ast.stmt) -> bool:
    """A call that changes how everything after it works: `sys.path.append(...)`, `torch.manual_seed(0)`."""
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return False
    return bool(SETTINGS.match(ast.unparse(node.value.func)))


def is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def kept_statements(statements: list[Statement]) -> list[Statement]:
    """Definitions, and every statement that binds or changes a name that a kept one needs, experiments excepted."""
    statements = [statement for statement in statements if not _is_main(statement.node)]
    kept = {
        index
        for index, statement in enumerate(statements)
        if statement.definition or _defines(statement.node)
    }
    defined = {name for index in kept for name in statements[index].binds}
    own = {name for index in kept for name in statements[index].binds if not _imports(statements[index].node)}
    candidates = {
        index
        for index, statement in enumerate(statements)
        if index not in kept and not _is_experiment(statement, own)
    }
    kept |= {index for index in candidates if _patches(statements[index].node, defined)}
    size = -1
    while size != len(kept):
        size = len(kept)
        needed = frozenset().union(*(statements[index].needs for index in kept))
        kept |= {index for index in candidates if statements[index].binds & needed}
    return [statements[index] for index in sorted(kept)]


def _imports(node: ast.stmt) -> bool:
    return isinstance(node, (ast.Import, ast.ImportFrom))


def _patches(node: ast.stmt, defined: set[str]) -> bool:
    """An assignment to an attribute of something defined: `LinearModule.forward = forward`."""
    return isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Attribute) and _root(target) in defined for target in node.targets
    )


def _is_experiment(statement: Statement, own: set[str]) -> bool:
    """Whether it would train or plot: a call named like that, or a loop over the notebook's own definitions."""
    loops = any(isinstance(child, (ast.For, ast.While)) for child in ast.walk(statement.node))
    if loops and statement.needs & own:
        return True
    return any(
        isinstance(child, ast.Call) and EXPERIMENTS.match(ast.unparse(child.func))
        for child in ast.walk(statement.node)
    )


def _defines(node: ast.stmt) -> bool:
    """An `if`, `try` or `with` around imports and definitions."""
    if not isinstance(node, (ast.If, ast.Try, ast.With)) or _is_main(node):
        return False
    bodies = [
        node.body,
        getattr(node, "orelse", []),
        *(handler.body for handler in getattr(node, "handlers", [])),
    ]
    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    return any(isinstance(child, kinds) for body in bodies for child in body)


def _is_main(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)
