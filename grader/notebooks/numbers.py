"""Numbers that stand in a notebook: literals that its cells assign, and dicts that its outputs show. Nothing is run."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from grader.notebooks.cells import joined, raw_cells

MAX_TEXT = 200_000  # characters of one cell or output
MAX_WHOLE = 2_000_000  # of all of them
_SCALAR = re.compile(r"\b(?:np|numpy)\.(?:float|int)\d*\(([^()]{0,40})\)")


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
        statements = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for statement in statements:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            path = _path(statement.targets[0])
            value = _literal(statement.value)
            if path and value is not None:
                place = found
                for key in path[:-1]:
                    below = place.get(key)
                    place[key] = below if isinstance(below, dict) else {}
                    place = place[key]
                place[path[-1]] = value


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
    """The dict that an output shows, or the last line of it that is one."""
    for part in (text, *reversed(text.strip().splitlines()[-20:])):
        part = part.strip()
        if part.startswith("{") and part.endswith("}"):
            try:
                value = _plain(json.loads(part))
            except (ValueError, RecursionError):
                value = _literal(_SCALAR.sub(r"\1", part))
            if isinstance(value, dict):
                return value
    return {}


def _literal(value: ast.expr | str) -> Any:
    try:
        return _plain(ast.literal_eval(value))
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return None


def _plain(value: Any) -> Any:
    """The value as JSON has it; None for what JSON has not."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (bool, int, float, str)) else None
