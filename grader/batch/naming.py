"""Who handed in: names of files and folders as Canvas, Moodle and Gradescope write them into a bulk download.

Canvas:     ``lastfirst_LATE_12345_678910_modules.py`` (user id, attachment id; ``anon_Ab3dE_678910_...`` where names
            are hidden), several files of one student side by side.
Moodle:     ``Name Surname_123456_assignsubmission_file_/`` (id of the participant in this assignment).
Gradescope: ``submission_12345678/`` with ``submission_metadata.yml`` beside it.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from grader.submission.file_names import without_suffix

_CANVAS = re.compile(
    r"^(?P<name>.+?)_(?P<late>LATE_)?(?P<user>\d+)_(?:(?P<attachment>\d+)_(?P<file>.+)|(?P<text>(?:text|link|media)\b.*))$"
)
_CANVAS_ANONYMOUS = re.compile(
    r"^anon_(?P<code>(?=[A-Za-z0-9]*[A-Za-z])[A-Za-z0-9]{4,8})_(?P<late>LATE_)?\d+_(?P<file>.+)$"
)
_MOODLE = re.compile(r"^(?P<name>.+)_(?P<id>\d+)_assignsubmission_(?P<plugin>[a-z]+)(?:_(?P<file>.*))?$")
_GRADESCOPE = re.compile(r"^submission_(?P<id>\d+)$")
_VERSION = re.compile(r"^(?P<stem>.+)-(?P<number>\d{1,3})(?P<suffix>\.\w+)$")
MAX_KEY = 80


@dataclass(frozen=True)
class Identity:
    """What is known about who handed in.

    Attributes:
        name: for people; as the download spells it.
        canvas_id: the user's id in Canvas.
        moodle_id: the participant's number in the Moodle assignment.
        gradescope_id: the submission's number in Gradescope.
        email, student_id: where the download says them.
        late: the download marks it late.
        submitted: when, as the download says it (ISO 8601); empty if it does not.
        members: of a group submission: (name, e-mail, student id) of everybody in it.
    """

    name: str
    canvas_id: str = ""
    moodle_id: str = ""
    gradescope_id: str = ""
    email: str = ""
    student_id: str = ""
    late: bool = False
    submitted: str = ""
    members: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Placed:
    """One file or folder of a download: whose it is and what it is called within that submission."""

    group: str  # items of one submission have the same group
    identity: Identity
    file: str  # name within the submission; empty for a folder or archive that is all of it


def place(name: str, *, folder: bool) -> Placed:
    """Read the name of one item at the top of a folder of submissions."""
    if match := _MOODLE.match(name):
        file = "" if folder else match["file"] or name
        return Placed(
            f"{match['name']}_{match['id']}", Identity(match["name"], moodle_id=match["id"]), _inner(file)
        )
    if match := _GRADESCOPE.match(name):
        return Placed(name, Identity(name, gradescope_id=match["id"]), "")
    if not folder and (match := _CANVAS_ANONYMOUS.match(name)):
        code = f"anon_{match['code']}"
        return Placed(code, Identity(code, late=bool(match["late"])), _inner(match["file"]))
    if not folder and (match := _CANVAS.match(name)):
        identity = Identity(match["name"], canvas_id=match["user"], late=bool(match["late"]))
        return Placed(f"{match['name']}_{match['user']}", identity, _inner(match["file"] or match["text"]))
    stem = name if folder else re.sub(r"\.(ipynb|py)$", "", without_suffix(name), flags=re.IGNORECASE)
    return Placed(stem, Identity(stem), "" if folder else _inner(name))


def is_bulk(names: Iterable[str]) -> bool:
    """Whether these names come from a bulk download of a known system."""
    return any(
        pattern.match(name)
        for name in names
        for pattern in (_CANVAS, _CANVAS_ANONYMOUS, _MOODLE, _GRADESCOPE)
    )


def without_versions(names: Iterable[str], *, latest: bool = False) -> dict[str, str]:
    """New names for what Canvas calls ``modules-2.py`` after a resubmission: ``modules.py``, if that is free.

    Of several versions the highest number wins; the others keep their names. Where the files came one by one from
    Canvas (`latest`), the number is Canvas's own, and wins over a file without one, too.
    """
    names = set(names)
    best: dict[str, tuple[int, str]] = {}
    for name in names:
        match = _VERSION.match(name)
        if match and (latest or match["stem"] + match["suffix"] not in names):
            plain = match["stem"] + match["suffix"]
            best[plain] = max(best.get(plain, (-1, "")), (int(match["number"]), name))
    return {old: plain for plain, (_, old) in best.items()}


def make_keys(groups: Iterable[str]) -> dict[str, str]:
    """A folder name for every group: stable, portable, and different where groups differ.

    A name that has to be changed, or that only differs by case from another, gets eight digits of its hash.
    """
    groups = list(groups)
    folded: dict[str, int] = {}
    for group in groups:
        folded[group.casefold()] = folded.get(group.casefold(), 0) + 1
    return {group: _key(group, alone=folded[group.casefold()] == 1) for group in groups}


def _key(group: str, *, alone: bool) -> str:
    spelled = unicodedata.normalize("NFKD", group)
    slug = re.sub(r"[^A-Za-z0-9._-]+", "_", spelled.encode("ascii", "ignore").decode()).strip("._-")
    if slug == group and alone and len(slug) <= MAX_KEY and not _reserved(slug):
        return slug
    digest = hashlib.sha256(group.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{slug[: MAX_KEY - 9] or 'submission'}-{digest}"


def _reserved(slug: str) -> bool:
    """Names that Windows gives to devices."""
    return bool(re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", slug, re.IGNORECASE))


def _inner(file: str) -> str:
    return file if file.strip() else ""
