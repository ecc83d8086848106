"""Student macros: ``\\newcommand``, ``\\def`` and ``\\DeclareMathOperator`` written out, within bounds."""

from __future__ import annotations

import re

from grader.formulas.limits import MAX_CHARACTERS, Unreadable

_DEFINITION = re.compile(
    r"\\(?:re)?newcommand\*?\s*\{?\s*\\([A-Za-z]+)\s*\}?\s*(?:\[(\d)\])?\s*(?=\{)"
    r"|\\providecommand\*?\s*\{?\s*\\([A-Za-z]+)\s*\}?\s*(?:\[(\d)\])?\s*(?=\{)"
    r"|\\DeclareMathOperator\*?\s*\{?\s*\\([A-Za-z]+)\s*\}?\s*(?=\{)"
    r"|\\def\s*\\([A-Za-z]+)((?:#\d)*)\s*(?=\{)"
)
# macros of the packages physics, derivative and diffcoeff, and what reports call their own
_DERIVATIVE = re.compile(
    r"\\(?:pdv|pd|pder|pdiff|pdev|pderiv|partiald|parder|partder|pfrac|partialfrac|diffp|dpd|dv|odv|deriv|der|diff|dfdx)"
    r"\s*(?=\{)"
)
_MAX_EXPANSIONS = 200
_MAX_TEXT = 4 * MAX_CHARACTERS
_MAX_MACROS = 60


def expand_macros(text: str) -> str:
    """Text without definitions, every use of a defined macro written out.

    Raises:
        Unreadable: expansion does not end within the bounds (a macro that uses itself).
    """
    if "\\" not in text:
        return text
    text, macros = _definitions(text)
    for _ in range(_MAX_EXPANSIONS):
        found = _first_use(text, macros)
        if found is None:
            return _with_derivatives(text)
        start, end, name = found
        arity, body = macros[name]
        arguments, end = _arguments(text, end, arity)
        body = _filled(body, arguments)
        text = f"{text[:start]}{body} {text[end:]}" if arity == 0 else f"{text[:start]}{{{body}}}{text[end:]}"
        if len(text) > _MAX_TEXT:
            break
    raise _endless()


def _filled(body: str, arguments: list[str]) -> str:
    """The body with its arguments, all put in at once; its length is known before it is made."""
    length = sum(body.count(f"#{k}") * len(argument) for k, argument in enumerate(arguments, start=1))
    if length > _MAX_TEXT:
        raise _endless()
    return re.sub(
        r"#([1-9])",
        lambda place: arguments[int(place[1]) - 1] if int(place[1]) <= len(arguments) else place[0],
        body,
    )


def _endless() -> Unreadable:
    return Unreadable("the macros of this answer do not end; write the formula without them", "\\newcommand")


def _definitions(text: str) -> tuple[str, dict[str, tuple[int, str]]]:
    macros: dict[str, tuple[int, str]] = {}
    while (found := _DEFINITION.search(text)) and len(macros) < _MAX_MACROS:
        new, new_n, provide, provide_n, operator, plain, plain_n = found.groups()
        body, end = group(text, found.end())
        if operator:
            macros[operator] = (0, f"\\operatorname{{{body}}}")
        elif plain:
            macros[plain] = (len(plain_n or "") // 2, body)
        else:
            macros[new or provide] = (int(new_n or provide_n or 0), body)
        text = text[: found.start()] + " " + text[end:]
    return text, macros


def _with_derivatives(text: str) -> str:
    """Text with the derivatives of well-known packages, ``\\pdv{L}{W}``, as fractions."""
    position = 0
    while (found := _DERIVATIVE.search(text, position)) and len(text) <= _MAX_TEXT:
        (top, bottom), end = _arguments(text, found.end(), 2)
        position = found.start()
        if not bottom or text[end - 1] != "}":
            position = found.end()
            continue
        fraction = f"\\frac{{\\partial {top}}}{{\\partial {bottom}}}"
        text = f"{text[:position]}{fraction}{text[end:]}"
    return text


def _first_use(text: str, macros: dict[str, tuple[int, str]]) -> tuple[int, int, str] | None:
    for use in re.finditer(r"\\([A-Za-z]+)", text):
        if use.group(1) in macros:
            return use.start(), use.end(), use.group(1)
    return None


def _arguments(text: str, position: int, count: int) -> tuple[list[str], int]:
    arguments = []
    for _ in range(count):
        while position < len(text) and text[position].isspace():
            position += 1
        if position < len(text) and text[position] == "{":
            argument, position = group(text, position)
        else:
            argument, position = text[position : position + 1], position + 1
        arguments.append(argument)
    return arguments, position


def group(text: str, start: int) -> tuple[str, int]:
    """What stands between the braces that open at ``start``, and where the text goes on after them.

    Raises:
        Unreadable: the brace is never closed.
    """
    depth = 0
    for position in range(start, len(text)):
        if text[position] == "{":
            depth += 1
        elif text[position] == "}":
            depth -= 1
            if depth == 0:
                return text[start + 1 : position], position + 1
    raise Unreadable("a brace is opened and never closed", "{")
