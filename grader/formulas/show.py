"""A formula written back, so that everybody sees how it was read: in Unicode and in LaTeX."""

from __future__ import annotations

import math

from grader.formulas.evaluate import Meaning
from grader.formulas.names import DERIVATIVES
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
from grader.formulas.wordlist import split

_GREEK = dict(
    zip(
        split(
            "alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu xi pi rho sigma tau phi chi "
            "psi omega"
        ),
        "αβγδεζηθκλμνξπρστφχψω",
        strict=True,
    )
)
_LEVEL = {
    "+": 1,
    "-": 1,
    "np+": 1,
    "np-": 1,
    "matmul": 2,
    "@": 2,
    "star": 2,
    "outer": 2,
    "cdot": 2,
    "hadamard": 2,
    "np*": 2,
    "/": 2,
    "np/": 2,
    "np//": 2,
}
_KIND = {"@": "matmul", "np*": "hadamard", "np/": "/", "star": "matmul", "cdot": "matmul"}
_COMPARE = {"<=": "≤", ">=": "≥", "==": "=", "!=": "≠"}
_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


class Writer:
    """Writes a tree in one of two notations."""

    def __init__(self, meaning: Meaning, *, latex: bool) -> None:
        self.meaning = meaning
        self.latex = latex

    def write(self, node: Node, level: int = 0) -> str:
        """The formula; in brackets where it binds less than ``level``."""
        text, own = self._write(node)
        return f"({text})" if own < level else text

    def _write(self, node: Node) -> tuple[str, int]:
        match node:
            case Num(value) if value == math.pi:
                return r"\pi" if self.latex else "π", 5
            case Num(value):
                return f"{value:.12g}", 5 if value >= 0 else 1
            case Sym(name):
                return self._name(name), 5
            case Ones():
                return self._ones(node), 5
            case Eye(size):
                return (
                    "I"
                    if size is None
                    else f"I_{{{self.write(size)}}}"
                    if self.latex
                    else f"I_{self.write(size)}"
                ), 5
            case Neg(a):
                return f"-{self.write(a, 2)}", 1
            case Transpose(a):
                return self.write(a, 5) + (r"^{\top}" if self.latex else "ᵀ"), 4
            case Bin():
                return self._binary(node)
            case Call():
                return self._call(node)
            case Apply(fn, order, a):
                return f"{self._name(fn)}{chr(39) * order}({self.write(a)})", 5
            case Entry(a, subs):
                inner = ",".join(_plain(sub) for sub in subs)
                return (
                    f"{self.write(a, 5)}_{{{inner}}}" if self.latex else f"{self.write(a, 5)}[{inner}]"
                ), 5
            case Shifted(a, places):
                inner = ",".join(self.write(place) for place in places)
                return (
                    f"{self.write(a, 5)}_{{{inner}}}" if self.latex else f"{self.write(a, 5)}[{inner}]"
                ), 5
            case Sum():
                return self._sum(node), 2
            case Table(indices, body):
                inner = ",".join(_plain(index) for index in indices)
                return (
                    f"[{self.write(body)}]_{{{inner}}}" if self.latex else f"[{self.write(body)}]_{inner}",
                    5,
                )
            case Delta(i, j):
                return (
                    f"\\delta_{{{_plain(i)}{_plain(j)}}}" if self.latex else f"δ[{_plain(i)},{_plain(j)}]"
                ), 5
            case IndexValue(name):
                return _plain(name), 5
            case Compare(op, a, b):
                sign = (
                    _COMPARE.get(op, op)
                    if not self.latex
                    else {"<=": r"\le", ">=": r"\ge", "==": "=", "!=": r"\ne"}.get(op, op)
                )
                return f"1[{self.write(a)} {sign} {self.write(b)}]", 5
            case Cases(values, conditions):
                parts = [
                    self.write(v) if c is None else f"{self.write(v)} if {self.write(c)}"
                    for v, c in zip(values, conditions, strict=True)
                ]
                return "{" + "; ".join(parts) + "}" if not self.latex else r"\{" + r";\ ".join(
                    parts
                ) + r"\}", 5
        return "?", 5

    def _name(self, name: str) -> str:
        if (
            name[0] == "d"
            and len(name) > 1
            and (name[1].isupper() or name[1:] in ("x", "y", "z", "xhat", "b", "w"))
        ):
            inner = self._name(name[1:])
            return rf"\frac{{\partial L}}{{\partial {inner}}}" if self.latex else f"(∂L/∂{inner})"
        if name.endswith("hat") and len(name) == 4:
            return rf"\hat{{{name[0]}}}" if self.latex else name[0] + "\u0302"
        base, _, rest = name.partition("_")
        shown = (f"\\{base}" if self.latex else _GREEK[base]) if base in _GREEK else base
        if not rest:
            return shown if len(shown) == 1 or shown[0] == "\\" or not self.latex else rf"\mathrm{{{shown}}}"
        return f"{shown}_{{{rest}}}" if self.latex else f"{shown}_{rest}"

    def _ones(self, node: Ones) -> str:
        one = "1" if node.fill else "0"
        shown = rf"\mathbf{{{one}}}" if self.latex else {"1": "𝟏", "0": "𝟎"}[one]
        sizes = [self.write(s) for s in (node.rows, node.cols) if s is not None]
        if sizes:
            times = r" \times " if self.latex else "×"
            shown += f"_{{{times.join(sizes)}}}"
        row = node.kind == "row" or (node.kind == "any" and self.meaning.ones == "row")
        return shown + ((r"^{\top}" if self.latex else "ᵀ") if row else "")

    def _binary(self, node: Bin) -> tuple[str, int]:
        if node.op in ("pow", "hpow", "np**"):
            return self._power(node), 4
        if node.op in ("/", "np/") and self.latex:
            return rf"\frac{{{self.write(node.a)}}}{{{self.write(node.b)}}}", 5
        level = _LEVEL[node.op]
        left, right = self.write(node.a, level), self.write(node.b, level + 1)
        if level == 2 and isinstance(node.a, Bin) and not _runs_on(node.a.op, node.op, self.latex):
            left = self.write(node.a, 3)
        op = node.op
        if op in ("star", "cdot"):
            op = "hadamard" if self.meaning.star == "elementwise" else "dot"
        sign = {
            "+": " + ", "-": " - ", "np+": " + ", "np-": " - ", "matmul": " ", "@": " ", "/": " / ", "np/": " / ", "np//": " // ",
            "hadamard": r" \circ " if self.latex else " ∘ ", "np*": r" \circ " if self.latex else " ∘ ",
            "dot": r" \cdot " if self.latex else " · ", "outer": r" \otimes " if self.latex else " ⊗ ",
        }[op]  # fmt: skip
        return f"{left}{sign}{right}", level

    def _power(self, node: Bin) -> str:
        exponent = self.write(node.b)
        base = self.write(node.a, 5)
        circle = "∘" if node.op == "hpow" and not isinstance(node.a, (Num, Call)) else ""
        if self.latex:
            mark = r"\circ " if circle else ""
            return f"{base}^{{{mark}{exponent}}}"
        if all(c in "0123456789-" for c in exponent):
            return base + circle + exponent.translate(_SUPERSCRIPT)
        return f"{base}^{circle}({exponent})"

    def _call(self, node: Call) -> tuple[str, int]:
        arguments = ", ".join(self.write(argument) for argument in node.args)
        name = node.fn.removeprefix("np.")
        if name[0] == "d" and name[1:] in DERIVATIVES:
            name = name[1:] + "'"
        elif name == "rowmean":
            name = "mean of the rows of "
        if name in ("norm", "bars") and node.fn == name:
            return (
                rf"\|{arguments}\|" if self.latex else f"‖{arguments}‖"
            ) if name == "norm" else f"|{arguments}|", 5
        options = [
            f"{key}={value}"
            for key, value in node.options
            if isinstance(value, (int, bool, str)) and key != "arg"
        ]
        codes = [repr(value) for key, value in node.options if key == "arg" and isinstance(value, str)]
        inside = ", ".join([*codes, *([arguments] if arguments else []), *options])
        if name == "getitem":
            return f"{self.write(node.args[0], 5)}{list(dict(node.options)['key'])}", 5  # type: ignore[call-overload]
        return (rf"\operatorname{{{name}}}({inside})" if self.latex else f"{name}({inside})"), 5

    def _sum(self, node: Sum) -> str:
        sign = ("\\prod" if node.product else "\\sum") if self.latex else ("∏" if node.product else "Σ")
        body = self.write(node.body, 2)
        return (
            f"{sign}_{{{_plain(node.index)}}} {body}" if self.latex else f"{sign}_{_plain(node.index)} {body}"
        )


def _runs_on(inner: str, outer: str, latex: bool) -> bool:
    """Whether two products next to each other read well without brackets: ``A B C``, but ``(1 / S) T``."""
    kinds = [_KIND.get(op, op) for op in (inner, outer)]
    return kinds[0] == kinds[1] or _LEVEL.get(inner, 2) != 2 or (latex and kinds[0] == "/")


def _plain(sub: str | int) -> str:
    return str(sub).partition("#")[0]


def show(node: Node, meaning: Meaning | None = None, *, latex: bool = False) -> str:
    """A formula in normal form: ``(∂L/∂Y)ᵀ X``."""
    return Writer(meaning or Meaning(), latex=latex).write(node)
