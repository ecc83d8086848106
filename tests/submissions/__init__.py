"""A corpus of homework submissions for tests: many ways to be right, many ways to be wrong.

``manifest.toml`` names each, with the checks of ``rubrics/uva_dl1_a1.toml`` that it must lose. A wrong one stores only
the files that differ from its ``base``, or the edits that make the fault.
"""

from __future__ import annotations

import fnmatch
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
EXAMPLES = HERE.parent.parent / "submissions_example" / "uva_dl1_a1"
NOT_HANDED_IN = ("expected.toml",)


@dataclass(frozen=True)
class Edit:
    """One replacement in one file; ``old`` must occur exactly once. ``old = None`` replaces the whole file."""

    file: str
    new: str
    old: str | None = None


@dataclass(frozen=True)
class Entry:
    """One submission of the corpus.

    Attributes:
        name: ``right/inout_row_bias`` or ``wrong/elu_no_alpha``.
        about: what it is, in one sentence.
        variant: the year's variant of the rubric that fits it.
        loses: ids of the checks, or patterns of ids, that earn less than full points; nothing else does.
        may_lose: checks that are right to lose and right to keep.
        base: the submission that this one changes; "" if it stands on its own.
        edits: what it changes in the base, beside the files in its own folder.
        without: files of the base that it lacks.
        trains: whether the fault shows only in training.
    """

    name: str
    about: str
    variant: str
    loses: tuple[str, ...] = ()
    may_lose: tuple[str, ...] = ()
    base: str = ""
    edits: tuple[Edit, ...] = ()
    without: tuple[str, ...] = ()
    trains: bool = False

    def expects_loss(self, check: str) -> bool:
        """Whether the check must earn less than full points."""
        return any(fnmatch.fnmatchcase(check, pattern) for pattern in self.loses)

    def allows_loss(self, check: str) -> bool:
        """Whether the check may earn less than full points."""
        return any(fnmatch.fnmatchcase(check, pattern) for pattern in (*self.loses, *self.may_lose))


@cache
def entries() -> dict[str, Entry]:
    """The whole corpus by name, in the order of the manifest."""
    table = tomllib.loads((HERE / "manifest.toml").read_text("utf-8"))
    found = {}
    for item in table["submission"]:
        edits = tuple(Edit(**edit) for edit in item.pop("edits", ()))
        lists = {key: tuple(item.pop(key)) for key in ("loses", "may_lose", "without") if key in item}
        entry = Entry(**item, **lists, edits=edits)
        found[entry.name] = entry
    return found


def load(name: str) -> dict[str, bytes]:
    """The files of one submission, by their path below its root.

    Args:
        name: an entry of the manifest, or ``example/NAME`` for a folder of ``submissions_example/uva_dl1_a1``.

    Raises:
        KeyError: there is no such entry.
        ValueError: an edit does not fit its base.
    """
    if name.startswith("example/"):
        return _folder(EXAMPLES / name.removeprefix("example/"))
    entry = entries()[name]
    files = load(entry.base) if entry.base else {}
    files.update(_folder(HERE / name))
    for edit in entry.edits:
        files[edit.file] = _edited(name, files.get(edit.file, b""), edit)
    for file in entry.without:
        del files[file]
    return files


def write(name: str, folder: Path) -> Path:
    """Write a submission's files below ``folder`` and return it."""
    for path, data in load(name).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return folder


def _folder(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        return {}
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in _walk(folder)
        if path.name not in NOT_HANDED_IN and "__pycache__" not in path.parts
    }


def _walk(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _edited(name: str, data: bytes, edit: Edit) -> bytes:
    if edit.old is None:
        return edit.new.encode()
    old = edit.old.encode()
    if data.count(old) != 1:
        raise ValueError(f"{name}: {edit.file}: {edit.old!r} occurs {data.count(old)} times; expected once")
    return data.replace(old, edit.new.encode())
