"""Formulas between dollars and their like, and what the text around them says that is not between dollars."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

_MATH = re.compile(
    r"\$\$(.+?)\$\$|\\\[(.+?)\\\]|\\\((.+?)\\\)|(?<!\\)\$(.+?)(?<!\\)\$"
    r"|(\\begin\{(equation|align|gather|multline|eqnarray|displaymath|math|flalign)\*?\}.+?\\end\{\6\*?\})"
    r"|```(?:math|latex|tex)\s(.+?)```|(?<!`)`([^`\n]+)`(?!`)",
    re.DOTALL,
)
_TEXT = re.compile(r"\\(?:text|textrm|textit|textbf|mbox)\{[^{}]*\}")  # may hold formulas of its own
_ITEM = re.compile(r"(?:^|\n)\s*[-*+]\s+$")  # the mark of a list in front of a formula
_JOINED = re.compile(r":?=|[+*@·-]|:?=\s*[+-]?\s*(?:\d[\d./]*)?\s*[*·]?")
# in front of a formula: a left-hand side with its =, perhaps a sign and a number
_LEFT = re.compile(r"[\w)}\]'*]\s*:?=\s*[+-]?\s*(?:\d[\d.]*(?:\s*/\s*\w)?)?\s*[*·]?\s*$")
_SENTENCE = re.compile(r"[.:;,\n]\s|\n|\b(?:is|hence|so|thus|therefore|have|get)\b")
# mathematics outside of the dollars that belongs to the formula between them
_BEFORE = re.compile(r"(?:[-+*/^(=]|\d\s*/\s*[A-Za-z]|(?<![A-Za-z]\s)(?<![\w.])\d[\d.]*)\s*$")
_AFTER = re.compile(r"\s*(?:[=+/@^'·]|\*{1,2}\s*[\w(\\]|_[\w{]|-\s*(?:[\d($\\]|\w\b)|\)\s*[\^_'*/])")
_LABEL = re.compile(r"(?:^|\n)\s*(?:[-*+>#]+\s+)?\(?(?:\d{1,2}|[a-z])(?:\.\d+)?[.):]\s*$")
# words that turn the formula beside them into another one
_TURNED = re.compile(
    r"\b(?:transpose|inverse|negative|negation|opposite|sum|mean|average|half|twice|double|square|minus|not|never|without"
    r"|diagonal|trace|rows?|columns?|logarithm|log|root|reciprocal|times|plus|except|nicht|niet|pas|non"
    r"|transponierte|getransponeerde|transposée|summe|som|somme|mittelwert|gemiddelde|moyenne)"
    r"(?:\s+(?:of|over|by|from|with|the|all|an?|von|der|van|de|du|la|matrix|vector|product|rows?|columns?|elements|entries))*\s*$",
    re.IGNORECASE,
)
_TURNING = re.compile(
    r"[\s,(]*(?:and|then|but|all|each|is|are|has|have|to be|be|must|should|needs?|which)?(?:\s+(?:be|to be|then))?\s*"
    r"(?:transposed|summed|averaged|scaled|swapped|flipped|divided|multiplied|times\s+(?!more|as|larger|bigger)|squared|inverted|negated|plus|minus|without|per\b|halved"
    r"|doubled|not\b|wrong|incorrect|false|summing|averaging|dividing|transposing)",
    re.IGNORECASE,
)


_BESIDE = 200  # characters beside a formula that are looked at: patterns of blanks take their square


@dataclass(frozen=True)
class Segment:
    """A formula, the text in front of it, and the piece of text beside it that may change what it says."""

    formula: str
    before: str = ""
    doubt: str = ""


def segments(text: str) -> Iterator[Segment]:
    """The formulas of a text between dollars and their like; the whole text if there are none."""
    text = _plain(text)
    text = _TEXT.sub(lambda found: found.group().replace("$", " "), text)
    fence = re.fullmatch(r"\s*```[a-z]*\n(.*?)```\s*", text, re.DOTALL)
    if fence:
        text = fence.group(1)
    pieces = list(_pieces(text))
    if not pieces:
        yield Segment(text)
        return
    for k, (formula, before, _) in enumerate(pieces):
        after = (pieces[k + 1][1] if k + 1 < len(pieces) else text[pieces[k][2] :])[:_BESIDE]
        doubt = _doubt(formula, before, after)
        following = pieces[k + 1][0] if k + 1 < len(pieces) else "="
        if not doubt and "=" not in following and after.replace(" ", "") == "":
            doubt = following.strip()[:20]  # the formula goes on between further dollars
        yield Segment(formula, before, doubt)


def _plain(text: str) -> str:
    """A text without Markdown's and HTML's marks around formulas: comments, deletions, bold lines, ``<sup>``."""
    text = re.sub(r"<!--.*?-->|~~.+?~~", " ", text, flags=re.DOTALL)
    text = re.sub(r"\$`([^`\n]+)`\$", r"$\1$", text)
    text = re.sub(
        r"<(su[pb])>([^<>]{1,40})</\1>", lambda m: f"{'^' if m[1] == 'sup' else '_'}{{{m[2]}}}", text
    )
    text = re.sub(r"&(?:[A-Za-z]+|#x?[0-9A-Fa-f]+);", lambda m: html.unescape(m[0]), text)
    if bold := re.fullmatch(r"\s*(\*{1,3}|__)([^*\n]+)\1\s*", text):
        return bold[2]
    forgotten = text.count("$") == 1 and "$" in (text.strip()[0], text.strip()[-1])  # the other one
    return text.replace("$", "") if forgotten else text


def _pieces(text: str) -> Iterator[tuple[str, str, int]]:
    """Formulas with the text before each and the place where each ends; those that one = or + joins are one."""
    joined: list[tuple[str, str, int]] = []
    position = 0
    for found in _MATH.finditer(text):
        formula = next(g for k, g in enumerate(found.groups(), start=1) if g is not None and k != 6)
        before = text[position : found.start()]
        beside = before[-_BESIDE:]
        position = found.end()
        if joined and _JOINED.fullmatch(before.strip()) and not (_ITEM.search(beside) and "=" in formula):
            first, earlier, _ = joined[-1]
            joined[-1] = (f"{first} {before.strip()} {formula}", earlier, position)
        elif _LEFT.search(beside):
            left = _SENTENCE.split(before)[-1]
            joined.append((f"{left} {formula}", before.removesuffix(left), position))
        else:
            joined.append((formula, before, position))
    yield from joined


def _doubt(formula: str, before: str, after: str) -> str:
    """What stands beside a formula, outside of its dollars, and may change it; empty if nothing does."""
    before = before[-_BESIDE:].replace("**", "").replace("__", "")  # bold in Markdown
    item = _ITEM.search(before) and ("=" in formula or formula.lstrip().startswith("-"))
    if not item and not _LABEL.search(before) and (found := _BEFORE.search(before)):
        return found.group().strip()
    if (found := _TURNED.search(before)) and ("=" not in formula or "not" in found.group().lower()):
        return found.group().strip()
    found = _AFTER.match(after) if not re.match(r"\s*\n\s*[-*+]\s", after) else None
    found = found or _TURNING.match(after)
    return found.group().strip() if found else ""


__all__ = ["Segment", "segments"]
