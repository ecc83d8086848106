"""One-step changes of a formula: if one of them makes a wrong answer right, it names what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from grader.formulas.names import Names
from grader.formulas.tree import (
    Apply,
    Bin,
    Call,
    Entry,
    Neg,
    Node,
    Num,
    Ones,
    Sum,
    Sym,
    Transpose,
    children,
    rebuilt,
)  # fmt: skip

_MATRIX = ("matmul", "@")
_ELEMENTWISE = ("hadamard", "np*")
_EITHER = ("star", "cdot", "outer")


@dataclass(frozen=True)
class Repair:
    """A changed formula and the fault that the change would undo."""

    tree: Node
    reason: str  # W1xx
    message: str


def repairs(tree: Node, names: Names, given: Iterable[str]) -> Iterator[Repair]:
    """All one-step changes of a formula, likely faults first."""
    usable = [name for name in given if name not in names.hidden]
    for order in (
        _indices,
        _signs_and_transposes,
        _products,
        partial(_functions, sorted(names.functions)),
        _symbols(usable, names),
        _terms,
        _numbers,
    ):
        yield from _everywhere(tree, order, lambda changed: changed)


def _everywhere(node: Node, change: object, wrap: object) -> Iterator[Repair]:
    for new, reason, message in change(node):  # type: ignore[operator]
        yield Repair(wrap(new), reason, message)  # type: ignore[operator]
    for position, child in enumerate(list(children(node))):

        def inside(new: Node, position: int = position) -> Node:
            return wrap(_with_child(node, position, new))  # type: ignore[operator, no-any-return]

        yield from _everywhere(child, change, inside)


def _with_child(node: Node, position: int, new: Node) -> Node:
    counter = iter(range(10_000))
    return rebuilt(node, lambda child: new if next(counter) == position else child)


_Change = Iterator[tuple[Node, str, str]]


def _signs_and_transposes(node: Node) -> _Change:
    if isinstance(node, Transpose):
        yield node.a, "W104", "a transpose is in the wrong place"
    elif isinstance(node, (Sym, Call, Apply)) or (
        isinstance(node, Bin) and node.op in (*_MATRIX, *_ELEMENTWISE, "+", "-")
    ):
        yield Transpose(node), "W104", "a transpose is missing"
    if isinstance(node, Bin) and node.op in ("+", "-", "np+", "np-"):
        yield (
            replace(node, op={"+": "-", "-": "+", "np+": "np-", "np-": "np+"}[node.op]),
            "W103",
            "a sign is wrong",
        )
    if isinstance(node, Neg):
        yield node.a, "W103", "a sign is wrong"
    elif isinstance(node, Bin) and node.op in (*_MATRIX, *_ELEMENTWISE, *_EITHER, "/", "np/"):
        yield Neg(node), "W103", "a sign is wrong"


def _products(node: Node) -> _Change:
    if not isinstance(node, Bin):
        return
    code = node.op in ("@", "np*")
    if node.op in (*_MATRIX, *_EITHER):
        yield (
            replace(node, op="np*" if code else "hadamard"),
            "W107",
            "a matrix product stands where an elementwise product is needed",
        )
        yield (
            replace(node, a=node.b, b=node.a),
            "W104",
            "the factors of a matrix product are in the wrong order",
        )
        yield (
            replace(node, a=Transpose(node.b), b=Transpose(node.a)),
            "W104",
            "factors and transposes are in the wrong order",
        )
        for a, b in ((Transpose(node.a), node.b), (node.a, Transpose(node.b))):
            yield (
                replace(node, a=_plain(b), b=_plain(a)),
                "W104",
                "the order of the factors and a transpose are wrong",
            )
    if node.op in (*_ELEMENTWISE, *_EITHER):
        op = "@" if code else "matmul"
        yield replace(node, op=op), "W106", "an elementwise product stands where a matrix product is needed"
        yield (
            replace(node, op=op, a=_plain(Transpose(node.a))),
            "W106",
            ("an elementwise product stands where a matrix product (with a transpose) is needed"),
        )
        yield (
            replace(node, op=op, b=_plain(Transpose(node.b))),
            "W106",
            ("an elementwise product stands where a matrix product (with a transpose) is needed"),
        )
        yield (
            Bin("np/" if code else "/", node.a, node.b),
            "W109",
            "a product stands where a quotient is needed",
        )
    if node.op in ("/", "np/"):
        yield (
            replace(node, op="np*" if node.op == "np/" else "hadamard"),
            "W109",
            "a quotient stands where a product is needed",
        )
        yield replace(node, a=node.b, b=node.a), "W109", "a quotient is upside down"


def _plain(node: Node) -> Node:
    return node.a.a if isinstance(node, Transpose) and isinstance(node.a, Transpose) else node


def _functions(functions: Iterable[str], node: Node) -> _Change:
    if isinstance(node, Apply):
        what = "the function itself stands where its derivative is needed"
        other = "the derivative stands where the function itself is needed"
        yield replace(node, order=1 - node.order), "W115", what if node.order == 0 else other
    if isinstance(node, Call) and len(node.args) == 1:
        yield node.args[0], "W109", f"{node.fn.removeprefix('np.')} is applied where it does not belong"
    if isinstance(node, Sym):
        for name in functions:
            yield Apply(name, 1, node), "W115", f"the derivative of {name} is missing"
        for name in ("log", "exp", "sqrt"):
            yield Call(name, (node,)), "W109", f"{name} is missing at {node.name}"
        yield Bin("hpow", node, Num(2.0)), "W109", f"a square is missing at {node.name}"


def _symbols(usable: list[str], names: Names) -> object:
    def change(node: Node) -> _Change:
        if not isinstance(node, Sym):
            return
        for name in usable:
            if name != node.name:
                yield Sym(name), "W109", f"{_shown(node.name)} stands where another symbol is needed"
                if len(names.shapes.get(name, ())) == 2:
                    yield (
                        Transpose(Sym(name)),
                        "W109",
                        f"{_shown(node.name)} stands where another symbol is needed",
                    )

    return change


def _shown(name: str) -> str:
    return f"dL/d{name[1:]}" if name[0] == "d" and len(name) > 1 and name[1].isupper() else name


def _indices(node: Node) -> _Change:
    if isinstance(node, Entry) and len(node.subs) == 2:
        yield replace(node, subs=node.subs[::-1]), "W104", "the subscripts of an entry are in the wrong order"
    if isinstance(node, Sum):
        yield node.body, "W114", f"the sum over {node.index.partition('#')[0]} does not belong there"
    if isinstance(node, Call) and node.fn == "np.sum":
        options = dict(node.options)
        for axis in (0, 1):
            if options.get("axis") != axis:
                changed = tuple({**options, "axis": axis, "keepdims": options.get("keepdims", True)}.items())
                yield (
                    replace(node, args=node.args[:1], options=changed),
                    "W105",
                    "the sum runs over the wrong axis",
                )
    if isinstance(node, Call) and node.fn == "np.mean":
        yield replace(node, fn="np.sum"), "W102", "a mean stands where a sum is needed"
    if isinstance(node, Call) and node.fn == "np.amax":
        yield replace(node, fn="np.sum"), "W109", "a maximum stands where a sum is needed"


def _terms(node: Node) -> _Change:
    if not isinstance(node, Bin):
        return
    for kept, dropped in ((node.a, node.b), (node.b, node.a)):
        if node.op in ("+", "-", "np+", "np-"):
            yield kept, "W114", "there is a term too many"
        elif node.op in (*_MATRIX, *_ELEMENTWISE, *_EITHER, "/", "np/") and not isinstance(
            dropped, (Num, Ones)
        ):
            yield kept, "W114", "there is a factor too many"


def _numbers(node: Node) -> _Change:
    if isinstance(node, Num):
        for value in (node.value + 1, node.value - 1, 2 * node.value, node.value / 2, -node.value):
            if value != node.value:
                yield Num(value), "W109", f"the number {node.value:g} should be another one"
    elif isinstance(node, Sym):
        for delta in (1.0, -1.0):
            yield Bin("+", node, Num(delta)), "W109", f"{node.name} should be larger or smaller by one"
