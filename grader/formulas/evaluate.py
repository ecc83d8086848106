"""The value of a formula in the mathematical languages at one sampled point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from grader.formulas.elementwise import COMPARE, ELEMENTWISE
from grader.formulas.limits import MAX_ELEMENTS, MAX_MATRIX_POWER, MAX_POWER, Clash, Deadline, Unreadable
from grader.formulas.ranges import learn_deltas, learn_entries, summed
from grader.formulas.sampling import Sample
from grader.formulas.shifts import gathered
from grader.formulas.tree import (
    Apply,
    Bin,
    Call,
    Cases,
    Compare,
    Delta,
    Entry,
    Eye,
    IndexValue,
    Neg,
    Node,
    Num,
    Ones,
    Shifted,
    Sum,
    Sym,
    Table,
    Transpose,
)  # fmt: skip
from grader.formulas.values import (
    Array,
    Value,
    aligned,
    elementwise,
    entry,
    expanded,
    matmul,
    scalar,
    tabulated,
    transpose,
    unary,
)  # fmt: skip


@dataclass(frozen=True)
class Meaning:
    """What the signs with several meanings mean: the conventional meaning first."""

    star: str = "matrix"  # * and · : matrix product; shape: elementwise for equal shapes; elementwise
    ones: str = "column"  # 1: column, row, matrix
    rows: str = "column"  # x_s of a matrix: its row s as a column, as a row, or its column s
    power: str = "matrix"  # A^2 of a square matrix; elementwise
    bars: str = "norm"  # |x| of a vector; elementwise: absolute values


@dataclass
class Evaluator:
    """Evaluates trees at one point with one meaning of the ambiguous signs."""

    sample: Sample
    meaning: Meaning = Meaning()
    deadline: Deadline = field(default_factory=Deadline)
    ranges: dict[str, int] = field(default_factory=dict)
    starts: dict[str, int] = field(default_factory=dict)  # of indices that do not count from 1
    notes: set[str] = field(default_factory=set)

    def value(self, tree: Node, ranges: dict[str, int] | None = None) -> Value:
        """The value of a whole formula; ``ranges`` are lengths of indices known from elsewhere.

        Raises:
            Clash: shapes or indices do not fit.
            Unreadable: a sign has no meaning here, or a limit was hit.
        """
        self.ranges, self.starts = {}, {}
        with np.errstate(all="ignore"):
            learn_entries(self, tree)
            learn_deltas(self.ranges, tree)
            for index, size in (ranges or {}).items():
                self.ranges.setdefault(index, size)
            learn_deltas(self.ranges, tree)
            try:
                return self.of(tree)
            except Clash as clash:
                if not clash.sizes:
                    raise
                named = str(clash).format(*map(self.sample.show, clash.sizes))
                raise Clash(named, clash.reason) from clash

    def of(self, node: Node) -> Value:
        """The value of a node."""
        self.deadline.check()
        method: Callable[[Node], Value] = getattr(self, f"_{type(node).__name__.lower()}")
        return method(node)

    def _num(self, node: Num) -> Value:
        return scalar(node.value)

    def _sym(self, node: Sym) -> Value:
        if node.name in self.sample.values:
            return self.sample.values[node.name]
        if node.name in self.sample.sizes:
            return scalar(float(self.sample.sizes[node.name]))
        raise Unreadable(f"{node.name} has no value here", node.name)

    def _ones(self, node: Ones) -> Value:
        kind = node.kind if node.kind != "any" else self.meaning.ones
        rows = None if node.rows is None else self._size(node.rows)
        cols = None if node.cols is None else self._size(node.cols)
        if kind == "matrix" and node.kind == "any" and rows is not None:
            cols = rows
        if kind == "column":
            cols = 1
        elif kind == "row":
            rows, cols = 1, rows
        if (rows or 1) * (cols or 1) > MAX_ELEMENTS:
            raise Unreadable("a matrix of ones of this size is too large", "1")
        return Value(np.full((rows or 1, cols or 1), node.fill), flex=(rows is None, cols is None))

    def _size(self, node: Node) -> int:
        value = self.of(node)
        number = float(value.data.real.flat[0])
        if not value.is_scalar or value.axes or not 1 <= number <= 4096 or number != int(number):
            raise Unreadable("the size of a vector of ones has to be a whole number", "1_")
        return int(number)

    def _eye(self, node: Eye) -> Value:
        if node.size is None:
            return Value(np.ones((1, 1)), eye=True)
        return Value(np.eye(min(self._size(node.size), 256)))

    def _neg(self, node: Neg) -> Value:
        value = self.of(node.a)
        spread = None if value.spread is None else -value.spread
        return replace(value, data=-value.data, spread=spread)

    def _transpose(self, node: Transpose) -> Value:
        return transpose(self.of(node.a))

    def _bin(self, node: Bin) -> Value:
        op = node.op
        if op in ("pow", "hpow"):
            return self._power(node)
        a, b = self.of(node.a), self.of(node.b)
        show = self.sample.show
        if op == "matmul":
            if a.data.shape[-2:] == b.data.shape[-2:] and a.rows != a.cols and _is_quotient(node):
                return self._beside_quotient(a, b)
            return self._product(a, b)
        if op == "outer" and self.meaning.star == "matrix" and a.is_column and b.is_column:
            return self._product(a, transpose(b))
        if (
            op == "cdot"
            and self.meaning.star == "matrix"
            and a.is_column
            and b.is_column
            and a.rows == b.rows
        ):
            return self._product(transpose(a), b)
        if op in ("star", "outer", "cdot"):
            return self._star(a, b)
        table: dict[str, tuple[Callable[[Array, Array], Array], str]] = {
            "+": (np.add, "the sum"),
            "-": (np.subtract, "the difference"),
            "hadamard": (np.multiply, "the elementwise product"),
            "/": (np.divide, "the elementwise quotient"),
        }
        function, what = table[op]
        value, repeated = elementwise(a, b, function, what, show)
        if repeated:
            self.notes.add("a row or column was repeated to fit a matrix (broadcasting)")
        return value

    def _beside_quotient(self, a: Value, b: Value) -> Value:
        """``1/sqrt(v) m``: after an elementwise quotient no matrix product can be meant of two equal shapes."""
        self.notes.add("the product with an elementwise quotient was read element by element")
        return elementwise(a, b, np.multiply, "the elementwise product", self.sample.show)[0]

    def _product(self, a: Value, b: Value) -> Value:
        return matmul(a, b, self.sample.show)

    def _star(self, a: Value, b: Value) -> Value:
        plain = not (a.is_scalar or b.is_scalar or a.eye or b.eye)
        equal = a.data.shape[-2:] == b.data.shape[-2:] and not any((*a.flex, *b.flex))
        if plain and (self.meaning.star == "elementwise" or (self.meaning.star == "shape" and equal)):
            self.notes.add("* was read as the elementwise product")
            value, repeated = elementwise(a, b, np.multiply, "the elementwise product", self.sample.show)
            if repeated:
                self.notes.add("a row or column was repeated to fit a matrix (broadcasting)")
            return value
        if plain:
            self.notes.add("* was read as the matrix product")
        return self._product(a, b)

    def _power(self, node: Bin) -> Value:
        base, exponent = self.of(node.a), self.of(node.b)
        if not exponent.is_scalar:
            raise Unreadable("an exponent that is a matrix", "^")
        if isinstance(node.b, Num) and abs(node.b.value) > MAX_POWER:
            raise Unreadable(f"exponents beyond {MAX_POWER:g} are not evaluated", "^")
        constant = not exponent.axes
        number = float(exponent.data.real.flat[0]) if constant else 0.0
        square = base.eye or (base.rows == base.cols and not any(base.flex) and not base.is_scalar)
        if node.op == "pow" and square and self.meaning.power == "matrix" and constant:
            return self._matrix_power(base, number)
        if node.op == "pow" and not base.is_scalar and constant:
            self.notes.add("a power of a matrix was read element by element")
        axes, (x, y) = aligned((expanded(base, base.rows), exponent))
        result = np.power(x.astype(complex), y) if np.iscomplexobj(x) else np.power(x.astype(float), y)
        return Value(result, axes, base.flex)

    def _matrix_power(self, base: Value, number: float) -> Value:
        if number != int(number) or abs(number) > MAX_MATRIX_POWER:
            raise Unreadable(f"the matrix power {number:g} is not evaluated", "^")
        if base.eye and base.spread is None:
            return replace(base, data=base.data**number)
        if base.eye:
            raise Unreadable("a power of something of unknown size", "^")
        try:
            return replace(base, data=np.linalg.matrix_power(base.data, int(number)))
        except np.linalg.LinAlgError as error:
            raise Clash("the inverse of a singular matrix", "W110") from error

    def _apply(self, node: Apply) -> Value:
        function = self.sample.functions[node.fn][node.order]
        return unary(self.of(node.a), function, node.fn)

    def _call(self, node: Call) -> Value:
        from grader.formulas.functions import call_function

        return call_function(self, node)

    def elementwise_call(self, name: str, value: Value) -> Value:
        """An elementwise function by name."""
        return unary(value, ELEMENTWISE[name], name)

    def _compare(self, node: Compare) -> Value:
        a, b = self.of(node.a), self.of(node.b)
        value, _ = elementwise(a, b, COMPARE[node.op], "the comparison", self.sample.show)
        return value

    def _cases(self, node: Cases) -> Value:
        result: Value | None = None
        for value_node, condition in reversed(list(zip(node.values, node.conditions, strict=True))):
            value = self.of(value_node)
            if condition is None:
                result = value
                continue
            holds = self.of(condition)
            rest = result if result is not None else scalar(0.0)
            first, _ = elementwise(holds, value, np.multiply, "the case", self.sample.show)
            second, _ = elementwise(
                replace(holds, data=1 - holds.data), rest, np.multiply, "the case", self.sample.show
            )
            result, _ = elementwise(first, second, np.add, "the case", self.sample.show)
        assert result is not None
        return result

    def _entry(self, node: Entry) -> Value:
        base = self.of(node.a)
        if len(node.subs) == 1 and self._two_sided(base) and not isinstance(node.a, Transpose):
            if self.meaning.rows in ("side", "side_row"):
                return entry(transpose(base), node.subs, as_row=self.meaning.rows == "side_row")
            return entry(base, node.subs, as_row=self.meaning.rows == "row")
        return entry(base, node.subs, as_row=False)

    def _shifted(self, node: Shifted) -> Value:
        return gathered(self.of(node.a), [self.of(sub) for sub in node.subs])

    def _table(self, node: Table) -> Value:
        return tabulated(self.of(node.body), node.indices)

    @staticmethod
    def _two_sided(value: Value) -> bool:
        return value.rows > 1 and value.cols > 1

    def _delta(self, node: Delta) -> Value:
        n = self.ranges.get(node.i) or self.ranges.get(node.j)
        if n is None:
            raise Unreadable("the range of the indices of this Kronecker delta is not known", "δ")
        if node.i == node.j:
            return Value(np.ones((n, 1, 1)), (node.i,))
        if self.ranges.get(node.j, n) != n or self.ranges.get(node.i, n) != n:
            names = " and ".join(x.partition("#")[0] for x in (node.i, node.j))
            raise Clash(
                f"the Kronecker delta compares {names}, which run over axes of different length", "W116"
            )
        return Value(np.eye(n).reshape(n, n, 1, 1), tuple(sorted((node.i, node.j))))

    def _indexvalue(self, node: IndexValue) -> Value:
        n = self.ranges.get(node.name)
        if n is None:
            raise Unreadable("the range of this index is not known", node.name.partition("#")[0])
        first = self.starts.get(node.name, 1)
        return Value(np.arange(first, first + n, dtype=float).reshape(n, 1, 1), (node.name,))

    def _sum(self, node: Sum) -> Value:
        return summed(self, node)


def _is_quotient(node: Bin) -> bool:
    return any(isinstance(side, Bin) and side.op == "/" for side in (node.a, node.b))
