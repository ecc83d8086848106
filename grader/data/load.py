"""From what the user said to a data set: a folder or archive, the fetched release, or the stand-in."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from grader.data import standin
from grader.data.batches import find_source, read_release, source_files
from grader.data.dataset import DataSet, Kind
from grader.data.fetch import ARCHIVE
from grader.data.store import FORMAT, cache_folder, content_key, open_data, write_data
from grader.errors import DataError

STAND_IN = "offline stand-in (generated; not CIFAR-10)"


def load_data(path: Path | None, *, cache_dir: Path | None = None) -> DataSet:
    """The data set at ``path``; without one the fetched release, and without that the offline stand-in.

    Args:
        path: the folder ``cifar-10-batches-py``, a folder that holds it, or ``cifar-10-python.tar.gz``.
        cache_dir: where converted arrays are kept; by default GRADMARK_CACHE or the user's cache.

    Raises:
        DataError: if ``path`` is not CIFAR-10, or the cache cannot be written.
    """
    cache = cache_folder(cache_dir)
    if path is not None:
        return _cifar10(find_source(path.expanduser()), cache, f"CIFAR-10 from {path}")
    if (cache / ARCHIVE).is_file():
        return _cifar10(cache / ARCHIVE, cache, "CIFAR-10, as fetched")
    return _stand_in(cache)


def data_info(path: Path | None = None, *, cache_dir: Path | None = None) -> dict[str, object]:
    """What there is, for ``grader data info``: kind, sizes, where it lies, seconds to open it."""
    start = time.perf_counter()
    data = load_data(path, cache_dir=cache_dir)
    seconds = time.perf_counter() - start
    cache = cache_folder(cache_dir)
    return {
        "kind": data.kind,
        "description": data.description,
        "training images": len(data.train()[1]),
        "public test images": len(data.public()[1]),
        "private test images": len(data.private_labels),
        "classes": ", ".join(data.classes),
        "cache": str(cache),
        "cache bytes": sum(entry.stat().st_size for entry in cache.rglob("*") if entry.is_file()),
        "fetched release": (cache / ARCHIVE).is_file(),
        "seconds to open": seconds,
        **json.loads((data.root.parent / "facts.json").read_text()),
    }


def _cifar10(source: Path, cache: Path, description: str) -> DataSet:
    key = content_key(source_files(source), cache)

    def convert(target: Path) -> None:
        release = read_release(source)
        write_data(
            target,
            train=(release.train_images, release.train_labels),
            test=(release.test_images, release.test_labels),
            classes=release.classes,
            facts={"source sha256": key},
        )

    return _stored(cache / f"cifar10-{FORMAT}-{key[:16]}", "cifar10", description, convert)


def _stand_in(cache: Path) -> DataSet:
    def generate(target: Path) -> None:
        train, test = standin.generate()
        write_data(
            target, train=train, test=test, classes=standin.CLASSES, facts={"version": standin.VERSION}
        )

    return _stored(cache / f"stand-in-{FORMAT}-{standin.VERSION}", "stand-in", STAND_IN, generate)


def _stored(target: Path, kind: Kind, description: str, make: Callable[[Path], None]) -> DataSet:
    """Open what is stored at ``target``, after making it if it is not there or is damaged."""
    found = open_data(target, kind=kind, description=description)
    if found is not None:
        return found
    if target.exists():  # folders appear whole, so this one was damaged later
        shutil.rmtree(target, ignore_errors=True)
    make(target)
    made = open_data(target, kind=kind, description=description)
    if made is None:
        raise DataError(f"{target}: the arrays just written cannot be read; remove this folder")
    return made
