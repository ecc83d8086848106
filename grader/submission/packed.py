"""Read zips into memory: with caps, and without trusting a single name.

Nothing is written and nothing is executed. Links and odd names are left out and said; a zip's headers are not
believed (reading is bounded as well). Zips inside are opened where no code lies beside them.
"""

from __future__ import annotations

import contextlib
import io
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from grader.errors import SubmissionError
from grader.submission.file_names import rank, safe_key, shown

MAX_FILES = 2_000
MAX_ENTRIES = 50_000
MAX_LIST_BYTES = 8 << 20  # of the list of a zip's members
MAX_FILE_BYTES = 8 << 20
MAX_NOTEBOOK_BYTES = 32 << 20  # plots travel inside
MAX_TOTAL_BYTES = 64 << 20
MAX_ARCHIVE_BYTES = 512 << 20  # of one zip inside: whoever packs the data set too hands in a large one
MAX_UNPACKED_BYTES = 2 << 30  # of all that is unpacked to read one submission, also what is then too large
MAX_RATIO = 200
MAX_INNER = 8  # zips inside that are opened
MAX_LEVELS = 3  # of zips in zips
SKIPPED_FOLDERS = frozenset(
    {".git", ".svn", ".hg", ".idea", ".vscode", "__pycache__", "__MACOSX", ".ipynb_checkpoints", "node_modules",
     ".venv", "venv", "site-packages", "cifar-10-batches-py", ".mypy_cache", ".pytest_cache", ".ruff_cache", "wandb",
     "lightning_logs"}
)  # fmt: skip
CODE = (".py", ".ipynb")
BROKEN = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, zlib.error)

Files = dict[str, bytes]


def read_zip(file: Path | IO[bytes], name: str, notes: list[str]) -> Files:
    """The files of a zip.

    Raises:
        SubmissionError: it is none, or lists too much.
    """
    try:
        with open_zip(file) as archive:
            found = Found(notes)
            found.add_members(archive, archive.infolist(), name, level=1)
            return found.files
    except BROKEN as error:
        raise SubmissionError(f"{name}: cannot be read as a zip: {error}") from error


def read_members(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], name: str, notes: list[str], *, below: str = ""
) -> Files:
    """The files of some members of a zip that is open, by their path below a folder in it.

    Raises:
        SubmissionError: they are far more than a submission has.
    """
    found = Found(notes)
    found.add_members(archive, members, name, below=below)
    return found.files


def open_zip(file: Path | IO[bytes]) -> zipfile.ZipFile:
    """A zip whose list of members is not larger than what is ever read of one; 40 MB of list become 700,000 objects.

    Raises:
        BadZipFile: it is none, or lists too much.
    """
    with file.open("rb") if isinstance(file, Path) else contextlib.nullcontext(file) as opened:
        end = zipfile._EndRecData(opened)  # type: ignore[attr-defined]
    if end is not None and end[5] > MAX_LIST_BYTES:
        raise zipfile.BadZipFile(f"its list of members has {end[5]:,} bytes")
    return zipfile.ZipFile(file)


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, *, limit: int) -> bytes | None:
    """The bytes of one member; None if they are more than the limit or more than a real file can be packed to."""
    limit = min(limit, MAX_RATIO * max(member.compress_size, 1) + (1 << 20))
    buffer = io.BytesIO()
    with archive.open(member) as file:
        while chunk := file.read(1 << 16):
            buffer.write(chunk)
            if buffer.tell() > limit:
                return None
    return buffer.getvalue()


def has_code(files: Iterable[str]) -> bool:
    """Whether any of these names is a Python file or a notebook."""
    return any(name.lower().endswith(CODE) for name in files)


def most_bytes(key: str) -> int:
    """How large a file of this name may be."""
    return MAX_NOTEBOOK_BYTES if key.endswith(".ipynb") else MAX_FILE_BYTES


