"""From a folder or zip of submissions to a list of them: one entry each, whatever system it came from.

Nothing is unpacked to disk. Entries are read one at a time, when their turn comes, so that the memory of the host
does not grow with the class.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from grader.batch.downloads import Item, Part, folder_items, zip_items
from grader.batch.naming import Identity, Placed, make_keys, place, without_versions
from grader.errors import SubmissionError
from grader.submission.packed import Files, has_code
from grader.text import one_line

SHOWN = 5
FOREIGN = (".rar", ".7z", ".gz", ".bz2", ".xz")


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


def find_entries(path: Path, left_out: list[str] | None = None) -> list[Entry]:
    """The submissions in a folder or zip, sorted by key.

    Args:
        path: of the class.
        left_out: takes the names of what lies beside the submissions and is none.

    Raises:
        SubmissionError: there is no such path, it is neither, or nothing is in it.
    """
    left_out = [] if left_out is None else left_out
    if path.is_dir():
        items, metadata = folder_items(path, left_out)
    elif path.is_file() and zipfile.is_zipfile(path):
        items, metadata = zip_items(path, left_out)
    elif path.exists():
        raise SubmissionError(
            f"{path}: neither a folder nor a zip of submissions; unpack another archive first. `grade` grades a single file"
        )
    else:
        raise SubmissionError(f"{path}: no such file or folder")
    entries = _entries(items, metadata)
    if not entries:
        raise SubmissionError(
            f"{path}: no submission in it; folders, zips, tars, notebooks or Python files are read"
        )
    return entries


def without_loose_files(
    entries: list[Entry], modules: Iterable[str], path: Path, left_out: list[str]
) -> list[Entry]:
    """The entries but for files of the homework that lie beside them: a hand-out, or all of one student's work.

    Raises:
        SubmissionError: there is nothing else, so this is one submission and no class.
    """
    loose = [entry for entry in entries if entry.source in set(modules)]
    if loose and len(loose) == len(entries):
        raise SubmissionError(
            f"{path}: one submission, not a class: {listed(entry.source for entry in loose)} at its top; "
            f"`grade {path}` grades it, `grader batch` takes the folder above"
        )
    left_out += [entry.source for entry in loose]
    return [entry for entry in entries if entry not in loose]


def read_entry(entry: Entry) -> Contents:
    """Read one submission into memory.

    Raises:
        SubmissionError: nothing of it can be read.
    """
    notes: list[str] = []
    files: Files = {}
    for name, part in entry.parts:
        try:
            found = part(notes)
        except (SubmissionError, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else None
            text = f"{name}: cannot be read: {why}" if why else str(error)
            if len(entry.parts) == 1:
                raise SubmissionError(text) from error
            notes.append(text)
            continue
        files.update({key: data for key, data in found.items() if key not in files})
    one_by_one = bool(entry.identity.canvas_id) and len(entry.parts) > 1
    files = _latest(files, notes, canvas=one_by_one)
    if not has_code(files):
        notes += _no_code(files, notes)
    return Contents(files, tuple(notes), digest(files))


def _latest(files: Files, notes: list[str], *, canvas: bool) -> Files:
    """The files without what Canvas writes into their names after a resubmission; of several, the latest."""
    renamed = without_versions(files, latest=canvas)
    replaced = sorted(plain for plain in renamed.values() if plain in files)
    notes += [f"Handed in several times, the latest is graded: {listed(replaced)}."] if replaced else []
    kept = {name: data for name, data in files.items() if name not in replaced}
    return {renamed.get(name, name): data for name, data in kept.items()}


def _no_code(files: Files, notes: list[str]) -> list[str]:
    """What there is instead of code."""
    if any(note.startswith("Encrypted") for note in notes):
        return ["The zip is encrypted; ask for one without a password."]
    strange = next((name for name in sorted(files) if name.lower().endswith(FOREIGN)), "")
    if strange:
        return [f"{strange!a} is neither a zip nor a tar; nothing else is unpacked."]
    if not files and notes:
        return []
    if not files:
        return ["Nothing was handed in: there is no file in it."]
    return [f"Neither a Python file nor a notebook was handed in, only {listed(files)}."]


def listed(names: Iterable[str]) -> str:
    """A few of these names, and how many more there are."""
    names = sorted(names)
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(f"'{one_line(name, limit=80)}'" for name in names[:SHOWN]) + more


def digest(files: Mapping[str, bytes]) -> str:
    """sha256 over names and bytes."""
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(name.encode("utf-8", "surrogatepass") + b"\0" + hashlib.sha256(files[name]).digest())
    return total.hexdigest()


def _entries(items: list[Item], metadata: Mapping[str, Identity]) -> list[Entry]:
    grouped: dict[str, list[tuple[Item, Placed]]] = {}
    for item in sorted(items, key=lambda item: item.name):
        placed = place(item.name, folder=item.folder)
        grouped.setdefault(placed.group, []).append((item, placed))
    for group in metadata:
        grouped.setdefault(
            group, []
        )  # known to the system that wrote the list, though there is no folder of it
    keys = make_keys(grouped)
    entries = []
    for group, members in grouped.items():
        identity = metadata[group] if group in metadata else members[0][1].identity
        identity = replace(identity, late=any(placed.identity.late for _, placed in members))
        parts = tuple((item.name, _named(item, placed.file)) for item, placed in members)
        source = members[0][0].name if len(members) == 1 else group
        where = members[0][0].where if len(members) == 1 else ""
        entries.append(Entry(keys[group], identity, source, where, parts))
    return sorted(entries, key=lambda entry: entry.key)


def _named(item: Item, file: str) -> Part:
    """The item's reader; a single file gets the name that its student gave it."""

    def read(notes: list[str]) -> Files:
        found = item.read(notes)
        if item.folder or list(found) != [item.name]:
            return found
        return {file or item.name: found[item.name]}

    return read
