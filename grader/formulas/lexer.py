"""Lexer of the mathematical languages: LaTeX, Unicode and plain ASCII, to one stream of tokens.

Layout is dropped, fonts are unwrapped, accents become names (``\\hat{x}`` is ``xhat``). Nothing is given a meaning
here except that a bold or blackboard 1 is a vector of ones.
"""

from __future__ import annotations

import re
from dataclasses import replace

from grader.formulas.environments import environments
from grader.formulas.fonts import unwrapped
from grader.formulas.latex_commands import GREEK, RENAMED, SAME, TO_SYMBOL
from grader.formulas.limits import MAX_CHARACTERS, MAX_DIGITS, MAX_TOKENS, Unreadable
from grader.formulas.tokens import Token, matching
from grader.formulas.unicode_math import to_latex

_RELATIONS = ("=", ":=", "->", "=>", "equiv", "approx", "Rightarrow", "rightarrow", "therefore")
_ENDS = ("quad", "Rightarrow", "rightarrow", "therefore", "begin:cases", "end:cases")
_LEXEME = re.compile(
    r"\\(?P<cmd>[A-Za-z]+)\*?|\\(?P<esc>.)|(?P<num>\d+(?:\.\d+)?(?:[eE][+-]?\d+(?![\w.]))?|\.\d+)|(?P<word>[A-Za-z]+)"
    r"|(?P<sym>\*\*|\.\*|\./|\.'|\.\^|->|=>|:=|<=|>=|!=|==|\|\||''|[^\sA-Za-z0-9\\])|(?P<space>\s+)",
    re.DOTALL,
)


def lex(text: str) -> list[Token]:
    """The tokens of one formula.

    Raises:
        Unreadable: too long, or a character that has no meaning in a formula.
    """
    if len(text) > MAX_CHARACTERS:
        raise Unreadable(f"longer than {MAX_CHARACTERS} characters; give the final formula alone")
    tokens = _collapsed(_without_quads(unwrapped(environments(_raw(to_latex(text))))))
    if len(tokens) > MAX_TOKENS:
        raise Unreadable(f"more than {MAX_TOKENS} symbols; give the final formula alone")
    return tokens


def _raw(text: str) -> list[Token]:
    text = re.sub(r"(?<!\\)%.*", "", text) if "\\" in text else text
    text = re.sub(r"\\\\\s*\[-?[\d.]+\s*(?:em|ex|pt|mm|cm|\\\w+)\]", r"\\\\ ", text)
    text = re.sub(r"\\(?:mkern|mskip|kern|hskip)\s*-?[\d.]+\s*(?:mu|em|ex|pt|mm|cm)\b", " ", text)
    text = re.sub(r"(?<=\d)(\{,\}|\\,|\\!|\\ )(?=\d{3}(?!\d))", "", text)
    if re.fullmatch(r"[\s$]*\d{1,3}( \d{3})+[\s$.]*", text):
        text = text.replace(" ", "")
    text = re.sub(
        r"(?<![\d.])(\d{1,3})((?:,\d{3})+)(?![\d.])", lambda m: m.group(1) + m.group(2).replace(",", ""), text
    )
    tokens: list[Token] = []
    spaced = False
    position = 0
    while position < len(text):
        found = _LEXEME.match(text, position)
        if found is None:
            raise Unreadable(f"the character {text[position]!r} has no meaning here", text[position])
        end = found.end()
        kind = found.lastgroup or ""
        value = found.group(kind)
        if kind == "num":
            if len(value) > MAX_DIGITS:
                raise Unreadable(f"the number {value[:20]} is too long", value[:20])
            if _inside_frac(tokens) and not spaced:  # \frac12 takes one digit at a time
                value, end = value[0], position + 1
        if kind == "space":
            spaced = True
        elif (token := _token(kind, value)) is not None:
            tokens.append(replace(token, spaced=spaced))
            spaced = False
        position = end
        if len(tokens) > 4 * MAX_TOKENS:
            raise Unreadable(f"more than {MAX_TOKENS} symbols; give the final formula alone")
    return tokens


def _inside_frac(tokens: list[Token]) -> bool:
    if tokens and tokens[-1] == Token("cmd", "frac", spaced=tokens[-1].spaced):
        return True
    return (
        len(tokens) > 1
        and tokens[-2].text == "frac"
        and tokens[-2].kind == "cmd"
        and tokens[-1].kind == "num"
    )


def _token(kind: str, value: str) -> Token | None:
    if kind == "word":
        return Token("word", value)
    if kind == "num":
        return Token("num", value)
    if kind == "esc":
        if value in ",;:! >/\n\t":
            return None
        return Token("sym", {"|": "||", "{": "(", "}": ")", "\\": "\\\\", "_": "_"}.get(value, value))
    if kind == "cmd":
        value = RENAMED.get(value, value)
        if value in TO_SYMBOL:
            return Token("sym", TO_SYMBOL[value])
        if value in GREEK:
            return Token("name", SAME.get(value, value))
        return Token("cmd", value)
    if value in "~":
        return None
    return Token("sym", {"==": "=", ".'": "'"}.get(value, value))


def _without_quads(tokens: list[Token]) -> list[Token]:
    """Wide spaces dropped; a semicolon where one stands between two equations: ``A = B \\qquad C = D``."""
    out: list[Token] = []
    for k, token in enumerate(tokens):
        if token.kind != "cmd" or token.text != "quad":
            out.append(token)
        elif _has_equation(out[::-1]) and _has_equation(tokens[k + 1 :]):
            out.append(Token("sym", ";"))
    return out


def _has_equation(tokens: list[Token]) -> bool:
    """Whether something and then an equals sign come before the next separator, on the outermost level."""
    depth = 0
    for k, token in enumerate(tokens):
        if token.text in _RELATIONS and k == 0:
            return False
        if token.kind == "sym":
            depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        if depth == 0 and token.text == "=":
            return True
        if depth == 0 and (token.text in (",", ";", "\\\\") or (token.kind == "cmd" and token.text in _ENDS)):
            return False
    return False


def _script_opening(out: list[Token]) -> int | None:
    """Where a superscript such as ``{(1)T`` or ``{[l-1]\\top`` opens that is about to be closed."""
    if len(out) < 5 or out[-1].text not in ("T", "top") or out[-2].text not in (")", "]"):
        return None
    for k in range(len(out) - 1, 0, -1):
        if out[k].text == "{" and out[k].kind == "sym":
            starts = out[k - 1].text == "^" and out[k + 1].text in ("(", "[")
            return k if starts and matching(out, k + 1) == len(out) - 2 else None
    return None


def _split_script(out: list[Token], opened: int) -> list[Token]:
    """``^{(1)T}`` as two superscripts: ``^{(1)}^T``."""
    return [*out[:-1], Token("sym", "}"), Token("sym", "^"), replace(out[-1], braced=True)]


def _collapsed(tokens: list[Token]) -> list[Token]:
    """A group of one token is that token; empty groups vanish."""
    out: list[Token] = []
    for token in tokens:
        if token.text == "}" and token.kind == "sym":
            if out and out[-1].text == "{":
                out.pop()
                continue
            if (opened := _script_opening(out)) is not None:
                out = _split_script(out, opened)
                continue
            plain = bool(out) and (out[-1].kind != "cmd" or out[-1].text in ("max", "min"))
            if len(out) > 1 and out[-2].text == "{" and out[-2].kind == "sym" and plain:
                last = out.pop()
                out[-1] = replace(last, braced=True, spaced=out[-1].spaced)
                continue
        out.append(token)
    return out
