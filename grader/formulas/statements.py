"""From an answer's text to its statements: formulas found between prose, chains of equalities split into sides."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from grader.formulas.lexer import lex
from grader.formulas.limits import MAX_CHARACTERS, Unreadable
from grader.formulas.macros import expand_macros
from grader.formulas.tokens import Token, matching
from grader.formulas.wordlist import words

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
_RELATIONS = {"=", ":=", "->", "=>"}
_ARROWS = {"Rightarrow", "rightarrow", "therefore", "->", "=>"}
_RELATION_COMMANDS = {"equiv", "approx", "Rightarrow", "rightarrow", "therefore"}
_CUTS = {"in", "forall", "because", "since"}
# words of running text: they end one formula and begin another, and say nothing about what a formula means
_PROSE = words(
    "the a an is are was we get gets have has hence therefore thus so then and where with since because "
    "answer final finally result gives give that which denotes denote here let derivative gradient "
    "respect to wrt becomes become obtain obtained follows from this be can written note our case using "
    "yields yield means now therfore ie eg i.e. its their it by definition we'll simply equal equals "
    "formula matrix vector notation form final compute computed computing desired required implies plug "
    "into substituting simplify simplifies simplified of"
)
# words that change what a formula next to them means: an answer with one of these is for a person to read
_MEANINGFUL = words(
    "sum sums summed summing mean average averaged over transpose transposed times columns column rows "
    "row elementwise per each product divided minus plus not without or except unless batch samples "
    "examples repeated broadcast"
)
_LAYOUT = frozenset(("row", "column", "vector", "a", "as", "the", "form", "notation"))
_TRAILING = frozenset(
    ["where", "with", "since", "because", "here", "note", "denotes", "being", "for", "when"]
)


@dataclass(frozen=True)
class Statement:
    """One formula of an answer: the sides of a chain of equalities, the last one being what it comes to."""

    sides: tuple[tuple[Token, ...], ...]
    boxed: bool = False
    final: bool = False
    approximate: bool = False
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
    tokens = _without_boxes(tokens)
    trailing = False
    for part, after in _clauses(tokens, remarks):
        trailing = trailing or after
        box = [k for k, t in enumerate(part) if t.kind == "cmd" and t.text == "boxed"]
        if box and not boxed:
            for k in box:
                if k + 1 < len(part) and part[k + 1].text == "{":
                    inner = part[k + 2 : matching(part, k + 1)]
                else:
                    inner = part[k + 1 : k + 2]
                outside = part[:k]
                if outside and outside[-1].text in _RELATIONS and not _has_relation(inner):
                    inner = [*outside, *inner]
                yield from (replace(s, boxed=True) for s in _split(inner, remarks, boxed=True))
            continue
        sides, approximate = _sides(part)
        yield from _statement(sides, approximate, trailing)


def _statement(sides: list[list[Token]], approximate: bool, trailing: bool) -> Iterator[Statement]:
    groups: list[list[list[Token]]] = [[]]
    for k, side in enumerate(sides):
        if side and side[0].kind == "sym" and side[0].text == "!arrow":
            side = side[1:]
            if k + 1 < len(sides) and not (sides[k + 1] and sides[k + 1][0].text == "!arrow"):
                groups.append([])  # the left side of a chain of its own
        if side:
            groups[-1].append(side)
    for group in (group for group in groups if group):
        yield Statement(tuple(tuple(side) for side in group), approximate=approximate, trailing=trailing)


def _has_relation(tokens: list[Token]) -> bool:
    return any(t.text in _RELATIONS and t.kind == "sym" for t in tokens)


def _without_boxes(tokens: list[Token]) -> list[Token]:
    """Bars that a scanner made of a box around a whole equation."""
    if len(tokens) > 4 and tokens[0].text == tokens[-1].text == "|":
        inside = tokens[1:-1]
        if _has_relation(inside) and not any(t.text == "|" for t in inside):
            return inside
    return tokens


def _clauses(tokens: list[Token], remarks: list[str]) -> Iterator[tuple[list[Token], bool]]:
    """Parts between commas, line ends and prose at the outermost level; the flag says "after where"."""
    part: list[Token] = []
    depth, trailing, prose = 0, False, False
    inside_cases = 0
    skipped_to = -1  # the end of a remark in brackets
    skipped = False  # behind \\in, up to the next comma
    for k, token in enumerate(tokens):
        if part and depth == 0 and token.text == "(" and (end := _remark_end(tokens, k)):
            skipped_to = end
        if k <= skipped_to:
            continue
        inside_cases += (token.text == "begin:cases") - (token.text == "end:cases")
        if token.kind == "sym":
            depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        outermost = depth == 0 and not inside_cases
        word = token.text.lower() if token.kind in ("word", "name") else ""
        is_prose = outermost and word in _PROSE and _stands_alone(tokens, k)
        if outermost and word == "identity" and k + 1 < len(tokens) and tokens[k + 1].text == "matrix":
            is_prose = True
        if outermost and word in _MEANINGFUL and (prose or is_word_of_prose(tokens, k)):
            if not trailing:
                raise Unreadable(
                    f"the word {token.text!r} next to the formula may change its meaning", token.text
                )
            remarks.append(token.text)
            is_prose = True
        next_line = token.text == "\\\\" and not _continues(tokens, k)
        if outermost and (
            (token.text in (",", ";") and token.kind == "sym") or next_line or is_prose or word == ":"
        ):
            if part:
                yield part, trailing
            part, skipped = [], False
            trailing = (trailing or word in _TRAILING) and not next_line
            prose = prose or is_prose
        elif token.text == "\\\\" and not inside_cases:
            continue
        elif outermost and token.text == ":" and token.kind == "sym":
            part = []
        elif outermost and token.kind == "cmd" and token.text in _CUTS:
            if part:
                yield part, trailing
            if token.text in ("because", "since"):
                return
            part, skipped = [], True
        elif skipped:
            continue
        else:
            part.append(token)
    if part:
        yield part, trailing


def _remark_end(tokens: list[Token], start: int) -> int:
    """Where ``(column vector)`` ends that begins here; 0 if it is no such remark."""
    end = matching(tokens, start)
    inside = {token.text.lower() for token in tokens[start + 1 : end]}
    return end if "vector" in inside and inside <= _LAYOUT else 0


def is_word_of_prose(tokens: list[Token], k: int) -> bool:
    """Whether a word is used as a word: not as a function or name in a formula."""
    after = tokens[k + 1] if k + 1 < len(tokens) else None
    if tokens[k].text.lower() in ("sum", "mean", "transpose", "times"):
        return not (after is not None and after.kind == "sym" and after.text in ("_", "(", "["))
    return len(tokens[k].text) > 2 or (after is not None and after.kind == "word" and len(after.text) > 2)


def _stands_alone(tokens: list[Token], k: int) -> bool:
    """A word of one letter is prose only between other words."""
    if len(tokens[k].text) > 1:
        return True
    after = tokens[k + 1] if k + 1 < len(tokens) else None
    return after is not None and after.kind == "word" and after.text.lower() in _PROSE | _MEANINGFUL


def _continues(tokens: list[Token], k: int) -> bool:
    """Whether the line after a line break goes on with the same chain."""
    after = tokens[k + 1] if k + 1 < len(tokens) else None
    before = tokens[k - 1] if k else None
    starts = after is not None and (
        after.text in (*_RELATIONS, "+", "-", "*") or after.text in _RELATION_COMMANDS | {"cdot", "circ"}
    )
    ends = before is not None and before.kind == "sym" and before.text in ("=", "+", "-", "*")
    return starts or ends


def _sides(tokens: list[Token]) -> tuple[list[list[Token]], bool]:
    """Sides of a chain; a side after an arrow begins with a marker, for it starts a statement of its own."""
    sides: list[list[Token]] = [[]]
    depth, approximate = 0, False
    while tokens and tokens[-1].kind == "sym" and tokens[-1].text in (".", ",", ";", ":", "\\\\", "?"):
        tokens = tokens[:-1]
    for token in tokens:
        depth += (token.text == "begin:cases") - (token.text == "end:cases")
        if token.kind == "sym":
            depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        relation = (token.kind == "sym" and token.text in _RELATIONS) or (
            token.kind == "cmd" and token.text in _RELATION_COMMANDS
        )
        if relation and depth == 0:
            approximate |= token.text == "approx"
            sides.append([Token("sym", "!arrow")] if token.text in _ARROWS else [])
        else:
            sides[-1].append(token)
    return sides, approximate
