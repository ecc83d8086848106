"""The tree of a formula: what an answer says, in whichever language it was written.

Nodes are immutable. ``star`` products and ``Ones`` of kind ``any`` can mean more than one thing; ``readings``
replaces them before anything is evaluated. Code (the NumPy dialect) uses the same nodes with the operators
``@``, ``np*`` and ``np/``, which have NumPy's meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace


@dataclass(frozen=True, slots=True)
class Node:
    """Base of all nodes."""


@dataclass(frozen=True, slots=True)
class Num(Node):
    """A number."""

    value: float


@dataclass(frozen=True, slots=True)
class Sym(Node):
    """A declared symbol or size."""

    name: str


@dataclass(frozen=True, slots=True)
class Ones(Node):
    """A vector or matrix of ones (``fill`` 0: of zeros). A size of None fits whatever it meets."""

    kind: str = "any"  # any, column, row, matrix
    rows: Node | None = None
    cols: Node | None = None
    fill: float = 1.0


@dataclass(frozen=True, slots=True)
class Eye(Node):
    """The identity matrix; a size of None fits whatever it meets."""

    size: Node | None = None


@dataclass(frozen=True, slots=True)
class Neg(Node):
    """The negative."""

    a: Node


@dataclass(frozen=True, slots=True)
class Transpose(Node):
    """The transpose."""

    a: Node


@dataclass(frozen=True, slots=True)
class Bin(Node):
    """A binary operation.

    ``+ - / matmul hadamard star pow hpow`` in mathematics (``pow`` of a matrix is the matrix power, ``hpow`` the
    elementwise one), ``@ np* np/ np** + -`` in code.
    """

    op: str
    a: Node
    b: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A known function; ``options`` are keyword arguments of the NumPy dialect."""

    fn: str
    args: tuple[Node, ...]
    options: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class Apply(Node):
    """A function of the question or (``order`` 1) its derivative, applied elementwise."""

    fn: str
    order: int
    a: Node


@dataclass(frozen=True, slots=True)
class Entry(Node):
    """Entries of a matrix or vector. A subscript is an index name, a number (from 1) or ``":"``."""

    a: Node
    subs: tuple[str | int, ...]
    raised: bool = False  # written as a superscript in parentheses: the number of a sample


@dataclass(frozen=True, slots=True)
class Shifted(Node):
    """Entries whose subscripts are sums: ``g_{T-i}``."""

    a: Node
    subs: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Sum(Node):
    """A sum (or product) over an index. ``upper`` is how many values it takes, where its last one is written."""

    index: str
    body: Node
    upper: Node | None = None
    where: Node | None = None  # a condition on the index: k != q
    product: bool = False
    lower: int = 1  # the first value


@dataclass(frozen=True, slots=True)
class Table(Node):
    """A matrix given by its entries, ``U_{ij} = ...``: the body for all values of the indices."""

    indices: tuple[str, ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Delta(Node):
    """Kronecker delta of two indices."""

    i: str
    j: str


@dataclass(frozen=True, slots=True)
class IndexValue(Node):
    """An index used as a number, which only comparisons allow: ``i = j``."""

    name: str


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """1 where the comparison holds, 0 elsewhere."""

    op: str  # < <= > >= == !=
    a: Node
    b: Node


@dataclass(frozen=True, slots=True)
class Cases(Node):
    """The first value whose condition holds; a condition of None always holds."""

    values: tuple[Node, ...]
    conditions: tuple[Node | None, ...]


_FIELD_NAMES: dict[type[Node], tuple[str, ...]] = {}


def _field_names(kind: type[Node]) -> tuple[str, ...]:
    if kind not in _FIELD_NAMES:
        _FIELD_NAMES[kind] = tuple(field.name for field in fields(kind))
    return _FIELD_NAMES[kind]


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below."""
    for name in _field_names(type(node)):
        value = getattr(node, name)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from (item for item in value if isinstance(item, Node))


def rebuilt(node: Node, change: Callable[[Node], Node]) -> Node:
    """The node with every node directly below replaced by ``change`` of it."""
    changes: dict[str, object] = {}
    for name in _field_names(type(node)):
        value = getattr(node, name)
        if isinstance(value, Node):
            new: object = change(value)
        elif isinstance(value, tuple) and any(isinstance(item, Node) for item in value):
            new = tuple(change(item) if isinstance(item, Node) else item for item in value)
        else:
            continue
        if new is not value:
            changes[name] = new
    return replace(node, **changes) if changes else node


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, from the top."""
    yield node
    for child in children(node):
        yield from walk(child)


def mapped(node: Node, change: Callable[[Node], Node]) -> Node:
    """The tree with ``change`` applied to every node, from the leaves up."""
    return change(rebuilt(node, lambda child: mapped(child, change)))


def indices_in(node: Node) -> set[str]:
    """Names of the indices that occur in a tree."""
    found: set[str] = set()
    for part in walk(node):
        if isinstance(part, Entry):
            found.update(sub for sub in part.subs if isinstance(sub, str))
        elif isinstance(part, Delta):
            found |= {part.i, part.j}
        elif isinstance(part, IndexValue):
            found.add(part.name)
    return found


_KINKED = frozenset(
    ("max", "min", "relu", "drelu", "abs", "sign", "step", "floor", "ceil", "bars", "maximum", "minimum", "where", "clip",
     "heaviside", "amax")
)  # fmt: skip


def is_smooth(node: Node) -> bool:
    """Whether a formula has no comparison, case, or function with a kink or a step."""
    return not any(
        isinstance(part, (Compare, Cases))
        or (isinstance(part, Call) and part.fn.removeprefix("np.") in _KINKED)
        or (isinstance(part, Bin) and part.op == "np//")
        for part in walk(node)
    )


def size(node: Node) -> int:
    """How many nodes the tree has."""
    return sum(1 for _ in walk(node))


def depth(node: Node) -> int:
    """How deep the tree is."""
    return 1 + max((depth(child) for child in children(node)), default=0)
