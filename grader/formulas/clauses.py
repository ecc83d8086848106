"""Formulas and running text told apart: a formula ends at a comma, at a line end, and at words of prose."""

from __future__ import annotations

from collections.abc import Iterator

from grader.formulas.limits import Unreadable
from grader.formulas.tokens import Token, matching
from grader.formulas.wordlist import words

RELATIONS = {"=", ":=", "->", "=>"}
RELATION_COMMANDS = {"equiv", "approx", "Rightarrow", "rightarrow", "therefore"}
_CUTS = {"in", "forall", "because", "since"}
# words of running text: they end one formula and begin another, and say nothing about what a formula means
_PROSE = words(
    "the a an is are was we get gets have has hence therefore thus so then and where with since because "
    "answer final finally result gives give that which denotes denote here let derivative gradient "
    "respect to wrt becomes become obtain obtained follows from this be can written note our case using "
    "yields yield means now therfore ie eg i.e. its their it by definition we'll simply equal equals "
    "formula matrix vector notation form final compute computed computing desired required implies plug "
    "into substituting simplify simplifies simplified of for find finds found know see shows show choose take both "
    "or oder ou either alternatively equivalently also moreover namely applying apply rewriting collecting"
)
# words that change what a formula next to them means: an answer with one of these is for a person to read
_MEANINGFUL = words(
    "sum sums summed summing mean average averaged over transpose transposed times columns column rows "
    "row elementwise per each product divided minus plus not without except unless batch samples "
    "examples repeated broadcast if when whenever provided assuming wrong incorrect false "
    "scaled multiplied halved doubled negated swapped flipped reversed"
)
_LAYOUT = frozenset(("row", "column", "vector", "a", "as", "the", "form", "notation"))
_TRAILING = frozenset(
    ["where", "with", "since", "because", "here", "note", "denotes", "being", "for", "when"]
)
_CONCLUDING = frozenset(("so", "hence", "thus", "therefore"))
_CONDITIONS = frozenset(("if", "when", "whenever", "for", "provided"))
# those of them that change the value of a formula whatever it is
CHANGING = words(
    "mean average averaged divided minus plus not without except unless wrong incorrect false scaled "
    "multiplied halved doubled negated swapped flipped reversed"
)
_OR = frozenset(("or", "oder", "ou"))
_INEQUALITIES = frozenset(("<", ">", "<=", ">=", "!="))
# what a remark in brackets may speak of: "(elementwise product)"
_REMARKED = words(
    "hadamard element wise entrywise pointwise inverse function heaviside shape chain rule dimension size identity"
)


def clauses(tokens: list[Token], remarks: list[str]) -> Iterator[tuple[list[Token], bool]]:
    """Parts between commas, line ends and prose at the outermost level; the flag says "after where"."""
    part: list[Token] = []
    depth, trailing, prose = 0, False, False
    inside_cases = 0
    skipped_to = -1  # the end of a remark in brackets
    skipped = False  # behind \\in, up to the next comma
    for k, token in enumerate(tokens):
        if part and depth == 0 and token.text in ("(", "[") and (end := _remark_end(tokens, k)):
            skipped_to = end
            remarks.extend(
                t.text for t in tokens[k:end] if t.text.lower() in (_MEANINGFUL - _LAYOUT) | {"x", "times"}
            )
        if k <= skipped_to:
            continue
        inside_cases += (token.text == "begin:cases") - (token.text == "end:cases")
        if token.kind == "sym":
            depth += (token.text in ("(", "[", "{", "<<")) - (token.text in (")", "]", "}", ">>"))
        outermost = depth == 0 and not inside_cases
        word = token.text.lower() if token.kind in ("word", "name") else "or" if token.text == "vee" else ""
        if word and k and tokens[k - 1].text in ("_", "^"):
            word = ""  # a script: \\delta_{is}
        is_prose = outermost and word in _PROSE and _stands_alone(tokens, k)
        if word in _OR and not _equation_follows(tokens[k + 1 :]):
            is_prose = False  # A or B: two answers
        if is_prose and word == "for" and _conditional(tokens[k + 1 :]):
            remarks.append(word)
        if outermost and word == "identity" and k + 1 < len(tokens) and tokens[k + 1].text == "matrix":
            is_prose = True
        if word in _MEANINGFUL and k + 1 < len(tokens) and tokens[k + 1].text == "rule":
            is_prose, word = outermost, ""  # the product rule
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
            trailing = (trailing or word in _TRAILING) and not next_line and word not in _CONCLUDING
            prose = prose or is_prose
        elif token.text == "\\\\" and not inside_cases:
            continue
        elif outermost and token.text == ":" and token.kind == "sym":
            if _is_ratio(part, tokens[k + 1 :]):
                part.append(Token("sym", "/"))
                continue
            if any(t.text in RELATIONS and t.kind == "sym" for t in part):
                if not _is_remark(tokens[k + 1 :]):
                    raise Unreadable("':' may mean a division here; write / or \\frac", ":")
                yield part, trailing  # no label
                trailing = True
            part = []
        elif outermost and token.kind == "cmd" and token.text in _CUTS:
            if part:
                yield part, trailing or (token.text == "in" and _is_one_name(part))
            if token.text in ("because", "since"):
                return
            part, skipped = [], True
        elif skipped:
            continue
        else:
            part.append(token)
    if part:
        yield part, trailing


