"""LaTeX environments: cases stay, layout vanishes, a matrix of ones is ones, any other matrix is refused."""

from __future__ import annotations

from grader.formulas.tokens import Token, matching

_TABLES = ("array", "matrix", "aligned", "split")
WRITTEN_OUT = "entries:"  # before the name of a matrix that is written entry by entry
_BRACED = "braced cases"  # a table behind a large brace


def environments(tokens: list[Token]) -> list[Token]:
    """Environment names become part of one token; layout environments vanish, ``&`` survives in cases alone."""
    out: list[Token] = []
    open_: list[str] = []
    closed = ""
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.kind == "cmd" and token.text in ("begin", "end"):
            name, position = _group_text(tokens, position + 1)
            name = name.rstrip("*")
            if token.text == "begin":
                open_.append(name)
            elif open_:
                closed = open_.pop()
            if token.text == "begin" and name in _TABLES and _opened_by_brace(out):
                del out[-2:]
                open_[-1] = name = _BRACED
                _, position = _group_text(tokens, position)
            elif token.text == "end" and closed == _BRACED:
                name = _BRACED
            if name.endswith("cases") and token.text == "begin" and _is_system(tokens, position):
                open_[-1] = "system"
            elif name.endswith("cases") and token.text == "end" and closed == "system":
                out.append(Token("sym", "\\\\"))
            elif name == "cases" or name.endswith("cases"):
                out.append(Token("cmd", f"{token.text}:cases"))
                if token.text == "end" and closed == _BRACED:
                    position = _after_right(tokens, position)
            elif "matrix" in name or name == "array":
                known = _known_matrix(tokens, position) if token.text == "begin" else []
                out.extend(known or [Token("cmd", f"{WRITTEN_OUT}{name}")])
                if token.text == "begin":
                    _, position = _group_text(tokens, _end_of(tokens, position) + 1)
                    open_.pop()
            elif token.text == "end" and out and out[-1].text != "\\\\":
                out.append(Token("sym", "\\\\"))
            continue
        if not (token.text == "&" and token.kind == "sym" and not any("cases" in name for name in open_)):
            out.append(token)
        position += 1
    return out


def _opened_by_brace(out: list[Token]) -> bool:
    """Whether a large brace stands in front, whose table lists cases."""
    return len(out) > 1 and out[-2].text == "left" and out[-2].kind == "cmd" and out[-1].text == "("


def _after_right(tokens: list[Token], position: int) -> int:
    """Behind the invisible bracket ``\\right.`` that closes a large brace."""
    texts = [token.text for token in tokens[position : position + 2]]
    return position + 2 if texts == ["right", "."] else position


def _is_system(tokens: list[Token], position: int) -> bool:
    """Whether the lines of an environment are equations without conditions."""
    end = next((k for k in range(position, len(tokens)) if tokens[k].text == "end"), len(tokens))
    lines: list[list[str]] = [[]]
    for token in tokens[position:end]:
        if token.text == "\\\\":
            lines.append([])
        else:
            lines[-1].append(token.text)
    plain = {"if", "for", "when", "otherwise", "else"}
    found = [line for line in lines if line]
    return bool(found) and all(
        len(line) > 2 and "=" in line[1:4] and not plain & set(line) and "<" not in line and ">" not in line
        for line in found
    )


def _end_of(tokens: list[Token], position: int) -> int:
    """Where the environment ends that was opened in front of ``position``; the last token if it is never closed."""
    depth = 1
    for k in range(position, len(tokens)):
        if tokens[k].kind == "cmd":
            depth += (tokens[k].text == "begin") - (tokens[k].text == "end")
        if depth == 0:
            return k
    return len(tokens) - 1


def _known_matrix(tokens: list[Token], position: int) -> list[Token]:
    """What the entries of a matrix show: a row or column 1 ... 1, or an identity matrix with dots; else nothing."""
    inner = tokens[position : _end_of(tokens, position)]
    inside = {token.text for token in inner}
    if "1" in inside and inside <= {"1", "&", "\\\\", "ldots"} and not {"&", "\\\\"} <= inside:
        return [Token("ones", "1"), *([] if "\\\\" in inside else [Token("sym", "^"), Token("word", "T")])]
    rows: list[list[str]] = [[""]]
    for token in inner:
        if token.text == "\\\\":
            rows.append([""])
        elif token.text == "&":
            rows[-1].append("")
        else:
            rows[-1][-1] += token.text
    rows = [row for row in rows if row != [""]]
    diagonal = [entry for k, row in enumerate(rows) for entry in row[k : k + 1]]
    others = {entry for k, row in enumerate(rows) for entry in (*row[:k], *row[k + 1 :])}
    square = len(rows) > 2 and all(len(row) <= len(rows) for row in rows)
    if square and set(diagonal) == {"1", "ldots"} and others <= {"0", "", "ldots"} and "0" in others:
        return [Token("word", "I")]
    return []


def _group_text(tokens: list[Token], position: int) -> tuple[str, int]:
    """The letters of a braced group that starts at ``position``, and where the stream goes on."""
    if position >= len(tokens) or tokens[position].text != "{":
        return "", position
    end = matching(tokens, position)
    return "".join(token.text for token in tokens[position + 1 : end]), end + 1
