"""The files that a homework asks for, as students hand them in: under other names, and in other encodings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from grader.submission.file_names import shown

_TEXT = (".py", ".md", ".toml", ".txt", ".tex")
_TEST = re.compile(r"^test|(?<![a-z])(unit)?tests?(?![a-z])")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
SHOWN = 5


def asked_for(name: str, modules: Iterable[str]) -> str:
    """The file asked for that ``modules (1).py``, ``Modules_final_v2.py`` or ``jdoe-modules.py`` stands for; else ""."""
    plain = re.sub(r"[\s-]+", "_", name.lower())
    if not plain.endswith(".py") or plain.startswith(".") or _TEST.search(plain):
        return ""
    fits = [module for module in modules if _stem(module).search(plain.removesuffix(".py"))]
    return max(fits, key=len, default="")


def _stem(module: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z]){re.escape(module.removesuffix('.py').lower())}(?![a-z])")


def as_asked(files: Mapping[str, bytes], modules: Sequence[str], said: list[str]) -> dict[str, bytes]:
    """The files, each one that is missing under its name supplied by the only one of a similar name."""
    found = dict(files)
    others = [name for name in files if "/" not in name and name not in modules]
    for module in modules:
        if module in files:
            continue
        similar = [name for name in others if asked_for(name, modules) == module]
        if len(similar) == 1:
            found[module] = files[similar[0]]
            said.append(f"There is no {module}; {shown(similar[0])} was read in its place.")
        elif similar:
            said.append(f"There is no {module}, and it is not clear which stands for it: {_listed(similar)}.")
    handed_in = [name for name in files if name.endswith(".py")]
    if modules and handed_in and not any(module in found for module in modules):
        said.append(
            f"None of the files asked for is there ({', '.join(modules)}), only {_listed(handed_in)}."
        )
    return found


def as_utf8(files: Mapping[str, bytes], said: list[str]) -> dict[str, bytes]:
    """The files, with sources in UTF-16 (of Notepad and PowerShell) as Python can read them."""
    read = dict(files)
    for name, data in files.items():
        if name.lower().endswith(_TEXT) and data[:2] in _UTF16:
            try:
                read[name] = data.decode("utf-16").encode()
            except UnicodeError:
                continue
            said.append(f"{shown(name)} is in UTF-16, which Python does not read; it was read as UTF-8.")
    return read


def _listed(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(map(shown, sorted(names)[:SHOWN])) + (f" and {more} more" if more > 0 else "")
