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
from grader.formulas.segments import segments
from grader.formulas.tokens import Token, matching

_FINAL = re.compile(
    r"final|answer|result|hence|therefore|thus|conclu|so that|finally|we (get|obtain)", re.IGNORECASE
)
_BULLET = re.compile(r"(?:[-*+•–]|\(?[a-h1-9][.)])\s+(?=\S)")
_LABEL = re.compile(r"\(?(?:\d{1,2}[a-z]?|[a-z]|i{1,3}|iv)[.)]\s+(?=[^=]+=)")
_ARROWS = {"Rightarrow", "rightarrow", "therefore", "->", "=>"}


@dataclass(frozen=True)
class Statement:
    """One formula of an answer: the sides of a chain of equalities, the last one being what it comes to."""

    sides: tuple[tuple[Token, ...], ...]
    boxed: bool = False
    final: bool = False
    approximate: int = 0  # the first side behind a ≈; 0 if there is none
    trailing: bool = False  # stands after "where"
    segment: int = 0  # of the text: the formulas between one pair of dollars
    doubt: str = ""  # what stands beside it, outside of the formula, and may change it


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
    for number, segment in enumerate(segments(expand_macros(text))):
        prose = segment.before
        final = bool(_FINAL.search(prose))
        trailing = bool(
            re.search(r"\b(where|with|since|because|here|denotes)\s*:?\s*$", prose.strip(), re.IGNORECASE)
        )
        for line in _lines(segment.formula):
            for statement in _split(prepare(lex(line)), remarks):
                trails = statement.trailing or trailing
                doubt = statement.doubt or segment.doubt
                found.append(replace(statement, final=final, trailing=trails, doubt=doubt, segment=number))
    return [statement for statement in found if any(statement.sides)], tuple(remarks)


def _lines(formula: str) -> list[str]:
    """Lines of plain text; a line that begins or ends with an operator belongs to its neighbour."""
    if "\\" in formula or "\n" not in formula:
        label = _LABEL.match(formula)
        return [formula[label.end() :] if label else formula]
    lines: list[str] = []
    for line in _without_bullets([line.strip() for line in formula.split("\n") if line.strip()]):
        opened = bool(lines) and sum(lines[-1].count(c) for c in "([{") > sum(
            lines[-1].count(c) for c in ")]}"
        )
        if lines and (opened or line[0] in "=+-*/@·∘⊙)" or lines[-1][-1] in "=+-*/(@,·∘⊙"):
            lines[-1] += " " + line
        else:
            lines.append(line)
    return lines


def _without_bullets(lines: list[str]) -> list[str]:
    """Lines without the marks of a list of equations: ``- alpha = 1/S``, ``1. M = Y - T``."""
    marks = [_BULLET.match(line) for line in lines]
    if len(lines) < 2 or not all(mark and "=" in line for mark, line in zip(marks, lines, strict=True)):
        return lines
    return [line[mark.end() :] for mark, line in zip(marks, lines, strict=True) if mark]


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
                beside = _beside_box(part, k, outside)
                for statement in _split(inner, remarks, boxed=True):
                    yield replace(statement, boxed=True, doubt=statement.doubt or beside)
            continue
        yield from _statement(_sides(part), trailing)


def _beside_box(part: list[Token], k: int, outside: list[Token]) -> str:
    """What stands beside a box and belongs to the formula in it: the 2 of ``2 \\boxed{A}``."""
    braced = k + 1 < len(part) and part[k + 1].text == "{"
    after = part[(matching(part, k + 1) if braced else k + 1) + 1 :][:1]
    ends = not after or after[0].text in (
        *RELATIONS,
        *RELATION_COMMANDS,
        "boxed",
        ".",
        ",",
        ";",
        "\\\\",
        "quad",
    )
    begins = not outside or outside[-1].text in (*RELATIONS, *RELATION_COMMANDS, "}", "\\\\")
    return "" if ends and begins else (after if begins else outside)[-1].text


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
