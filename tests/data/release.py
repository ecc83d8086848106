"""Writes files in the form of the release: Python-2 pickles, seven of them, with made-up pixels."""

from __future__ import annotations

import pickle
import struct
import tarfile
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

ROWS = 10_000
TRAIN = [f"data_batch_{number}" for number in range(1, 6)]
NAMES = [f"thing {number}" for number in range(10)]


class Python2Pickler(pickle._Pickler):  # type: ignore[misc,name-defined]
    """Writes bytes as Python-2 strings, and arrays under the module name of that time."""

    dispatch: ClassVar[dict[Any, Any]] = dict(pickle._Pickler.dispatch)  # type: ignore[attr-defined]

    def save_bytes(self, value: bytes) -> None:
        self.write(b"T" + struct.pack("<i", len(value)) + value)
        self.memoize(value)

    def save_name(self, value: Any) -> None:
        if getattr(value, "__name__", "") == "_reconstruct":
            self.write(b"cnumpy.core.multiarray\n_reconstruct\n")
            self.memoize(value)
        else:
            pickle._Pickler.save_global(self, value, None)  # type: ignore[attr-defined]

    dispatch[bytes] = save_bytes
    dispatch[type(len)] = save_name


def dump(path: Path, value: object) -> None:
    """Pickle like Python 2."""
    with path.open("wb") as stream:
        Python2Pickler(stream, protocol=2).dump(value)


def batch(number: int) -> dict[bytes, object]:
    """A batch whose pixels and labels say which batch and row they are from."""
    data = np.zeros((ROWS, 3072), dtype=np.uint8)
    data[:, 0], data[:, 1], data[:, 2] = number, np.arange(ROWS) // 256, np.arange(ROWS) % 256
    labels = [int(label) for label in (np.arange(ROWS) + number) % 10]
    return {b"batch_label": b"made up", b"labels": labels, b"data": data, b"filenames": [b"a.png"] * 3}


def write_release(folder: Path) -> Path:
    """The seven files in ``folder``/cifar-10-batches-py."""
    inner = folder / "cifar-10-batches-py"
    inner.mkdir(parents=True)
    for number, name in enumerate([*TRAIN, "test_batch"]):
        dump(inner / name, batch(number))
    meta = {b"num_cases_per_batch": ROWS, b"label_names": [n.encode() for n in NAMES], b"num_vis": 3072}
    dump(inner / "batches.meta", meta)
    return inner


def write_archive(inner: Path, archive: Path) -> Path:
    """The folder as a tar.gz, as it is distributed."""
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        tar.add(inner, arcname="cifar-10-batches-py")
    return archive
