"""Names of files as they were handed in: which lead out of the submission, and how the others are written here.

A name that only another system allows (``HW 1: final?/modules.py`` of a Mac, a zip packed on Windows with the drive in
front) costs nobody a file: what no file system takes is replaced, and the file is read.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

MAX_DEPTH = 32
MAX_NAME_BYTES = 200  # of one folder or file; the file systems' own limit is 255
MAX_PATH_BYTES = 1600
_ODD = re.compile(r'[<>:"|?*]')
_UNSEEN = ("Cf", "Co", "Cn")  # format (text direction, joiners), private, unassigned
_NEVER = ("Cc", "Cs")  # control characters, halves of characters: in no name that a person gave
_CODE = (".py", ".ipynb")
_TEXT = (".toml", ".md", ".txt", ".tex", ".json", ".zip", ".tar", ".tar.gz", ".tgz")
_ARCHIVE = re.compile(r"\.(zip|tar|tar\.gz|tgz)$", re.IGNORECASE)


def safe_key(raw: str) -> str | None:
    """The path below the submission's root that stands for this name, or None where it leads out, or no person wrote it.

    Back-slashes separate folders, a leading slash goes, letters are composed (a Mac writes ``é`` as two), and
    characters that are not seen or not allowed everywhere become ``_``.
    """
    path = PurePosixPath(raw.replace("\\", "/").lstrip("/"))
    if ".." in path.parts or not path.parts or len(path.parts) > MAX_DEPTH:
        return None
    if any(unicodedata.category(char) in _NEVER for char in raw):
        return None
    key = "/".join(map(_portable, path.parts))
    return key if len(key.encode()) <= MAX_PATH_BYTES else None


def is_archive(name: str) -> bool:
    """Whether this is the name of a zip or a tar."""
    return _ARCHIVE.search(name) is not None


def without_suffix(name: str) -> str:
    """The name of an archive, without what says its kind."""
    return _ARCHIVE.sub("", name)


def shown(name: str) -> str:
    """A name as a remark shows it."""
    return ascii(name[:80])


def rank(key: str) -> tuple[int, int]:
    """Which files are read first where not all can be: code, then text, then the rest; each from the top downwards."""
    lowered = key.lower()
    kind = 0 if lowered.endswith(_CODE) else 1 if lowered.endswith(_TEXT) else 2
    return kind, key.count("/") + key.count("\\")


def _portable(part: str) -> str:
    part = unicodedata.normalize("NFC", _ODD.sub("_", part))
    part = "".join("_" if unicodedata.category(char) in _UNSEEN else char for char in part)
    if len(part.encode()) <= MAX_NAME_BYTES:
        return part
    suffix = PurePosixPath(part).suffix
    suffix = suffix if len(suffix.encode()) <= 20 else ""
    room = MAX_NAME_BYTES - len(suffix.encode())
    return part.encode()[:room].decode(errors="ignore") + suffix
