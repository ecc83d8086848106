"""What a submission's source files define, read from their syntax trees without running a line.

It answers: is this name there, is it still the unfilled template, which parameters does it take, and where does a
file fail to parse (syntax errors and merge-conflict markers with their line).
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from grader.syntax import parse_python
from grader.trial import why_unreadable

MAX_SOURCE = 2 << 20
_CONFLICT = re.compile(r"^(<{7}|={7}|>{7})( |$)")


@dataclass(frozen=True)
class Broken:
    """Why a file cannot be parsed."""

    line: int
    message: str


@dataclass(frozen=True)
class FunctionOutline:
    """A function or method: its parameters (without self) and whether anything was filled in.

    ``open`` says that it takes further arguments by ``*args`` or ``**kwargs``.
    """

    name: str
    line: int
    parameters: tuple[str, ...]
    required: int
    unfilled: bool
    open: bool = False


@dataclass(frozen=True)
class ClassOutline:
    """A class and its methods."""

    name: str
    line: int
    bases: tuple[str, ...]
    methods: Mapping[str, FunctionOutline]


@dataclass(frozen=True)
class Outline:
    """What one file defines at its top level."""

    file: str
    broken: Broken | None = None
    functions: Mapping[str, FunctionOutline] = field(default_factory=dict)
    classes: Mapping[str, ClassOutline] = field(default_factory=dict)
    names: frozenset[str] = frozenset()  # everything else that is bound: imports, assignments
    star_imports: bool = False
    imports: frozenset[str] = frozenset()  # dotted names imported anywhere; ``from a import b`` is a and a.b

    def defines(self, name: str) -> bool:
        """Whether ``name`` is bound at the top level, as far as can be seen."""
        return name in self.functions or name in self.classes or name in self.names

    def unfilled(self, name: str, method: str | None = None) -> bool:
        """Whether a function, a method, or every method of a class, is still the template's."""
        if name in self.functions:
            return self.functions[name].unfilled
        outline = self.classes.get(name)
        if outline is None:
            return False
        if method is not None:
            return method in outline.methods and outline.methods[method].unfilled
        idle = ("__init__", "clear_cache", "__call__", "device")
        asked = [m for n, m in outline.methods.items() if n not in idle] or [*outline.methods.values()]
        return bool(asked) and all(m.unfilled for m in asked)


def read_outline(file: str, data: bytes) -> Outline:
    """The outline of one file; a file that cannot be parsed gives ``broken`` and nothing else."""
    if len(data) > MAX_SOURCE:
        return Outline(file, Broken(1, f"the file is larger than {MAX_SOURCE >> 20} MiB"))
    try:
        why = why_unreadable("sources", {file: data})
        return Outline(file, Broken(1, why)) if why else parse_outline(file, data)
    except MemoryError:  # also what the parser calls a nesting that is too deep for it
        return Outline(file, Broken(1, "cannot be read: nested too deeply, or too large"))


def parse_outline(file: str, data: bytes) -> Outline:
    """The same for a file that the host may parse: a small one, or one whose trial went well.

    Raises:
        MemoryError: it is too large, or nested too deeply for the parser.
    """
    text = data.decode("utf-8-sig", errors="replace").replace("\r\n", "\n")
    for number, line in enumerate(text.split("\n"), 1):
        if _CONFLICT.match(line) and (line[0] != "=" or "<<<<<<<" in text):
            return Outline(file, Broken(number, f"a merge conflict was left in the file: {line[:40]!r}"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = parse_python(data if b"coding" in data[:200] else text, filename=file)
    except SyntaxError as error:
        return Outline(file, Broken(error.lineno or 1, f"{type(error).__name__}: {error.msg}"))
    except (ValueError, RecursionError, LookupError) as error:
        return Outline(file, Broken(1, f"cannot be parsed: {type(error).__name__}: {error}"))
    try:
        return _outline(file, tree)
    except RecursionError:
        return Outline(file, Broken(1, "cannot be read: nested too deeply"))


def _outline(file: str, tree: ast.Module) -> Outline:
    functions: dict[str, FunctionOutline] = {}
    classes: dict[str, ClassOutline] = {}
    names: set[str] = set()
    star = False
    for node in _top_level(tree.body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            functions[node.name] = _function(node, method=False)
        elif isinstance(node, ast.ClassDef):
            classes[node.name] = _class(node)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            star = star or any(alias.name == "*" for alias in node.names)
            names.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        else:
            names.update(_bound(node))
    return Outline(file, None, functions, classes, frozenset(names), star, frozenset(_imports(file, tree)))


def _imports(file: str, tree: ast.Module) -> Iterator[str]:
    """Dotted names of everything that a file imports, at any depth; relative ones from the folder's top."""
    package = PurePosixPath(file).parent.parts
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join((*above, *([node.module] if node.module else [])))
            yield from (base, *(f"{base}.{alias.name}".lstrip(".") for alias in node.names))


def _top_level(body: list[ast.stmt]) -> list[ast.stmt]:
    found = []
    for node in body:
        found.append(node)
        if isinstance(node, (ast.If, ast.Try, ast.With)):
            inner = [*node.body, *getattr(node, "orelse", []), *getattr(node, "finalbody", [])]
            inner += [s for handler in getattr(node, "handlers", []) for s in handler.body]
            found.extend(_top_level(inner))
    return found


def _class(node: ast.ClassDef) -> ClassOutline:
    methods = {
        item.name: _function(item, method=True)
        for item in _top_level(node.body)
        if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef))
    }
    return ClassOutline(node.name, node.lineno, tuple(ast.unparse(base)[:80] for base in node.bases), methods)


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, *, method: bool) -> FunctionOutline:
    arguments = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)]
    static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list)
    drop = 1 if method and not static and arguments else 0
    required = max(len(arguments) - drop - len(node.args.defaults), 0)
    names = (*arguments[drop:], *(arg.arg for arg in node.args.kwonlyargs))
    further = bool(node.args.vararg or node.args.kwarg)
    return FunctionOutline(node.name, node.lineno, names, required, _is_unfilled(node), further)


