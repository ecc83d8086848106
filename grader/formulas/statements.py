"""From an answer's text to its statements: formulas found between prose, chains of equalities split into sides."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from grader.formulas.clauses import RELATION_COMMANDS, RELATIONS, clauses
from grader.formulas.lexer import lex
from grader.formulas.limits import MAX_CHARACTERS, Unreadable
from grader.formulas.macros import expand_macros
from grader.formulas.piecewise import as_cases
from grader.formulas.tokens import Token, matching

_MATH = re.compile(
    r"\$\$(.+?)\$\$|\\\[(.+?)\\\]|\\\((.+?)\\\)|(?<!\\)\$(.+?)(?<!\\)\$"
    r"|(\\begin\{(equation|align|gather|multline|eqnarray|displaymath|math|flalign)\*?\}.+?\\end\{\6\*?\})"
    r"|```(?:math|latex|tex)\s(.+?)```|(?<!`)`([^`\n]+)`(?!`)",
    re.DOTALL,
)
_TEXT = re.compile(r"\\(?:text|textrm|textit|textbf|mbox)\{[^{}]*\}")  # may hold formulas of its own
_FINAL = re.compile(
    r"final|answer|result|hence|therefore|thus|conclu|so that|finally|we (get|obtain)", re.IGNORECASE
)
_ARROWS = {"Rightarrow", "rightarrow", "therefore", "->", "=>"}


@dataclass(frozen=True)
class Statement:
    """One formula of an answer: the sides of a chain of equalities, the last one being what it comes to."""

    sides: tuple[tuple[Token, ...], ...]
    boxed: bool = False
    final: bool = False
    approximate: int = 0  # the first side behind a ≈; 0 if there is none
    trailing: bool = False  # stands after "where"


def statements(
    text: str, prepare: Callable[[list[Token]], list[Token]]
) -> tuple[list[Statement], tuple[str, ...]]:
    """All formulas of an answer, in order, and words after them that may change their meaning.

    ``prepare`` writes out the question's own spellings.

    Raises:
        Unreadable: too long, or with characters that have no meaning in a formula.
    """
    if len(text) > MAX_CHARACTERS:
        raise Unreadable(f"longer than {MAX_CHARACTERS} characters; give the final formula alone")
    found: list[Statement] = []
    remarks: list[str] = []
    for formula, prose in _segments(expand_macros(text)):
        final = bool(_FINAL.search(prose))
        trailing = bool(
            re.search(r"\b(where|with|since|because|here|denotes)\s*:?\s*$", prose.strip(), re.IGNORECASE)
        )
        for line in _lines(formula):
            for statement in _split(prepare(lex(line)), remarks):
                found.append(replace(statement, final=final, trailing=statement.trailing or trailing))
    return [statement for statement in found if any(statement.sides)], tuple(remarks)


def _segments(text: str) -> Iterator[tuple[str, str]]:
    """Formulas between dollars and their like, each with the text before it; the whole text if there are none."""
    text = re.sub(r"<!--.*?-->", " ", text, flags=re.DOTALL)
    text = _TEXT.sub(lambda found: found.group().replace("$", " "), text)
    fence = re.fullmatch(r"\s*```[a-z]*\n(.*?)```\s*", text, re.DOTALL)
    if fence:
        text = fence.group(1)
    pieces: list[tuple[str, str]] = []
    position = 0
    for found in _MATH.finditer(text):
        formula = next(g for k, g in enumerate(found.groups(), start=1) if g is not None and k != 6)
        pieces.append((formula, text[position : found.start()]))
        position = found.end()
    if not pieces:
        yield text, ""
        return
    joined: list[tuple[str, str]] = []
    for formula, prose in pieces:
        if joined and prose.strip() in ("=", ":=", "+", "-", "*", "@", "·"):
            joined[-1] = (f"{joined[-1][0]} {prose.strip()} {formula}", joined[-1][1])
        elif prose.strip().endswith("=") and re.search(r"[\w)}\]]\s*=\s*$", prose):
            left = re.split(r"[.:;,\n]|\b(?:is|hence|so|thus|therefore|have|get)\b", prose)[-1]
            joined.append((f"{left} {formula}", prose))
        else:
            joined.append((formula, prose))
    yield from joined
    rest = text[position:]
    if re.search(r"^\s*[=+*/@-]", rest):
        raise Unreadable("the formula goes on outside of the dollar signs", rest.strip()[:20])


def _lines(formula: str) -> list[str]:
    """Lines of plain text; a line that begins or ends with an operator belongs to its neighbour."""
    if "\\" in formula or "\n" not in formula:
        return [formula]
    lines: list[str] = []
    for line in (line.strip() for line in formula.split("\n")):
        if not line:
            continue
        opened = bool(lines) and sum(lines[-1].count(c) for c in "([{") > sum(
            lines[-1].count(c) for c in ")]}"
        )
        if lines and (opened or line[0] in "=+-*/@·∘⊙)" or lines[-1][-1] in "=+-*/(@,·∘⊙"):
            lines[-1] += " " + line
        else:
            lines.append(line)
    return lines


def _split(tokens: list[Token], remarks: list[str], *, boxed: bool = False) -> Iterator[Statement]:
    tokens = as_cases(_without_boxes(tokens))
    for part, trailing in clauses(tokens, remarks):
        box = [k for k, t in enumerate(part) if t.kind == "cmd" and t.text == "boxed"]
        if box and not boxed:
            for k in box:
                if k + 1 < len(part) and part[k + 1].text == "{":
                    inner = part[k + 2 : matching(part, k + 1)]
                else:
                    inner = part[k + 1 : k + 2]
                outside = part[:k]
                if outside and outside[-1].text in RELATIONS and not _has_relation(inner):
                    inner = [*outside, *inner]
                yield from (replace(s, boxed=True) for s in _split(inner, remarks, boxed=True))
            continue
        yield from _statement(_sides(part), trailing)


def _statement(sides: list[list[Token]], trailing: bool) -> Iterator[Statement]:
    groups: list[list[list[Token]]] = [[]]
    for k, side in enumerate(sides):
        if side and side[0].kind == "sym" and side[0].text == "!arrow":
            side = side[1:]
            if k + 1 < len(sides) and not (sides[k + 1] and sides[k + 1][0].text == "!arrow"):
                groups.append([])  # the left side of a chain of its own
        if side:
            groups[-1].append(side)
    for group in (group for group in groups if group):
        about = next((k for k, side in enumerate(group) if side[0].text == "!about"), 0)
        plain = (tuple(t for t in side if t.text != "!about") for side in group)
        yield Statement(tuple(plain), approximate=about, trailing=trailing)


def _has_relation(tokens: list[Token]) -> bool:
    return any(t.text in RELATIONS and t.kind == "sym" for t in tokens)


def _without_boxes(tokens: list[Token]) -> list[Token]:
    """Bars that a scanner made of a box around a whole equation."""
    if len(tokens) > 4 and tokens[0].text == tokens[-1].text == "|":
        inside = tokens[1:-1]
        if _has_relation(inside) and not any(t.text == "|" for t in inside):
            return inside
    return tokens


def _sides(tokens: list[Token]) -> list[list[Token]]:
    """Sides of a chain. A side behind an arrow begins with ``!arrow``: it starts a statement of its own; behind ≈ with
    ``!about``."""
    sides: list[list[Token]] = [[]]
    depth = 0
    while tokens and tokens[-1].kind == "sym" and tokens[-1].text in (".", ",", ";", ":", "\\\\", "?"):
        tokens = tokens[:-1]
    for token in tokens:
        depth += (token.text == "begin:cases") - (token.text == "end:cases")
        if token.kind == "sym":
            depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        relation = (token.kind == "sym" and token.text in RELATIONS) or (
            token.kind == "cmd" and token.text in RELATION_COMMANDS
        )
        if relation and depth == 0:
            mark = "!arrow" if token.text in _ARROWS else "!about" if token.text == "approx" else ""
            sides.append([Token("sym", mark)] if mark else [])
        else:
            sides[-1].append(token)
    return sides
