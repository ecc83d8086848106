"""Fonts, accents and layout commands resolved: a bold or blackboard 1 is a vector of ones, ``\\hat{x}`` is ``xhat``."""

from __future__ import annotations

from dataclasses import replace

from grader.formulas.latex_commands import ACCENTS, DROPPED, DROPPED_WITH_GROUP, FONTS, TEXT_FONTS
from grader.formulas.limits import Unreadable
from grader.formulas.tokens import Token, matching


def unwrapped(tokens: list[Token], depth: int = 0) -> list[Token]:
    """Fonts, accents and layout commands resolved."""
    if depth > 30:
        raise Unreadable("nested too deeply")
    out: list[Token] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        position += 1
        if token.kind != "cmd":
            out.append(token)
        elif token.text in DROPPED_WITH_GROUP:
            position = _after_group(tokens, position)
            if (
                token.text in ("textcolor", "colorbox")
                and position < len(tokens)
                and tokens[position].text == "{"
            ):
                inner, position = _argument(tokens, position)  # what is coloured
                out.extend(_grouped(unwrapped(inner, depth + 1), out))
        elif token.text in DROPPED:
            if (
                token.text in ("left", "right", "middle")
                and position < len(tokens)
                and tokens[position].text == "."
            ):
                position += 1
        elif token.text in ("overset", "underset", "stackrel"):  # what stands above or below is a remark
            _, position = _argument(tokens, position)
            base, _ = _argument(list(tokens), position)
            if any(t.kind in ("word", "name", "num") for t in base):
                raise Unreadable(f"\\{token.text} at a name is not understood", token.text)
        elif token.text in FONTS:
            inner, position = _argument(tokens, position)
            if (
                token.text in ("underbrace", "overbrace")
                and position < len(tokens)
                and tokens[position].text in ("_", "^")
            ):
                _, position = _argument(tokens, position + 1)
            out.extend(_font(token, inner, out, depth))
        elif token.text in ACCENTS:
            inner, position = _argument(tokens, position)
            out.extend(_accented(unwrapped(inner, depth + 1), ACCENTS[token.text]))
        else:
            out.append(token)
    return out


def _font(token: Token, inner: list[Token], before: list[Token], depth: int) -> list[Token]:
    texts = [t.text for t in inner]
    if texts in (["1"], ["1", "1"]) and token.text not in (
        "mathrm",
        "operatorname",
        "mathit",
        *TEXT_FONTS,
        "boxed",
    ):
        return [Token("ones", "1", spaced=token.spaced)]
    if texts == ["0"] and token.text in ("mathbf", "bm", "boldsymbol", "vec"):
        return [Token("ones", "0", spaced=token.spaced)]
    if texts == ["I"] and token.text in ("mathbb", "mathds"):
        return [Token("name", "Indicator", spaced=token.spaced)]
    if texts == ["E"] and token.text in ("mathbb", "mathds"):
        return [Token("name", "Expectation", spaced=token.spaced)]
    if token.text in ("boxed", "fbox"):
        return [Token("cmd", "boxed"), Token("sym", "{"), *unwrapped(inner, depth + 1), Token("sym", "}")]
    if (
        (
            (token.text in TEXT_FONTS or token.text == "operatorname")
            and inner
            and not any(t.spaced for t in inner[1:])
        )
        and all(t.kind in ("word", "num") or t.text in "-_" for t in inner)
        and any(t.kind == "word" for t in inner)
    ):
        kind = "word" if len(inner) == 1 else "name"
        return [Token(kind, "".join(t for t in texts if t not in "-_"), braced=True, spaced=True)]
    plain = _grouped(unwrapped(inner, depth + 1), before)
    if plain and plain[0].text == "{":
        return plain
    return [replace(plain[0], spaced=True), *plain[1:]] if plain else []


def _grouped(plain: list[Token], before: list[Token]) -> list[Token]:
    """Unwrapped tokens, in braces where they are a script."""
    if before and before[-1].text in ("_", "^") and before[-1].kind == "sym":
        return [Token("sym", "{"), *plain, Token("sym", "}")]
    return plain


def _accented(inner: list[Token], accent: str) -> list[Token]:
    if (
        accent == "bar"
        and len(inner) > 1
        and inner[1].kind in ("cmd", "sym")
        and inner[1].text not in ("_", "^")
    ):
        return [Token("name", "mean"), Token("sym", "("), *inner, Token("sym", ")")]
    inner = [token for token in inner if token.text not in "{}"]
    if not inner or inner[0].kind not in ("word", "name"):
        raise Unreadable(f"a {accent} over something that is not a name", accent)
    first, rest = inner[0].text, inner[1:]
    if len(first) > 1 and inner[0].kind == "word":
        raise Unreadable(f"a {accent} over more than one letter", first)
    return [Token("name", first + accent, spaced=inner[0].spaced), *rest]


def _argument(tokens: list[Token], position: int) -> tuple[list[Token], int]:
    """The argument of a command: a braced group, or the next token (one letter of a word)."""
    if position >= len(tokens):
        return [], position
    token = tokens[position]
    if token.text == "{" and token.kind == "sym":
        end = matching(tokens, position)
        return tokens[position + 1 : end], end + 1
    if token.kind == "word" and len(token.text) > 1:
        tokens[position] = replace(token, text=token.text[1:], spaced=False)
        return [replace(token, text=token.text[0])], position
    if token.kind == "cmd" and token.text in (*FONTS, *ACCENTS):
        inner, after = _argument(tokens, position + 1)
        return [token, Token("sym", "{"), *inner, Token("sym", "}")], after
    return [token], position + 1


def _after_group(tokens: list[Token], position: int) -> int:
    if position < len(tokens) and tokens[position].text == "{":
        return matching(tokens, position) + 1
    return position
