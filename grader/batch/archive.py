"""Read what students packed: folders and zips, also zips within them, in memory and with caps."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from grader.errors import SubmissionError
from grader.submission import (
    MAX_FILES,
    MAX_TOTAL_BYTES,
    _member_bytes,
    _read_folder,
    _zip_key,
    _zip_members,
    open_zip,
)

Files = dict[str, bytes]
BROKEN = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, zlib.error)
MAX_ARCHIVE = 512 << 20  # bytes of one student's zip inside a download
CODE = (".py", ".ipynb")
FOREIGN = (".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz")


def read_folder(path: Path, notes: list[str]) -> Files:
    """Every regular file below a folder, and the contents of zips in it where there is no code beside them."""
    files = dict(_read_folder(path, notes))
    if not has_code(files):
        zips = sorted(p for p in path.rglob("*.zip") if p.is_file() and not p.is_symlink())[:8]
        for archive in zips:
            _unpack(files, archive.relative_to(path).as_posix(), archive.open("rb"), notes)
    return files


def unpack(file: io.BufferedIOBase | io.BytesIO, name: str, notes: list[str], *, depth: int = 0) -> Files:
    """The members of a zip that is open as a file.

    Raises:
        SubmissionError: it is not a zip, or is over the caps as a whole.
    """
    try:
        with open_zip(file) as archive:
            files = dict(_zip_members(archive, Path(name), notes))
    except BROKEN as error:
        raise SubmissionError(f"{name}: cannot be read as a zip: {error}") from error
    if depth == 0 and not has_code(files):
        for inner in sorted(key for key in files if key.lower().endswith(".zip"))[:8]:
            _unpack(files, inner, io.BytesIO(files[inner]), notes, depth=1)
    return files


def read_members(
    archive: zipfile.ZipFile, members: Iterable[zipfile.ZipInfo], prefix: str, notes: list[str]
) -> Files:
    """The files below one folder of a download, and the contents of zips where there is no code beside them.

    Raises:
        SubmissionError: the download is damaged where they lie.
    """
    files: Files = {}
    seen: set[str] = set()
    total = 0
    for member in members:
        key = _zip_key(member, seen, notes)
        if key is None:
            continue
        name = key.removeprefix(prefix)
        try:
            data = (
                read_member(archive, member, limit=MAX_TOTAL_BYTES)
                if name.lower().endswith(".zip")
                else _member_bytes(archive, member, notes)
            )
        except BROKEN as error:
            raise SubmissionError(f"{member.filename}: cannot be read from the download: {error}") from error
        total += len(data or b"")
        if len(files) >= MAX_FILES or total > MAX_TOTAL_BYTES:
            notes.append(
                f"Only the first {len(files)} files were read ({MAX_TOTAL_BYTES >> 20} MiB at most)."
            )
            break
        if data is not None:
            files[name] = data
    if not has_code(files):
        for inner in sorted(key for key in files if key.lower().endswith(".zip"))[:8]:
            _unpack(files, inner, io.BytesIO(files[inner]), notes)
    return files


def has_code(files: Iterable[str]) -> bool:
    """Whether any of these names is a Python file or a notebook."""
    return any(name.lower().endswith(CODE) for name in files)


def foreign(files: Iterable[str]) -> str:
    """The name of an archive that cannot be read, if there is one."""
    return next((name for name in sorted(files) if name.lower().endswith(FOREIGN)), "")


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, *, limit: int) -> bytes | None:
    """The bytes of one member, or None if it is larger than the limit when unpacked."""
    buffer = io.BytesIO()
    with archive.open(member) as file:
        while chunk := file.read(1 << 20):
            buffer.write(chunk)
            if buffer.tell() > limit:
                return None
    return buffer.getvalue()


def _unpack(
    files: Files, inside: str, file: io.BufferedIOBase | io.BytesIO, notes: list[str], *, depth: int = 1
) -> None:
    """Add the contents of a zip under its own name without the suffix."""
    with file:
        try:
            found = unpack(file, inside, notes, depth=depth)
        except SubmissionError as error:
            notes.append(str(error))
            return
    folder = PurePosixPath(inside).with_suffix("").as_posix()
    total = sum(map(len, files.values()))
    for name, data in found.items():
        total += len(data)
        if total > MAX_TOTAL_BYTES:
            notes.append(f"{inside}: only a part of it was read ({MAX_TOTAL_BYTES >> 20} MiB at most).")
            return
        files[f"{folder}/{name}"] = data
    files.pop(inside, None)
