"""``answers.toml`` with what TOML does to LaTeX undone.

In a basic string (double quotes) ``\\f \\t \\b \\n \\r \\u`` are escapes, so that ``"\\frac \\top \\beta \\nabla"`` loses its
commands without an error, and ``"\\partial"`` is a syntax error. In a literal string (single quotes) the prime of ``h'``
ends the string.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

_STRINGS = re.compile(
    r"'''.*?'''|'[^'\n]*'|\"\"\"(?:\\.|[^\\])*?\"\"\"|\"(?:\\.|[^\"\\\n])*\"|#[^\n]*", re.DOTALL
)
_COMMAND = re.compile(r"(?<!\\)(?:\\\\)*\\(?=[A-Za-z,;!:|{}()\[\]])")
_KEY_ENDS = re.compile(r"[=,{}\[\]\n]")
MAX_PARTS = 32
_ESCAPES = ('"', "\\")
_PRIMED = re.compile(r"^(\s*[\w.\-\"]+\s*=\s*)'(?!'')(.*'.*)'(\s*(?:#.*)?)$")
RESTORED = "double quotes turn \\f, \\t, \\b, \\n into control characters; the backslashes were restored (use single quotes)"
REQUOTED = "a prime ends a single-quoted string; the whole line was read (use '''...''')"


def answers_in_toml(text: str) -> tuple[dict[str, Any], list[str]]:
    """Tables (or texts) by answer id, and what has to be said about the file.

    A table may carry ``_notes`` (what was undone in it) and ``_broken`` (why it could not be read; ``answer`` is then
    its source).
    """
    tables: dict[str, Any] = {}
    notes: list[str] = []
    for chunk in _chunks(text):
        try:
            read, said = _chunk(chunk)
        except tomllib.TOMLDecodeError as error:
            name = _name_of(chunk)
            if not name:
                notes.append(f"lines before the first answer are not valid TOML: {error}")
                continue
            source = chunk.partition("\n")[2].strip()
            tables[name] = {"answer": source, "_broken": f"not valid TOML: {error}"}
            continue
        for key, value in read.items():
            if isinstance(value, dict) and key in tables and isinstance(tables[key], dict):
                tables[key].update(value)
            elif isinstance(value, dict):
                tables[key] = {**value, "_notes": said}
            else:
                tables[key] = {"answer": value, "_notes": said}
    return _flattened(tables), notes


def _chunks(text: str) -> list[str]:
    """The file cut before every table header, so that one broken answer does not take the others with it."""
    cuts = [0]
    inside = None
    position = 0
    for line in text.splitlines(keepends=True):
        if inside is None and position and re.match(r"\s*\[{1,2}[\w.\-\" ]+\]{1,2}\s*(#.*)?$", line):
            cuts.append(position)
            inside = None
        for quote in re.findall(r"'''|\"\"\"", line):
            inside = quote if inside is None else (None if quote == inside else inside)
        position += len(line)
    return [text[a:b] for a, b in zip(cuts, [*cuts[1:], len(text)], strict=True) if text[a:b].strip()]


def _name_of(chunk: str) -> str:
    found = re.match(r"\s*\[{1,2}\s*\"?([\w.\-]+)\"?\s*\]{1,2}", chunk)
    return found.group(1) if found else ""


def _chunk(chunk: str) -> tuple[dict[str, Any], list[str]]:
    """One table, with as little undone as is needed.

    Raises:
        TOMLDecodeError: it cannot be read even with everything undone.
    """
    said: list[str] = []
    if any(piece.count(".") > MAX_PARTS for piece in _KEY_ENDS.split(_STRINGS.sub('""', chunk))):
        raise tomllib.TOMLDecodeError(
            f"a key of more than {MAX_PARTS} parts"
        )  # tomllib's time is quadratic in them
    primed = "\n".join(_without_primes(line) for line in chunk.split("\n"))
    if primed != chunk:
        try:
            return tomllib.loads(chunk) if not _changed(chunk) else tomllib.loads(_escaped(chunk)), (
                [RESTORED] if _changed(chunk) else []
            )
        except tomllib.TOMLDecodeError:
            chunk = primed
            said.append(REQUOTED)
    if _changed(chunk):
        said.append(RESTORED)
        chunk = _escaped(chunk)
    return tomllib.loads(chunk), said


def _without_primes(line: str) -> str:
    found = _PRIMED.match(line)
    if not found or "'''" in line:
        return line
    start, inner, end = found.groups()
    return f"{start}'''{inner} '''{end}" if inner.endswith("'") else f"{start}'''{inner}'''{end}"


def _changed(chunk: str) -> bool:
    return _escaped(chunk) != chunk


def _escaped(chunk: str) -> str:
    """Backslashes before letters in basic strings doubled, where they begin a LaTeX command."""

    def fix(found: re.Match[str]) -> str:
        string = found.group()
        if string[0] != '"':
            return string
        return re.sub(r"\\(.)", _kept, string, flags=re.DOTALL)

    return _STRINGS.sub(fix, chunk)


def _kept(found: re.Match[str]) -> str:
    """An escape that is meant is kept: ``\\"``, ``\\\\``, and ``\\n`` or ``\\t`` that begin no command."""
    following = found.string[found.end() : found.end() + 12]
    c = found.group(1)
    if c in _ESCAPES or c == "\n":
        return found.group()
    if c in "nt" and not re.match(_BEGINNINGS[c], following):
        return found.group()
    return "\\" + found.group()


_BEGINNINGS = {
    "n": r"abla|u(?![a-z])|e(?![a-z])|eq|onumber|ewcommand|olimits|otag|orm|icefrac|left|right|ormalsize",
    "t": r"op|ext|imes|heta|au|ilde|frac|r(?![a-z])|o(?![a-z])|herefore|an|riangle|ag|extbf|extrm",
}


def _flattened(tables: dict[str, Any]) -> dict[str, Any]:
    """``[q1.a]`` and ``[answers.q1a]`` are nested tables; answers lie at the top."""
    flat: dict[str, Any] = {}
    for key, table in tables.items():
        inner = {k: v for k, v in table.items() if isinstance(v, dict)} if isinstance(table, dict) else {}
        notes = table.get("_notes", []) if isinstance(table, dict) else []
        for name, value in inner.items():
            full = name if key.lower() in ("answers", "answer", "questions") else f"{key}{name}"
            flat[full] = {**value, "_notes": notes}
        rest = (
            {k: v for k, v in table.items() if not isinstance(v, dict)}
            if isinstance(table, dict)
            else {"answer": table}
        )
        if key.lower() in ("answers", "questions") and not inner:
            flat.update({k: {"answer": v, "_notes": notes} for k, v in rest.items() if not k.startswith("_")})
        elif any(not k.startswith("_") for k in rest) or not inner:
            flat[key] = rest
    return flat
