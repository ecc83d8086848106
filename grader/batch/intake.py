"""From a folder or zip of submissions to a list of them: one entry each, whatever system it came from.

Nothing is unpacked to disk. Entries are read one at a time, when their turn comes, so that the memory of the host
does not grow with the class.
"""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from grader.batch import archive as packed
from grader.batch.gradescope_metadata import METADATA, read_metadata
from grader.batch.naming import Identity, Placed, is_bulk, make_keys, place, without_versions
from grader.errors import SubmissionError
from grader.submission import MAX_FILE_BYTES, SKIPPED_FOLDERS

MAX_METADATA = 64 << 20
IGNORED = (".csv", ".yml", ".yaml", ".toml", ".md", ".txt")  # what a teacher keeps beside submissions
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
Part = Callable[[list[str]], packed.Files]  # reads one item of a download; takes the list of notes


@dataclass(frozen=True)
class Entry:
    """One submission of the class.

    Attributes:
        key: its folder in the results; stable from run to run.
        identity: who handed it in.
        source: what it was called in the download.
        where: how to name it to ``grade`` on the command line; empty if it lies inside a zip.
        parts: readers of the items that it is made of.
    """

    key: str
    identity: Identity
    source: str
    where: str
    parts: tuple[tuple[str, Part], ...]


@dataclass(frozen=True)
class Contents:
    """The files of one entry as they were handed in."""

    files: Mapping[str, bytes]
    notes: tuple[str, ...]
    hash: str


def find_entries(path: Path) -> list[Entry]:
    """The submissions in a folder or zip, sorted by key.

    Raises:
        SubmissionError: there is no such path, it is neither, or nothing is in it.
    """
    if path.is_dir():
        items, metadata = _folder_items(path)
    elif path.is_file() and zipfile.is_zipfile(path):
        items, metadata = _zip_items(path)
    elif path.exists():
        raise SubmissionError(
            f"{path}: neither a folder nor a zip of submissions; `grade` grades a single file"
        )
    else:
        raise SubmissionError(f"{path}: no such file or folder")
    entries = _entries(items, metadata)
    if not entries:
        raise SubmissionError(
            f"{path}: no submission in it; folders, zips, notebooks or Python files are read"
        )
    return entries


def read_entry(entry: Entry) -> Contents:
    """Read one submission into memory.

    Raises:
        SubmissionError: nothing of it can be read.
    """
    notes: list[str] = []
    files: packed.Files = {}
    for name, part in entry.parts:
        try:
            found = part(notes)
        except OSError as error:
            raise SubmissionError(f"{name}: cannot be read: {error.strerror or error}") from error
        files.update({key: data for key, data in found.items() if key not in files})
    files = {without_versions(files).get(name, name): data for name, data in files.items()}
    strange = packed.foreign(files)
    if strange and not packed.has_code(files):
        notes.append(f"{strange!a} is not a zip; only zips are unpacked.")
    return Contents(files, tuple(notes), digest(files))


def digest(files: Mapping[str, bytes]) -> str:
    """sha256 over names and bytes."""
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(name.encode("utf-8", "surrogatepass") + b"\0" + hashlib.sha256(files[name]).digest())
    return total.hexdigest()


@dataclass(frozen=True)
class _Item:
    name: str
    folder: bool
    where: str
    read: Part


def _entries(items: list[_Item], metadata: Mapping[str, Identity]) -> list[Entry]:
    grouped: dict[str, list[tuple[_Item, Placed]]] = {}
    for item in sorted(items, key=lambda item: item.name):
        placed = place(item.name, folder=item.folder)
        grouped.setdefault(placed.group, []).append((item, placed))
    keys = make_keys(grouped)
    entries = []
    for group, members in grouped.items():
        identity = metadata.get(group, members[0][1].identity)
        identity = replace(identity, late=any(placed.identity.late for _, placed in members))
        parts = tuple((item.name, _named(item, placed.file)) for item, placed in members)
        source = members[0][0].name if len(members) == 1 else group
        where = members[0][0].where if len(members) == 1 else ""
        entries.append(Entry(keys[group], identity, source, where, parts))
    return sorted(entries, key=lambda entry: entry.key)


def _named(item: _Item, file: str) -> Part:
    """The item's reader; a single file gets the name that its student gave it."""

    def read(notes: list[str]) -> packed.Files:
        found = item.read(notes)
        if item.folder or list(found) != [item.name]:
            return found
        return {file or item.name: found[item.name]}

    return read


