"""NumPy and torch expressions read as formulas. Python's own parser gives the syntax; nothing is ever executed.

Only what is listed here has a meaning. Unknown functions, keywords and attributes are refused by name, because a
reading that ignores what it does not know would be a guess.
"""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Mapping

from grader.formulas.limits import MAX_CHARACTERS, MAX_DEPTH, MAX_NODES, Unreadable
from grader.formulas.names import Names
from grader.formulas.tokens import Token
from grader.formulas.tree import Apply, Bin, Call, Compare, Neg, Node, Num, Sym, Transpose, depth, size

_MODULES = {"np", "numpy", "torch", "F", "nn", "functional", "linalg", "math", "scipy", "special", "jnp"}
_MAX_STATEMENTS = 8
_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "np+", ast.Sub: "np-", ast.Mult: "np*", ast.Div: "np/", ast.MatMult: "@", ast.Pow: "np**", ast.FloorDiv: "np//",
}  # fmt: skip
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
# name -> (canonical name, fewest, most positional arguments, keywords)
FUNCTIONS: dict[str, tuple[str, int, int, frozenset[str]]] = {}
_REDUCE = frozenset(("axis", "dim", "keepdims", "keepdim"))


def _known(
    names: str, least: int, most: int, keywords: frozenset[str] = frozenset(), canonical: str = ""
) -> None:
    for name in names.split():
        FUNCTIONS[name] = (canonical or name, least, most, keywords)


_known("exp log sqrt tanh sinh cosh sin cos square sign reciprocal log1p expm1 heaviside", 1, 2)
_known("abs absolute fabs", 1, 1, canonical="abs")
_known("sigmoid expit logistic", 1, 1, canonical="sigmoid")
_known("relu floor ceil", 1, 1)
_known("negative neg", 1, 1, canonical="negative")
_known("sum mean prod", 1, 3, _REDUCE)
_known("max amax", 1, 3, _REDUCE, "amax")
_known("softmax", 1, 2, frozenset(("axis", "dim")))
_known("dot", 2, 2)
_known("matmul mm bmm", 2, 2, canonical="matmul")
_known("multiply mul", 2, 2, canonical="multiply")
_known("divide div true_divide", 2, 2, canonical="divide")
_known("add", 2, 2)
_known("subtract sub", 2, 2, canonical="subtract")
_known("power pow", 2, 2, canonical="power")
_known("maximum", 2, 2)
_known("minimum", 2, 2)
_known("outer", 2, 2)
_known("inner vdot", 2, 2, canonical="inner")
_known("where", 3, 3)
_known("einsum", 2, 5)
_known("ones zeros", 1, 2, canonical="")
_known("full", 2, 2)
_known("ones_like zeros_like", 1, 1, canonical="")
_known("eye identity", 1, 1, canonical="eye")
_known("diag diagflat", 1, 1, canonical="diag")
_known("trace", 1, 1)
_known("transpose t", 1, 3, canonical="transpose")
_known("swapaxes", 3, 3)
_known("inv", 1, 1)
_known("det", 1, 1)
_known("norm", 1, 1, frozenset(("axis", "dim", "keepdims", "keepdim")))
_known("reshape view", 2, 3, canonical="reshape")
_known("expand_dims unsqueeze", 2, 2, frozenset(("axis", "dim")), "expand_dims")
_known("squeeze ravel flatten", 1, 1)
_known("clip clamp", 1, 3, frozenset(("min", "max", "a_min", "a_max")), "clip")
_known(
    "asarray array tensor float32 float64 copy clone detach float double contiguous atleast_2d astype",
    1,
    2,
    canonical="same",
)
_COMMON = {
    "weight": "W",
    "weights": "W",
    "bias": "b",
    "inputs": "X",
    "input": "X",
    "targets": "T",
    "probs": "Y",
    "out": "Y",
}
_CODE = re.compile(
    r"@|//|\[:,|, ?:\]|\bNone\]"
    r"|\bnp\.|\bnumpy\.|\btorch\.|\*\*|\.T\b|\.t\(\)|\.(sum|mean|dot|mm|matmul|transpose|reshape|exp|log|shape|pow|max)\b"
    r"|\b(axis|dim|keepdims|keepdim)\s*=|\beinsum\b|\breturn\b|\bself\.|\bdot\("
)


