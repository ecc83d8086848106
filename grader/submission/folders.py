"""Read a folder into memory: regular files alone, with caps, and archives in it like folders."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO

from grader.submission.file_names import MAX_DEPTH, is_archive, rank, safe_key, shown
from grader.submission.packed import MAX_ENTRIES, SKIPPED_FOLDERS, Files, Found, most_bytes


def read_folder(root: Path, notes: list[str]) -> Files:
    """Every regular file below a folder, as far as the caps allow: code first."""
    found = Found(notes)
    inside: dict[str, Callable[[], IO[bytes]]] = {}
    with found.until_full():
        for path, key in sorted(_walk(root, notes), key=lambda found: rank(found[1])):
            if is_archive(key):
                inside[key] = partial(_open_regular, path)
                continue
            data = _read_regular(path, key, notes)
            if data is not None:
                found.add(key, data)
        found.open_inside(inside, "", 0)
    return found.files


def _walk(root: Path, notes: list[str]) -> Iterator[tuple[Path, str]]:
    """Files below a folder and their keys, in order."""
    entries = 0
    for folder, subfolders, names in os.walk(root, followlinks=False):
        subfolders[:] = sorted(name for name in subfolders if not _skipped_folder(Path(folder) / name, notes))
        if len(Path(folder).relative_to(root).parts) >= MAX_DEPTH:
            notes.append(f"Folders more than {MAX_DEPTH} deep were left out.")
            subfolders.clear()
        for name in sorted(names):
            entries += 1
            if entries > MAX_ENTRIES:
                notes.append(f"Only the first {MAX_ENTRIES:,} files were looked at; is this one submission?")
                return
            path = Path(folder) / name
            raw = path.relative_to(root).as_posix()
            key = safe_key(raw)
            if key is None:
                notes.append(f"A file with an odd name was left out: {shown(raw)}.")
            else:
                yield path, key


def _skipped_folder(path: Path, notes: list[str]) -> bool:
    if path.is_symlink():
        notes.append(f"A link was not followed: {shown(path.name)}.")
        return True
    return path.name in SKIPPED_FOLDERS


def _open_regular(path: Path) -> IO[bytes]:
    """A regular file, never through a link."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise ValueError("not a regular file")
    return os.fdopen(handle, "rb")


def _read_regular(path: Path, key: str, notes: list[str]) -> bytes | None:
    try:
        file = _open_regular(path)
    except ValueError:
        notes.append(f"Not a regular file, left out: {shown(key)}.")
        return None
    except OSError as error:
        what = (
            "A link was not followed" if path.is_symlink() else f"A file could not be read ({error.strerror})"
        )
        notes.append(f"{what}: {shown(key)}.")
        return None
    with file:
        most = most_bytes(key)
        if os.fstat(file.fileno()).st_size > most:
            notes.append(f"Larger than {most >> 20} MiB, left out: {shown(key)}.")
            return None
        return file.read(most)
