"""The value of a NumPy expression at one sampled point, with NumPy's own rules for shapes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grader.formulas.elementwise import COMPARE, ELEMENTWISE
from grader.formulas.limits import MAX_ELEMENTS, MAX_POWER, Clash, Deadline, Unreadable
from grader.formulas.sampling import Sample
from grader.formulas.tree import Apply, Bin, Call, Compare, Neg, Node, Num, Sym, Transpose
from grader.formulas.values import Array

VECTORS = ("declared", "flat", "column", "row")  # how vectors of the statement are stored
_EINSUM = re.compile(r"^[a-zA-Z]{0,4}(,[a-zA-Z]{0,4}){0,3}(->[a-zA-Z]{0,4})?$")
_BINARY: dict[str, tuple[Callable[..., Array], str]] = {
    "np+": (np.add, "the sum"),
    "np-": (np.subtract, "the difference"),
    "np*": (np.multiply, "the elementwise product"),
    "np/": (np.divide, "the quotient"),
    "np**": (np.power, "the power"),
    "np//": (np.floor_divide, "the quotient"),
    "hpow": (np.power, "the power"),
    "pow": (np.power, "the power"),
    "-": (np.subtract, "the difference"),
    "hadamard": (np.multiply, "the elementwise product"),
    "+": (np.add, "the sum"),
    "/": (np.divide, "the quotient"),
    "@": (np.matmul, "the product"),
}
_SIMPLE: dict[str, Callable[[Array], Array]] = {
    **ELEMENTWISE,
    "square": np.square,
    "reciprocal": lambda x: 1 / x,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "negative": np.negative,
    "ravel": np.ravel,
    "flatten": np.ravel,
    "squeeze": np.squeeze,
    "same": lambda x: x,
    "ones_like": np.ones_like,
    "zeros_like": np.zeros_like,
    "trace": lambda x: np.asarray(np.trace(x)),
    "inv": np.linalg.inv,
    "det": lambda x: np.asarray(np.linalg.det(x)),
}
_TWO: dict[str, str] = {
    "multiply": "np*",
    "divide": "np/",
    "add": "np+",
    "subtract": "np-",
    "power": "np**",
    "matmul": "@",
}


@dataclass
class NumpyEvaluator:
    """Evaluates trees of the NumPy dialect at one point."""

    sample: Sample
    ranks: dict[str, int]  # rank of every symbol in the statement
    vectors: str = "declared"
    deadline: Deadline = field(default_factory=Deadline)

    def value(self, tree: Node) -> Array:
        """The value of a whole expression.

        Raises:
            Clash: shapes do not fit.
            Unreadable: not understood, or over a limit.
        """
        with np.errstate(all="ignore"):
            return self.of(tree)

    def of(self, node: Node) -> Array:
        """The value of a node."""
        self.deadline.check()
        result = self._dispatch(node)
        if result.size > MAX_ELEMENTS:
            raise Unreadable("the arrays in this expression are too large")
        return result

    def _dispatch(self, node: Node) -> Array:
        match node:
            case Num(value):
                return np.asarray(value)
            case Sym(name):
                return self._symbol(name)
            case Neg(a):
                return -self.of(a)
            case Transpose(a):
                return self.of(a).T
            case Bin(op, a, b):
                return self._binary(op, self.of(a), self.of(b))
            case Compare(op, a, b):
                return self._shaped(COMPARE[op], "the comparison", self.of(a), self.of(b))
            case Apply(fn, order, a):
                return self.sample.functions[fn][order](self.of(a))
            case Call():
                return self._call(node)
        raise Unreadable(f"{type(node).__name__} has no meaning in code", type(node).__name__)

    def _symbol(self, name: str) -> Array:
        if name in self.sample.sizes and name not in self.sample.values:
            return np.asarray(float(self.sample.sizes[name]))
        data = self.sample.values[name].data
        if data.shape == (1, 1):
            return np.asarray(data[0, 0])
        if 1 not in data.shape:
            return data
        if self.vectors == "flat" or (self.vectors == "declared" and self.ranks.get(name) == 1):
            return data.ravel()
        if self.vectors in ("column", "row"):
            return data.reshape((-1, 1) if self.vectors == "column" else (1, -1))
        return data

    def _binary(self, op: str, a: Array, b: Array) -> Array:
        if op in ("matmul", "star", "cdot"):  # from a spelling that the rubric gives as mathematics
            op = "np*" if a.ndim == 0 or b.ndim == 0 else "@"
        function, what = _BINARY[op]
        if op in ("np**", "hpow", "pow"):
            if b.ndim or abs(b) > MAX_POWER:
                raise Unreadable("this exponent is not evaluated", "**")
            a = a.astype(float)
        if op == "@" and (a.ndim == 0 or b.ndim == 0):
            raise Clash("@ with a number, which NumPy refuses")
        return self._shaped(function, what, a, b)

    def _shaped(self, function: Callable[..., Any], what: str, *arrays: Array) -> Array:
        try:
            if np.prod([max(a.size, 1) for a in arrays], dtype=float) > MAX_ELEMENTS**2:
                raise Unreadable("the arrays in this expression are too large")
            return np.asarray(function(*arrays))
        except (ValueError, TypeError, np.linalg.LinAlgError, IndexError) as error:
            shapes = " and ".join(self.show(a) for a in arrays)
            raise Clash(f"{what} of {shapes} does not exist") from error

    def show(self, a: Array) -> str:
        """A shape in symbols."""
        return " × ".join(self.sample.show(n) for n in a.shape) or "a number"

    def _call(self, node: Call) -> Array:
        name = node.fn.removeprefix("np.")
        options = dict(node.options)
        if name in ("ones", "zeros", "full"):
            return self._shaped(lambda: self._filled(name, node), name)
        arguments = [self.of(argument) for argument in node.args]
        if name in _TWO:
            return self._binary(_TWO[name], arguments[0], arguments[1])
        if name in _SIMPLE and len(arguments) == 1:
            return self._shaped(_SIMPLE[name], name, arguments[0])
        method: Callable[[list[Array], dict[str, Any], Call], Array] | None = getattr(self, f"_{name}", None)
        if method is None:
            raise Unreadable(f"the function {name} is not understood with these arguments", name)
        try:
            return method(arguments, options, node)
        except (IndexError, KeyError, TypeError, ValueError) as error:
            raise Unreadable(f"the function {name} is not understood with these arguments", name) from error

    def _axis(self, options: dict[str, Any], arguments: list[Array]) -> tuple[Any, bool]:
        axis, keep = options.get("axis"), options.get("keepdims", False)
        if len(arguments) > 1 and axis is None:
            axis = int(arguments[1]) if arguments[1].ndim == 0 else None
        elif axis is None and isinstance(options.get("arg"), tuple):
            axis = tuple(int(self.of(item)) for item in options["arg"])
        if len(arguments) > 2:
            keep = bool(arguments[2])
        if not isinstance(keep, (bool, int)) or isinstance(axis, (str, float, bool)):
            raise Unreadable("this axis is not understood", "axis")
        return axis, bool(keep)

    def _reduce(self, function: Callable[..., Any], arguments: list[Array], options: dict[str, Any]) -> Array:
        axis, keep = self._axis(options, arguments)
        try:
            return np.asarray(function(arguments[0], axis=axis, keepdims=keep))
        except (np.exceptions.AxisError, ValueError, TypeError) as error:
            raise Clash(
                f"axis {axis} of an array of shape {self.show(arguments[0])} does not exist"
            ) from error

    def _sum(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        return self._reduce(np.sum, arguments, options)

    def _mean(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        return self._reduce(np.mean, arguments, options)

    def _std(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        return self._reduce(np.std, arguments, options)

    def _var(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        return self._reduce(np.var, arguments, options)

    def _prod(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        return self._reduce(np.prod, arguments, options)

    def _amax(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        return self._reduce(np.max, arguments, options)

    def _norm(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        return self._reduce(lambda x, **k: np.sqrt(np.sum(x * x, **k)), arguments, options)

    def _softmax(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        axis, _ = self._axis(options, arguments)
        if axis is None and arguments[0].ndim != 1:
            axis = -1
        try:
            e = np.exp(arguments[0] - arguments[0].max(axis=axis, keepdims=True))
            return np.asarray(e / e.sum(axis=axis, keepdims=True))
        except (np.exceptions.AxisError, ValueError, TypeError) as error:
            raise Clash(f"axis {axis} does not exist") from error

    def _dot(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        return self._shaped(np.dot, "the product", *arguments)

    def _tensordot(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        if options.get("axes", arguments[2] if len(arguments) > 2 else 2) != 1:
            raise Unreadable("tensordot is understood with axes=1 alone", "axes")
        return self._shaped(lambda a, b: np.tensordot(a, b, axes=1), "the product", *arguments[:2])

    def _solve(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        return self._shaped(np.linalg.solve, "the solution", *arguments)

    def _inner(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        return self._shaped(np.inner, "the inner product", *arguments)

    def _outer(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        return self._shaped(np.outer, "the outer product", *arguments)

    def _maximum(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        return self._shaped(np.maximum, "the maximum", *arguments)

    def _minimum(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        return self._shaped(np.minimum, "the minimum", *arguments)

    def _heaviside(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        return self._shaped(np.heaviside, "the step", *arguments)

    def _where(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        return self._shaped(lambda c, x, y: np.where(c != 0, x, y), "where", *arguments)

    def _clip(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        low = arguments[1] if len(arguments) > 1 else options.get("min")
        high = arguments[2] if len(arguments) > 2 else options.get("max")
        if low is None and high is None:
            raise Unreadable("clip without bounds", "clip")
        return self._shaped(lambda x: np.clip(x, low, high), "clip", arguments[0])

    def _einsum(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        code = str(options.get("arg", "")).replace(" ", "")
        if not _EINSUM.match(code) or code.count(",") + 1 != len(arguments):
            raise Unreadable(f"the einsum {code!r} is not understood", code)
        return self._shaped(lambda *a: np.einsum(code, *a), f"einsum {code}", *arguments)

    def _diag(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        return self._shaped(np.diag, "diag", arguments[0])

    def _eye(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        return np.eye(self._whole(arguments[0]))

    def _transpose(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        listed = [int(self.of(item)) % 2 for item in options.get("arg", ())]
        axes = listed or [int(axis) % 2 for axis in arguments[1:]]
        if (axes and sorted(axes) != [0, 1]) or arguments[0].ndim > 2:
            raise Unreadable("this transpose is not understood", "transpose")
        # torch's x.transpose(0, 1) swaps; a tuple (0, 1) is a permutation that changes nothing
        return arguments[0] if listed == [0, 1] else arguments[0].T

    def _swapaxes(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        if sorted(int(a) % 2 for a in arguments[1:]) != [0, 1] or arguments[0].ndim != 2:
            raise Unreadable("these axes are not understood", "swapaxes")
        return arguments[0].T

    def _reshape(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        shape = options.get("arg")
        sizes = [self.of(item) for item in shape] if isinstance(shape, tuple) else arguments[1:]
        whole = tuple(-1 if float(s) == -1 else self._whole(s) for s in sizes)
        return self._shaped(lambda x: np.reshape(x, whole), "reshape", arguments[0])

    def _expand_dims(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        axis = options.get(
            "axis", int(arguments[1]) if len(arguments) > 1 and arguments[1].ndim == 0 else None
        )
        if not isinstance(axis, int) or arguments[0].ndim > 1:
            raise Unreadable("this axis is not understood", "axis")
        return self._shaped(lambda x: np.expand_dims(x, axis), "expand_dims", arguments[0])

    def _size(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        axis = options["axis"]
        if not -arguments[0].ndim <= axis < arguments[0].ndim:
            raise Clash(f"axis {axis} of an array of shape {self.show(arguments[0])} does not exist")
        return np.asarray(float(arguments[0].shape[axis]))

    def _getitem(self, arguments: list[Array], options: dict[str, Any], node: Call) -> Array:
        key = tuple(
            {":": slice(None), "new": None}.get(k, k) if isinstance(k, str) else k for k in options["key"]
        )
        return self._shaped(lambda x: x[key], "the subscript", arguments[0])

    def _filled(self, name: str, node: Call) -> Array:
        options = dict(node.options)
        shape = options.get("arg")
        fill = {"ones": 1.0, "zeros": 0.0}.get(name)
        trees = list(node.args)
        if fill is None:
            fill = float(self.of(trees.pop()))
        items = shape if isinstance(shape, tuple) else trees
        sizes = tuple(self._whole(self.of(item)) for item in items)
        if np.prod(sizes, dtype=float) > MAX_ELEMENTS:
            raise Unreadable("the arrays in this expression are too large")
        return np.full(sizes, fill)

    @staticmethod
    def _whole(value: Array) -> int:
        if value.ndim or float(value) != int(value) or not 1 <= int(value) <= 64:
            raise Unreadable("a size has to be a whole number up to 64", "shape")
        return int(value)
