"""All ways to read one formula, the conventional one first.

A formula is parsed once for every combination of the precedences that it leaves open, and evaluated once for every
meaning of the signs in it that have several. What does not occur is not enumerated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from grader.formulas.cursor import Shared
from grader.formulas.evaluate import Meaning
from grader.formulas.limits import MAX_DEPTH, MAX_NODES, MAX_READINGS, Unreadable
from grader.formulas.names import Names
from grader.formulas.parser import Parser
from grader.formulas.style import Style
from grader.formulas.tokens import Token
from grader.formulas.tree import Bin, Call, Entry, Node, Ones, Sym, Transpose, depth, size, walk

_STYLES = {
    "slash": ("left", "tight"),
    "hadamard": ("left", "tight"),
    "sums": ("term", "wide"),
    "bare_one": ("number", "vector", "starred"),
    "cross": ("name", "times"),
    "delta": ("kronecker", "gradient"),
    "blackboard": ("ones", "identity"),
    "running": ("index", "name"),
    "reach": ("factor", "product"),
}
_MEANINGS = {
    "star": ("matrix", "shape", "elementwise"),
    "ones": ("column", "row", "matrix"),
    "rows": ("column", "row", "side", "side_row"),
    "power": ("matrix", "elementwise"),
    "bars": ("norm", "elementwise"),
}
_SAID = {
    ("slash", "tight"): "a/b c was read as a/(b c)",
    ("hadamard", "tight"): "the matrix product was taken before the elementwise one",
    ("sums", "wide"): "the sum was taken to the end of its bracket",
    ("bare_one", "vector"): "1 was read as the vector of ones",
    ("bare_one", "starred"): "1 was read as the vector of ones",
    ("cross", "times"): "x was read as a multiplication sign",
    ("delta", "gradient"): "δ was read as the upstream gradient",
    ("blackboard", "identity"): "𝕀 was read as the identity matrix",
    ("reach", "product"): "a function was taken of the product that follows it",
    ("ones", "row"): "1 was read as a row of ones",
    ("ones", "matrix"): "1 was read as a matrix of ones",
    ("rows", "row"): "a row of a matrix was read as a row vector",
    ("rows", "side"): "one subscript of a matrix was read as its column",
    ("rows", "side_row"): "one subscript of a matrix was read as its column",
    ("power", "elementwise"): "the power was read element by element",
    ("bars", "elementwise"): "bars were read as absolute values",
}


@dataclass(frozen=True)
class Candidate:
    """One way to read a formula."""

    tree: Node
    meaning: Meaning
    notes: tuple[str, ...]  # how it departs from the conventional reading
    guesses: frozenset[str] = frozenset()  # names that were taken for a declared one
    asks: bool = False  # a reading that a person has to confirm


def candidates(tokens: list[Token], names: Names, definitions: Mapping[str, Node]) -> Iterator[Candidate]:
    """Readings of one formula, at most ``MAX_READINGS``.

    Raises:
        Unreadable: it cannot be parsed in the conventional style.
    """
    first = _parsed(tokens, names, definitions, Style())
    parsed = [(Style(), first)]
    choices = [(name, _STYLES[name]) for name in _STYLES if name in first[1].open_choices]
    for values in list(product(*(options for _, options in choices)))[1:]:
        style = Style(**dict(zip((name for name, _ in choices), values, strict=True)))
        try:
            parsed.append((style, _parsed(tokens, names, definitions, style)))
        except Unreadable:
            continue
    count = 0
    for meaning_number in range(MAX_READINGS):
        alive = False
        for style, (tree, shared) in parsed:
            meanings = _meanings(tree, names)
            if meaning_number >= len(meanings) or count >= MAX_READINGS:
                continue
            alive = True
            count += 1
            meaning = meanings[meaning_number]
            said = _said(style, meaning, shared)
            yield Candidate(tree, meaning, said, frozenset(shared.guesses), asks=style.bare_one == "starred")
        if not alive:
            return


def _parsed(
    tokens: list[Token], names: Names, definitions: Mapping[str, Node], style: Style
) -> tuple[Node, Shared]:
    shared = Shared(style, dict(definitions))
    tree = Parser(tokens, names, shared, {}).whole()
    if size(tree) > MAX_NODES or depth(tree) > 3 * MAX_DEPTH:
        raise Unreadable("this formula is too long")
    return tree, shared


def _meanings(tree: Node, names: Names) -> list[Meaning]:
    present = set()
    for node in walk(tree):
        if isinstance(node, Bin) and node.op in ("star", "outer", "cdot"):
            present.add("star")
        elif isinstance(node, Bin) and node.op == "pow":
            present.add("power")
        elif isinstance(node, Ones) and node.kind == "any":
            present.add("ones")
        elif isinstance(node, Call) and node.fn == "bars":
            present.add("bars")
        elif isinstance(node, Entry) and len(node.subs) == 1 and not _is_vector(node.a, names):
            present.add("rows")
        elif isinstance(node, Transpose) and isinstance(node.a, Ones) and node.a.kind == "any":
            present.add("1^T")  # a vector: who transposes it does not mean a matrix
    options = {**_MEANINGS, "ones": _MEANINGS["ones"][: 2 if "1^T" in present else 3]}
    choices = [(name, options[name]) for name in _MEANINGS if name in present]
    combinations = product(*(options for _, options in choices))
    meanings = [Meaning(**dict(zip((n for n, _ in choices), values, strict=True))) for values in combinations]
    return sorted(meanings, key=lambda m: _distance(m))[:MAX_READINGS]


def _is_vector(node: Node, names: Names) -> bool:
    return isinstance(node, Sym) and names.rank(node.name) < 2


def _distance(meaning: Meaning) -> int:
    return sum(_MEANINGS[name].index(getattr(meaning, name)) for name in _MEANINGS)


def _said(style: Style, meaning: Meaning, shared: Shared) -> tuple[str, ...]:
    said = [_SAID[name, getattr(style, name)] for name in _STYLES if (name, getattr(style, name)) in _SAID]
    said += [
        _SAID[name, getattr(meaning, name)] for name in _MEANINGS if (name, getattr(meaning, name)) in _SAID
    ]
    return tuple(dict.fromkeys([*said, *shared.notes]))
