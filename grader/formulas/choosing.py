"""Which formula of an answer is the answer, what names the others define, and what its left-hand side says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from grader.formulas.cursor import Shared
from grader.formulas.left_sides import leniently, target_of
from grader.formulas.limits import Unreadable
from grader.formulas.names import OWN, Names
from grader.formulas.parser import Parser
from grader.formulas.statements import Statement
from grader.formulas.style import Style
from grader.formulas.tokens import Token
from grader.formulas.tree import Call, Node, Sym, Table

_NUMBERS = ("tr", "det", "norm", "inner")


def choose(
    found: list[Statement], lenient: Names, target: str, strict: bool
) -> tuple[Statement, tuple[str, ...]]:
    """The statement that is the answer: boxed, or about what is asked, or the last equation.

    Raises:
        Unreadable: there are several formulas and nothing says which is the answer.
    """
    boxed = [s for s in found if s.boxed]
    pool = boxed or [s for s in found if not s.trailing or strict] or found
    about = [s for s in pool if len(s.sides) > 1 and target_of(s, lenient) == target]
    if about:
        return about[-1], ()
    if strict:
        raise Unreadable(f"no formula for {_shown(target)} was found", target)
    # an equation for a single unknown name is a definition, used by what follows
    equations = [s for s in pool if len(s.sides) > 1]
    single = [s for s in pool if len(s.sides) == 1]
    single = [s for s in single if leniently(s.sides[0], lenient) != Sym(target)] or single  # "dW is A"
    others = [s for s in equations if not _defines(s, lenient)]
    if others and not single and _concludes(equations[-1], others, found, lenient):
        return _noted(equations[-1], lenient, target)
    if others and not (
        len(single) == 1
        and all(
            _restates(s, lenient) or (single[0] is found[-1] and _is_identity(s, lenient)) for s in others
        )
    ):
        return _noted(others[-1], lenient, target)
    if len(single) > 1:
        marked = [s for s in single if s.final]
        if len(marked) != 1:
            raise Unreadable(
                "there are several formulas; write the left-hand side, or put the final one in \\boxed{...}"
            )
        single = marked
    if single:
        return single[-1], ()
    return _noted((equations or found)[-1], lenient, target)


def _noted(chosen: Statement, lenient: Names, target: str) -> tuple[Statement, tuple[str, ...]]:
    """A statement, and what is odd about its left-hand side."""
    other = target_of(chosen, lenient)
    if not other or not target:
        return chosen, ()
    return chosen, (f"the left-hand side says {_shown(other)}, the question asks for {_shown(target)}",)


def _restates(statement: Statement, lenient: Names) -> bool:
    """Whether an equation only says what a given name or the loss is."""
    first = statement.sides[0][0].text if statement.sides[0] else ""
    return target_of(statement, lenient) in lenient.question.symbols or first in lenient.loss


def _is_identity(statement: Statement, lenient: Names) -> bool:
    """Whether an equation begins with a number made of given names, ``tr(A B) = tr(B A)``: it speaks of no result."""
    node = leniently(statement.sides[0], lenient)
    return isinstance(node, Call) and node.fn in _NUMBERS


def _concludes(last: Statement, others: list[Statement], found: list[Statement], lenient: Names) -> bool:
    """Whether the equation that ends an answer is for a new name that nothing before it comes to."""
    if last is not found[-1] or last.trailing or not (texts := _defines(last, lenient)):
        return False
    return not any(texts[0] in token.text for s in others for token in s.sides[-1])


def _shown(name: str) -> str:
    return f"dL/d{name[1:]}" if name[:1] == "d" and len(name) > 1 else name


def _defines(statement: Statement, lenient: Names) -> tuple[str, ...]:
    """The texts of the unknown name that a statement defines (``G``, ``\\delta_1``), or none."""
    first = _without_description(tuple(t for t in statement.sides[0] if t.text not in "{}"), lenient)
    if len(statement.sides) < 2 or not first:
        return ()
    if first[0].text == "frac" and _is_unknown_derivative(statement.sides[0], lenient):
        return tuple(t.text for t in statement.sides[0])
    if first[0].kind not in ("word", "name"):
        return ()
    texts = tuple(t.text for t in first)
    if _is_known(first[0], len(first) == 1, lenient):
        return ()
    if len(first) == 1:
        return texts
    plain = (
        len(first) <= 5
        and texts[1] == "_"
        and all(t.kind in ("word", "num") or t.text == "," for t in first[2:])
    )
    return texts if plain and texts[0] not in ("sum", "max") else ()


def _without_description(side: tuple[Token, ...], lenient: Names) -> tuple[Token, ...]:
    """A left-hand side without the words that say what its name is: ``residual e``."""
    while (
        len(side) > 1
        and side[0].kind == "word"
        and len(side[0].text) > 3
        and side[1].kind in ("word", "name")
        and lenient.pieces(side[0]) is None
    ):
        side = side[1:]
    return side


def _is_unknown_derivative(side: tuple[Token, ...], lenient: Names) -> bool:
    """Whether a side is a derivative, alone, that the question does not know: ``\\frac{\\partial L}{\\partial Z}``."""
    texts = [token.text for token in side]
    derivative = len(texts) <= 16 and texts.count("partial") == 2 and texts.count("frac") == 1
    if not derivative or texts[1] != "{" or texts[-1] != "}":
        return False
    node, question = leniently(side, lenient), lenient.question
    return node is None or (
        isinstance(node, Sym) and node.name not in {*question.symbols, question.left_side}
    )


def _is_known(token: Token, alone: bool, lenient: Names) -> bool:
    """Whether a left-hand side names what the question knows: not a size, which an answer may use for a matrix."""
    question, name = lenient.question, token.text
    if name in lenient.loss or name in (
        question.left_side,
        *(part.left_side or part.id for part in question.parts),
    ):
        return True
    outputs = {line.partition("=")[0].strip() for line in question.forward} - set(question.symbols)
    if name in outputs or name in lenient.sizes:
        return False
    if name not in lenient.known and alone and lenient.folded(name) in lenient.sizes:
        return False  # D = diag(p) where d is a size
    return name in lenient.known or lenient.pieces(token) is not None


def definitions_of(
    found: list[Statement], chosen: Statement, names: Names, lenient: Names
) -> tuple[dict[str, Node], dict[tuple[str, ...], str]]:
    """Names that the answer itself defines (``G = dL/dY``), with their spellings. At most eight."""
    trees: dict[str, Node] = {}
    spellings: dict[tuple[str, ...], str] = {}
    for statement in found:
        texts = _defines(statement, lenient)
        if statement is chosen or statement.doubt or not texts or len(trees) >= 8:
            continue
        indices = _indices(texts) if texts[1:2] == ("_",) else ()
        if indices:  # U_{ij} = ...: a matrix
            texts = texts[:1]
        spelled = "=" + "".join(texts)
        scope = {index: f"{index}#{spelled}" for index in indices}
        shared = Shared(Style(), dict(trees), renamed=1000 * (len(trees) + 1))
        try:
            tree = Parser(respelled(statement.sides[-1], spellings), names, shared, scope).whole()
        except Unreadable:
            if len(texts) == 1 and texts[0] not in lenient.sizes:
                spellings[texts] = (
                    f"{OWN}{texts[0]}"  # whoever uses the name does not mean what it is elsewhere
                )
            continue
        spellings[texts] = spelled
        trees[spelled] = Table(tuple(scope.values()), tree) if indices else tree
    return trees, spellings


def _indices(texts: tuple[str, ...]) -> tuple[str, ...]:
    """The indices of ``U_{ij}``; none of ``\\delta_1`` and of names with a word as their subscript."""
    letters = tuple(letter for text in texts[2:] for letter in text if letter != ",")
    plain = (
        1 <= len(letters) <= 2 and len(set(letters)) == len(letters) and all("a" <= c <= "z" for c in letters)
    )
    return letters if plain else ()


def respelled(side: tuple[Token, ...], spellings: Mapping[tuple[str, ...], str]) -> list[Token]:
    """Tokens with the answer's own names as one token each, also where they run on (``GX``)."""
    source = list(side)
    out: list[Token] = []
    position = 0
    single = [texts[0] for texts in spellings if len(texts) == 1]
    while position < len(source):
        given = position > 0 and source[position - 1].text in (
            "partial",
            "d",
        )  # the Y of dL/dY is no name of its own
        for texts, name in () if given else spellings.items():
            if tuple(t.text for t in source[position : position + len(texts)]) == texts:
                out.append(Token("name", name))
                position += len(texts)
                break
        else:
            token = source[position]
            begins = [
                name for name in single if not given and token.kind == "word" and token.text.startswith(name)
            ]
            if begins:
                longest = max(begins, key=len)
                out.append(Token("name", spellings[(longest,)]))
                source[position] = replace(token, text=token.text[len(longest) :], spaced=False)
            else:
                out.append(token)
                position += 1
    return out
