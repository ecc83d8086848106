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

from grader.formulas.limits import MAX_CHARACTERS, MAX_DEPTH, MAX_NODES, Ambiguous, Unreadable
from grader.formulas.names import Names
from grader.formulas.numpy_calls import Calls
from grader.formulas.numpy_syntax import (
    MODULES,
    assignment,
    integer,
    is_asked,
    is_text,
    literal,
    masked,
    shown,
    subscript,
)
from grader.formulas.tokens import Token
from grader.formulas.tree import Bin, Call, Compare, Neg, Node, Num, Sym, Transpose, depth, size
from grader.syntax import parse_python

NO_PYTHON = "not a Python expression"
_MAX_STATEMENTS = 8
_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "np+", ast.Sub: "np-", ast.Mult: "np*", ast.Div: "np/", ast.MatMult: "@", ast.Pow: "np**", ast.FloorDiv: "np//",
}  # fmt: skip
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
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
    r"|\bnp\.|\bnumpy\.|\btorch\.|\*\*|\.T\b|\.t\(\)|\.(sum|mean|dot|mm|matmul|transpose|reshape|exp|log|shape|pow|max|copy|clone|float)\b"
    r"|\b(axis|dim|keepdims|keepdim)\s*=|\beinsum\b|\breturn\b|\bself\.|\bdot\("
    r"|\w\s*[-+*/]=(?!=)"
    r"|\w\[[^\]=]*[<>]=?[^\]]*\]\s*[*]?=(?!=)"
)

_GRADIENT = re.compile(r"(?<![\w./])(?:dL|dl|∂L)/(?:d|∂)([A-Za-z]\w*)")  # in pseudo-code: dL/dY.sum(axis=0)
_NEXT = re.compile(r"(?:,|\band\b)\s*(?=[A-Za-z_][\w.]{0,40}\s*=(?!=))")


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
            module = parse_python(_lines(_GRADIENT.sub(r"dL_d\1", textwrap.dedent(text).strip())))
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise Unreadable(f"{NO_PYTHON}: {getattr(error, 'msg', error)}", text.strip()[:20]) from error
    reader = _Reader(names, definitions or {})
    try:
        tree, left = reader.statements(module.body, target)
        if size(tree) > MAX_NODES or depth(tree) > 3 * MAX_DEPTH:
            raise Unreadable("this expression is too long")
    except RecursionError as error:
        raise Unreadable("nested too deeply") from error
    return tree, left


def _lines(text: str) -> str:
    """Assignments that stand side by side, ``dgamma = ..., dbeta = ...``, on lines of their own."""
    starts = [found for found in _NEXT.finditer(text) if _is_outermost(text[: found.start()])]
    for found in reversed(starts):
        text = f"{text[: found.start()]}\n{text[found.end() :]}"
    return text


def _is_outermost(before: str) -> bool:
    return all(before.count(a) == before.count(b) for a, b in ("()", "[]", "{}"))


