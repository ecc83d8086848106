"""Functions that an answer defines itself: ``dY U(X), where U(x) = ...`` is read with the answer's U.

A derivative may be defined as well, ``dY h'(X)`` with ``h'(x) = ...``; the function in its body is then the
question's own: ``f'(x) = f(x) + alpha`` speaks of Y where Y = f(X) is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from grader.formulas.limits import MAX_TOKENS, FormulaError, Unreadable
from grader.formulas.names import Names
from grader.formulas.statements import Statement, statements
from grader.formulas.tokens import Token, matching

_DEFINITION = re.compile(
    r"\w\}?\s*(?:'|’|′|\^\s*\{?\s*\\prime\s*\}?)?\s*(?:\\left)?\(\s*\w\s*(?:\\right)?\)\s*&?\s*:?="
)
_MOST = 4
_DEFINES = ("=", ":=", "equiv")


@dataclass(frozen=True)
class LocalFunction:
    """The body of a function, in tokens, and the name of its argument in it."""

    argument: str
    body: tuple[Token, ...]


def preparation(text: str, names: Names) -> Callable[[list[Token]], list[Token]]:
    """What is done to the tokens of a formula: the answer's own functions and the question's spellings written out."""
    if not _DEFINITION.search(" ".join(text.split())):  # runs of spaces would take it seconds
        return names.substitute
    try:
        functions = _functions(statements(text, lambda tokens: tokens)[0], names)
    except FormulaError:
        return names.substitute
    return lambda tokens: names.substitute(_written_out(tokens, functions, names))


def _head(tokens: tuple[Token, ...] | list[Token], start: int) -> tuple[str, int]:
    """The name of a function with its prime, ``f'``, where its bracket opens next, and the bracket's place."""
    token = tokens[start]
    if token.kind not in ("word", "name"):
        return "", start
    texts = [t.text for t in tokens[start + 1 : start + 4]]
    for prime in (["'"], ["^", "'"]):
        if texts[: len(prime) + 1] == [*prime, "("]:
            return token.text + "'", start + len(prime) + 1
    return (token.text, start + 1) if texts[:1] == ["("] else ("", start)


def _functions(found: Iterable[Statement], names: Names) -> dict[str, LocalFunction]:
    functions: dict[str, LocalFunction] = {}
    for statement in found:
        first = statement.sides[0]
        if len(statement.sides) < 2 or not first:
            continue
        name, opened = _head(first, 0)
        inside = first[opened + 1 : -1]
        if not name or first[-1].text != ")" or len(inside) != 1 or inside[0].kind not in ("word", "name"):
            continue
        if name.removesuffix("'") not in names.functions and len(functions) < _MOST:
            functions[name] = LocalFunction(inside[0].text, statement.sides[-1])
    return functions


def _written_out(tokens: list[Token], functions: dict[str, LocalFunction], names: Names) -> list[Token]:
    out: list[Token] = []
    position = 0
    while position < len(tokens):
        name, opened = _head(tokens, position)
        if name not in functions:
            out.append(tokens[position])
            position += 1
            continue
        end = matching(tokens, opened)
        argument = tokens[opened + 1 : end]
        after = tokens[end + 1].text if end + 1 < len(tokens) else ""
        if after in _DEFINES:  # the definition: a name of its own, so that it is not taken for the answer
            out.append(Token("name", f"{name}("))
        else:
            out += _applied(name, functions[name], argument, names)
        position = end + 1
        if len(out) > MAX_TOKENS:
            raise Unreadable("this formula is too long")
    return out


def _applied(name: str, function: LocalFunction, argument: list[Token], names: Names) -> list[Token]:
    opened, closed = Token("sym", "("), Token("sym", ")")
    body: list[Token] = []
    position = 0
    while position < len(function.body):
        token = function.body[position]
        called, bracket = _head(function.body, position)
        if called + "'" == name and (given := _given(argument, names)):
            body += given
            position = matching(list(function.body), bracket) + 1
            continue
        body += [opened, *argument, closed] if token.text == function.argument else [token]
        position += 1
    return [opened, *body, closed]


def _given(argument: list[Token], names: Names) -> list[Token]:
    """What the question's own function is at the argument: ``Y_{ij}`` at ``X_{ij}`` where it says Y = f(X)."""
    truth = names.truth
    if truth is None or len(truth.forward) != 1 or not any(t.text == truth.wrt for t in argument):
        return []
    output = truth.forward[0].partition("=")[0].strip()
    if output not in names.known:
        return []
    return [Token("name", output) if t.text == truth.wrt else t for t in argument]
