"""Encoding in the worker and decoding in the host: plain values come back, everything else is opaque or
refused.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.sandbox.values import (
    Decoder,
    MalformedValueError,
    Opaque,
    StudentError,
    decode_error,
    decode_reply,
)
from grader.worker.encoding import PACK_FROM, PACK_TO, Encoder, TooLargeError
from grader.worker.errors import error_node

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**19), 10**19)
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=20)
    | st.binary(max_size=20)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


def there_and_back(value: Any, max_bytes: int = 1 << 24) -> tuple[Any, dict[str, str]]:
    encoder = Encoder(max_bytes)
    node = encoder.encode(value)
    decoder = Decoder(encoder.arrays)
    return decoder.decode(node, "v"), decoder.tags


@given(VALUES)
@settings(max_examples=150, deadline=None)
def test_plain_values_come_back_exactly(value: Any) -> None:
    back, tags = there_and_back(value)
    assert back == value
    assert repr(back) == repr(value)
    assert tags == {}


@pytest.mark.parametrize("count", [PACK_FROM, 5000])
def test_long_lists_travel_packed(count: int) -> None:
    for value in ([0.5 * i for i in range(count)], tuple(range(count))):
        back, _ = there_and_back(value)
        assert back == value
        assert type(back) is type(value)
    assert there_and_back([True] * count)[0] == [True] * count


def test_enormous_lists_arrive_as_arrays() -> None:
    back, tags = there_and_back([1] * (PACK_TO + 1))
    assert type(back) is np.ndarray
    assert tags == {"v": "list"}


@pytest.mark.parametrize(
    ("value", "expected", "tag"),
    [
        (np.float32(0.5), 0.5, "numpy.float32"),
        (np.int64(3), 3, "numpy.int64"),
        (np.bool_(True), True, "numpy.bool"),
        (math.nan, math.nan, ""),
        (type("Grade", (float,), {})(1.0), 1.0, "test_encoding.Grade"),
        (type("Word", (str,), {})("x"), "x", "test_encoding.Word"),
    ],
)
def test_scalars_and_their_tags(value: object, expected: object, tag: str) -> None:
    back, tags = there_and_back(value)
    assert repr(back) == repr(expected)
    assert type(back) is type(expected)
    assert tags.get("v", "").removeprefix("tests.worker.") == tag


def test_arrays_are_plain_copies() -> None:
    source = np.arange(6.0).reshape(2, 3)
    encoder = Encoder(1 << 20)
    node = encoder.encode(source.T)
    source[...] = 0
    back = Decoder(encoder.arrays).decode(node, "v")
    np.testing.assert_array_equal(back, np.arange(6.0).reshape(2, 3).T)


def test_subclasses_and_strange_dtypes() -> None:
    masked, tags = there_and_back(np.ma.masked_array([1.0, 2.0], mask=[0, 1]))
    assert type(masked) is np.ndarray
    assert "MaskedArray" in tags["v"]
    assert there_and_back(np.array([object()]))[0] == Opaque("numpy.ndarray of dtype object and shape (1,)")
    assert type(there_and_back(np.array(["a"]))[0]) is Opaque
    big, tags = there_and_back(np.array([1.0], ">f8"))
    assert (big.dtype.str, tags["v"]) == ("<f8", ">f8")
    longer, _ = there_and_back(np.array([1.0], np.longdouble))
    assert longer.dtype == np.float64


def test_tensors() -> None:
    back, tags = there_and_back(torch.nn.Parameter(torch.ones(2)))
    assert type(back) is np.ndarray
    assert tags["v"] == "torch float32 parameter requires_grad"
    assert there_and_back(torch.ones(2, dtype=torch.bfloat16))[0].dtype == np.float32
    assert type(there_and_back(torch.eye(2).to_sparse())[0]) is Opaque


def test_everything_else_is_opaque() -> None:
    assert there_and_back(object())[0] == Opaque("object")
    assert there_and_back(10**30)[0] == Opaque("int of many digits")
    assert there_and_back({1, 2})[0] == [1, 2]


@pytest.mark.parametrize("held", [[1, 2], (1, 2), {1, 2}, {1: 2}])
def test_containers_give_what_they_hold(held: Any) -> None:
    endless = {"__iter__": lambda _: itertools.repeat(1), "__len__": lambda _: 10**9}
    endless["items"] = lambda _: itertools.repeat((1, 1))
    back, _ = there_and_back(type("Endless", (type(held),), endless)(held))
    assert back == (list(held) if isinstance(held, set) else held)


def test_loops_end_and_budgets_hold() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert "Opaque(type_name='list')" in repr(there_and_back(loop)[0])
    with pytest.raises(TooLargeError, match="bytes of arrays"):
        there_and_back(np.zeros(1000), max_bytes=100)
    with pytest.raises(TooLargeError, match="values"):
        there_and_back([[i] for i in range(30_000)])


@pytest.mark.parametrize(
    "node",
    [
        None, [], ["exec", "x"], [3], {"n": 1}, ["b", 1], ["i", 1.0], ["i", True], ["f", "x" * 10], ["f", None],
        ["s", 3], ["s", "x" * 100_000], ["l", "abc"], ["d", [["k"]]], ["d", {}], ["a", 0], ["a", -1], ["a", True],
        ["p", "l", 0], ["g", ["n"]], ["g", ["n"], 3], ["o", "x" * 1000], ["c", 1], ["n", 1],
    ],
)  # fmt: skip
def test_malformed_nodes_are_refused(node: object) -> None:
    with pytest.raises(MalformedValueError):
        Decoder([]).decode(node, "v")


def test_surrogates_do_not_reach_the_host() -> None:
    assert Decoder([]).decode(["s", "a\ud800b"], "v") == "a?b"


def test_unhashable_keys_become_opaque() -> None:
    node = ["d", [[["l", []], ["n"]]]]
    assert Decoder([]).decode(node, "v") == {Opaque("list"): None}


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"values": [], "errors": []},
        {"values": [["not asked", ["n"]]], "errors": {}},
        {"values": [["y", ["n"]], ["y", ["n"]]], "errors": {}},
        {"values": [[["y"], ["n"]]], "errors": {}},
        {"values": [], "errors": {"no attempt": None}},
        {"values": [], "errors": {}, "error": {"type": "E"}},
        {"values": [], "errors": {}, "error": "E"},
    ],
)
def test_malformed_replies_are_refused(header: dict[str, Any]) -> None:
    with pytest.raises(MalformedValueError):
        decode_reply(header, [], frozenset(("y",)), frozenset(("attempt",)))


class Explosive(Exception):
    def __str__(self) -> str:
        raise SystemExit("boom")


def test_errors_that_cannot_be_shown() -> None:
    assert decode_error(error_node(Explosive(), 3)) == StudentError(
        "Explosive", "(its message cannot be shown: SystemExit)", (), 3, ""
    )


def test_environment_is_named() -> None:
    moved = StudentError("AttributeError", "module 'numpy' has no attribute 'float'.\n`np.float` was ...")
    assert moved.environment == "numpy.float was removed in NumPy 1.24"
    missing = StudentError("ModuleNotFoundError", "No module named 'tqdm'", missing="tqdm")
    assert missing.environment.startswith("'tqdm' is not installed")
    assert StudentError("AttributeError", "module 'modules' has no attribute 'float'").environment == ""
    assert StudentError("ValueError", "numpy.float").environment == ""