class Found:
    """The files found so far, and what of the caps is left."""

    def __init__(self, notes: list[str]) -> None:
        self.files: Files = {}
        self.notes = notes
        self._folders: set[str] = set()
        self._total = 0
        self._unpacked = 0
        self._opened = 0

    def add(self, key: str, data: bytes) -> bool:
        """Keep a file; False where the caps are reached."""
        if key in self.files:
            self.notes.append(f"A second file of the same name was left out: {shown(key)}.")
            return True
        above = {parent.as_posix() for parent in PurePosixPath(key).parents}
        if key in self._folders or not above.isdisjoint(self.files):
            self.notes.append(f"A file of the same name as a folder was left out: {shown(key)}.")
            return True
        self._total += len(data)
        if len(self.files) >= MAX_FILES or self._total > MAX_TOTAL_BYTES:
            self.notes.append(
                f"Only the first {len(self.files)} files were read ({MAX_TOTAL_BYTES >> 20} MiB, {MAX_FILES} files at most)."
            )
            return False
        self.files[key] = data
        self._folders |= above
        return True

    def add_members(
        self, archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], name: str, *, below: str = "",
        under: str = "", level: int = 0,
    ) -> None:  # fmt: skip
        """Keep the members of a zip below a folder of it, under a folder of the submission."""
        if len(members) > MAX_ENTRIES:
            self.notes.append(
                f"{name}: {len(members):,} entries; the first {MAX_ENTRIES:,} are read, code first."
            )
        seen: set[str] = set()
        inside: dict[str, Callable[[], IO[bytes]]] = {}
        for member in sorted(members, key=lambda member: rank(member.filename))[:MAX_ENTRIES]:
            key = _member_key(member, below, seen, self.notes)
            if key is None:
                continue
            key = under + key
            if key.lower().endswith(".zip"):
                inside[key] = partial(_open_member, archive, member)
                continue
            data = _member_bytes(archive, member, key, self.notes)
            if (data is not None and not self.add(key, data)) or self._exhausted(key, data):
                return
        self.open_inside(inside, under, level)

    def _exhausted(self, key: str, data: bytes | None) -> bool:
        """Whether unpacking has cost as much as a submission may; one that is too large was unpacked up to its limit."""
        self._unpacked += most_bytes(key) if data is None else len(data)
        if self._unpacked > MAX_UNPACKED_BYTES:
            self.notes.append(f"Reading stopped after {MAX_UNPACKED_BYTES >> 20} MiB: this is no submission.")
        return self._unpacked > MAX_UNPACKED_BYTES

    def open_inside(self, inside: Mapping[str, Callable[[], IO[bytes]]], under: str, level: int) -> None:
        """Add the contents of zips, each under its own name without the suffix, unless there is code beside them."""
        code = has_code(key for key in self.files if key.startswith(under))
        for key, opener in sorted(inside.items()):
            if code or level >= MAX_LEVELS or self._opened >= MAX_INNER:
                why = (
                    "there is code beside it" if code else f"at most {MAX_INNER} zips, {MAX_LEVELS} deep, are"
                )
                self.notes.append(f"A zip was not opened, as {why}: {shown(key)}.")
                continue
            self._opened += 1
            try:
                with opener() as file, open_zip(file) as archive:
                    folder = PurePosixPath(key).with_suffix("").as_posix() + "/"
                    self.add_members(archive, archive.infolist(), key, under=folder, level=level + 1)
            except BROKEN as error:
                self.notes.append(f"{key}: cannot be read as a zip: {error}")
            except SubmissionError as error:
                self.notes.append(str(error))


def _member_key(member: zipfile.ZipInfo, below: str, seen: set[str], notes: list[str]) -> str | None:
    """The member's path below this folder, or None for what is not read."""
    if member.is_dir():
        return None
    raw = member.filename.replace("\\", "/").removeprefix(below)
    parts = PurePosixPath(raw).parts
    if any(part in SKIPPED_FOLDERS for part in parts):
        return None
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        notes.append(f"Not a regular file, left out: {shown(raw)}.")
    elif (key := safe_key(raw)) is None:
        notes.append(f"A file with an odd name was left out: {shown(raw)}.")
    elif key in seen:
        notes.append(f"A second file of the same name was left out: {shown(raw)}.")
    else:
        seen.add(key)
        return key
    return None


def _member_bytes(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, key: str, notes: list[str]
) -> bytes | None:
    """The bytes of one member; what is damaged costs itself alone."""
    if member.flag_bits & 1:
        notes.append(f"Encrypted, left out: {shown(key)}.")
        return None
    try:
        data = read_member(archive, member, limit=most_bytes(key))
    except BROKEN as error:
        notes.append(f"Damaged, left out: {shown(key)} ({error}).")
        return None
    if data is None:
        notes.append(f"Larger than {most_bytes(key) >> 20} MiB when unpacked, left out: {shown(key)}.")
    return data


def _open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> IO[bytes]:
    data = read_member(archive, member, limit=MAX_ARCHIVE_BYTES)
    if data is None:
        raise ValueError(f"larger than {MAX_ARCHIVE_BYTES >> 20} MiB when unpacked")
    return io.BytesIO(data)
