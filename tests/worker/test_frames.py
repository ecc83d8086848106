"""Frames: what is packed comes back, and nothing that breaks the format gets through or takes memory."""

from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.worker import frames

CAP = 1 << 20


def read(data: bytes) -> tuple[dict[str, object], list[np.ndarray]]:
    """Parse one frame from bytes, as both sides do from a pipe."""
    header_length, payload_length = frames.parse_prefix(data[: frames.PREFIX.size].ljust(16, b"\0"), CAP)
    body = data[frames.PREFIX.size :]
    if len(body) != header_length + payload_length:
        raise frames.FrameError("truncated")
    header, layouts = frames.parse_header(body[:header_length], payload_length)
    return header, frames.split(bytearray(body[header_length:]), layouts)


def write(header: dict[str, object], arrays: list[np.ndarray]) -> bytes:
    return b"".join(bytes(buffer) for buffer in frames.pack(header, arrays))


@given(
    dtypes=st.lists(st.sampled_from(sorted(frames.DTYPES)), max_size=4),
    shape=st.lists(st.integers(0, 4), max_size=4),
    seed=st.integers(0, 2**31),
)
@settings(max_examples=60, deadline=None)
def test_round_trip(dtypes: list[str], shape: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    arrays = [rng.integers(0, 2, size=shape).astype(dtype) for dtype in dtypes]
    header, back = read(write({"kind": "reply", "id": 3}, arrays))
    assert header["id"] == 3
    for sent, got in zip(arrays, back, strict=True):
        assert type(got) is np.ndarray
        assert got.dtype == sent.dtype
        np.testing.assert_array_equal(got, sent)


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_mutated_frames_are_refused_or_still_plain(data: st.DataObject) -> None:
    whole = bytearray(
        write({"kind": "reply", "id": 3, "values": [["y", ["a", 0]]]}, [np.arange(6.0).reshape(2, 3)])
    )
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        _, arrays = read(bytes(whole))
    except frames.FrameError:
        return
    assert all(type(array) is np.ndarray and array.dtype.str in frames.DTYPES for array in arrays)


@pytest.mark.parametrize(
    ("arrays", "payload", "message"),
    [
        ([["|O", [1]]], 8, "no allowed dtype"),
        ([["|V0", [10**9]]], 0, "no allowed dtype"),
        ([["<f8,<f8", [1]]], 16, "no allowed dtype"),
        ([[">f8", [1]]], 8, "no allowed dtype"),
        ([["<f8", [-1, -1]]], 8, "not a size"),
        ([["<f8", [1.0]]], 8, "not a size"),
        ([["<f8", [True]]], 8, "not a size"),
        ([["<f8", [1] * 17]], 8, "too many dimensions"),
        ([["<f8", [1 << 33, 1 << 33]]], 8, "beyond what can be addressed"),
        ([["<f8", [0, 1 << 39, 1 << 39]]], 0, "beyond what can be addressed"),
        ([["<f8", [2]]], 100, "need 16 bytes"),
        ([["<f8", [2]]] * 5000, 0, "5000 arrays"),
        ("no list", 0, "list of arrays"),
    ],
)
def test_headers_that_lie(arrays: object, payload: int, message: str) -> None:
    with pytest.raises(frames.FrameError, match=message):
        frames.parse_header(json.dumps({"arrays": arrays}).encode(), payload)


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 200 + b"]" * 200,
        b'{"arrays": [], "n": NaN}',
        b'{"arrays": [], "n": ' + b"9" * 21 + b"}",
        b"\xff\xfe",
        b"",
        b"3",
    ],
    ids=["deep", "NaN", "digits", "bytes", "empty", "number"],
)
def test_headers_that_are_not_ours(text: bytes) -> None:
    with pytest.raises(frames.FrameError):
        frames.parse_header(text, 0)


@pytest.mark.parametrize(
    ("prefix", "message"),
    [
        (frames.PREFIX.pack(b"EVIL", 0, 0), "magic"),
        (frames.PREFIX.pack(frames.MAGIC, 1 << 21, 0), "header of 2097152 bytes"),
        (frames.PREFIX.pack(frames.MAGIC, 0, 1 << 40), "bytes of arrays"),
    ],
)
def test_prefixes_over_their_caps(prefix: bytes, message: str) -> None:
    with pytest.raises(frames.FrameError, match=message):
        frames.parse_prefix(prefix, CAP)


def test_no_memory_is_taken_for_what_is_only_announced() -> None:
    tracemalloc.start()
    try:
        with pytest.raises(frames.FrameError):
            frames.parse_header(json.dumps({"arrays": [["<f8", [10**9]]]}).encode(), 64)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_a_header_of_ours_is_capped_too() -> None:
    with pytest.raises(frames.FrameError, match="header of"):
        frames.pack({"text": "x" * 100}, [], max_header=50)
