"""``dY if X > 0, 0 otherwise``: cases that are written in one line, as the cases of LaTeX."""

from __future__ import annotations

from grader.formulas.ones import OnesParser
from grader.formulas.tokens import Token

_IF = frozenset(("if", "for", "when", "where", "whenever"))
_DEFINING = frozenset(("where", "with", "let", "then"))
_ELSE = frozenset(("otherwise", "else", "elsewhere"))
_BETWEEN = frozenset((",", ";", "and", "\\\\", "or"))

Chunk = tuple[str, list[Token]]  # "if", "else", "between", or "formula" with its tokens


def as_cases(tokens: list[Token]) -> list[Token]:
    """The tokens with cases in one line written as an environment; as they are if there are none."""
    start = _start(tokens)
    if start is None:
        return tokens
    chunks = _chunks(tokens[start:])
    branches: list[tuple[list[Token], list[Token]]] = []
    while chunks:
        branch, length = _branch(chunks)
        if branch is None:
            return tokens
        branches.append(branch)
        chunks = chunks[length:]
        while chunks and chunks[0][0] == "between":
            chunks = chunks[1:]
        if branch[1][0].text == "otherwise" and chunks:
            return tokens
    if len(branches) < 2:
        return tokens
    out = [*tokens[:start], Token("cmd", "begin:cases")]
    for value, condition in branches:
        out += [*value, Token("sym", "&"), *condition, Token("sym", "\\\\")]
    return [*out, Token("cmd", "end:cases")]


def _start(tokens: list[Token]) -> int | None:
    """Where the values begin: behind the last = before the first condition; None if there is no condition."""
    start, depth = 0, 0
    for k, token in enumerate(tokens):
        if token.kind == "sym":
            depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        depth += (token.text == "begin:cases") - (token.text == "end:cases")
        if depth:
            continue
        equals = token.text in ("=", ":=") and token.kind == "sym"
        if equals or (token.text.lower() in _DEFINING and _equation_follows(tokens, k)):
            start = k + 1
        elif token.kind == "word" and token.text.lower() in _IF and k > start:
            return start
    return None


def _equation_follows(tokens: list[Token], k: int) -> bool:
    """Whether ``where`` begins a definition, not a condition: an = comes before any other comparison."""
    following = (t.text for t in tokens[k + 1 :] if t.text in ("=", ":=", "<", ">", "<=", ">=", "!="))
    return next(following, "=") in ("=", ":=")


def _chunks(tokens: list[Token]) -> list[Chunk]:
    chunks: list[Chunk] = []
    depth = 0
    while tokens and tokens[-1].text in (".", ",", ";", "\\\\") and tokens[-1].kind == "sym":
        tokens = tokens[:-1]
    for token in tokens:
        if token.kind == "sym":
            depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        text = token.text.lower()
        word = token.kind == "word" and depth == 0
        kind = "if" if word and text in _IF else "else" if word and text in _ELSE else ""
        if not kind and depth == 0 and text in _BETWEEN:
            kind = "between"
        if kind:
            chunks.append((kind, [token]))
        elif chunks and chunks[-1][0] == "formula":
            chunks[-1][1].append(token)
        else:
            chunks.append(("formula", [token]))
    return chunks


def _branch(chunks: list[Chunk]) -> tuple[tuple[list[Token], list[Token]] | None, int]:
    """The value and the condition that the chunks begin with, and how many chunks they are."""
    plain = [(k, kind) for k, (kind, _) in enumerate(chunks) if kind != "between"]
    order = [kind for _, kind in plain[:3]]
    at = [k for k, _ in plain]
    otherwise = [Token("word", "otherwise")]
    if order[:3] == ["formula", "if", "formula"]:
        condition = chunks[at[2]][1]
        if OnesParser.is_condition(condition):
            return (chunks[at[0]][1], condition), at[2] + 1
    if order[:2] == ["formula", "else"]:
        return (chunks[at[0]][1], otherwise), at[1] + 1
    if order[:2] == ["else", "formula"]:
        return (chunks[at[1]][1], otherwise), at[1] + 1
    return None, 0