def _folder_items(root: Path) -> tuple[list[_Item], dict[str, Identity]]:
    """Items of a folder; of the one folder in it, where that is a bulk download."""
    children = [child for child in sorted(root.iterdir()) if not _skipped(child.name)]
    folders = [child for child in children if child.is_dir() and not child.is_symlink()]
    if len(children) == 1 and folders:
        below = [name.name for name in folders[0].iterdir()]
        if METADATA in below or is_bulk(below):
            return _folder_items(folders[0])
    described = root / METADATA
    metadata = read_metadata(described.read_bytes()[:MAX_METADATA]) if described.is_file() else {}
    items = []
    for child in children:
        folder = child.is_dir() and not child.is_symlink()
        if folder or is_bulk([child.name]) or child.suffix.lower() not in IGNORED:
            items.append(_Item(child.name, folder, f"{root.name}/{child.name}", _path_reader(child)))
    return items, metadata


def _path_reader(path: Path) -> Part:
    def read(notes: list[str]) -> packed.Files:
        if path.is_symlink():
            raise SubmissionError(f"{path.name}: is a link, and links are not followed")
        if path.is_dir():
            return packed.read_folder(path, notes)
        with os.fdopen(os.open(path, _READ), "rb") as file:
            if not path.is_file():
                raise SubmissionError(f"{path.name}: is not a regular file")
            if zipfile.is_zipfile(file):
                return packed.unpack(file, path.name, notes)
            file.seek(0)
            return {path.name: _bounded(file.read(4 * MAX_FILE_BYTES + 1), path.name)}

    return read


def _bounded(data: bytes, name: str) -> bytes:
    if len(data) > 4 * MAX_FILE_BYTES:
        raise SubmissionError(f"{name}: larger than {4 * MAX_FILE_BYTES >> 20} MiB")
    if name.lower().endswith(".zip"):
        raise SubmissionError(f"{name}: cannot be read as a zip")
    return data


def _zip_items(path: Path) -> tuple[list[_Item], dict[str, Identity]]:
    """Items of a zip: what lies at its top, or in the one folder at its top that holds the class."""
    with zipfile.ZipFile(path) as opened:
        members = [m for m in opened.infolist() if not m.is_dir() and not _skipped_parts(m.filename)]
        prefix = _class_folder([m.filename for m in members])
        metadata: dict[str, Identity] = {}
        grouped: dict[str, list[zipfile.ZipInfo]] = {}
        for member in members:
            top, _, rest = member.filename.removeprefix(prefix).partition("/")
            if top == METADATA and not rest:
                metadata = read_metadata(packed.read_member(opened, member, limit=MAX_METADATA) or b"")
            elif rest or is_bulk([top]) or not top.lower().endswith(IGNORED):
                grouped.setdefault(top, []).append(member)
    items = [
        _Item(top, "/" in found[0].filename.removeprefix(prefix), "", _zip_reader(path, prefix, top, found))
        for top, found in grouped.items()
    ]
    return items, metadata


def _class_folder(names: list[str]) -> str:
    """The one folder at the top of a zip, if the submissions lie in it; else empty."""
    tops = {name.partition("/")[0] for name in names}
    if len(tops) != 1 or not all("/" in name for name in names):
        return ""
    top = tops.pop()
    below = {name.split("/", 2)[1]: name.count("/") > 1 for name in names}
    if METADATA in below or is_bulk(below):
        return f"{top}/"
    containers = [name for name, folder in below.items() if folder or name.lower().endswith(".zip")]
    loose = [name for name, folder in below.items() if not folder and name.lower().endswith(".py")]
    return f"{top}/" if len(containers) > 1 and not loose else ""


def _zip_reader(path: Path, prefix: str, top: str, members: list[zipfile.ZipInfo]) -> Part:
    def read(notes: list[str]) -> packed.Files:
        with zipfile.ZipFile(path) as opened:
            if len(members) == 1 and members[0].filename == prefix + top:
                data = packed.read_member(opened, members[0], limit=packed.MAX_ARCHIVE)
                if data is None:
                    raise SubmissionError(f"{top}: larger than {packed.MAX_ARCHIVE >> 20} MiB")
                if zipfile.is_zipfile(io.BytesIO(data)):
                    return packed.unpack(io.BytesIO(data), top, notes)
                return {top: _bounded(data, top)}
            return packed.read_members(opened, members, f"{prefix}{top}/", notes)

    return read


def _skipped(name: str) -> bool:
    return name.startswith(".") or name in SKIPPED_FOLDERS


def _skipped_parts(name: str) -> bool:
    parts = name.split("/")
    return parts[0] in SKIPPED_FOLDERS or parts[-1] in (".DS_Store", "Thumbs.db")
