"""``answers.md``: an answer is the last display formula or fenced block below its heading."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEADING = re.compile(
    r"^\s{0,3}(?:#{1,6}\s+|\*\*\s*)(?:answer|question|exercise|problem)?\s*:?\s*(q?\s*\d+\s*[.\-]?\s*\(?[a-z]?\)?[\s.\-]*[ivx]{0,4}(?:\.\w+)?)\s*[):.]?\s*(?:\*\*)?\s*#*\s*$",
    re.IGNORECASE,
)
_NAMED = re.compile(r"^\s{0,3}#{1,6}\s+(?:answer\s*:?\s*)?([A-Za-z][\w.\-]{0,40})\s*:?\s*$")
_BLOCK = re.compile(
    r"(?P<fence>^[ \t]*(?P<marks>`{3,}|~{3,})[ \t]*(?P<kind>[\w\-]*)[^\n]*\n(?P<inside>.*?)^[ \t]*(?P=marks)[ \t]*$)"
    r"|(?P<display>\$\$.+?\$\$|\\\[.+?\\\]|\\begin\{(?P<env>equation|align|gather)\*?\}.+?\\end\{(?P=env)\*?\})",
    re.DOTALL | re.MULTILINE,
)
_FORMULA_MARK = re.compile(r"[$`]|\\[()\[\]]|\\(?:begin|end)\{")
_CODE = frozenset(("python", "py", "numpy", "torch", "python3"))


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
        heading = None if fenced or fence else (_HEADING.match(line) or _NAMED.match(line))
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
    text = re.sub(r"<!--.*?-->", "", "\n".join(lines), flags=re.DOTALL).strip()
    blocks = list(_BLOCK.finditer(text))
    if not blocks:
        return Section(name, text, text)
    last = blocks[-1]
    if last.group("display"):
        return Section(name, text, _with_its_sentence(text, last))
    return Section(name, text, last.group("inside").strip(), last.group("kind").lower() in _CODE)


def _with_its_sentence(text: str, block: re.Match[str]) -> str:
    """The display formula with the words of its sentence ("dL/dW =", "the transpose of"), up to other formulas."""
    before = text[: block.start()].rstrip().rsplit("\n", 1)[-1].rstrip()
    after = text[block.end() :].lstrip().split("\n", 1)[0]
    words = _FORMULA_MARK.split(before)[-1] if before[-1:] not in (".", "!", "?") else ""
    rest = _FORMULA_MARK.split(after)[0] if not after[:1].isupper() else ""
    return f"{words.strip()}\n{block.group()}\n{rest.strip()}".strip()
