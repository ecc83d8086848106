"""Batches are read without running anything, and wrong ones are refused with what is wrong."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from grader.data.batches import ROWS, _as_images, _read_batch, _unpickle
from grader.errors import DataError
from tests.data.release import batch, dump


class Runs:
    """Would create a file if it were unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.path), "w")


def content(tmp_path: Path, value: object) -> bytes:
    dump(tmp_path / "batch", value)
    return (tmp_path / "batch").read_bytes()


def test_code_in_a_pickle_does_not_run(tmp_path: Path) -> None:
    evil = pickle.dumps({b"data": Runs(tmp_path / "ran"), b"labels": []}, protocol=2)
    with pytest.raises(DataError, match=r"batch 1: refused: its pickle asks for .*open, which no batch"):
        _unpickle(evil, "batch 1")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "name", ["numpy\nload", "builtins\neval", "os\nsystem", "numpy.core.multiarray\nscalar"]
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(DataError, match=r"asks for .*, which no batch of CIFAR-10 contains"):
        _unpickle(f"c{name}\n.".encode(), "x")


def test_a_modern_pickle_is_read_as_well(tmp_path: Path) -> None:
    made = batch(3)
    images, labels = _read_batch(pickle.dumps(made, protocol=2), "x")
    assert np.array_equal(images.reshape(ROWS, -1), made[b"data"])
    assert labels.tolist() == made[b"labels"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({b"labels": [1, 2, 3]}, "labels: got a list of 3; expected a list of 10,000"),
        ({b"labels": [0] * 9_999 + [10]}, "labels: 1 are not numbers from 0 to 9, such as 10"),
        ({b"labels": None}, "labels: got NoneType"),
        ({b"data": np.zeros((5, 3072), np.uint8)}, r"data: has shape \(5, 3072\); expected \(10000, 3072\)"),
        ({b"data": np.zeros((ROWS, 3072), np.float32)}, "data: not an array of uint8"),
        ({b"data": b"no array"}, "data: not an array of uint8"),
    ],
)
def test_wrong_content_is_named(tmp_path: Path, change: dict[bytes, object], said: str) -> None:
    with pytest.raises(DataError, match=f"data_batch_9: {said}"):
        _read_batch(content(tmp_path, {**batch(0), **change}), "data_batch_9")


def test_a_shape_that_lies_about_its_bytes_is_refused() -> None:
    from grader.data.batches import _RawArray, _RawType

    raw = _RawArray()
    raw.__setstate__((1, (ROWS, 3072), _RawType("u1"), False, b"short"))
    with pytest.raises(DataError, match="does not hold 30,720,000 bytes"):
        _as_images(raw, "x")


def test_rubbish_is_named() -> None:
    with pytest.raises(DataError, match="x: not a readable pickle"):
        _unpickle(b"\x00\x01rubbish", "x")
    with pytest.raises(DataError, match="x: holds a list; expected a dictionary"):
        _unpickle(pickle.dumps([1], protocol=2), "x")