def _equation_follows(tokens: list[Token]) -> bool:
    """Whether there is an = before the next comma or line end."""
    ends = (k for k, token in enumerate(tokens) if token.text in (",", ";", "\\\\"))
    return any(token.text in RELATIONS for token in tokens[: next(ends, len(tokens))])


def _is_one_name(part: list[Token]) -> bool:
    """Whether a part is one name, perhaps with scripts: in ``\\mathbf{1} \\in R^S`` it is no formula."""
    return part[0].kind in ("word", "name", "ones") and (len(part) == 1 or part[1].text in ("_", "^"))


def _is_ratio(part: list[Token], after: list[Token]) -> bool:
    """``(2^N - 2) : 1``: a ratio, not a label."""
    rest = [t for t in after if t.text not in (".", ",")]
    texts = {t.text for t in part}
    number = len(rest) == 1 and rest[0].kind == "num"
    return number and (
        bool(texts & RELATIONS) or (rest[0].text == "1" and bool(texts & {"^", "+", "-", "/"}))
    )


def _is_remark(after: list[Token]) -> bool:
    """Whether words or a size stand behind the colon of an equation, not a divisor."""
    plain = [t for t in after if t.text not in (".", ",")]
    return not plain or _is_size(plain) or (plain[0].kind == "word" and len(plain[0].text) > 2)


def _conditional(tokens: list[Token]) -> bool:
    """Whether what stands behind ``for`` restricts the formula: ``X > 0``, ``alpha = 1``, but not ``i = 1, ..., n``."""
    found = {token.text for token in tokens}
    index = (
        bool(tokens) and tokens[0].kind == "word" and len(tokens[0].text) == 1 and tokens[0].text.islower()
    )
    return bool(_INEQUALITIES & found) or ("=" in found and not index)


def _remark_end(tokens: list[Token], start: int) -> int:
    """Where ``(column vector)`` or ``(elementwise product)`` ends that begins here; 0 if it is no such remark."""
    end = matching(tokens, start)
    inner = tokens[start + 1 : end]
    inside = {token.text.lower() for token in inner}
    if "vector" in inside and inside <= _LAYOUT:
        return end
    if inner and inner[0].text == "=" and inside & _CONDITIONS:  # (= 2 B x if B is symmetric)
        return end
    if _is_size(inner) and tokens[start].spaced and all(t.text in ",.;" for t in tokens[end + 1 :]):
        return end
    plain = all(t.kind in ("word", "name") or t.text in ("-", ",", ".") for t in inner)
    said = {text for text in inside if len(text) > 2} & (_PROSE | _MEANINGFUL | _REMARKED)
    return end if plain and len(said) >= (1 if tokens[start + 1].kind == "word" else 2) else 0


def _is_size(inner: list[Token]) -> bool:
    """Whether brackets hold a size alone: ``S x M``."""
    sides = [t.text for t in inner[::2]]
    return (
        len(inner) == 3
        and inner[1].text in ("x", "times")
        and all(len(side) == 1 and (side.isupper() or side.isdigit()) for side in sides)
    )


def is_word_of_prose(tokens: list[Token], k: int) -> bool:
    """Whether a word is used as a word: not as a function or name in a formula."""
    after = tokens[k + 1] if k + 1 < len(tokens) else None
    if tokens[k].text.lower() in ("sum", "mean", "transpose", "times"):
        return not (after is not None and after.kind == "sym" and after.text in ("_", "(", "["))
    return (
        len(tokens[k].text) > 2
        or tokens[k].text.lower() == "if"
        or (after is not None and after.kind == "word" and len(after.text) > 2)
    )


def _stands_alone(tokens: list[Token], k: int) -> bool:
    """A word of one letter is prose only between other words; ``where(`` is a function."""
    after = tokens[k + 1] if k + 1 < len(tokens) else None
    if tokens[k].text == "where" and after is not None and after.text == "(" and not after.spaced:
        return False
    if len(tokens[k].text) > 1:
        return True
    return after is not None and after.kind == "word" and after.text.lower() in _PROSE | _MEANINGFUL


def _continues(tokens: list[Token], k: int) -> bool:
    """Whether the line after a line break goes on with the same chain."""
    after = tokens[k + 1] if k + 1 < len(tokens) else None
    before = tokens[k - 1] if k else None
    starts = after is not None and (
        after.text in (*RELATIONS, "+", "-", "*") or after.text in RELATION_COMMANDS | {"cdot", "circ"}
    )
    ends = before is not None and before.kind == "sym" and before.text in ("=", "+", "-", "*")
    return starts or ends
