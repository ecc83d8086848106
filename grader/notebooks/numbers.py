"""Numbers that stand in a notebook: literals that its cells assign, and dicts that its outputs show. Nothing is run."""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from grader.notebooks.cells import joined, raw_cells, without_magics
from grader.syntax import parse_expression, parse_python

MAX_TEXT = 200_000  # characters of one cell or output
MAX_WHOLE = 2_000_000  # of all of them
MOST_STARTS = 20  # places of an output at which a dict is looked for
NOT_FINITE = {"nan": math.nan, "NaN": math.nan, "inf": math.inf, "Infinity": math.inf}
WRAPPERS = re.compile(r"(float|int|bfloat|uint)\d*|array|asarray|tensor|Tensor|list|tuple")


def numbers_in(notebooks: Mapping[str, bytes]) -> dict[str, Any]:
    """What notebooks hold as a results file would: values by the names that cells give them, or that outputs show.

    ``results = {"test": 0.49}`` gives ``results``; ``results["numpy"] = {...}`` adds to it; an output that is a dict, in
    JSON or in Python, gives its keys. What comes later wins.

    Args:
        notebooks: by name.

    Raises:
        ValueError: one is not JSON.
        RecursionError: one is nested too deep.
    """
    found: dict[str, Any] = {}
    room = MAX_WHOLE
    for _, data in sorted(notebooks.items()):
        for code, text in _texts(json.loads(data.decode("utf-8-sig", "replace"))):
            room -= len(text)
            if len(text) > MAX_TEXT or room < 0:
                continue
            if code:
                _assigned(text, found)
            else:
                found.update(_shown(text))
    return found


def _texts(notebook: Any) -> Iterator[tuple[bool, str]]:
    """Sources of code cells, and texts of their outputs, in order; whether it is a source."""
    for cell in raw_cells(notebook) if isinstance(notebook, dict) else ():
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        yield True, joined(cell.get("source", cell.get("input", "")))
        outputs = cell.get("outputs")
        for output in outputs if isinstance(outputs, list) else ():
            if isinstance(output, dict):
                data = output.get("data")
                plain = data.get("text/plain") if isinstance(data, dict) else output.get("text")
                yield False, joined(plain)


def _assigned(source: str, found: dict[str, Any]) -> None:
    """Add the literals that a cell assigns at its top level."""
    try:
        statements = parse_python(without_magics(source)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for statement in statements:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target, right = statement.targets[0], statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            target, right = statement.target, statement.value
        else:
            continue
        path, value = _path(target), _literal(right)
        if path and value is not None:
            _put(found, path, value)


def _put(found: dict[str, Any], path: list[str], value: Any) -> None:
    """Store a value under keys, one within the other."""
    for key in path[:-1]:
        below = found.get(key)
        found[key] = below if isinstance(below, dict) else {}
        found = found[key]
    found[path[-1]] = value


def _path(target: ast.expr) -> list[str]:
    """The name and keys of ``results["numpy"]["test"]``; empty for anything else."""
    keys: list[str] = []
    while isinstance(target, ast.Subscript):
        if not isinstance(target.slice, ast.Constant):
            return []
        keys.append(str(target.slice.value))
        target = target.value
    return [target.id, *reversed(keys)] if isinstance(target, ast.Name) else []


def _shown(text: str) -> dict[str, Any]:
    """The dict that an output shows, or the last one in it that begins a line; it may run over several lines."""
    starts = [found.start() for found in re.finditer(r"^[ \t]*\{", text, re.MULTILINE)][-MOST_STARTS:]
    ends = [found.end() for found in re.finditer(r"\}[ \t]*$", text, re.MULTILINE)]
    reach = 0  # what begins within a dict that was read is part of it
    last: dict[str, Any] = {}
    for start in starts:
        if start < reach:
            continue
        after = [end for end in ends if end > start]
        for end in dict.fromkeys((*after[:1], *after[-1:])):
            value = _dict(text[start:end].strip())
            if value:
                last, reach = value, end
                break
    return last


def _dict(text: str) -> dict[str, Any] | None:
    """A dict in JSON or as Python shows it."""
    try:
        value = _plain(json.loads(text))
    except (ValueError, RecursionError):
        value = _literal(text)
    return value if isinstance(value, dict) else None


def _literal(source: ast.expr | str) -> Any:
    """The value of a literal, as JSON has it; None for anything that would have to be run."""
    try:
        node = parse_expression(source) if isinstance(source, str) else source
        return _plain(_value(node))
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return None


def _value(node: ast.expr) -> Any:
    """A literal, or one in ``dict(...)``, ``np.array(...)``, ``tensor(...)``, ``float("nan")``, ``np.float64(...)``.

    Raises:
        ValueError: it is anything else.
    """
    if isinstance(node, ast.Dict):
        if None in node.keys:
            raise ValueError("unpacks another dict")
        return {_value(key): _value(value) for key, value in zip(node.keys, node.values, strict=True) if key}
    if isinstance(node, ast.List | ast.Tuple):
        return [_value(item) for item in node.elts]
    if isinstance(node, ast.Name | ast.Attribute):
        name = node.id if isinstance(node, ast.Name) else node.attr
        if name in NOT_FINITE:
            return NOT_FINITE[name]
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name == "dict" and not node.args:
            return {item.arg: _value(item.value) for item in node.keywords if item.arg}
        if WRAPPERS.fullmatch(name) and node.args:
            inner = _value(node.args[0])
            return float(inner) if name == "float" and isinstance(inner, str) and len(inner) < 40 else inner
    return ast.literal_eval(node)


def _plain(value: Any) -> Any:
    """The value as JSON has it; None for what JSON has not."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (bool, int, float, str)) else None