def looks_like_code(text: str) -> bool:
    """Whether a text is more likely Python than mathematics."""
    return (
        bool(_CODE.search(text))
        and "\\" not in text
        and "$" not in text
        and "_{" not in text
        and "^" not in text
    )


def parse_code(
    text: str, names: Names, target: str, definitions: Mapping[str, Node] | None = None
) -> tuple[Node, str]:
    """The tree of an expression, or of the assignment to ``target`` (else the last one), and its left-hand side.

    ``definitions`` are local names that have a tree already.

    Raises:
        Unreadable: not an expression of this dialect; the message names what was not understood.
    """
    if len(text) > MAX_CHARACTERS:
        raise Unreadable(f"longer than {MAX_CHARACTERS} characters; give the final formula alone")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(textwrap.dedent(text).strip())
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise Unreadable(
            f"not a Python expression: {getattr(error, 'msg', error)}", text.strip()[:20]
        ) from error
    reader = _Reader(names, definitions or {})
    try:
        tree, left = reader.statements(module.body, target)
        if size(tree) > MAX_NODES or depth(tree) > 3 * MAX_DEPTH:
            raise Unreadable("this expression is too long")
    except RecursionError as error:
        raise Unreadable("nested too deeply") from error
    return tree, left


class _Reader:
    """Translates Python syntax into the tree."""

    def __init__(self, names: Names, definitions: Mapping[str, Node]) -> None:
        self.names = names
        self.local: dict[str, Node] = dict(definitions)
        self.nodes = 0

    def statements(self, body: list[ast.stmt], target: str) -> tuple[Node, str]:
        body = [
            s for s in body if not isinstance(s, (ast.Import, ast.ImportFrom, ast.Pass)) and not _is_text(s)
        ]
        if len(body) == 1 and isinstance(body[0], ast.FunctionDef):
            body = [s for s in body[0].body if not _is_text(s)]
        if len(body) > _MAX_STATEMENTS:
            raise Unreadable(f"more than {_MAX_STATEMENTS} statements; give the final expression alone")
        found: tuple[Node, str] | None = None
        last: tuple[Node, str] | None = None
        for statement in body:
            left, value = _parts(statement)
            tree = self.of(value)
            last = tree, left
            if left:
                self.local[left] = tree
                if target and _same(left, target):
                    found = last
        if found is None and last is None:
            raise Unreadable("no expression found")
        chosen = found or last
        assert chosen is not None
        return chosen

    def of(self, node: ast.expr) -> Node:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise Unreadable("this expression is too long")
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise Unreadable(f"{_show(node)} is not understood", _show(node))
        found: Node = method(node)
        return found

    def _constant(self, node: ast.Constant) -> Node:
        if isinstance(node.value, bool) or not isinstance(node.value, (int, float)) or abs(node.value) > 1e15:
            raise Unreadable(f"{_show(node)} is not a number of this dialect", _show(node))
        return Num(float(node.value))

    def _name(self, node: ast.Name) -> Node:
        return self._named(node.id)

    def _named(self, name: str) -> Node:
        if name in self.local:
            return self.local[name]
        pieces = self.names.pieces(Token("name", name)) or self._spelled(name)
        if not pieces and _COMMON.get(name, "") in self.names.known:
            pieces = [Token("name", _COMMON[name])]
        if pieces and len(pieces) > 1 and pieces[0].text == "(":  # an alias that stands for a formula
            from grader.formulas.cursor import Shared
            from grader.formulas.parser import Parser, Style

            return Parser(pieces, self.names, Shared(Style()), {}).whole()
        if not pieces or len(pieces) != 1 or pieces[0].text not in self.names.known:
            raise Unreadable(f"{name!r} is not a name of this question", name)
        if pieces[0].text in self.names.hidden:
            raise Unreadable(f"{name} is not among what is given; write the answer without it", name)
        return Sym(pieces[0].text)

    def _spelled(self, name: str) -> list[Token] | None:
        from grader.formulas.tokens import lex

        tokens = self.names.substitute(lex(name))
        if len(tokens) == 1 and tokens[0].kind == "name":
            return tokens
        base, _, last = name.rpartition("_")  # dL_dY, but also X_batch
        return (
            self.names.pieces(Token("name", base))
            if last in ("batch", "in", "mat", "matrix") and base
            else None
        )

    def _attribute(self, node: ast.Attribute) -> Node:
        if node.attr in ("T", "mT"):
            return Transpose(self.of(node.value))
        if node.attr == "grad":
            if isinstance(node.value, ast.Name) and f"d{node.value.id}" in self.names.known:
                return Sym(self.names.gradient(node.value.id))
            base = self.of(node.value)
            if isinstance(base, Sym):
                return Sym(self.names.gradient(base.name))
        if isinstance(node.value, ast.Name) and node.value.id in ("self", "ctx"):
            return self._named(node.attr)
        if node.attr in ("pi", "e") and isinstance(node.value, ast.Name) and node.value.id in _MODULES:
            return Num({"pi": 3.141592653589793, "e": 2.718281828459045}[node.attr])
        raise Unreadable(f"the attribute .{node.attr} is not understood", node.attr)

    def _unaryop(self, node: ast.UnaryOp) -> Node:
        if isinstance(node.op, ast.USub):
            return Neg(self.of(node.operand))
        if isinstance(node.op, ast.UAdd):
            return self.of(node.operand)
        raise Unreadable(f"{_show(node)} is not understood", _show(node))

    def _binop(self, node: ast.BinOp) -> Node:
        op = _BINARY.get(type(node.op))
        if op is None:
            raise Unreadable(f"the operator in {_show(node)} is not understood", _show(node))
        return Bin(op, self.of(node.left), self.of(node.right))

    def _compare(self, node: ast.Compare) -> Node:
        op = _COMPARE.get(type(node.ops[0]))
        if len(node.ops) != 1 or op is None:
            raise Unreadable(f"{_show(node)} is not understood", _show(node))
        return Compare(op, self.of(node.left), self.of(node.comparators[0]))

    def _subscript(self, node: ast.Subscript) -> Node:
        if isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
            return Call("np.size", (self.of(node.value.value),), (("axis", _integer(node.slice)),))
        if isinstance(node.value, ast.Name) and node.value.id in ("cache", "grads", "params", "ctx"):
            return self._named(str(_literal(node.slice)))
        if isinstance(node.value, ast.Attribute) and node.value.attr in ("cache", "grads", "params"):
            return self._named(str(_literal(node.slice)))
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        key = tuple(_slice(part) for part in parts)
        if len(key) > 3:
            raise Unreadable(f"{_show(node)} is not understood", _show(node))
        return Call("np.getitem", (self.of(node.value),), (("key", key),))

    def _call(self, node: ast.Call) -> Node:
        name, receiver = self._callee(node.func)
        if receiver is None and name == "len" and len(node.args) == 1:
            return Call("np.size", (self.of(node.args[0]),), (("axis", 0),))
        if receiver is not None and name in ("size",) and len(node.args) == 1:
            return Call("np.size", (receiver,), (("axis", _integer(node.args[0])),))
        if receiver is None and (applied := self._function(name)) is not None and len(node.args) == 1:
            return Apply(applied[0], applied[1], self.of(node.args[0]))
        if (
            name in ("sum", "max")
            and isinstance(node.func, ast.Name)
            and not node.keywords
            and len(node.args) == 1
        ):
            raise Unreadable(f"{name} without an axis", name)
        if name not in FUNCTIONS:
            raise Unreadable(f"the function {name} is not understood", name)
        canonical, least, most, keywords = FUNCTIONS[name]
        given = [*([receiver] if receiver is not None else [])]
        values: list[object] = [*given, *(self._value(argument) for argument in node.args)]
        options = self._options(node, keywords)
        if not least <= len(values) <= most:
            raise Unreadable(f"{name} with {len(values)} arguments", name)
        trees = tuple(v for v in values if isinstance(v, Node))
        extra = tuple(("arg", v) for v in values if not isinstance(v, Node))
        return Call(f"np.{canonical or name}", trees, (*extra, *options))

    def _options(self, node: ast.Call, keywords: frozenset[str]) -> tuple[tuple[str, object], ...]:
        out: list[tuple[str, object]] = []
        for keyword in node.keywords:
            if keyword.arg == "dtype":
                continue
            if keyword.arg not in keywords:
                raise Unreadable(f"the keyword {keyword.arg} is not understood", str(keyword.arg))
            renamed = {"dim": "axis", "keepdim": "keepdims", "a_min": "min", "a_max": "max"}.get(
                keyword.arg, keyword.arg
            )
            out.append((renamed, _literal(keyword.value)))
        return tuple(out)

    def _callee(self, function: ast.expr) -> tuple[str, Node | None]:
        if isinstance(function, ast.Name):
            return function.id, None
        if isinstance(function, ast.Attribute):
            chain = function.value
            while isinstance(chain, ast.Attribute) and chain.attr in _MODULES:
                chain = chain.value
            if isinstance(chain, ast.Name) and chain.id in _MODULES and chain.id not in self.names.known:
                return function.attr, None
            if isinstance(chain, ast.Name) and chain.id == "self" and self._function(function.attr):
                return function.attr, None
            return function.attr, self.of(function.value)
        raise Unreadable(f"{_show(function)} is not a function", _show(function))

    def _function(self, name: str) -> tuple[str, int] | None:
        for known in self.names.functions:
            if name == known:
                return known, 0
            if name in (f"{known}_prime", f"d{known}", f"{known}_grad", f"{known}prime", f"{known}_derivative", f"d_{known}",
                        f"grad_{known}", f"{known}_backward", f"{known}p", f"{known}_deriv"):  # fmt: skip
                return known, 1
        return None

    def _value(self, node: ast.expr) -> object:
        """An argument: a formula, or a literal such as an axis, a shape, an einsum specification."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        if isinstance(node, (ast.Tuple, ast.List)):
            return tuple(self.of(item) for item in node.elts)
        if isinstance(node, ast.Name) and node.id in ("float", "int", "bool"):
            return node.id
        if _is_dtype(node):
            return "dtype"
        if isinstance(node, ast.Attribute) and node.attr == "shape":
            base = self.of(node.value)
            return tuple(Call("np.size", (base,), (("axis", k),)) for k in (0, 1))
        return self.of(node)


def _is_dtype(node: ast.expr) -> bool:
    module = node.value if isinstance(node, ast.Attribute) else None
    return (
        isinstance(node, ast.Attribute)
        and isinstance(module, ast.Name)
        and module.id in _MODULES
        and node.attr.startswith(("float", "int", "double"))
    )


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _parts(statement: ast.stmt) -> tuple[str, ast.expr]:
    if isinstance(statement, ast.Expr):
        return "", statement.value
    if isinstance(statement, ast.Return) and statement.value is not None:
        return "", statement.value
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        return _target(statement.targets[0]), statement.value
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        return _target(statement.target), statement.value
    raise Unreadable(
        f"{type(statement).__name__} is not understood; give an expression", type(statement).__name__
    )


def _target(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript):
        return str(_literal(node.slice))
    raise Unreadable(f"an assignment to {_show(node)} is not understood", _show(node))


def _same(left: str, target: str) -> bool:
    plain = left.replace("_", "").lower()
    wanted = target.replace("_", "").lower()
    stem = wanted.removeprefix("d")
    return plain in {wanted, f"dl{wanted}", f"grad{stem}", f"dld{stem}", f"{stem}grad"}


def _literal(node: ast.expr) -> object:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        raise Unreadable(f"{_show(node)} has to be written out", _show(node)) from error
    if isinstance(value, list):
        value = tuple(value)
    if isinstance(value, (int, float, bool, str, type(None))) or (
        isinstance(value, tuple) and len(value) < 4
    ):
        return value
    raise Unreadable(f"{_show(node)} is not understood", _show(node))


def _integer(node: ast.expr) -> int:
    value = _literal(node)
    if isinstance(value, int) and -3 < value < 3:
        return int(value)
    raise Unreadable(f"{_show(node)} is not an axis", _show(node))


def _slice(node: ast.expr) -> str | int:
    if isinstance(node, ast.Slice) and node.lower is None and node.upper is None and node.step is None:
        return ":"
    if (isinstance(node, ast.Constant) and node.value is None) or (
        isinstance(node, ast.Attribute) and node.attr == "newaxis"
    ):
        return "new"
    if isinstance(node, ast.Constant) and isinstance(node.value, int) and abs(node.value) < 100:
        return int(node.value)
    raise Unreadable(f"the subscript {_show(node)} is not understood", _show(node))


def _show(node: ast.AST) -> str:
    try:
        return ast.unparse(node)[:60]
    except (ValueError, RecursionError):
        return type(node).__name__


NAMES: Mapping[str, str] = {name: entry[0] or name for name, entry in FUNCTIONS.items()}
