"""Read archives into memory: with caps, and without trusting a single name.

Nothing is written and nothing is executed. Links and odd names are left out and said; an archive's headers are not
believed (reading is bounded as well). Archives inside are opened where no code lies beside them.
"""

from __future__ import annotations

import contextlib
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from grader.errors import SubmissionError
from grader.submission.file_names import is_archive, rank, safe_key, shown, without_suffix
from grader.submission.member import Member, Read
from grader.submission.tars import is_tar, read_tar, tar_members
from grader.submission.zips import open_zip, zip_members

MAX_FILES = 2_000
MAX_ENTRIES = 50_000
MAX_FILE_BYTES = 8 << 20
MAX_NOTEBOOK_BYTES = 32 << 20  # plots travel inside
MAX_TOTAL_BYTES = 64 << 20
MAX_ARCHIVE_BYTES = 512 << 20  # of one archive inside: whoever packs the data set too hands in a large one
MAX_UNPACKED_BYTES = 2 << 30  # of all that is unpacked to read one submission, also what is then too large
MAX_INNER = 8  # archives inside that are opened
MAX_LEVELS = 3  # of archives in archives
SKIPPED_FOLDERS = frozenset(
    {".git", ".svn", ".hg", ".idea", ".vscode", "__pycache__", "__MACOSX", ".ipynb_checkpoints", "node_modules",
     ".venv", "venv", "site-packages", "cifar-10-batches-py", ".mypy_cache", ".pytest_cache", ".ruff_cache", "wandb",
     "lightning_logs"}
)  # fmt: skip
CODE = (".py", ".ipynb")
BROKEN = (zipfile.BadZipFile, tarfile.TarError, NotImplementedError, RuntimeError, EOFError, OSError, ValueError,
          zlib.error, lzma.LZMAError)  # fmt: skip

Files = dict[str, bytes]


class FullError(Exception):
    """A cap is reached, and nothing more is read; the notes say which."""


def read_archive(file: Path | IO[bytes], name: str, notes: list[str]) -> Files:
    """The files of a zip or a tar.

    Raises:
        SubmissionError: it is neither, or lists too much.
    """
    found = Found(notes)
    try:
        with (
            file.open("rb") if isinstance(file, Path) else contextlib.nullcontext(file) as opened,
            found.until_full(),
        ):
            found.add_archive(opened, name, level=1)
    except BROKEN as error:
        raise SubmissionError(f"{name}: cannot be read as {_kind(name)}: {error}") from error
    return found.files


def read_members(members: Sequence[Member], name: str, notes: list[str], *, below: str = "") -> Files:
    """The files of some members of an archive that is open, by their path below a folder in it."""
    found = Found(notes)
    with found.until_full():
        found.add_members(members, name, below=below)
    return found.files


