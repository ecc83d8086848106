"""Bounded descriptions of objects and signatures, for a host that wants to know how a submission spells
things.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from .encoding import is_tensor, type_name

MAX_DEPTH = 3
MAX_ENTRIES = 64
MAX_NAME = 100  # characters


def describe(value: Any, depth: int = 0) -> dict[str, Any]:
    """Type, and what there is to see without calling anything of the object's.

    Keys: ``type``; ``callable``; ``shape``, ``dtype`` of arrays and tensors; ``length`` and ``items`` of
    lists and tuples; ``keys`` of dicts; ``attributes`` of other objects (instance attributes, then public
    class attributes as ``methods``); ``value`` of numbers, booleans and short strings. Nested to a depth of
    3.
    """
    seen: dict[str, Any] = {"type": type_name(value), "callable": callable(value)}
    if isinstance(value, (bool, int, float)) and type(value) in (bool, int, float):
        return dict(seen, value=value)
    if isinstance(value, str):
        return dict(seen, value=value[:MAX_NAME])
    if isinstance(value, (np.ndarray, np.generic)) or is_tensor(value):
        return dict(seen, shape=tuple(int(size) for size in value.shape), dtype=str(value.dtype))
    if isinstance(value, (list, tuple)):
        return dict(seen, length=len(value), items=[_below(item, depth) for item in value[:MAX_ENTRIES]])
    if isinstance(value, dict):
        pairs = list(value.items())[:MAX_ENTRIES]
        return dict(seen, length=len(value), keys={_name(key): _below(item, depth) for key, item in pairs})
    return dict(seen, **_object(value, depth))


def _below(value: Any, depth: int) -> dict[str, Any]:
    return describe(value, depth + 1) if depth < MAX_DEPTH else {"type": type_name(value)}


def _object(value: Any, depth: int) -> dict[str, Any]:
    names = {
        _name(key): item for key, item in list(getattr(value, "__dict__", {}).items())[: 4 * MAX_ENTRIES]
    }
    own = {name: item for name, item in names.items() if not name.startswith("__")}
    attributes = {name: _below(item, depth) for name, item in list(own.items())[:MAX_ENTRIES]}
    kind = value if isinstance(value, type) else type(value)
    public = [_name(name) for name in dir(kind) if not name.startswith("_")]
    return {
        "attributes": attributes if depth < MAX_DEPTH else {},
        "methods": public[: 4 * MAX_ENTRIES],
        "is_class": isinstance(value, type),
        "bases": [_name(base.__qualname__) for base in kind.__mro__[:10]],
    }


def _name(value: Any) -> str:
    return str(value)[:MAX_NAME]


def signature(function: Any) -> list[dict[str, Any]] | None:
    """Parameters of a callable in order, without ``self``; None where Python cannot tell.

    Each is ``name``, ``kind`` ("positional", "keyword", "either", "var_positional", "var_keyword"),
    ``has_default`` and ``default`` (its value where it is a number, string, boolean or None; else its type's
    name).
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    return [_parameter(parameter) for parameter in list(parameters)[:MAX_ENTRIES]]


_KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: "positional",
    inspect.Parameter.KEYWORD_ONLY: "keyword",
    inspect.Parameter.POSITIONAL_OR_KEYWORD: "either",
    inspect.Parameter.VAR_POSITIONAL: "var_positional",
    inspect.Parameter.VAR_KEYWORD: "var_keyword",
}


def _parameter(parameter: inspect.Parameter) -> dict[str, Any]:
    has_default = parameter.default is not inspect.Parameter.empty
    default = parameter.default if has_default else None
    literal = default is None or type(default) in (bool, int, float, str)
    return {
        "name": parameter.name,
        "kind": _KINDS[parameter.kind],
        "has_default": has_default,
        "default": default if literal else type_name(default),
        "literal": literal,
    }
