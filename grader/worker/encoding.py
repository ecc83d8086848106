"""Between Python objects of a submission and the tagged nodes of a frame.

Encoding is total: an object that is no plain value becomes an opaque node with its type's name. Arrays are
copied at once, so that what is sent does not change when the submission writes to its buffers later.

Nodes: ``["n"]`` None, ``["b", bool]``, ``["i", int]``, ``["f", float or "nan" | "inf" | "-inf"]``, ``["c",
re, im]``, ``["s", str]``, ``["y", array]`` bytes, ``["l", nodes]`` list, ``["t", nodes]`` tuple, ``["d",
[[key, value], ...]]``, ``["a", array]``, ``["p", "l" | "t", array]`` a long list or tuple of floats or ints,
``["g", node, tag]`` a node with a note on what it was, ``["o", type name]`` opaque.
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from .frames import DTYPES

MAX_DEPTH = 24
MAX_NODES = 20_000
MAX_TEXT = 64 * 1024  # characters
MAX_DIGITS = 20
PACK_FROM = 32  # lists of at least so many numbers travel as an array
PACK_TO = 200_000  # and longer ones arrive as one: the host's memory is worth more than their type


class TooLargeError(Exception):
    """A value does not fit into a reply."""


class Encoder:
    """Collects the arrays of one reply."""

    def __init__(self, max_bytes: int) -> None:
        self.arrays: list[np.ndarray] = []
        self.bytes_left = max_bytes
        self.nodes_left = MAX_NODES

    def encode(self, value: Any, depth: int = 0) -> list[Any]:
        """The node of a value."""
        self.nodes_left -= 1
        if self.nodes_left < 0:
            raise TooLargeError(f"a reply of more than {MAX_NODES} values")
        if depth > MAX_DEPTH:
            return ["o", type_name(value)]
        scalar = _scalar(value)
        if scalar is not None:
            return scalar
        if isinstance(value, (list, tuple)):
            return self._sequence(value, depth)
        if isinstance(value, dict):
            return self._mapping(value, depth)
        if isinstance(value, (set, frozenset)):
            base: Any = set if isinstance(value, set) else frozenset
            return ["g", ["l", [self.encode(i, depth + 1) for i in base.__iter__(value)]], type_name(value)]
        if isinstance(value, (bytes, bytearray)):
            return ["y", self._add(np.frombuffer(bytes(value), np.uint8))]
        if isinstance(value, (np.ndarray, np.generic)):
            return self._array(value)
        if is_tensor(value):
            return self._tensor(value)
        return ["o", type_name(value)]

    def _sequence(self, value: Any, depth: int) -> list[Any]:
        """What a list or tuple holds, which is not always what an iterator of its own class gives."""
        base: Any = tuple if isinstance(value, tuple) else list
        kind, items = base.__name__[0], value if type(value) is base else base(base.__iter__(value))
        packed = _pack_numbers(items) if len(items) >= PACK_FROM else None
        if packed is not None and len(items) > PACK_TO:
            return ["g", ["a", self._add(packed)], type_name(value)]
        if packed is not None:
            node = ["p", kind, self._add(packed)]
        else:
            node = [kind, [self.encode(item, depth + 1) for item in items]]
        return node if type(value) in (list, tuple) else ["g", node, type_name(value)]

    def _mapping(self, value: Any, depth: int) -> list[Any]:
        items = dict.items(value)
        pairs = [[self.encode(key, depth + 1), self.encode(item, depth + 1)] for key, item in items]
        return ["d", pairs] if type(value) is dict else ["g", ["d", pairs], type_name(value)]

    def _array(self, value: Any) -> list[Any]:
        if isinstance(value, np.generic):
            scalar = _scalar(value.item())
            return ["g", scalar, type_name(value)] if scalar is not None else ["o", type_name(value)]
        plain = np.array(value, copy=True, order="C", subok=False)
        if type(value) is not np.ndarray:
            tag = type_name(value)
        else:
            tag = "" if plain.dtype.str in DTYPES else plain.dtype.str
        sendable = _allowed(plain)
        if sendable is None:
            return ["o", f"numpy.ndarray of dtype {plain.dtype} and shape {plain.shape}"[:300]]
        node = ["a", self._add(sendable)]
        return ["g", node, tag] if tag else node

    def _tensor(self, value: Any) -> list[Any]:
        import torch

        tensor = value.detach()
        tag = f"torch {str(value.dtype).partition('.')[2]}"
        if isinstance(value, torch.nn.Parameter):
            tag += " parameter"
        if value.requires_grad:
            tag += " requires_grad"
        if tensor.is_sparse or tensor.is_quantized:
            return ["o", f"{type_name(value)} ({tag})"]
        if tensor.dtype is torch.bfloat16:
            tensor = tensor.float()
        array = np.array(tensor.cpu().resolve_conj().resolve_neg().numpy(), copy=True, order="C")
        return ["g", ["a", self._add(array)], tag]

    def _add(self, array: np.ndarray) -> int:
        self.bytes_left -= array.nbytes
        if self.bytes_left < 0:
            raise TooLargeError("a reply with more bytes of arrays than its limit")
        self.arrays.append(array)
        return len(self.arrays) - 1


def is_tensor(value: Any) -> bool:
    """Whether a value is a torch tensor; does not import torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def type_name(value: Any) -> str:
    """Module and name of a value's type, short."""
    kind = type(value)
    module = str(getattr(kind, "__module__", ""))
    name = str(getattr(kind, "__qualname__", kind))
    return (name if module in ("builtins", "") else f"{module}.{name}")[:200]


