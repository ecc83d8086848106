"""Frames: a JSON header and raw array bytes back to back. The one format on both sides of the pipe.

``frame = magic (4) | header length u32 | payload length u64 | header | payload``. The header's ``arrays``
lists dtype and shape of each array; the payload is their bytes in C order. Nothing in a frame is code: no
pickle, no object dtype, and every size is checked before memory is taken for it.
"""

from __future__ import annotations

import json
import re
import struct
from itertools import accumulate
from typing import Any

import numpy as np

MAGIC = b"GMK1"
PREFIX = struct.Struct("<4sIQ")
DTYPES = frozenset(
    ("|b1", "|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16")
)
_DTYPES = {name: np.dtype(name) for name in DTYPES}
_LONG = re.compile(rb"\d{21}")
MAX_HEADER = 1 << 20  # bytes
MAX_ARRAYS = 4096
MAX_DIMS = 16
MAX_EXTENT = 1 << 60  # bytes of an array if its empty dimensions counted one
MAX_JSON_DEPTH = 100
VECTOR = 512  # buffers in one write; the system takes 1024


class FrameError(Exception):
    """A frame that breaks the format."""


def pack(
    header: dict[str, Any], arrays: list[np.ndarray], max_header: int = 1 << 30
) -> list[bytes | memoryview]:
    """Turn a header and plain arrays of allowed dtypes into buffers to write one after another.

    Raises:
        FrameError: if the header is longer than ``max_header`` bytes.
    """
    header = dict(header, arrays=[[array.dtype.str, list(array.shape)] for array in arrays])
    text = json.dumps(header, allow_nan=False, separators=(",", ":")).encode()
    if len(text) > max_header:
        raise FrameError(f"a header of {len(text)} bytes, more than {max_header}")
    payload = sum(array.nbytes for array in arrays)
    buffers: list[bytes | memoryview] = [PREFIX.pack(MAGIC, len(text), payload) + text]
    for array in arrays:
        if array.nbytes:
            buffers.append(memoryview(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data))
    return buffers


def advance(pending: list[memoryview], written: int) -> None:
    """Take what was written, in bytes, off the front of buffers."""
    done = 0
    while done < len(pending) and written >= len(pending[done]):
        written -= len(pending[done])
        done += 1
    del pending[:done]
    if written:
        pending[0] = pending[0][written:]


def parse_prefix(prefix: bytes, max_payload: int, max_header: int = MAX_HEADER) -> tuple[int, int]:
    """Lengths of header and payload in bytes, each within its cap."""
    magic, header_length, payload_length = PREFIX.unpack(prefix)
    if magic != MAGIC:
        raise FrameError("a frame does not start with the magic bytes")
    if header_length > max_header:
        raise FrameError(f"a frame announces a header of {header_length} bytes, more than {max_header}")
    if payload_length > max_payload:
        raise FrameError(f"a frame announces {payload_length} bytes of arrays, more than {max_payload}")
    return header_length, payload_length


def parse_header(
    text: bytes, payload_length: int
) -> tuple[dict[str, Any], list[tuple[np.dtype[Any], tuple[int, ...]]]]:
    """The header, and dtype and shape of each array; their sizes add up to exactly ``payload_length``
    bytes.
    """
    if _nesting(text) > MAX_JSON_DEPTH:
        raise FrameError(f"a header is nested deeper than {MAX_JSON_DEPTH} levels")
    try:
        integer = _short_int if _LONG.search(text) else None  # the usual parser is many times as fast
        header = json.loads(text.decode(), parse_constant=_no_constant, parse_int=integer)
    except (ValueError, RecursionError) as error:
        raise FrameError(f"a header is not JSON: {error}") from None
    if type(header) is not dict or type(header.get("arrays")) is not list:
        raise FrameError("a header is not an object with a list of arrays")
    if len(header["arrays"]) > MAX_ARRAYS:
        raise FrameError(f"a frame announces {len(header['arrays'])} arrays, more than {MAX_ARRAYS}")
    layouts = [_layout(entry) for entry in header["arrays"]]
    total = sum(_size(dtype, shape) for dtype, shape in layouts)
    if total != payload_length:
        raise FrameError(f"the arrays of a frame need {total} bytes, but it announces {payload_length}")
    return header, layouts


def split(payload: bytearray, layouts: list[tuple[np.dtype[Any], tuple[int, ...]]]) -> list[np.ndarray]:
    """Arrays that own nothing but their part of ``payload``; writable."""
    arrays, start = [], 0
    for dtype, shape in layouts:
        size = _size(dtype, shape)
        arrays.append(
            np.frombuffer(payload, dtype, size // dtype.itemsize, start).reshape(shape)
            if size
            else np.zeros(shape, dtype)
        )
        start += size
    return arrays


def _layout(entry: Any) -> tuple[np.dtype[Any], tuple[int, ...]]:
    if type(entry) is not list or len(entry) != 2 or type(entry[0]) is not str or entry[0] not in DTYPES:
        raise FrameError("an array has no allowed dtype")
    shape = entry[1]
    if type(shape) is not list or len(shape) > MAX_DIMS:
        raise FrameError("an array has no shape, or too many dimensions")
    dtype = _DTYPES[entry[0]]
    extent = dtype.itemsize
    for size in shape:
        if type(size) is not int or not 0 <= size < 1 << 40:
            raise FrameError("an array has a dimension that is not a size")
        extent *= size or 1
    if extent > MAX_EXTENT:
        raise FrameError("an array has dimensions beyond what can be addressed")
    return dtype, tuple(shape)


def _size(dtype: np.dtype[Any], shape: tuple[int, ...]) -> int:
    count = dtype.itemsize
    for size in shape:
        count *= size
    return count


def _nesting(text: bytes) -> int:
    """Deepest nesting of brackets, those inside strings included: an upper bound that is cheap to have."""
    brackets = text.translate(None, delete=_NOT_BRACKETS)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0)


_STEPS = {byte: 1 if byte in b"[{" else -1 for byte in b"[]{}"}
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _short_int(digits: str) -> int:
    if len(digits.lstrip("-")) > 20:
        raise ValueError("an integer of more than 20 digits")
    return int(digits)
