"""What comes back from a worker, checked before it is believed.

A decoded value is exactly ``None``, ``bool``, ``int``, ``float``, ``complex``, ``str``, ``bytes``, ``list``,
``tuple``, ``dict``, :class:`numpy.ndarray` of an allowed dtype, or :class:`Opaque`; never a subclass. What an
object was inside the worker (a torch tensor, a numpy scalar, a subclass) is kept beside it as a tag.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from grader.sandbox.moved import explain_change
from grader.worker.encoding import PACK_TO

Value = Any  # one of the types above; recursive aliases of containers help no reader

MAX_DEPTH = 32
MAX_NODES = 40_000
MAX_PACKED = 1_000_000  # numbers of all packed lists of a reply
MAX_TYPE_NAME = 300  # characters
MAX_TEXT = 64 * 1024  # characters


class MalformedValueError(Exception):
    """A node that breaks the grammar or a cap."""


@dataclass(frozen=True)
class Opaque:
    """An object that cannot cross the boundary; only its type's name did."""

    type_name: str


@dataclass(frozen=True)
class StackFrame:
    """One frame of a traceback in the submission's own files."""

    file: str
    line: int
    function: str
    code: str


@dataclass(frozen=True)
class StudentError:
    """An exception that the submission raised."""

    type: str
    message: str
    frames: tuple[StackFrame, ...] = ()
    instruction: int = 0  # number of the instruction that it stopped
    missing: str = ""  # the module that could not be imported

    @property
    def environment(self) -> str:
        """Why the environment may be to blame: a module is missing, or a package has moved on; else empty."""
        if self.missing:
            return (
                f"{self.missing!r} is not installed where submissions run, and is no file of the submission"
            )
        return explain_change(self.type, self.message)

    def __str__(self) -> str:
        """``TypeError: message (modules.py:31)``."""
        place = f" ({self.frames[-1].file}:{self.frames[-1].line})" if self.frames else ""
        return f"{self.type}: {self.message}{place}"


@dataclass(frozen=True)
class Reply:
    """The outcome of one program."""

    values: Mapping[str, Value]
    error: StudentError | None = None
    errors: Mapping[str, StudentError] = field(default_factory=dict)  # caught by ``Program.attempt``
    tags: Mapping[str, str] = field(
        default_factory=dict
    )  # "y" or "grads['weight']" to what it was: "torch float32"
    output: str = ""  # printed during this request, cut
    output_dropped: int = 0  # bytes that were printed beyond that
    seconds: float = 0.0  # wall time of the request