def _is_unfilled(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Nothing was filled in: only placeholders, or every value returned was never given a value."""
    body = [s for s in node.body if not _is_constant_expression(s)]
    values = [s for s in body if not _is_placeholder(s)]
    if not values:
        return True
    returns = [s for s in ast.walk(node) if isinstance(s, ast.Return)]
    if not returns or any(s.value is None or _is_none(s.value) for s in returns):
        return False
    bound = _filled_names(node)
    return all(_never_given(s.value, bound) for s in returns)


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _never_given(value: ast.expr | None, bound: set[str]) -> bool:
    if isinstance(value, ast.Tuple):
        return bool(value.elts) and all(_never_given(item, bound) for item in value.elts)
    if isinstance(value, ast.Constant):
        return value.value is None or value.value is Ellipsis
    return isinstance(value, ast.Name) and value.id not in bound


def _filled_names(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Names that the function binds to anything but a placeholder; its parameters; names it takes from outside."""
    args = node.args
    bound = {arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs)}
    bound.update(arg.arg for arg in (args.vararg, args.kwarg) if arg)
    for inner in ast.walk(node):
        if isinstance(inner, (ast.Global, ast.Nonlocal)):
            bound.update(inner.names)
        elif isinstance(inner, (ast.Import, ast.ImportFrom)):
            bound.update((alias.asname or alias.name).split(".")[0] for alias in inner.names)
        elif isinstance(inner, (ast.FunctionDef, ast.ClassDef)) and inner is not node:
            bound.add(inner.name)
        elif isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
            bound.update(_base_name(inner.func.value))  # results.append(...), metrics.update(...)
        elif isinstance(inner, (ast.Subscript, ast.Attribute)) and isinstance(inner.ctx, ast.Store):
            bound.update(_base_name(inner.value))  # metrics['accuracy'] = ...
        elif isinstance(inner, ast.Assign) and _is_blank(inner.value):
            continue
        elif isinstance(inner, (ast.stmt, ast.NamedExpr, ast.comprehension, ast.ExceptHandler)):
            bound.update(_bound(inner))
    return bound


def _base_name(node: ast.AST) -> set[str]:
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _bound(node: ast.AST) -> set[str]:
    targets: list[ast.AST] = []
    if isinstance(node, ast.Assign):
        targets = list(node.targets)
    elif isinstance(
        node, (ast.AugAssign, ast.AnnAssign, ast.For, ast.AsyncFor, ast.comprehension, ast.NamedExpr)
    ):
        targets = [node.target]
    elif isinstance(node, (ast.With, ast.AsyncWith)):
        targets = [item.optional_vars for item in node.items if item.optional_vars]
    elif isinstance(node, ast.ExceptHandler) and node.name:
        return {node.name}
    return {
        inner.id
        for target in targets
        for inner in ast.walk(target)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
    }


def _is_constant_expression(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_placeholder(node: ast.stmt) -> bool:
    if isinstance(node, ast.Pass) or _is_constant_expression(node):
        return True
    if isinstance(node, ast.Raise):
        return "NotImplemented" in ast.dump(node)
    if isinstance(node, ast.Assign):
        return _is_blank(node.value)
    if isinstance(node, ast.Return):
        return node.value is None or _is_blank(node.value)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return ast.unparse(node.value).startswith(("super(", "print(")) and "__init__" in ast.unparse(
            node.value
        )
    return False


def _is_blank(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return node.value is None or node.value is Ellipsis
    if isinstance(node, ast.Dict):
        return bool(node.values) and all(_is_blank(value) for value in node.values)
    return isinstance(node, ast.Tuple) and bool(node.elts) and all(_is_blank(item) for item in node.elts)
