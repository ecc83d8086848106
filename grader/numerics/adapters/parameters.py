"""Where an object keeps its parameters and their gradients."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from grader.numerics.subject import Array

_GRADIENT_NAMES = ("d{0}", "d_{0}", "grad_{0}", "{0}_grad", "{0}grad", "g{0}", "{0}_g")
_DEPTH = 3  # how deep objects inside objects are looked at


def find_parameters(layer: object) -> dict[str, tuple[str, str]]:
    """Parameters of an object by name, each with the path of its value and of its gradient.

    Looks for dictionaries ``params`` and ``grads`` with the same keys, in the object and in the objects
    of its lists and attributes; else for attributes such as ``W`` beside ``dW``, ``grad_W`` or ``W_grad``.

    Args:
        layer: any object. Nothing is called.

    Returns:
        ``{"weight": ("params.weight", "grads.weight")}``; parameters of inner objects are named by their
        path, ``{"layers.0.weight": ("layers.0.params.weight", "layers.0.grads.weight")}``.
    """
    found: dict[str, tuple[str, str]] = {}
    _search(layer, "", 0, found, set())
    return found


def get_path(root: Any, path: str) -> Any:
    """The value at a dotted path through attributes, keys and indices; ``None`` where there is none."""
    for part in _parts(path):
        root = _child(root, part)
    return root


def set_path(root: Any, path: str, array: Array) -> Any:
    """Put an array at a dotted path, in place where one of its shape is already; return what is there."""
    *head, last = _parts(path)
    owner = root
    for part in head:
        owner = _child(owner, part)
    there = _child(owner, last)
    if type(there) is np.ndarray and there.shape == array.shape and there.dtype.kind == "f":
        there[...] = array
        return there
    if isinstance(owner, list):
        owner[int(last)] = array
    elif isinstance(owner, dict):
        owner[last] = array
    else:
        setattr(owner, last, array)
    return array


@lru_cache(maxsize=1024)
def _parts(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def _child(owner: Any, name: str) -> Any:
    if type(owner) is dict or isinstance(owner, Mapping):
        return owner.get(name)
    if isinstance(owner, (list, tuple)):
        return owner[int(name)] if int(name) < len(owner) else None
    return getattr(owner, name, None)


def _search(layer: Any, prefix: str, depth: int, found: dict[str, tuple[str, str]], seen: set[int]) -> None:
    if id(layer) in seen or depth > _DEPTH or isinstance(layer, (np.ndarray, str, bytes, type)):
        return
    seen.add(id(layer))
    if isinstance(layer, (list, tuple)):
        children = {str(i): item for i, item in enumerate(layer)}
    else:
        children = dict(getattr(layer, "__dict__", {}))
        _own_parameters(layer, prefix, children, found)
    for name, child in children.items():
        if isinstance(child, (list, tuple)) or hasattr(child, "__dict__"):
            _search(child, f"{prefix}{name}.", depth + 1, found, seen)


def _own_parameters(
    layer: Any, prefix: str, attributes: Mapping[str, Any], found: dict[str, tuple[str, str]]
) -> None:
    params = attributes.get("params")
    if isinstance(params, Mapping):
        for key, value in params.items():
            if isinstance(value, np.ndarray) and value.dtype.kind == "f":
                found[prefix + key] = (f"{prefix}params.{key}", f"{prefix}grads.{key}")
        return
    for key, value in attributes.items():
        if not (isinstance(value, np.ndarray) and value.dtype.kind == "f"):
            continue
        for pattern in _GRADIENT_NAMES:
            if pattern.format(key) in attributes:
                found[prefix + key] = (prefix + key, prefix + pattern.format(key))
                break
