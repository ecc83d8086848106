"""The user's cache: data sets converted once to arrays that are memory-mapped afterwards.

Every folder appears under its final name at once and complete, so that a killed run leaves nothing
half-written and two runs at a time do not disturb each other.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

from grader.data.dataset import DataSet, Images, Kind, Labels
from grader.errors import DataError

FORMAT = 1  # of the stored folders; part of their names
VISIBLE, HIDDEN = "visible", "hidden"


def cache_folder(given: Path | None = None) -> Path:
    """Where data sets are kept: ``given``, the environment's GRADMARK_CACHE, or the user's cache.

    Raises:
        DataError: if the folder cannot be made.
    """
    chosen = given or Path(os.environ.get("GRADMARK_CACHE") or platformdirs.user_cache_path("gradmark"))
    try:
        chosen.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"{chosen}: the cache cannot be made ({error.strerror}); set GRADMARK_CACHE to a folder"
        ) from None
    return chosen


@contextlib.contextmanager
def published(target: Path) -> Iterator[Path]:
    """A new folder that becomes ``target`` when the block ends well, and disappears when it does not."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=target.parent))
    except OSError as error:
        raise _unwritable(target, error) from error
    try:
        yield draft
        try:
            draft.chmod(0o755)
            draft.rename(target)
        except OSError:
            if not target.is_dir():  # else another run was faster, with the same content
                raise
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _unwritable(target: Path, error: OSError) -> DataError:
    return DataError(
        f"{target}: cannot be written ({error.strerror or error}); set GRADMARK_CACHE to a folder with room"
    )


def write_data(
    target: Path,
    *,
    train: tuple[Images, Labels],
    test: tuple[Images, Labels],
    classes: tuple[str, ...],
    facts: Mapping[str, Any],
) -> None:
    """Store a data set; of the test images, the public half is visible and the private half hidden."""
    public, private = halves(test[1])
    with published(target) as draft:
        _write(draft / VISIBLE, train_images=train[0], train_labels=train[1])
        _write(draft / VISIBLE, test_images=test[0][public], test_labels=test[1][public])
        _write(draft / HIDDEN, private_images=test[0][private], private_labels=test[1][private])
        (draft / HIDDEN).chmod(0o700)
        (draft / VISIBLE / "meta.json").write_text(json.dumps({"classes": classes}))
        (draft / "facts.json").write_text(json.dumps({"format": FORMAT, **facts}))


def open_data(target: Path, *, kind: Kind, description: str) -> DataSet | None:
    """The data set stored at ``target``; None if there is none, or not a whole one.

    Raises:
        DataError: it belongs to somebody else.
    """
    root, hidden = target / VISIBLE, target / HIDDEN
    try:
        classes = tuple(json.loads((root / "meta.json").read_text())["classes"])
        images, labels = (
            np.load(hidden / f"private_{part}.npy", mmap_mode="r") for part in ("images", "labels")
        )
        data = DataSet(kind, description, root, classes, images, np.array(labels))
        parts = (data.train(), data.public(), (images, labels))
        whole = (
            len(classes) == 10 and (target / "facts.json").is_file() and all(_fit(*part) for part in parts)
        )
    except PermissionError as error:
        raise DataError(
            f"{error.filename or target}: not yours to read; set GRADMARK_CACHE to a folder of your own"
        ) from error
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        return None
    return data if whole else None


def _fit(images: Images, labels: Labels) -> bool:
    """Whether these are images with a label from 0 to 9 each."""
    return bool(
        images.dtype == np.uint8
        and images.shape == (len(labels), 3, 32, 32)
        and labels.dtype == np.int64
        and labels.shape == (len(images),)
        and len(labels) > 0
        and 0 <= labels.min() <= labels.max() <= 9
    )


def halves(labels: Labels) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cut test images into a public and a private half, each with half of every class.

    The order within a class is that of a SHA-256 of the row number: the same on every machine and in every
    version.
    """

    def rank(row: int) -> bytes:
        return hashlib.sha256(f"gradmark test image {row}".encode()).digest()

    public: list[int] = []
    for label in range(int(labels.max()) + 1):
        rows = sorted((int(row) for row in np.flatnonzero(labels == label)), key=rank)
        public += rows[: len(rows) // 2]
    chosen = np.zeros(len(labels), dtype=bool)
    chosen[public] = True
    return np.flatnonzero(chosen), np.flatnonzero(~chosen)


def content_key(files: tuple[Path, ...], cache: Path) -> str:
    """SHA-256 over names and bytes of ``files``, remembered while their sizes and times stay the same."""
    stats = [(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    memo = cache / "sources" / (hashlib.sha256(repr((FORMAT, stats)).encode()).hexdigest()[:32] + ".txt")
    with contextlib.suppress(OSError):
        key = memo.read_text()
        if len(key) == 64:
            return key
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as stream:
            digest.update(path.name.encode() + b"\0" + hashlib.file_digest(stream, "sha256").digest())
    with contextlib.suppress(OSError):  # a memory that cannot be kept costs time alone
        memo.parent.mkdir(parents=True, exist_ok=True)
        _replace(memo, digest.hexdigest())
    return digest.hexdigest()


def _replace(path: Path, text: str) -> None:
    """Write a small file so that a reader sees all of it or none."""
    handle, draft = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w") as stream:
        stream.write(text)
    Path(draft).replace(path)


def _write(folder: Path, **arrays: NDArray[Any]) -> None:
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", np.ascontiguousarray(array))
        (folder / f"{name}.npy").chmod(0o644)
