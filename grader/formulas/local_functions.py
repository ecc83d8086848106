"""Functions that an answer defines itself: ``dY U(X), where U(x) = ...`` is read with the answer's U."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from grader.formulas.limits import MAX_TOKENS, FormulaError, Unreadable
from grader.formulas.names import Names
from grader.formulas.statements import Statement, statements
from grader.formulas.tokens import Token, matching

_DEFINITION = re.compile(r"\w\}?\s*(?:\\left)?\(\s*\w\s*(?:\\right)?\)\s*&?\s*:?=")
_MOST = 4


@dataclass(frozen=True)
class LocalFunction:
    """The body of a function, in tokens, and the name of its argument in it."""

    argument: str
    body: tuple[Token, ...]


def preparation(text: str, names: Names) -> Callable[[list[Token]], list[Token]]:
    """What is done to the tokens of a formula: the answer's own functions and the question's spellings written out."""
    if not _DEFINITION.search(text):
        return names.substitute
    try:
        functions = _functions(statements(text, lambda tokens: tokens)[0], names)
    except FormulaError:
        return names.substitute
    return lambda tokens: names.substitute(_written_out(tokens, functions))


def _functions(found: Iterable[Statement], names: Names) -> dict[str, LocalFunction]:
    functions: dict[str, LocalFunction] = {}
    for statement in found:
        first = statement.sides[0]
        texts = [token.text for token in first]
        if len(statement.sides) < 2 or len(texts) != 4 or texts[1] != "(" or texts[3] != ")":
            continue
        plain = all(first[k].kind in ("word", "name") for k in (0, 2))
        if plain and texts[0] not in names.functions and len(functions) < _MOST:
            functions[texts[0]] = LocalFunction(texts[2], statement.sides[-1])
    return functions


def _written_out(tokens: list[Token], functions: dict[str, LocalFunction]) -> list[Token]:
    out: list[Token] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        called = position + 1 < len(tokens) and tokens[position + 1].text == "(" and token.text in functions
        if not called or token.kind not in ("word", "name"):
            out.append(token)
            position += 1
            continue
        end = matching(tokens, position + 1)
        argument = tokens[position + 2 : end]
        after = tokens[end + 1].text if end + 1 < len(tokens) else ""
        if after in (
            "=",
            ":=",
            "equiv",
        ):  # the definition: a name of its own, so that it is not taken for the answer
            out.append(Token("name", f"{token.text}("))
        else:
            out += _applied(functions[token.text], argument)
        position = end + 1
        if len(out) > MAX_TOKENS:
            raise Unreadable("this formula is too long")
    return out


def _applied(function: LocalFunction, argument: list[Token]) -> list[Token]:
    opened, closed = Token("sym", "("), Token("sym", ")")
    body = [
        part
        for token in function.body
        for part in ([opened, *argument, closed] if token.text == function.argument else [token])
    ]
    return [opened, *body, closed]
