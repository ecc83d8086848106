"""Reads the release's own files: ``cifar-10-batches-py`` as a folder, or in the tar archive it is
distributed in.

The files are Python-2 pickles. They are read by an unpickler that knows five names, all of which stand for
inert records here, so that a file from anywhere can be read without running anything of it.
"""

from __future__ import annotations

import io
import pickle
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from grader.data.dataset import Images, Labels
from grader.errors import DataError

FOLDER = "cifar-10-batches-py"
TRAIN = tuple(f"data_batch_{number}" for number in range(1, 6))
TEST = "test_batch"
META = "batches.meta"
NAMES = (*TRAIN, TEST, META)
ROWS = 10_000  # images per batch file
PIXELS = 3 * 32 * 32
MAX_BYTES = 64 * 2**20  # of one file; the release's are 31 MB


@dataclass(frozen=True)
class Release:
    """The content of the seven files."""

    train_images: Images  # (50000, 3, 32, 32)
    train_labels: Labels
    test_images: Images  # (10000, 3, 32, 32)
    test_labels: Labels
    classes: tuple[str, ...]


def read_release(source: Path) -> Release:
    """Read the folder or archive at ``source``.

    Raises:
        DataError: if a file is missing, is not what the release holds, or has other names in its pickle.
    """
    files = dict(_archive_files(source) if source.is_file() else _folder_files(source))
    missing = [name for name in NAMES if name not in files]
    if missing:
        raise DataError(f"{source}: {', '.join(missing)} not found; CIFAR-10 has {', '.join(NAMES)}")
    batches = [_read_batch(files[name], f"{source}: {name}") for name in (*TRAIN, TEST)]
    return Release(
        train_images=np.concatenate([images for images, _ in batches[:-1]]),
        train_labels=np.concatenate([labels for _, labels in batches[:-1]]),
        test_images=batches[-1][0],
        test_labels=batches[-1][1],
        classes=_read_classes(files[META], f"{source}: {META}"),
    )


def find_source(path: Path) -> Path:
    """The folder or archive that ``path`` means: itself, or ``cifar-10-batches-py`` inside it.

    Raises:
        DataError: if there is nothing of CIFAR-10 at ``path``.
    """
    if path.is_file():
        if not tarfile.is_tarfile(path):
            raise DataError(f"--data {path}: this file is not a tar archive; {_expected()}")
        return path
    for folder in (path, path / FOLDER):
        if any((folder / name).is_file() for name in NAMES):
            return folder
    archive = path / "cifar-10-python.tar.gz"
    if archive.is_file():
        return find_source(archive)
    if not path.exists():
        raise DataError(f"--data {path}: no such file or folder; {_expected()}")
    held = ", ".join(sorted(entry.name for entry in path.iterdir())[:6]) if path.is_dir() else "no folder"
    raise DataError(f"--data {path}: holds no CIFAR-10 batches, but: {held or 'nothing'}; {_expected()}")


def source_files(source: Path) -> tuple[Path, ...]:
    """The files whose content is the content of ``source``."""
    return (
        (source,) if source.is_file() else tuple(source / name for name in NAMES if (source / name).is_file())
    )


def _expected() -> str:
    return f"expected the folder {FOLDER} with {TRAIN[0]} to {TRAIN[-1]}, {TEST} and {META}, or the tar.gz"


def _folder_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in source_files(folder):
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise DataError(f"{path}: {size:,} bytes; a batch of CIFAR-10 has about 31,000,000")
        yield path.name, path.read_bytes()


def _archive_files(archive: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(archive, "r:*") as tar:
            for member in tar:
                name = member.name.rpartition("/")[2]
                if name not in NAMES or not member.isfile():
                    continue
                if member.size > MAX_BYTES:
                    raise DataError(
                        f"{archive}: {member.name}: {member.size:,} bytes; a batch has about 31,000,000"
                    )
                stream = tar.extractfile(member)
                yield name, stream.read() if stream else b""
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise DataError(f"{archive}: the archive is damaged ({error}); fetch it again") from error


class _RawArray:
    """What a pickled array turns into: its state, unread."""

    state: tuple[Any, ...] = ()

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.state = state


class _RawType:
    """What a pickled dtype turns into: its code."""

    def __init__(self, code: object = "", *_: object) -> None:
        self.code = code

    def __setstate__(self, state: object) -> None:
        """Byte order and the like: of no use for single bytes."""


def _reconstruct(*_: object) -> _RawArray:
    return _RawArray()


def _bytes(text: object, encoding: object) -> bytes:
    if not isinstance(text, str) or encoding != "latin1":
        raise DataError("its pickle encodes something other than bytes")
    return text.encode("latin1")


_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): _RawArray,
    ("numpy", "dtype"): _RawType,
    ("_codecs", "encode"): _bytes,  # how Python 3 writes bytes in the old protocol
}


class _BatchUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise DataError(
                f"its pickle asks for {module}.{name}, which no batch of CIFAR-10 contains"
            ) from None


def _unpickle(content: bytes, where: str) -> dict[str, Any]:
    try:
        found = _BatchUnpickler(io.BytesIO(content), encoding="latin1").load()
    except DataError as error:
        raise DataError(f"{where}: refused: {error}") from None
    except Exception as error:
        raise DataError(f"{where}: not a readable pickle ({type(error).__name__}: {error})") from error
    if not isinstance(found, dict):
        raise DataError(f"{where}: holds a {type(found).__name__}; expected a dictionary")
    return {
        key.decode("latin1") if isinstance(key, bytes) else str(key): value for key, value in found.items()
    }


def _read_batch(content: bytes, where: str) -> tuple[Images, Labels]:
    found = _unpickle(content, where)
    images = _as_images(found.get("data"), where)
    labels = found.get("labels")
    if not isinstance(labels, list) or len(labels) != ROWS:
        got = f"a list of {len(labels)}" if isinstance(labels, list) else type(labels).__name__
        raise DataError(f"{where}: labels: got {got}; expected a list of {ROWS:,}")
    wrong = [label for label in labels if type(label) is not int or not 0 <= label <= 9]
    if wrong:
        raise DataError(f"{where}: labels: {len(wrong):,} are not numbers from 0 to 9, such as {wrong[0]!r}")
    return images, np.array(labels, dtype=np.int64)


def _as_images(raw: object, where: str) -> Images:
    state = raw.state if isinstance(raw, _RawArray) else ()
    if len(state) != 5 or not isinstance(state[2], _RawType) or state[2].code not in ("u1", "uint8", b"u1"):
        raise DataError(f"{where}: data: not an array of uint8")
    _, shape, _, column_major, content = state
    if shape != (ROWS, PIXELS) or column_major:
        raise DataError(f"{where}: data: has shape {shape!r}; expected ({ROWS}, {PIXELS})")
    data = content.encode("latin1") if isinstance(content, str) else content
    if not isinstance(data, bytes) or len(data) != ROWS * PIXELS:
        raise DataError(f"{where}: data: does not hold {ROWS * PIXELS:,} bytes")
    return np.frombuffer(data, dtype=np.uint8).reshape(ROWS, 3, 32, 32)


def _read_classes(content: bytes, where: str) -> tuple[str, ...]:
    names = _unpickle(content, where).get("label_names")
    if (
        not isinstance(names, list)
        or len(names) != 10
        or not all(isinstance(name, (str, bytes)) for name in names)
    ):
        raise DataError(f"{where}: label_names: expected a list of ten names")
    return tuple(name.decode("latin1") if isinstance(name, bytes) else str(name) for name in names)
