"""``answers.md``: an answer is the last display formula or fenced block below its heading."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEADING = re.compile(
    r"^\s{0,3}(?:#{1,6}\s+|\*\*\s*)(?:answer|question|exercise|problem)?\s*:?\s*(q?\s*\d+\s*[.\-]?\s*\(?[a-z]?\)?[\s.\-]*[ivx]{0,4}(?:\.\w+)?)\s*[):.]?\s*(?:\*\*)?\s*#*\s*$",
    re.IGNORECASE,
)
_NAMED = re.compile(r"^\s{0,3}#{1,6}\s+(?:answer\s*:?\s*)?([A-Za-z][\w.\-]{0,40})\s*:?\s*$")
_OPENING = re.compile(
    r"^[ \t]*+(?P<marks>`{3,}+|~{3,}+)[ \t]*+(?P<kind>[\w\-]*+)[^\n]*+\n|(?P<display>\$\$|\\\[)"
    r"|\\begin\{(?P<environment>equation|align|gather)\*?\}",
    re.MULTILINE,
)
_FORMULA_MARK = re.compile(r"[$`]|\\[()\[\]]|\\(?:begin|end)\{")
_CODE = frozenset(("python", "py", "numpy", "torch", "python3"))


@dataclass(frozen=True)
class _Block:
    """A display formula or a fenced block: where it lies, and the kind of a fenced one."""

    start: int
    end: int
    kind: str | None
    inside: slice


@dataclass(frozen=True)
class Section:
    """What stands below one heading."""

    id: str
    text: str
    answer: str  # the last formula, or the whole text if there is none
    code: bool = False


def answers_in_markdown(text: str) -> list[Section]:
    """The sections of a Markdown file whose headings name an answer."""
    sections: list[Section] = []
    name = ""
    lines: list[str] = []
    fenced = ""
    for line in text.split("\n"):
        fence = re.match(r"^\s*(`{3,}|~{3,})", line)
        if fence:
            fenced = "" if fenced and fence.group(1).startswith(fenced) else (fenced or fence.group(1))
        one = " ".join(line.split())  # without runs of blanks, which patterns would try in every way
        heading = None if fenced or fence else (_HEADING.match(one) or _NAMED.match(one))
        if heading:
            if name:
                sections.append(_section(name, lines))
            name, lines = heading.group(1), []
        else:
            lines.append(line)
    if name:
        sections.append(_section(name, lines))
    return sections


def _section(name: str, lines: list[str]) -> Section:
    text = _without_comments("\n".join(lines)).strip()
    last = _last_block(text)
    if last is None:
        return Section(name, text, text)
    if last.kind is None:
        return Section(name, text, _with_its_sentence(text, last))
    return Section(name, text, text[last.inside].strip(), last.kind.lower() in _CODE)


def _without_comments(text: str) -> str:
    kept, position = [], 0
    while (start := text.find("<!--", position)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        kept.append(text[position:start])
        position = end + 3
    return "".join(kept) + text[position:]


def _last_block(text: str) -> _Block | None:
    """The last block that is closed. What is looked for in vain once is not looked for again."""
    found, position, missing = None, 0, set[str]()
    while opening := _OPENING.search(text, position):
        fenced = opening["marks"]
        closing = (
            rf"^[ \t]*+{fenced}[ \t]*+$"
            if fenced
            else rf"\\end\{{{opening['environment']}\*?\}}"
            if opening["environment"]
            else {"$$": r"\$\$", "\\[": r"\\\]"}[opening["display"]]
        )
        start = opening.end() if fenced else opening.end() + 1
        end = None if closing in missing else re.compile(closing, re.MULTILINE).search(text, start)
        if end is None:
            missing.add(closing)
            position = opening.start() + 1
            continue
        position = end.end()
        found = _Block(opening.start(), position, opening["kind"], slice(opening.end(), end.start()))
    return found


def _with_its_sentence(text: str, block: _Block) -> str:
    """The display formula with the words of its sentence ("dL/dW =", "the transpose of"), up to other formulas."""
    before = text[: block.start].rstrip().rsplit("\n", 1)[-1].rstrip()
    after = text[block.end :].lstrip().split("\n", 1)[0]
    words = _FORMULA_MARK.split(before)[-1] if before[-1:] not in (".", "!", "?") else ""
    rest = _FORMULA_MARK.split(after)[0] if not after[:1].isupper() else ""
    return f"{words.strip()}\n{text[block.start : block.end]}\n{rest.strip()}".strip()
