"""Calls of functions in the NumPy dialect."""

from __future__ import annotations

import ast

from grader.formulas.limits import Unreadable
from grader.formulas.names import Names
from grader.formulas.numpy_functions import FUNCTIONS
from grader.formulas.numpy_syntax import MODULES, integer, is_dtype, literal, shown
from grader.formulas.tree import Apply, Bin, Call, Node, Transpose


class Calls:
    """Translates calls into the tree."""

    names: Names

    def of(self, node: ast.expr) -> Node:
        """The tree of an expression."""
        raise NotImplementedError

    def _call(self, node: ast.Call) -> Node:
        name, receiver = self._callee(node.func)
        if receiver is None and name == "len" and len(node.args) == 1:
            return Call("np.size", (self.of(node.args[0]),), (("axis", 0),))
        if receiver is not None and name in ("size",) and len(node.args) == 1:
            return Call("np.size", (receiver,), (("axis", integer(node.args[0])),))
        if receiver is None and (applied := self._function(name)) is not None and len(node.args) == 1:
            return Apply(applied[0], applied[1], self.of(node.args[0]))
        if (
            name in ("sum", "max")
            and isinstance(node.func, ast.Name)
            and not node.keywords
            and len(node.args) == 1
        ):
            raise Unreadable(f"{name} without an axis", name)
        if name == "matmul" and any(k.arg in ("transpose_a", "transpose_b") for k in node.keywords):
            return self._tf_matmul(node)
        if name == "linear" and receiver is None and len(node.args) == 2 and not node.keywords:
            return Bin("@", self.of(node.args[0]), Transpose(self.of(node.args[1])))
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

    def _tf_matmul(self, node: ast.Call) -> Node:
        """``tf.matmul(a, b, transpose_a=True)``."""
        sides = [self.of(argument) for argument in node.args]
        flags = {str(k.arg): literal(k.value) for k in node.keywords}
        if len(sides) != 2 or not set(flags) <= {"transpose_a", "transpose_b"}:
            raise Unreadable(f"{shown(node)} is not understood", shown(node))
        turned = [
            Transpose(a) if flags.get(f"transpose_{k}") else a for a, k in zip(sides, "ab", strict=True)
        ]
        return Bin("@", turned[0], turned[1])

    def _options(self, node: ast.Call, keywords: frozenset[str]) -> tuple[tuple[str, object], ...]:
        out: list[tuple[str, object]] = []
        for keyword in node.keywords:
            if keyword.arg == "dtype":
                continue
            if keyword.arg not in keywords:
                raise Unreadable(f"the keyword {keyword.arg} is not understood", str(keyword.arg))
            if keyword.arg in ("ord", "p"):
                if literal(keyword.value) != 2:
                    raise Unreadable("a norm other than the Euclidean one", str(keyword.arg))
                continue
            renamed = {"dim": "axis", "keepdim": "keepdims", "a_min": "min", "a_max": "max"}.get(
                keyword.arg, keyword.arg
            )
            out.append((renamed, literal(keyword.value)))
        return tuple(out)

    def _callee(self, function: ast.expr) -> tuple[str, Node | None]:
        if isinstance(function, ast.Name):
            return function.id, None
        if isinstance(function, ast.Attribute):
            chain = function.value
            while isinstance(chain, ast.Attribute) and chain.attr in MODULES:
                chain = chain.value
            if isinstance(chain, ast.Name) and chain.id in MODULES and chain.id not in self.names.known:
                return function.attr, None
            if isinstance(chain, ast.Name) and chain.id == "self" and self._function(function.attr):
                return function.attr, None
            return function.attr, self.of(function.value)
        raise Unreadable(f"{shown(function)} is not a function", shown(function))

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
        if is_dtype(node):
            return "dtype"
        if isinstance(node, ast.Attribute) and node.attr == "shape":
            base = self.of(node.value)
            return tuple(Call("np.size", (base,), (("axis", k),)) for k in (0, 1))
        return self.of(node)
