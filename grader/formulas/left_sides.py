"""The left-hand side of an answer: what it is about, its subscripts, and what it says beside the name."""

from __future__ import annotations

from collections.abc import Callable

from grader.formulas.cursor import Shared
from grader.formulas.limits import FormulaError, Unreadable
from grader.formulas.names import Names
from grader.formulas.parser import Parser
from grader.formulas.statements import Statement
from grader.formulas.style import Style
from grader.formulas.tokens import Token
from grader.formulas.tree import Bin, Entry, Neg, Node, Num, Shifted, Sym, Transpose, walk

Change = Callable[[Node], Node]  # of the right-hand side

_PRODUCTS = ("matmul", "star", "cdot", "hadamard")


def target_of(statement: Statement, lenient: Names) -> str:
    """The name that a chain is about: the first of its sides that is a name alone."""
    for side in statement.sides[:-1]:
        node = leniently(side, lenient)
        if isinstance(node, (Entry, Shifted)):
            node = node.a
        if isinstance(node, Sym):
            return node.name
    return ""


def is_name(side: tuple[Token, ...], lenient: Names) -> bool:
    return isinstance(leniently(side, lenient), (Sym, Entry, Shifted))


def can_be_read(side: tuple[Token, ...], lenient: Names) -> bool:
    """Whether a side is a formula of known names."""
    return leniently(side, lenient) is not None


def leniently(side: tuple[Token, ...], lenient: Names) -> Node | None:
    try:
        return Parser(list(side), lenient, Shared(Style()), {}).whole()
    except (FormulaError, RecursionError):
        return None


def left_subscripts(statement: Statement, lenient: Names) -> tuple[str, ...]:
    """Subscripts of the left-hand side: of a side that is an entry of a name, or of the first side whatever it is."""
    entries = [node for side in statement.sides[:-1] if isinstance(node := leniently(side, lenient), Entry)]
    if (named := next((node for node in entries if is_plain(node)), None)) is not None:
        subs = tuple(str(sub) for sub in named.subs)
        return subs[::-1] if isinstance(named.a, Transpose) else subs
    first = statement.sides[0] if len(statement.sides) > 1 else ()
    groups = _subscript_groups(first) if "sum" not in [t.text for t in first] else []
    used = {letter for group in _subscript_groups(statement.sides[-1]) for letter in group}
    left = tuple(dict.fromkeys(letter for group in groups for letter in group))
    if left and set(left) <= used:
        return left
    return tuple(str(sub) for sub in entries[0].subs) if entries else ()


def _subscript_groups(side: tuple[Token, ...]) -> list[tuple[str, ...]]:
    """Letters of every subscript of a side, also of one that is no name: ``[\\partial x^T B x / \\partial x]_k``."""
    texts = [token.text for token in side]
    groups = []
    for k in (k for k, text in enumerate(texts) if text == "_"):
        after = texts[k + 1 :]
        group = after[1 : after.index("}")] if after[:1] == ["{"] and "}" in after else after[:1]
        letters = tuple(letter for text in group for letter in text if letter not in ",; ()")
        if all("a" <= letter <= "z" for letter in letters):
            groups.append(letters)
    return groups


def solved_for(target: str, statement: Statement, lenient: Names) -> Change | None:
    """How the right-hand side becomes what is asked, where the left one says more than its name: ``dW^T = A``.

    Raises:
        Unreadable: the left-hand side cannot be solved for it, or a side in the middle of the chain has it as a part.
    """
    for k, side in enumerate(statement.sides[:-1]):
        node = leniently(side, lenient)
        if node is None:
            if k == 0 and _says_more(side):
                shown = "".join(token.text for token in side)
                raise Unreadable(f"the left-hand side {shown} is not understood", shown)
            continue
        if is_plain(node) or not any(isinstance(part, Sym) and part.name == target for part in walk(node)):
            continue
        if k:
            raise Unreadable("what is asked stands within a formula for it", target)
        return None if _is_call(node, target) else _inverse(node, target, lenient)
    return None


def goes_on(target: str, later: Statement, lenient: Names) -> bool:
    """Whether a later formula, which has no left-hand side, is made of what is asked: ``dW / S``."""
    node = leniently(later.sides[0], lenient) if len(later.sides) == 1 and not later.trailing else None
    if node is None or is_plain(node):
        return False
    return any(isinstance(part, Sym) and part.name == target for part in walk(node))


def is_plain(node: Node | None) -> bool:
    """Whether a side is a name, or its entries."""
    if isinstance(node, Shifted):
        node = node.a
    elif isinstance(node, Entry):
        node = node.a.a if isinstance(node.a, Transpose) else node.a
    return isinstance(node, Sym)


def _is_call(node: Node, target: str) -> bool:
    """``J(w)`` is the name J with its argument."""
    return isinstance(node, Bin) and node.op == "matmul" and isinstance(node.a, Sym) and node.a.name == target


def _says_more(side: tuple[Token, ...]) -> bool:
    """Whether a side of unknown names has a sign, a factor or a transpose: ``2 g``, ``g^T``."""
    texts = [token.text for token in side]
    return (
        side[0].kind == "num"
        or texts[0] == "-"
        or (len(side) < 6 and texts[-2:] in (["^", "T"], ["^", "top"]))
    )


def _inverse(node: Node, target: str, lenient: Names) -> Change:
    if is_plain(node):
        return lambda right: right
    if isinstance(node, Neg):
        inner = _inverse(node.a, target, lenient)
        return lambda right: inner(Neg(right))
    if isinstance(node, Transpose):
        inner = _inverse(node.a, target, lenient)
        return lambda right: inner(Transpose(right))
    if isinstance(node, Bin) and node.op == "/" and _is_number(factor := node.b, lenient):
        inner = _inverse(node.a, target, lenient)
        return lambda right: inner(Bin("matmul", factor, right))
    if isinstance(node, Bin) and node.op in _PRODUCTS and _is_number(divisor := node.a, lenient):
        inner = _inverse(node.b, target, lenient)
        return lambda right: inner(Bin("/", right, divisor))
    raise Unreadable("the left-hand side is more than what is asked; solve for it", target)


def _is_number(node: Node, lenient: Names) -> bool:
    parts = list(walk(node))
    known = all(isinstance(part, (Num, Neg, Bin, Sym)) for part in parts)
    return known and not any(lenient.shapes.get(part.name) for part in parts if isinstance(part, Sym))
