"""Hostile archives and folders: what is read from them, against an unpacker of the usual kind."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

SECRET = "loot-of-the-host"
SPREAD = 64 << 20  # bytes that no submission may unfold to


@dataclass(frozen=True)
class IntakeAttack:
    """Something handed over: ``build`` makes it in a folder (with ``secret.txt`` beside it) and returns its path."""

    name: str
    build: Callable[[Path], Path]


def _zip(folder: Path, members: Mapping[str, bytes], *, links: Mapping[str, str] | None = None) -> Path:
    path = folder / "submission.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        for name, target in (links or {}).items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, target)
    return path


def _lying_sizes(folder: Path) -> Path:
    """A member whose header says 10 bytes and whose data unfold to 80 MiB."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("modules.py", b"#" * (80 << 20))
    data = bytearray(buffer.getvalue())
    true = (80 << 20).to_bytes(4, "little")
    for start in range(len(data) - 4):
        if data[start : start + 4] == true:
            data[start : start + 4] = (10).to_bytes(4, "little")
    path = folder / "submission.zip"
    path.write_bytes(data)
    return path


def _folder(folder: Path, fill: Callable[[Path], object]) -> Path:
    made = folder / "submission"
    made.mkdir()
    fill(made)
    return made


def _deep(folder: Path) -> Path:
    return _zip(folder, {"d/" * 3000 + "modules.py": b"x"})


INTAKE = (
    IntakeAttack(
        "climbs_out_of_the_folder", lambda f: _zip(f, {"../evil.py": b"x", "a/../../evil.py": b"x"})
    ),
    IntakeAttack("absolute_name", lambda f: _zip(f, {str(f / "evil.py"): b"x"})),
    IntakeAttack("backslashes", lambda f: _zip(f, {"..\\..\\evil.py": b"x"})),
    IntakeAttack("link_in_a_zip", lambda f: _zip(f, {}, links={"modules.py": str(f / "secret.txt")})),
    IntakeAttack(
        "link_in_a_folder",
        lambda f: _folder(f, lambda s: os.symlink(f / "secret.txt", s / "modules.py")),
    ),
    IntakeAttack("linked_folder", lambda f: _folder(f, lambda s: os.symlink(f, s / "more"))),
    IntakeAttack("bomb", lambda f: _zip(f, {f"{i}.py": b"\0" * (20 << 20) for i in range(6)})),
    IntakeAttack("lying_sizes", _lying_sizes),
    IntakeAttack("many_members", lambda f: _zip(f, {f"{i}.py": b"" for i in range(60_000)})),
    IntakeAttack("deep_folders", _deep),
    IntakeAttack("pipe_that_never_ends", lambda f: _folder(f, lambda s: os.mkfifo(s / "modules.py"))),
    IntakeAttack("control_characters", lambda f: _zip(f, {"a\n::error::evil\x1b[2J.py": b"x"})),
)


def naive_harm(path: Path) -> str:
    """What an unpacker that joins names and follows links would do; nothing is really written."""
    if path.is_dir():
        for entry in path.iterdir():
            if not stat.S_ISREG(entry.stat().st_mode) and not entry.is_dir():
                return "would wait for a pipe"
            if entry.is_symlink():
                return "follows a link"
        return ""
    total = 0
    with zipfile.ZipFile(path) as archive:
        if len(archive.infolist()) > 10_000:
            return "makes as many files as it is told to"
        for info in archive.infolist():
            name = info.orig_filename.replace("\\", "/")
            if not os.path.abspath(os.path.join("/target", name)).startswith("/target/"):
                return "writes outside"
            if stat.S_ISLNK(info.external_attr >> 16):
                return "makes a link"
            if any(ord(character) < 32 for character in name):
                return "takes a name with control characters"
            if name.count("/") > 1000:
                return "makes thousands of levels"
            try:
                total += len(archive.read(info))
            except zipfile.BadZipFile:
                return "believes the header and fails in the middle"
            if total > SPREAD:
                return "unfolds as much as it is told to"
    return ""


def harm(path: Path, found: Mapping[str, bytes], folder: Path) -> str:
    """What is wrong with what was read; empty where nothing is."""
    for name, content in found.items():
        if name.startswith("/") or ".." in name.split("/") or "\\" in name or any(ord(c) < 32 for c in name):
            return f"the name {name!r}"
        if SECRET.encode() in content:
            return f"{name} holds the secret"
    if sum(map(len, found.values())) > SPREAD or len(found) > 10_000:
        return "more than a submission may hold"
    if sorted(entry.name for entry in folder.iterdir()) != sorted(("secret.txt", path.name)):
        return "something was written"
    return ""
