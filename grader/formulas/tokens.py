"""Tokens of the mathematical languages."""

from __future__ import annotations

from dataclasses import dataclass

from grader.formulas.limits import Unreadable


@dataclass(frozen=True, slots=True)
class Token:
    """One token; ``braced`` if it stood alone between braces, ``spaced`` if a space stood before it."""

    kind: str  # word, name, num, ones, cmd, sym
    text: str
    braced: bool = False
    spaced: bool = False


def matching(tokens: list[Token], start: int) -> int:
    """Position of the bracket that closes the one at ``start``.

    Raises:
        Unreadable: it is never closed.
    """
    opening = tokens[start].text
    closing = {"{": "}", "(": ")", "[": "]"}[opening]
    depth = 0
    for position in range(start, len(tokens)):
        if tokens[position].kind == "sym":
            depth += (tokens[position].text == opening) - (tokens[position].text == closing)
            if depth == 0:
                return position
    raise Unreadable(f"{opening!r} is opened and never closed", opening)
