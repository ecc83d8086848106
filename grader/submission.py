"""Read a submission (folder, zip or notebook) into memory, with caps, and without trusting a single name.

Nothing is written and nothing is executed. Links, devices and odd names are left out and said; a zip's headers are
not believed (reading is bounded as well).
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import stat
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import IO

from grader.errors import SubmissionError
from grader.sources import Sources
from grader.trial import SMALL, read_apart

MAX_FILES = 2_000
MAX_ENTRIES = 50_000
MAX_LIST_BYTES = 8 << 20  # of the list of a zip's members
MAX_FILE_BYTES = 8 << 20
MAX_NOTEBOOK_BYTES = 32 << 20  # plots travel inside
MAX_TOTAL_BYTES = 64 << 20
MAX_DEPTH = 12
MAX_RATIO = 200
SKIPPED_FOLDERS = frozenset(
    {".git", ".svn", ".hg", ".idea", ".vscode", "__pycache__", "__MACOSX", ".ipynb_checkpoints", "node_modules",
     ".venv", "venv", "cifar-10-batches-py", ".mypy_cache", ".pytest_cache", ".ruff_cache", "wandb", "lightning_logs"}
)  # fmt: skip
_ODD = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\]')


@dataclass(frozen=True)
class Submission:
    """The files of one submission, by their path below its root.

    Attributes:
        name: what the report calls it: the folder's, zip's or notebook's name.
        files: relative POSIX path -> bytes.
        hash: sha256 over names and bytes.
        notes: what was left out or found elsewhere, one sentence each.
        path: where it was read from.
    """

    name: str
    files: Mapping[str, bytes]
    hash: str
    notes: tuple[str, ...] = ()
    path: Path | None = None
    notebooks: Mapping[str, bytes] = field(default_factory=dict)

    @cached_property
    def sources(self) -> Sources:
        """Its Python files as they are before anything runs."""
        return Sources(self.files)

    def text(self, name: str) -> str | None:
        """A file as text (UTF-8, any line ends), or None if it is not there."""
        data = self.files.get(name)
        return None if data is None else data.decode("utf-8-sig", errors="replace").replace("\r\n", "\n")


def load_submission(path: str | Path, *, modules: Iterable[str] = ()) -> Submission:
    """Read a folder, a zip or a notebook.

    Args:
        path: what was handed over.
        modules: file names that the homework asks for (``modules.py``); the folder that holds most of them is the
            submission's root, so that a submission may lie in a sub-folder.

    Raises:
        SubmissionError: there is no such path, or it is none of the three, or it is over the caps as a whole.
    """
    path = Path(path)
    notes: list[str] = []
    if path.is_dir():
        found = dict(_read_folder(path, notes))
    elif path.is_file() and path.suffix == ".ipynb":
        found = {path.name: _read_bounded(path)}
    elif path.is_file() and zipfile.is_zipfile(path):
        found = dict(_read_zip(path, notes))
    elif path.is_file() and path.suffix == ".py":
        found = {path.name: _read_bounded(path)}
    elif path.exists():
        raise SubmissionError(
            f"{path}: neither a folder, a zip, a notebook nor a Python file; hand over one of these"
        )
    else:
        raise SubmissionError(f"{path}: no such file or folder")
    return submission_from_files(
        found, name=path.resolve().stem or str(path), notes=notes, modules=modules, path=path
    )


def submission_from_files(
    files: Mapping[str, bytes],
    *,
    name: str,
    notes: Iterable[str] = (),
    modules: Iterable[str] = (),
    path: Path | None = None,
) -> Submission:
    """Make a submission of files that are in memory; notebooks become modules, and its root is found."""
    said = list(notes)
    root = _root(files, tuple(modules))
    if root:
        said.append(f"The submission lies in the sub-folder {root}.")
        prefix = root + "/"
        files = {k.removeprefix(prefix): v for k, v in files.items() if k.startswith(prefix)}
    notebooks = {k: v for k, v in files.items() if k.endswith(".ipynb")}
    files = _with_notebooks(dict(files), notebooks, tuple(modules), said)
    digest = hashlib.sha256()
    for key in sorted(files):
        digest.update(key.encode() + b"\0" + hashlib.sha256(files[key]).digest())
    return Submission(name, files, digest.hexdigest(), tuple(said), path, notebooks)


def _with_notebooks(
    files: dict[str, bytes], notebooks: Mapping[str, bytes], modules: tuple[str, ...], said: list[str]
) -> dict[str, bytes]:
    """The files, with the code of notebooks beside them where the modules asked for are not there as files."""
    if not notebooks or all(name in files for name in modules):
        return files
    if sum(map(len, notebooks.values())) > SMALL:
        why, found = read_apart("notebooks", notebooks, modules)
        made = {name: text.encode("latin-1") for name, text in found[0].items()} if not why else {}
        said += found[1] if not why else [f"The notebook could not be read: {why}"]
        return {**made, **files}
    from grader.notebooks import convert

    try:
        converted = convert(notebooks, modules)
    except (SubmissionError, RecursionError, MemoryError) as error:
        said.append(f"The notebook could not be read: {error}")
        return files
    said += converted.notes
    return {**converted.files, **files}


def _root(files: Mapping[str, bytes], modules: tuple[str, ...]) -> str:
    """The folder that holds most of the modules asked for; the shallowest of equals; "" if it is the top."""
    wanted = set(modules)
    if not wanted:
        return ""
    count: dict[str, int] = {"": 0}
    for name in files:
        folder, _, file = name.rpartition("/")
        if file in wanted:
            count[folder] = count.get(folder, 0) + 1
    return min(count, key=lambda folder: (-count[folder], folder.count("/") + bool(folder), folder))


def _read_folder(root: Path, notes: list[str]) -> Iterator[tuple[str, bytes]]:
    entries = files = total = 0
    for folder, subfolders, names in os.walk(root, followlinks=False):
        subfolders[:] = sorted(name for name in subfolders if not _skipped_folder(Path(folder) / name, notes))
        if len(Path(folder).relative_to(root).parts) >= MAX_DEPTH:
            notes.append(f"Folders more than {MAX_DEPTH} deep were left out.")
            subfolders.clear()
        for name in sorted(names):
            entries += 1
            if entries > MAX_ENTRIES:
                raise SubmissionError(f"{root}: more than {MAX_ENTRIES:,} files; is this one submission?")
            path = Path(folder) / name
            key = path.relative_to(root).as_posix()
            if _odd_name(key):
                notes.append(f"A file with an odd name was left out: {_shown(key)}.")
                continue
            data = _read_regular(path, key, notes)
            if data is None:
                continue
            files, total = files + 1, total + len(data)
            if files > MAX_FILES or total > MAX_TOTAL_BYTES:
                notes.append(
                    f"Only the first {files - 1} files were read ({MAX_TOTAL_BYTES >> 20} MiB, {MAX_FILES} files at most)."
                )
                return
            yield key, data


def _skipped_folder(path: Path, notes: list[str]) -> bool:
    if path.is_symlink():
        notes.append(f"A link was not followed: {_shown(path.name)}.")
        return True
    return path.name in SKIPPED_FOLDERS


def _read_regular(path: Path, key: str, notes: list[str]) -> bytes | None:
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        what = (
            "A link was not followed" if path.is_symlink() else f"A file could not be read ({error.strerror})"
        )
        notes.append(f"{what}: {_shown(key)}.")
        return None
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            notes.append(f"Not a regular file, left out: {_shown(key)}.")
            return None
        most = _most(key)
        if status.st_size > most:
            notes.append(f"Larger than {most >> 20} MiB, left out: {_shown(key)}.")
            return None
        return file.read(most)


def _most(key: str) -> int:
    return MAX_NOTEBOOK_BYTES if key.endswith(".ipynb") else MAX_FILE_BYTES


def _read_bounded(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MAX_FILE_BYTES * 4 + 1)
    if len(data) > MAX_FILE_BYTES * 4:
        raise SubmissionError(f"{path}: larger than {MAX_FILE_BYTES * 4 >> 20} MiB")
    return data


def open_zip(file: Path | IO[bytes] | io.BufferedIOBase) -> zipfile.ZipFile:
    """A zip whose list of members is not larger than what is ever read of one; 40 MB of list become 700,000 objects.

    Raises:
        BadZipFile: it is none, or lists too much.
    """
    with file.open("rb") if isinstance(file, Path) else contextlib.nullcontext(file) as opened:
        end = zipfile._EndRecData(opened)  # type: ignore[attr-defined]
    if end is not None and end[5] > MAX_LIST_BYTES:
        raise zipfile.BadZipFile(f"its list of members has {end[5]:,} bytes")
    return zipfile.ZipFile(file)


def _read_zip(path: Path, notes: list[str]) -> Iterator[tuple[str, bytes]]:
    try:
        with open_zip(path) as archive:
            yield from _zip_members(archive, path, notes)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise SubmissionError(f"{path}: cannot be read as a zip: {error}") from error


def _zip_members(archive: zipfile.ZipFile, path: Path, notes: list[str]) -> Iterator[tuple[str, bytes]]:
    members = archive.infolist()
    if len(members) > MAX_ENTRIES:
        raise SubmissionError(f"{path}: {len(members):,} entries; at most {MAX_ENTRIES:,} are read")
    seen: set[str] = set()
    total = 0
    for member in members:
        key = _zip_key(member, seen, notes)
        if key is None:
            continue
        data = _member_bytes(archive, member, notes)
        if data is None:
            continue
        total += len(data)
        if len(seen) > MAX_FILES or total > MAX_TOTAL_BYTES:
            notes.append(
                f"Only the first {len(seen) - 1} files were read ({MAX_TOTAL_BYTES >> 20} MiB, {MAX_FILES} files at most)."
            )
            return
        yield key, data


def _zip_key(member: zipfile.ZipInfo, seen: set[str], notes: list[str]) -> str | None:
    if member.is_dir():
        return None
    raw = member.filename.replace("\\", "/")
    parts = PurePosixPath(raw).parts
    if any(part in SKIPPED_FOLDERS for part in parts):
        return None
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        notes.append(f"Not a regular file, left out: {_shown(raw)}.")
    elif raw.startswith("/") or ".." in parts or _odd_name(raw) or len(parts) > MAX_DEPTH:
        notes.append(f"A file with an odd name was left out: {_shown(raw)}.")
    elif raw in seen:
        notes.append(f"A second file of the same name was left out: {_shown(raw)}.")
    else:
        seen.add(raw)
        return PurePosixPath(raw).as_posix()
    return None


def _member_bytes(archive: zipfile.ZipFile, member: zipfile.ZipInfo, notes: list[str]) -> bytes | None:
    if member.flag_bits & 1:
        notes.append(f"Encrypted, left out: {_shown(member.filename)}.")
        return None
    with archive.open(member) as file:
        buffer = io.BytesIO()
        while chunk := file.read(1 << 16):
            buffer.write(chunk)
            size = buffer.tell()
            if size > _most(member.filename) or size > MAX_RATIO * max(member.compress_size, 1) + (1 << 20):
                notes.append(
                    f"Larger than {MAX_FILE_BYTES >> 20} MiB when unpacked, left out: {_shown(member.filename)}."
                )
                return None
    return buffer.getvalue()


def _odd_name(key: str) -> bool:
    if _ODD.search(key) or len(key) > 400:
        return True
    return any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn") for char in key)


def _shown(name: str) -> str:
    return ascii(name[:80])