class _Reader(Calls):
    """Translates Python syntax into the tree."""

    def __init__(self, names: Names, definitions: Mapping[str, Node]) -> None:
        self.names = names
        self.local: dict[str, Node] = dict(definitions)
        self.mask: Node | None = None  # of the entries that are assigned to
        self.nodes = 0

    def statements(self, body: list[ast.stmt], target: str) -> tuple[Node, str]:
        body = [
            s for s in body if not isinstance(s, (ast.Import, ast.ImportFrom, ast.Pass)) and not is_text(s)
        ]
        if len(body) == 1 and isinstance(body[0], ast.FunctionDef):
            body = [s for s in body[0].body if not is_text(s)]
        if len(body) > _MAX_STATEMENTS:
            raise Unreadable(f"more than {_MAX_STATEMENTS} statements; give the final expression alone")
        if sum(isinstance(s, ast.Expr) for s in body) > 1:
            raise Ambiguous("there are several expressions; give the final one alone")
        found: tuple[Node, str] | None = None
        last: tuple[Node, str] | None = None
        for statement in body:
            if (entries := masked(statement)) is not None:
                left, tree = entries[0], self._masked(*entries)
            else:
                left, value = assignment(statement)
                tree = self.of(value)
            last = tree, left
            if isinstance(statement, (ast.Return, ast.Expr)) and found is not None and found[0] != tree:
                raise Ambiguous("there are several results; give the final expression alone")
            if left:
                self.local[left] = tree
                if target and is_asked(left, target):
                    found = last
        if found is None and last is None:
            raise Unreadable("no expression found")
        chosen = found or last
        assert chosen is not None
        return chosen

    def _masked(self, name: str, mask: ast.expr, value: ast.expr) -> Node:
        """What a name holds after some of its entries were assigned."""
        self.mask = self.of(mask)
        changed = Call("np.where", (self.mask, self.of(value), self._named(name)))
        self.mask = None
        return changed

    def of(self, node: ast.expr) -> Node:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise Unreadable("this expression is too long")
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise Unreadable(f"{shown(node)} is not understood", shown(node))
        found: Node = method(node)
        return found

    def _constant(self, node: ast.Constant) -> Node:
        if isinstance(node.value, bool) or not isinstance(node.value, (int, float)) or abs(node.value) > 1e15:
            raise Unreadable(f"{shown(node)} is not a number of this dialect", shown(node))
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
            from grader.formulas.parser import Parser
            from grader.formulas.style import Style

            return Parser(pieces, self.names, Shared(Style()), {}).whole()
        if not pieces or len(pieces) != 1 or pieces[0].text not in self.names.known:
            raise Unreadable(self.names.unknown(name), name)
        if pieces[0].text in self.names.hidden:
            raise Unreadable(f"{name} is not among what is given; write the answer without it", name)
        return Sym(pieces[0].text)

    def _spelled(self, name: str) -> list[Token] | None:
        from grader.formulas.lexer import lex

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
        if node.attr in ("pi", "e") and isinstance(node.value, ast.Name) and node.value.id in MODULES:
            return Num({"pi": 3.141592653589793, "e": 2.718281828459045}[node.attr])
        raise Unreadable(f"the attribute .{node.attr} is not understood", node.attr)

    def _unaryop(self, node: ast.UnaryOp) -> Node:
        if isinstance(node.op, ast.USub):
            return Neg(self.of(node.operand))
        if isinstance(node.op, ast.UAdd):
            return self.of(node.operand)
        if isinstance(node.op, ast.Invert):
            return Compare("==", self.of(node.operand), Num(0.0))  # of a mask
        raise Unreadable(f"{shown(node)} is not understood", shown(node))

    def _binop(self, node: ast.BinOp) -> Node:
        op = _BINARY.get(type(node.op))
        if op is None:
            raise Unreadable(f"the operator in {shown(node)} is not understood", shown(node))
        return Bin(op, self.of(node.left), self.of(node.right))

    def _compare(self, node: ast.Compare) -> Node:
        op = _COMPARE.get(type(node.ops[0]))
        if len(node.ops) != 1 or op is None:
            raise Unreadable(f"{shown(node)} is not understood", shown(node))
        return Compare(op, self.of(node.left), self.of(node.comparators[0]))

    def _ifexp(self, node: ast.IfExp) -> Node:
        return Call("np.where", (self.of(node.test), self.of(node.body), self.of(node.orelse)))

    def _subscript(self, node: ast.Subscript) -> Node:
        if isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
            return Call("np.size", (self.of(node.value.value),), (("axis", integer(node.slice)),))
        if isinstance(node.value, ast.Name) and node.value.id in ("cache", "grads", "params", "ctx"):
            return self._named(str(literal(node.slice)))
        if isinstance(node.value, ast.Attribute) and node.value.attr in ("cache", "grads", "params"):
            return self._named(str(literal(node.slice)))
        if self.mask is not None and isinstance(node.slice, (ast.Compare, ast.Name, ast.UnaryOp)):
            if self.of(node.slice) != self.mask:
                raise Unreadable(f"{shown(node)} takes other entries than are assigned to", shown(node))
            return self.of(node.value)
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        key = tuple(subscript(part) for part in parts)
        if len(key) > 3:
            raise Unreadable(f"{shown(node)} is not understood", shown(node))
        return Call("np.getitem", (self.of(node.value),), (("key", key),))