class Decoder:
    """Decodes the nodes of one reply; the arrays are already checked by the frame."""

    def __init__(self, arrays: list[NDArray[Any]]) -> None:
        self.arrays: dict[int, NDArray[Any]] = dict(enumerate(arrays))
        self.tags: dict[str, str] = {}
        self.nodes_left = MAX_NODES
        self.packed_left = MAX_PACKED

    def decode(self, node: Any, path: str, depth: int = 0) -> Value:
        """The value of a node; its tags are collected under ``path``."""
        self.nodes_left -= 1
        if self.nodes_left < 0 or depth > MAX_DEPTH:
            raise MalformedValueError("too many values, or nested too deep")
        if type(node) is not list or not node or type(node[0]) is not str:
            raise MalformedValueError("a value is not a tagged node")
        kind, rest = node[0], node[1:]
        if kind == "g" and len(rest) == 2:
            self.tags[path] = _text(rest[1], MAX_TYPE_NAME)
            return self.decode(rest[0], path, depth + 1)
        if kind in ("l", "t") and len(rest) == 1 and type(rest[0]) is list:
            items = [self.decode(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(rest[0])]
            return items if kind == "l" else tuple(items)
        if kind == "d" and len(rest) == 1 and type(rest[0]) is list:
            return self._mapping(rest[0], path, depth)
        if kind == "p" and len(rest) == 2 and rest[0] in ("l", "t"):
            return self._packed(rest[0], rest[1])
        if kind == "a" and len(rest) == 1:
            return self._array(rest[0])
        if kind == "y" and len(rest) == 1:
            return self._array(rest[0]).tobytes()
        return _scalar(kind, rest)

    def _mapping(self, pairs: list[Any], path: str, depth: int) -> dict[Value, Value]:
        found: dict[Value, Value] = {}
        for pair in pairs:
            if type(pair) is not list or len(pair) != 2:
                raise MalformedValueError("a dict is not a list of pairs")
            key = self.decode(pair[0], f"{path}.key", depth + 1)
            if not _hashable(key):
                key = Opaque(type(key).__name__)
            found[key] = self.decode(pair[1], f"{path}[{key!r}]"[:1000], depth + 1)
        return found

    def _array(self, index: Any) -> NDArray[Any]:
        """An array of the frame, once: named twice, a few bytes of header would be copied into gigabytes."""
        if type(index) is not int or index not in self.arrays:
            raise MalformedValueError("a value names an array that is not in the frame, or named before")
        return self.arrays.pop(index)

    def _packed(self, kind: str, index: Any) -> Value:
        array = self._array(index)
        if array.ndim != 1 or array.dtype.str not in ("<f8", "<i8"):
            raise MalformedValueError("a packed list is not a row of floats or ints")
        self.packed_left -= len(array)
        if len(array) > PACK_TO or self.packed_left < 0:
            raise MalformedValueError("too many packed numbers")
        items = array.tolist()
        return items if kind == "l" else tuple(items)


def _hashable(key: Value) -> bool:
    return (
        key is None
        or type(key) in (bool, int, float, complex, str)
        or (type(key) is bytes and len(key) <= MAX_TEXT)
        or (type(key) is tuple and all(_hashable(item) for item in key))
    )


def _text(text: Any, longest: int) -> str:
    if type(text) is not str or len(text) > longest:
        raise MalformedValueError("a text is missing or too long")
    return printable(text)


def printable(text: str) -> str:
    """The text with what cannot be encoded (lone surrogates) replaced."""
    return text.encode("utf-8", "replace").decode()


def _scalar(kind: str, rest: list[Any]) -> Value:
    if kind == "n" and not rest:
        return None
    if kind == "c" and len(rest) == 2:
        return complex(_float(rest[0]), _float(rest[1]))
    if len(rest) != 1:
        raise MalformedValueError("a value node has the wrong length")
    value = rest[0]
    if kind == "b" and type(value) is bool:
        return value
    if kind == "i" and type(value) is int:
        return value
    if kind == "f":
        return _float(value)
    if kind == "s":
        return _text(value, MAX_TEXT)
    if kind == "o":
        return Opaque(_text(value, MAX_TYPE_NAME))
    raise MalformedValueError(f"unknown value node {kind[:20]!r}")


def _float(value: Any) -> float:
    if type(value) in (int, float):
        return float(value)
    if type(value) is str and len(value) <= 40:
        try:
            return float(value)
        except ValueError:
            pass
    raise MalformedValueError("a float is not a number")


def decode_error(node: Any) -> StudentError | None:
    """The exception that a reply describes; None where there is none."""
    if node is None:
        return None
    if type(node) is not dict or set(node) != {"type", "message", "at", "frames", "missing"}:
        raise MalformedValueError("an error does not have its fields")
    if type(node["at"]) is not int or type(node["frames"]) is not list or len(node["frames"]) > 50:
        raise MalformedValueError("an error has no position or no frames")
    return StudentError(
        _text(node["type"], MAX_TYPE_NAME),
        _text(node["message"], MAX_TEXT),
        tuple(_stack_frame(entry) for entry in node["frames"]),
        node["at"],
        _text(node["missing"], MAX_TYPE_NAME),
    )


def _stack_frame(entry: Any) -> StackFrame:
    if type(entry) is not list or len(entry) != 4 or type(entry[1]) is not int:
        raise MalformedValueError("a frame of a traceback is malformed")
    return StackFrame(_text(entry[0], 1000), entry[1], _text(entry[2], 1000), _text(entry[3], 1000))


def decode_reply(
    header: Mapping[str, Any], arrays: list[NDArray[Any]], names: frozenset[str], attempts: frozenset[str]
) -> Reply:
    """Values, tags and errors of a reply's header; output and time are the worker's to add.

    Args:
        header: of the reply.
        arrays: of the reply.
        names: that the program sends values under.
        attempts: names of its attempts.

    Raises:
        MalformedValueError: if anything in it breaks the grammar.
    """
    values, errors = header.get("values"), header.get("errors")
    if type(values) is not list or type(errors) is not dict:
        raise MalformedValueError("a reply has no values or no errors")
    decoder = Decoder(arrays)
    found: dict[str, Value] = {}
    for entry in values:
        if type(entry) is not list or len(entry) != 2 or type(entry[0]) is not str:
            raise MalformedValueError("a sent value is not a name and a value")
        if entry[0] not in names or entry[0] in found:
            raise MalformedValueError("a sent value has no name that was asked for")
        found[entry[0]] = decoder.decode(entry[1], entry[0])
    if not attempts.issuperset(errors):
        raise MalformedValueError("an error belongs to no attempt of the program")
    caught = {name: error for name, node in errors.items() if (error := decode_error(node)) is not None}
    return Reply(found, decode_error(header.get("error")), caught, decoder.tags)