def holds_files(file: IO[bytes], name: str) -> bool:
    """Whether this is a zip or a tar whose files are a submission's.

    Documents of an office and weights of PyTorch are zips as well, and no folders.
    """
    if PurePosixPath(name).suffix and not is_archive(name):
        return False
    found = zipfile.is_zipfile(file)
    file.seek(0)
    found = found or is_tar(file)
    file.seek(0)
    return found


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
        self._left = MAX_UNPACKED_BYTES
        self._opened = 0

    @contextlib.contextmanager
    def until_full(self) -> Iterator[None]:
        """Read on until a cap is reached; then what follows is not done."""
        with contextlib.suppress(FullError):
            yield

    def add(self, key: str, data: bytes) -> None:
        """Keep a file.

        Raises:
            FullError: the caps are reached.
        """
        if key in self.files:
            self.notes.append(f"A second file of the same name was left out: {shown(key)}.")
            return
        above = {parent.as_posix() for parent in PurePosixPath(key).parents}
        if key in self._folders or not above.isdisjoint(self.files):
            self.notes.append(f"A file of the same name as a folder was left out: {shown(key)}.")
            return
        self._total += len(data)
        if len(self.files) >= MAX_FILES or self._total > MAX_TOTAL_BYTES:
            self.notes.append(
                f"Only the first {len(self.files)} files were read ({MAX_TOTAL_BYTES >> 20} MiB, {MAX_FILES} files at most)."
            )
            raise FullError
        self.files[key] = data
        self._folders |= above

    def add_archive(self, file: IO[bytes], name: str, *, under: str = "", level: int) -> None:
        """Keep the members of a zip or a tar, under a folder of the submission.

        Raises:
            FullError: the caps are reached.
        """
        if zipfile.is_zipfile(file):
            with open_zip(file) as archive:
                self.add_members(zip_members(archive), name, under=under, level=level)
            return
        data = self._unpack(partial(read_tar, file), MAX_ARCHIVE_BYTES)
        if data is None:
            raise ValueError(f"larger than {MAX_ARCHIVE_BYTES >> 20} MiB when unpacked")
        self.add_members(tar_members(data, MAX_ENTRIES + 1), name, under=under, level=level)

    def add_members(
        self, members: Sequence[Member], name: str, *, below: str = "", under: str = "", level: int = 0
    ) -> None:
        """Keep the members of an archive below a folder of it, under a folder of the submission.

        Raises:
            FullError: the caps are reached.
        """
        if len(members) > MAX_ENTRIES:
            self.notes.append(
                f"{name}: more than {MAX_ENTRIES:,} entries; only so many are read, code first."
            )
        seen: set[str] = set()
        inside: dict[str, Callable[[], IO[bytes]]] = {}
        for member in sorted(members, key=lambda member: rank(member.name))[:MAX_ENTRIES]:
            key = _member_key(member, below, seen, self.notes)
            if key is None:
                continue
            key = under + key
            if is_archive(key):
                inside[key] = partial(self._open_member, member)
                continue
            data = self._member_bytes(member, key)
            if data is not None:
                self.add(key, data)
        self.open_inside(inside, under, level)

    def open_inside(self, inside: Mapping[str, Callable[[], IO[bytes]]], under: str, level: int) -> None:
        """Add the contents of archives, each under its own name without the suffix, unless there is code beside them.

        Raises:
            FullError: the caps are reached.
        """
        code = has_code(key for key in self.files if key.startswith(under))
        for key, opener in sorted(inside.items()):
            if code or level >= MAX_LEVELS or self._opened >= MAX_INNER:
                why = (
                    "there is code beside it"
                    if code
                    else f"at most {MAX_INNER} archives, {MAX_LEVELS} deep, are"
                )
                self.notes.append(f"{_kind(key).capitalize()} was not opened, as {why}: {shown(key)}.")
                continue
            self._opened += 1
            try:
                with opener() as file:
                    self.add_archive(file, key, under=f"{without_suffix(key)}/", level=level + 1)
            except BROKEN as error:
                self.notes.append(f"{key}: cannot be read as {_kind(key)}: {error}")

    def _member_bytes(self, member: Member, key: str) -> bytes | None:
        """The bytes of one member; what is damaged costs itself alone."""
        most = most_bytes(key)
        try:
            data = self._unpack(member.read, most)
        except BROKEN as error:
            self.notes.append(f"Damaged, left out: {shown(key)} ({error}).")
            return None
        if data is None:
            self.notes.append(f"Larger than {most >> 20} MiB when unpacked, left out: {shown(key)}.")
        return data

    def _open_member(self, member: Member) -> IO[bytes]:
        data = self._unpack(member.read, MAX_ARCHIVE_BYTES)
        if data is None:
            raise ValueError(f"larger than {MAX_ARCHIVE_BYTES >> 20} MiB when unpacked")
        return io.BytesIO(data)

    def _unpack(self, read: Read, most: int) -> bytes | None:
        """What this reads, None where it is more than the most; counted, also what is then too large.

        Raises:
            FullError: unpacking has cost as much as a submission may.
        """
        limit = min(most, self._left)
        data = read(limit)
        self._left -= limit if data is None else len(data)
        if data is None and not self._left:
            self.notes.append(f"Reading stopped after {MAX_UNPACKED_BYTES >> 20} MiB: this is no submission.")
            raise FullError
        return data


def _kind(name: str) -> str:
    return "a tar" if is_archive(name) and not name.lower().endswith(".zip") else "a zip"


def _member_key(member: Member, below: str, seen: set[str], notes: list[str]) -> str | None:
    """The member's path below this folder, or None for what is not read."""
    raw = member.name.replace("\\", "/").removeprefix(below)
    if member.folder or any(part in SKIPPED_FOLDERS for part in PurePosixPath(raw).parts):
        return None
    key = safe_key(raw)
    if member.refused:
        notes.append(f"{member.refused}, left out: {shown(raw)}.")
    elif key is None:
        notes.append(f"A file with an odd name was left out: {shown(raw)}.")
    elif key in seen:
        notes.append(f"A second file of the same name was left out: {shown(raw)}.")
    else:
        seen.add(key)
        return key
    return None
