"""Read a submission (folder, zip, tar or notebook) into memory, with caps, and without trusting a single name.

Nothing is written and nothing is executed.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from grader.errors import SubmissionError
from grader.submission.file_names import is_archive, without_suffix
from grader.submission.folders import read_folder
from grader.submission.module_files import as_asked, as_utf8, asked_for
from grader.submission.packed import MAX_FILE_BYTES, read_archive
from grader.submission.sources import Sources
from grader.submission.tars import is_tar
from grader.trial import SMALL, read_apart

MAX_NOTES = 24  # a hostile zip makes tens of thousands


@dataclass(frozen=True)
class Submission:
    """The files of one submission, by their path below its root.

    Attributes:
        name: what the report calls it: the folder's, archive's or notebook's name.
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
    """Read a folder, a zip, a tar or a notebook.

    Args:
        path: what was handed over.
        modules: file names that the homework asks for (``modules.py``); the folder that holds most of them is the
            submission's root, so that a submission may lie in a sub-folder.

    Raises:
        SubmissionError: there is no such path, or it is none of these, or it is over the caps as a whole.
    """
    path = Path(path)
    notes: list[str] = []
    try:
        resolved = path.resolve()
    except OSError as error:  # the current folder has been removed
        raise SubmissionError(f"{path}: cannot be read: {error.strerror}") from None
    named = without_suffix(resolved.name) if is_archive(resolved.name) else resolved.stem
    if path.is_dir():
        found = read_folder(path, notes)
    elif path.is_file() and path.suffix == ".ipynb":
        found = {path.name: _read_bounded(path)}
    elif path.is_file() and _is_packed(path):
        found = read_archive(path, str(path), notes)
    elif path.is_file() and path.suffix == ".py":
        found = {path.name: _read_bounded(path)}
    elif path.exists():
        raise SubmissionError(
            f"{path}: neither a folder, a zip, a tar, a notebook nor a Python file; hand over one of these"
        )
    else:
        raise SubmissionError(f"{path}: no such file or folder")
    return submission_from_files(found, name=named or str(path), notes=notes, modules=modules, path=path)


def submission_from_files(
    files: Mapping[str, bytes],
    *,
    name: str,
    notes: Iterable[str] = (),
    modules: Iterable[str] = (),
    path: Path | None = None,
) -> Submission:
    """Make a submission of files that are in memory; notebooks become modules, and its root is found."""
    said = _few(list(notes))
    root = _root(files, tuple(modules))
    if root:
        said.append(f"The submission lies in the sub-folder {root}.")
        prefix = root + "/"
        files = {k.removeprefix(prefix): v for k, v in files.items() if k.startswith(prefix)}
    files = as_utf8(files, said)
    notebooks = {k: v for k, v in files.items() if k.endswith(".ipynb")}
    files = as_asked(_with_notebooks(dict(files), notebooks, tuple(modules), said), tuple(modules), said)
    digest = hashlib.sha256()
    for key in sorted(files):
        digest.update(key.encode() + b"\0" + hashlib.sha256(files[key]).digest())
    return Submission(name, files, digest.hexdigest(), tuple(said), path, notebooks)


def _few(notes: list[str]) -> list[str]:
    """The first notes, and how many more there are."""
    more = len(notes) - MAX_NOTES
    return notes if more <= 0 else [*notes[:MAX_NOTES], f"There are {more:,} more remarks like these."]


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
    """The folder that holds most of the modules asked for, or else of similar names; the shallowest of equals; "" is the top."""
    wanted = set(modules)
    if not wanted:
        return ""
    count: dict[str, int] = {"": 0}
    exact = any(name.rpartition("/")[2] in wanted for name in files)
    for name in files:
        folder, _, file = name.rpartition("/")
        if file in wanted or (not exact and asked_for(file, wanted)):
            count[folder] = count.get(folder, 0) + 1
    return min(count, key=lambda folder: (-count[folder], folder.count("/") + bool(folder), folder))


def _is_packed(path: Path) -> bool:
    """Whether this is to be read as an archive: by its name, or because it is one."""
    if is_archive(path.name):
        return True
    with path.open("rb") as file:
        return zipfile.is_zipfile(file) or is_tar(file)


def _read_bounded(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MAX_FILE_BYTES * 4 + 1)
    if len(data) > MAX_FILE_BYTES * 4:
        raise SubmissionError(f"{path}: larger than {MAX_FILE_BYTES * 4 >> 20} MiB")
    return data
