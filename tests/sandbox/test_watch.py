"""What a worker holds on disk is counted, with and without a name."""

from __future__ import annotations

import ctypes
import mmap
import os
from pathlib import Path

import pytest

from grader.sandbox.watch import ScratchWatch

SIZE = 1 << 20
LIBC = ctypes.CDLL(None)
LIBC.mmap.restype = ctypes.c_void_p
LIBC.mmap.argtypes = [ctypes.c_void_p, *[ctypes.c_size_t] * 4, ctypes.c_long]
LIBC.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


def _map(path: Path) -> int:
    """Map a file and keep no descriptor, which `mmap.mmap` would."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return int(LIBC.mmap(None, SIZE, mmap.PROT_READ, mmap.MAP_SHARED, descriptor, 0))
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("name", ["plain", "with space (deleted)", "return\rin it", "ünï"])
def test_a_removed_file_that_is_still_mapped_counts(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"\1" * SIZE)
    watch = ScratchWatch(str(tmp_path), max_bytes=SIZE // 2, max_files=10, process=os.getpid())
    assert watch.excess() == f"more than {SIZE // 2} bytes in its folder"
    mapped = _map(path)
    path.unlink()
    assert "removed while they were open" in watch.excess()
    LIBC.munmap(mapped, SIZE)
    assert watch.excess() == ""


def test_more_files_than_allowed_are_counted(tmp_path: Path) -> None:
    watch = ScratchWatch(str(tmp_path), max_bytes=SIZE, max_files=2)
    for number in range(2):
        (tmp_path / str(number)).touch()
    assert watch.excess() == ""
    (tmp_path / "third").touch()
    assert watch.excess() == "more than 2 files in its folder"
