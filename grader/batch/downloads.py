"""What lies in a folder or zip of submissions: the items that a download consists of, each with its reader."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grader.batch.gradescope_metadata import METADATA, read_metadata
from grader.batch.naming import Identity, is_bulk
from grader.errors import SubmissionError
from grader.submission.file_names import is_archive
from grader.submission.folders import read_folder
from grader.submission.packed import (
    BROKEN,
    MAX_ARCHIVE_BYTES,
    MAX_FILE_BYTES,
    SKIPPED_FOLDERS,
    Files,
    holds_files,
    read_archive,
    read_members,
)
from grader.submission.zips import read_member, zip_member

MAX_METADATA = 64 << 20
IGNORED = (".csv", ".yml", ".yaml", ".toml", ".md", ".txt")  # what a teacher keeps beside submissions
KINDS = {
    b"Rar!": "a .rar",
    b"7z\xbc\xaf": "a .7z",
    b"\x1f\x8b": "a .gz",
    b"\xfd7zXZ": "a .xz",
    b"BZh": "a .bz2",
}
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
Part = Callable[[list[str]], Files]  # reads one item of a download; takes the list of notes


@dataclass(frozen=True)
class Item:
    """One file or folder of a download: what it is called there, how `grade` could name it, how it is read."""

    name: str
    folder: bool
    where: str
    read: Part


def folder_items(root: Path, left_out: list[str]) -> tuple[list[Item], dict[str, Identity]]:
    """Items of a folder; of the one folder in it, where that is a bulk download."""
    present = sorted(root.iterdir())
    children = [child for child in present if not _skipped(child.name)]
    left_out += [child.name for child in present if child not in children and not _of_a_tool(child.name)]
    folders = [child for child in children if child.is_dir() and not child.is_symlink()]
    if len(children) == 1 and folders:
        below = [name.name for name in folders[0].iterdir()]
        if METADATA in below or is_bulk(below):
            return folder_items(folders[0], left_out)
    described = root / METADATA
    metadata = read_metadata(described.read_bytes()[:MAX_METADATA]) if described.is_file() else {}
    items = []
    for child in children:
        folder = child.is_dir() and not child.is_symlink()
        if folder or is_bulk([child.name]) or child.suffix.lower() not in IGNORED:
            items.append(Item(child.name, folder, f"{root.name}/{child.name}", _path_reader(child)))
        elif child.name != METADATA:
            left_out.append(child.name)
    return items, metadata


def _path_reader(path: Path) -> Part:
    def read(notes: list[str]) -> Files:
        if path.is_symlink():
            raise SubmissionError(f"{path.name}: is a link, and links are not followed")
        if path.is_dir():
            return read_folder(path, notes)
        with os.fdopen(os.open(path, _READ), "rb") as file:
            if not path.is_file():
                raise SubmissionError(f"{path.name}: is not a regular file")
            if holds_files(file, path.name):
                return read_archive(file, path.name, notes)
            return {path.name: _bounded(file.read(4 * MAX_FILE_BYTES + 1), path.name)}

    return read


def _bounded(data: bytes, name: str) -> bytes:
    if len(data) > 4 * MAX_FILE_BYTES:
        raise SubmissionError(f"{name}: larger than {4 * MAX_FILE_BYTES >> 20} MiB")
    if is_archive(name):
        kind = next((kind for start, kind in KINDS.items() if data.startswith(start)), "")
        due = "a zip" if name.lower().endswith(".zip") else "a tar"
        why = (
            f"is {kind}, not {due}"
            if kind
            else f"cannot be read as {due}; it is damaged or was not uploaded to its end"
        )
        raise SubmissionError(f"{name}: {why if data else 'is empty (0 bytes)'}")
    return data


def zip_items(path: Path, left_out: list[str]) -> tuple[list[Item], dict[str, Identity]]:
    """Items of a zip: what lies at its top, or in the one folder at its top that holds the class."""
    opened = zipfile.ZipFile(
        path
    )  # closed with the last reader; its list is read once, however large the class is
    for member in opened.infolist():
        member.filename = member.filename.replace("\\", "/")
    members = [m for m in opened.infolist() if not _skipped_parts(m.filename)]
    prefix = _class_folder([m.filename for m in members if not m.is_dir()])
    metadata: dict[str, Identity] = {}
    grouped: dict[str, list[zipfile.ZipInfo]] = {}
    for member in members:
        top, _, rest = member.filename.removeprefix(prefix).partition("/")
        if member.is_dir():
            if top:
                grouped.setdefault(top, [])  # handed in, though with nothing in it
        elif top == METADATA and not rest:
            metadata = read_metadata(read_member(opened, member, MAX_METADATA) or b"")
        elif rest or is_bulk([top]) or not top.lower().endswith(IGNORED):
            grouped.setdefault(top, []).append(member)
        else:
            left_out.append(top)
    items = [
        Item(top, not _is_file(found, prefix + top), "", _zip_reader(opened, prefix, top, found))
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
    containers = [name for name, folder in below.items() if folder or is_archive(name)]
    loose = [name for name, folder in below.items() if not folder and name.lower().endswith(".py")]
    return f"{top}/" if len(containers) > 1 and not loose else ""


def _is_file(members: list[zipfile.ZipInfo], name: str) -> bool:
    """Whether what lies in a zip under this name is one file."""
    return len(members) == 1 and members[0].filename == name


def _zip_reader(opened: zipfile.ZipFile, prefix: str, top: str, members: list[zipfile.ZipInfo]) -> Part:
    def read(notes: list[str]) -> Files:
        if not _is_file(members, prefix + top):
            return read_members(
                [zip_member(opened, one) for one in members], top, notes, below=f"{prefix}{top}/"
            )
        try:
            data = read_member(opened, members[0], MAX_ARCHIVE_BYTES)
        except BROKEN as error:
            raise SubmissionError(f"{top}: cannot be read from the download: {error}") from error
        if data is None:
            raise SubmissionError(f"{top}: larger than {MAX_ARCHIVE_BYTES >> 20} MiB when unpacked")
        if holds_files(io.BytesIO(data), top):
            return read_archive(io.BytesIO(data), top, notes)
        return {top: _bounded(data, top)}

    return read


def _of_a_tool(name: str) -> bool:
    """What machines write beside people's files."""
    return name in SKIPPED_FOLDERS or name.startswith("._") or name in (".DS_Store", ".gitignore")


def _skipped(name: str) -> bool:
    return name.startswith(".") or name in SKIPPED_FOLDERS


def _skipped_parts(name: str) -> bool:
    parts = name.split("/")
    return parts[0] in SKIPPED_FOLDERS or parts[-1] in (".DS_Store", "Thumbs.db")
