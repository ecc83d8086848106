"""Text from outside: made harmless once by `clean`, then escaped for the format that it is written into.

A submission chooses its file names, messages, prints and formulas. Nothing of it may move a cursor, colour a
terminal, reorder a line, break an XML document, start a formula in a spreadsheet or command a CI system.
"""

from __future__ import annotations

import re

LIMIT = 20_000  # characters of one text: a long traceback fits, a flood does not
LINE_LIMIT = 300  # characters of a text that must stay on one line
REPLACEMENT = "\ufffd"

# CSI; OSC, DCS, PM, APC and SOS up to their terminator (bounded: the search stays linear); other escapes
_ESCAPES = re.compile(
    r"\x1b\[[0-?]{0,64}[ -/]{0,8}[@-~]"
    r"|\x9b[0-?]{0,64}[ -/]{0,8}[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]{0,2048}(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]{0,8}[0-~]"
)
_FORBIDDEN = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters except tab and line feed
    "\u061c\u202a-\u202e\u2066-\u2069"  # direction overrides and isolates
    "\ufff9-\ufffb\ufffe\uffff"  # interlinear annotation; not characters in XML 1.0
    "\ud800-\udfff"  # half of a pair, not encodable
    "\U000e0000-\U000e007f"  # invisible tags
    "]"
)
_LINE_SEPARATORS = re.compile("\r\n|[\u2028\u2029]")
_STACKED_MARKS = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]{4})[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]+"
)
_MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]<>#!|~&$]|^[-+=]|(?<=^\d)[.)]|(?<=^\d\d)[.)])")


def clean(text: object, *, limit: int = LIMIT, ends: bool = False) -> str:
    """Make text from outside safe to show anywhere, and no longer than `limit` characters.

    Terminal escape sequences vanish; other control characters, direction overrides and lone surrogates become
    U+FFFD; a line that was overwritten by carriage returns (a progress bar) keeps its last state.

    Args:
        text: what came from outside; anything that is not a string is shown as its `repr` would be cut.
        limit: characters to keep; the cut is announced at its place.
        ends: keep the beginning and the end (a log) instead of the beginning alone.
    """
    source = text if isinstance(text, str) else str(text)
    if len(source) <= limit and source.isascii() and source.isprintable():
        return source  # nearly every text
    whole = len(source)
    if whole > 8 * limit:  # what cannot be shown need not be cleaned
        source = source[: 4 * limit] + ("\n" + source[-4 * limit :] if ends else "")
    unseen = whole - len(source)
    source = _LINE_SEPARATORS.sub("\n", _ESCAPES.sub("", source))
    if "\r" in source:
        source = "\n".join(_last_state(line) for line in source.split("\n"))
    source = _STACKED_MARKS.sub(r"\1", _FORBIDDEN.sub(REPLACEMENT, source))
    return shorten(source, limit=limit, ends=ends, unseen=unseen)


def shorten(text: str, *, limit: int, ends: bool = False, unseen: int = 0) -> str:
    """Cut a text to at most `limit` characters (44 or more) and say how many are missing, with those unseen."""
    if len(text) <= limit:
        return text
    room = max(limit - 44, 0)  # for the note, so that a text that was cut is not cut again
    note = f"[... {len(text) - room + unseen:,} characters left out ...]"
    if ends:
        return f"{text[: room // 2]}\n{note}\n{text[len(text) - room // 2 :]}"
    return f"{text[:room]}\n{note}"


def one_line(text: object, *, limit: int = LINE_LIMIT) -> str:
    """Clean a text and put it on one line: every run of white space becomes one space."""
    line = " ".join(clean(text, limit=8 * limit).split())
    return line if len(line) <= limit else line[: max(limit - 1, 0)] + "…"


def ascii_only(text: str) -> str:
    """Spell a text in ASCII, for terminals and files that know nothing else."""
    return text.translate(_ASCII).encode("ascii", "replace").decode("ascii")


def markdown_inline(text: object, *, limit: int = LINE_LIMIT) -> str:
    """Escape a text for the middle of a GitHub-flavoured Markdown line, a table cell included.

    An empty comment breaks what GitHub would turn into a link or a mention even where it is escaped.
    """
    line = _MARKDOWN_SPECIAL.sub(r"\\\1", one_line(text, limit=limit))
    line = line.replace("<", "&lt;").replace("\\&lt;", "&lt;")
    line = line.replace("@", "@<!-- -->").replace("://", ":<!-- -->//")
    return re.sub(r"(?i)\b(www)\.", r"\1<!-- -->.", line)


def markdown_code(text: object, *, limit: int = LINE_LIMIT) -> str:
    """Put a text into a Markdown code span, whatever backticks it holds."""
    line = one_line(text, limit=limit).replace("|", "\\|")
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    return f"{ticks} {line} {ticks}" if "`" in line or not line else f"{ticks}{line}{ticks}"


def markdown_fence(text: object, *, limit: int = LIMIT) -> str:
    """Put a text into a fenced block that it cannot close."""
    body = clean(text, limit=limit, ends=True).rstrip()
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", body)), default=0))
    return f"{ticks}text\n{body}\n{ticks}"


def csv_cell(text: object, *, limit: int = LINE_LIMIT) -> str:
    """Guard a text cell of a spreadsheet: what would start a formula gets an apostrophe in front."""
    line = one_line(text, limit=limit)
    return (
        f"'{line}"
        if line.startswith(("=", "+", "-", "@", "\t", "\uff1d", "\uff0b", "\uff0d", "\uff20"))
        else line
    )


def workflow_message(text: object, *, limit: int = 4000) -> str:
    """Escape the message of a GitHub workflow command (actions/toolkit, command.ts: escapeData)."""
    return clean(text, limit=limit).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def workflow_property(text: object) -> str:
    """Escape a parameter of a GitHub workflow command (actions/toolkit, command.ts: escapeProperty)."""
    return workflow_message(one_line(text)).replace(":", "%3A").replace(",", "%2C")


def _last_state(line: str) -> str:
    """What a terminal shows of a line after its carriage returns: the last state that is not empty."""
    return next((state for state in reversed(line.split("\r")) if state), "")


_ASCII = str.maketrans(
    {
        "…": "...", "–": "-", "—": "-", "−": "-", "×": "x", "·": "*", "‘": "'", "’": "'", "“": '"', "”": '"',
        "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "→": "->", "ᵀ": "^T", "∂": "d", "Σ": "sum", "∑": "sum",
        "√": "sqrt", "∞": "inf", "±": "+-", "\u00a0": " ", "✓": "+", "✗": "x", "█": "#", "░": ".", "─": "-",
        REPLACEMENT: "?",
    }
)  # fmt: skip
