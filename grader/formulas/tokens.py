"""Lexer of the mathematical languages: LaTeX, Unicode and plain ASCII, to one stream of tokens.

Layout is dropped, fonts are unwrapped, accents become names (``\\hat{x}`` is ``xhat``). Nothing is given a meaning
here except that a bold or blackboard 1 is a vector of ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from grader.formulas.limits import MAX_CHARACTERS, MAX_DIGITS, MAX_TOKENS, Unreadable
from grader.formulas.unicode_math import to_latex
from grader.formulas.wordlist import words


@dataclass(frozen=True, slots=True)
class Token:
    """One token; ``braced`` if it stood alone between braces, ``spaced`` if a space stood before it."""

    kind: str  # word, name, num, ones, cmd, sym
    text: str
    braced: bool = False
    spaced: bool = False


GREEK = words(
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho "
    "varrho sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Phi Psi Omega "
    "pi ell"
)
_SAME = {"varepsilon": "epsilon", "varphi": "phi", "vartheta": "theta", "varrho": "rho", "varsigma": "sigma"}
_DROPPED = words(
    "left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr quad qquad displaystyle "
    "textstyle scriptstyle limits nolimits nonumber notag middle hfill newline mathstrut large Large "
    "LARGE small normalsize noindent centering bf it rm cal bfseries itshape allowbreak nobreak hspace "
    "vspace phantom strut par item underset overset bigm Bigm mathopen mathclose mathrel mathbin mathord "
    "ensuremath color"
)
_DROPPED_WITH_GROUP = frozenset(
    ("label", "tag", "hspace", "vspace", "phantom", "textcolor", "color", "cite", "ref", "eqref")
)
_FONTS = words(
    "mathbf mathrm mathit mathsf mathtt mathcal mathscr mathfrak mathbb bm boldsymbol pmb vec textbf "
    "textit textrm textsf texttt emph underline operatorname mathnormal symbf symbfit bold boxed fbox "
    "mbox hbox text textnormal overrightarrow underbrace overbrace mathop cancel mathds bbold mathbbm vv "
    "mat"
)
_TEXT_FONTS = frozenset(
    ("text", "textrm", "mbox", "hbox", "textbf", "textit", "textnormal", "emph", "textsf", "texttt")
)
_ACCENTS = {
    "hat": "hat", "widehat": "hat", "tilde": "tilde", "widetilde": "tilde", "bar": "bar", "overline": "bar",
    "dot": "dot", "check": "check", "breve": "breve",
}  # fmt: skip
_RENAMED = {
    "dfrac": "frac", "tfrac": "frac", "cfrac": "frac", "nicefrac": "frac", "sfrac": "frac", "intercal": "top",
    "transp": "top", "transpose": "top", "trans": "top", "tran": "top", "tp": "top", "lVert": "|", "rVert": "|",
    "Vert": "|", "lvert": "vert", "rvert": "vert", "mid": "vert", "leq": "le", "geq": "ge", "leqslant": "le",
    "geqslant": "ge", "neq": "ne", "lparen": "(", "rparen": ")", "lbrack": "[", "rbrack": "]", "implies": "Rightarrow",
    "iff": "Rightarrow", "Longrightarrow": "Rightarrow", "longrightarrow": "rightarrow", "to": "rightarrow",
    "Leftrightarrow": "Rightarrow", "lbrace": "{lit", "rbrace": "}lit", "dots": "ldots", "cdots": "ldots",
    "vdots": "ldots", "dotsc": "ldots", "dotsb": "ldots", "ddots": "ldots", "colonequals": "equiv", "coloneqq": "equiv",
    "triangleq": "equiv", "ast": "*", "star": "*", "bullet": "odot", "bigodot": "odot", "hadamard": "odot",
    "bigcirc": "circ", "hada": "odot", "oslash": "oslash", "ominus": "-", "lt": "<", "gt": ">", "dd": "partial",
    "dif": "partial", "diff": "partial", "grad": "nabla", "sim": "approx",
}  # fmt: skip
_TO_SYMBOL = {
    "|": "||", "vert": "|", "(": "(", ")": ")", "[": "[", "]": "]", "le": "<=", "ge": ">=", "ne": "!=", "*": "*",
    "-": "-", "<": "<", ">": ">", "{lit": "(", "}lit": ")", "prime": "'",
    "langle": "<<", "rangle": ">>",
}  # fmt: skip
_LEXEME = re.compile(
    r"\\(?P<cmd>[A-Za-z]+)\*?|\\(?P<esc>.)|(?P<num>\d+(?:\.\d+)?(?:[eE][+-]?\d+(?![\w.]))?|\.\d+)|(?P<word>[A-Za-z]+)"
    r"|(?P<sym>\*\*|\.\*|\./|\.\^|->|=>|:=|<=|>=|!=|==|\|\||''|[^\sA-Za-z0-9\\])|(?P<space>\s+)",
    re.DOTALL,
)


def lex(text: str) -> list[Token]:
    """The tokens of one formula.

    Raises:
        Unreadable: too long, or a character that has no meaning in a formula.
    """
    if len(text) > MAX_CHARACTERS:
        raise Unreadable(f"longer than {MAX_CHARACTERS} characters; give the final formula alone")
    tokens = _collapsed(_unwrapped(_environments(_raw(to_latex(text)))))
    if len(tokens) > MAX_TOKENS:
        raise Unreadable(f"more than {MAX_TOKENS} symbols; give the final formula alone")
    return tokens


def _raw(text: str) -> list[Token]:
    text = re.sub(r"(?<!\\)%.*", "", text) if "\\" in text else text
    text = re.sub(r"(?<=\d)(\{,\}|\\,|\\!)(?=\d{3}(?!\d))", "", text)
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
        value = _RENAMED.get(value, value)
        if value in _TO_SYMBOL:
            return Token("sym", _TO_SYMBOL[value])
        if value in GREEK:
            return Token("name", _SAME.get(value, value))
        return Token("cmd", value)
    if value in "~":
        return None
    return Token("sym", {"==": "=", "''": "''"}.get(value, value))


def _environments(tokens: list[Token]) -> list[Token]:
    """Environment names become part of one token; layout environments vanish, ``&`` survives in cases alone."""
    out: list[Token] = []
    open_: list[str] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.kind == "cmd" and token.text in ("begin", "end"):
            name, position = _group_text(tokens, position + 1)
            name = name.rstrip("*")
            if token.text == "begin":
                open_.append(name)
            elif open_:
                open_.pop()
            if name == "cases" or name.endswith("cases"):
                out.append(Token("cmd", f"{token.text}:cases"))
            elif ("matrix" in name or name == "array") and (ones := _ones_matrix(tokens, position)):
                out.extend(ones[0])
                position = ones[1]
                open_.pop()
            elif "matrix" in name or name == "array":
                raise Unreadable(
                    "a matrix written entry by entry is not understood; write it as a product", name
                )
            elif token.text == "end" and out and out[-1].text != "\\\\":
                out.append(Token("sym", "\\\\"))
            continue
        if not (token.text == "&" and token.kind == "sym" and not any("cases" in name for name in open_)):
            out.append(token)
        position += 1
    return out


def _ones_matrix(tokens: list[Token], position: int) -> tuple[list[Token], int] | None:
    """A row or column written as 1 ... 1, and where the stream goes on behind it."""
    end = next((k for k in range(position, len(tokens)) if tokens[k].text == "end"), len(tokens))
    inside = {token.text for token in tokens[position:end]}
    if "1" not in inside or not inside <= {"1", "&", "\\\\", "ldots"} or {"&", "\\\\"} <= inside:
        return None
    _, after = _group_text(tokens, end + 1)
    ones = [Token("ones", "1")]
    return ([*ones, Token("sym", "^"), Token("word", "T")] if "\\\\" not in inside else ones), after


def _group_text(tokens: list[Token], position: int) -> tuple[str, int]:
    """The letters of a braced group that starts at ``position``, and where the stream goes on."""
    if position >= len(tokens) or tokens[position].text != "{":
        return "", position
    end = matching(tokens, position)
    return "".join(token.text for token in tokens[position + 1 : end]), end + 1


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


def _unwrapped(tokens: list[Token], depth: int = 0) -> list[Token]:
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
        elif token.text in _DROPPED_WITH_GROUP:
            position = _after_group(tokens, position)
        elif token.text in _DROPPED:
            if (
                token.text in ("left", "right", "middle")
                and position < len(tokens)
                and tokens[position].text == "."
            ):
                position += 1
        elif token.text in _FONTS:
            inner, position = _argument(tokens, position)
            out.extend(_font(token, inner, out, depth))
        elif token.text in _ACCENTS:
            inner, position = _argument(tokens, position)
            out.extend(_accented(_unwrapped(inner, depth + 1), _ACCENTS[token.text]))
        else:
            out.append(token)
    return out


def _font(token: Token, inner: list[Token], before: list[Token], depth: int) -> list[Token]:
    texts = [t.text for t in inner]
    if texts in (["1"], ["1", "1"]) and token.text not in (
        "mathrm",
        "operatorname",
        "mathit",
        *_TEXT_FONTS,
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
        return [Token("cmd", "boxed"), Token("sym", "{"), *_unwrapped(inner, depth + 1), Token("sym", "}")]
    if (
        (
            (token.text in _TEXT_FONTS or token.text == "operatorname")
            and inner
            and not any(t.spaced for t in inner[1:])
        )
        and all(t.kind in ("word", "num") or t.text in "-_" for t in inner)
        and any(t.kind == "word" for t in inner)
    ):
        kind = "word" if len(inner) == 1 else "name"
        return [Token(kind, "".join(t for t in texts if t not in "-_"), braced=True, spaced=True)]
    unwrapped = _unwrapped(inner, depth + 1)
    if before and before[-1].text in ("_", "^") and before[-1].kind == "sym":
        return [Token("sym", "{"), *unwrapped, Token("sym", "}")]
    return [replace(unwrapped[0], spaced=True), *unwrapped[1:]] if unwrapped else []


def _accented(inner: list[Token], accent: str) -> list[Token]:
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
    if token.kind == "cmd" and token.text in (*_FONTS, *_ACCENTS):
        inner, after = _argument(tokens, position + 1)
        return [token, Token("sym", "{"), *inner, Token("sym", "}")], after
    return [token], position + 1


def _after_group(tokens: list[Token], position: int) -> int:
    if position < len(tokens) and tokens[position].text == "{":
        return matching(tokens, position) + 1
    return position


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
            if len(out) > 1 and out[-2].text == "{" and out[-2].kind == "sym" and out[-1].kind != "cmd":
                last = out.pop()
                out[-1] = replace(last, braced=True, spaced=out[-1].spaced)
                continue
        out.append(token)
    return out