def _scalar(value: Any) -> list[Any] | None:
    """Node of a plain Python scalar, None for anything else."""
    kind = type(value)
    if value is None:
        return ["n"]
    if kind is bool:
        return ["b", value]
    if kind is int:
        return ["i", value] if -(10**MAX_DIGITS) < value < 10**MAX_DIGITS else ["o", "int of many digits"]
    if kind is float:
        return ["f", value if math.isfinite(value) else str(value)]
    if kind is complex:
        return ["c", str(value.real), str(value.imag)]
    if kind is str:
        return ["s", value[:MAX_TEXT].encode("utf-8", "replace").decode()]
    return _derived_scalar(value)


def _derived_scalar(value: Any) -> list[Any] | None:
    """Node of an instance of a subclass of int, float or str that is no numpy scalar."""
    if isinstance(value, np.generic):
        return None
    for base in (int, float, str):
        if isinstance(value, base):
            node = _scalar(base(value)) if base is not str else _scalar(str.__str__(value))
            return ["g", node, type_name(value)]
    return None


def _pack_numbers(value: Any) -> np.ndarray | None:
    """A list of floats alone, or of ints alone, as an array; None for any other."""
    kinds = {type(item) for item in value}
    if kinds == {float}:
        return np.array(value, np.float64)
    if kinds == {int} and all(-(2**63) <= item < 2**63 for item in value):
        return np.array(value, np.int64)
    return None


def _allowed(array: np.ndarray) -> np.ndarray | None:
    """The array in a dtype that frames allow; None where there is none."""
    if array.dtype.str in DTYPES:
        return array
    if array.dtype.kind in "biufc":
        narrow = {"b": "|b1", "i": "<i8", "u": "<u8", "f": "<f8", "c": "<c16"}[array.dtype.kind]
        same = array.dtype.newbyteorder("<").str
        return array.astype(same if same in DTYPES else narrow)
    return None


def decode(node: list[Any], arrays: list[np.ndarray]) -> Any:
    """The Python object of a node that came from the host."""
    kind = node[0]
    if kind in ("b", "i", "s"):
        return node[1]
    if kind == "n":
        return None
    if kind == "f":
        return float(node[1])
    if kind == "c":
        return complex(float(node[1]), float(node[2]))
    if kind == "a":
        return layout(arrays[node[1]], node[2] if len(node) > 2 else {})
    if kind == "y":
        return arrays[node[1]].tobytes()
    raise ValueError(f"unknown node {kind!r}")


def layout(array: np.ndarray, options: dict[str, Any]) -> np.ndarray:
    """A fresh copy of an array with the memory layout and flags that the host asked for."""
    order = options.get("order", "C")
    if order == "strided":
        wide = np.zeros(tuple(2 * size for size in array.shape), array.dtype)
        copy = wide[tuple(slice(None, None, 2) for _ in array.shape)]
        copy[...] = array
    else:
        copy = np.array(array, order=order, copy=True)
    if not options.get("writeable", True):
        copy.flags.writeable = False
    return copy
