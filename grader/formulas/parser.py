"""From tokens to a tree: recursive descent over flat products, with the few precedences that people leave open.

``Style`` fixes what is open. The parser notes in ``open_choices`` which of the choices the formula depends on, so that
``readings`` enumerates only those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grader.formulas.derivatives import Derivatives
from grader.formulas.limits import MAX_DEPTH, Unreadable
from grader.formulas.names import CONSTANTS, function
from grader.formulas.tokens import Token, matching
from grader.formulas.tree import (
    Apply,
    Bin,
    Call,
    Cases,
    Compare,
    Delta,
    Eye,
    IndexValue,
    Neg,
    Node,
    Num,
    Ones,
    Sum,
    Sym,
    Transpose,
)  # fmt: skip


@dataclass(frozen=True)
class Style:
    """How open precedences are taken: the conventional way first."""

    slash: str = "left"  # a/b c is (a/b)c; tight: a/(b c)
    hadamard: str = "left"  # A∘B C is (A∘B)C; tight: A∘(BC)
    sums: str = "term"  # a sum ends at + and -; wide: it goes on to the end of its bracket
    bare_one: str = "number"  # 1 beside a matrix; vector: the vector of ones; starred: also in 1 * A
    cross: str = "name"  # a lower-case x between spaces; times: a multiplication sign
    delta: str = "kronecker"  # with two subscripts; gradient: the upstream gradient


_STAR = {"*": "star", "cdot": "star", "times": "star", "otimes": "star", ".": "star"}
_HADAMARD = {"circ", "odot", ".*"}
_DIVIDE = {"/", "div", "./", "oslash"}
_COMPARE = {"<", "<=", ">", ">=", "!=", "="}
_CLOSERS = {
    ")",
    "]",
    "}",
    ",",
    ";",
    ":",
    "&",
    "\\\\",
    "=",
    "<",
    ">",
    "<=",
    ">=",
    "!=",
    "+",
    "-",
    "->",
    "=>",
    ":=",
}


class Parser(Derivatives):
    """Parses one formula; make a new one for every attempt."""

    def expression(self) -> Node:
        """Terms joined by plus and minus."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Unreadable(f"nested more than {MAX_DEPTH} deep")
        node = self.term()
        while self.at("sym", "+", "-"):
            sign = self.take().text
            right = self.term()
            node = Bin(sign, node, right)
        self.depth -= 1
        return node

    def term(self) -> Node:
        """A product, with its sign."""
        negative = False
        while self.at("sym", "+", "-"):
            negative ^= self.take().text == "-"
        items: list[tuple[str, Node]] = [("", self.factor())]
        while (op := self.operator()) is not None:
            sign = False
            while self.at("sym", "-", "+"):
                sign ^= self.take().text == "-"
            node = self.beside_one(op) or self.factor()
            items.append((op, Neg(node) if sign else node))
        node = self.product(items)
        return Neg(node) if negative else node

    def operator(self) -> str | None:
        """The operator that comes next; juxtaposition is the matrix product."""
        token = self.peek()
        if token is None:
            return None
        if token.text in _STAR and token.kind in ("sym", "cmd"):
            if token.text == "." and not self._product_dot():
                return None
            self.take()
            return _STAR[token.text]
        if token.text in _HADAMARD and token.kind in ("sym", "cmd"):
            self.take()
            return "hadamard"
        if token.text in _DIVIDE and token.kind in ("sym", "cmd"):
            self.take()
            return "/" if token.text in ("/", "div") else "hdiv"
        if token.kind == "sym" and (token.text in _CLOSERS or token.text in self.bars):
            return None
        if token.kind == "cmd" and token.text in (
            "end:cases",
            "over",
            "in",
            "Rightarrow",
            "rightarrow",
            "equiv",
        ):
            return None
        if token.text == "x" and token.kind == "word" and token.spaced and "x" not in self.names.known:
            following = self.peek(1)
            if following is not None and following.spaced:
                self.open_choices.add("cross")
                if self.style.cross == "times":
                    self.take()
                    return "star"
        return "juxt"

    def _product_dot(self) -> bool:
        following = self.peek(1)
        return (following is not None and following.kind in ("word", "name", "cmd", "ones")) or (
            following is not None and following.text in ("(", "[")
        )

    def product(self, items: list[tuple[str, Node]]) -> Node:
        """Fold a flat product into a tree as the style says."""
        ops = [op for op, _ in items[1:]]
        divided = [k for k, op in enumerate(ops) if op == "/"]
        if any(k + 1 < len(ops) and ops[k + 1] == "juxt" for k in divided):
            self.open_choices.add("slash")
            if self.style.slash == "tight":
                items = _tight_denominators(items)
        elementwise = {"hadamard", "hdiv"}
        ops = [op for op, _ in items[1:]]
        if elementwise & set(ops) and set(ops) - elementwise:
            self.open_choices.add("hadamard")
            if self.style.hadamard == "tight":
                return _fold(_chunks(items, elementwise))
        return _fold(items)

    def factor(self) -> Node:
        """An operand with its subscripts, superscripts and primes."""
        token = self.peek()
        if token is None:
            raise Unreadable("the formula ends where an operand is expected")
        self.count_node()
        if (node := self.slash_derivative()) is not None:
            return self.scripted(node)
        node = self.primary()
        return self.scripted(node)

    def primary(self) -> Node:
        """An operand without scripts."""
        token = self.take()
        if token.kind == "num":
            return self.number(token)
        if token.kind == "ones":
            return self.ones(0.0 if token.text == "0" else 1.0)
        if token.kind == "sym":
            return self.bracketed(token)
        if token.kind == "cmd":
            return self.command(token)
        return self.word(token)

    def number(self, token: Token) -> Node:
        """A number; a 1 that is raised, lowered or compared is a vector of ones or an indicator."""
        following = self.peek()
        if token.text == "1" and following is not None and following.kind == "sym":
            if following.text == "^" and self.superscript_is_transpose():
                return Ones()
            if following.text == "_":
                return self.ones(1.0)
            if following.text in ("(", "[", "{") and (node := self.indicator()) is not None:
                return node
        if token.text == "1" and following is not None and (kind := self.bare_one(following)):
            self.open_choices.add("bare_one")
            if self.style.bare_one in (kind, "starred"):
                return Ones()
        return Num(float(token.text))

    def bare_one(self, following: Token) -> str:
        """Whether a bare 1 stands in front of a matrix: ``1 dY`` or ``1 * dY``."""
        if following.text in _STAR:
            return "starred"
        if following.kind in ("word", "name"):
            return "vector" if following.text not in ("e", "pi") else ""
        before_matrix = (
            following.kind == "cmd" and following.text in ("frac", "nabla", "partial")
        ) or following.text == "("
        return "vector" if before_matrix else ""

    def beside_one(self, op: str) -> Node | None:
        """A bare 1 behind a matrix, if it is read as the vector of ones: ``dY^T 1``."""
        following = self.peek(1)
        scripted = following is not None and following.text in ("_", "^", "(", "[")
        if op not in ("juxt", "star") or not self.at("num", "1") or scripted:
            return None
        self.open_choices.add("bare_one")
        if self.style.bare_one == "starred" or (self.style.bare_one == "vector" and op == "juxt"):
            self.take()
            return Ones()
        return None

    def ones(self, fill: float) -> Node:
        """Ones with the sizes of their subscript, or an indicator."""
        following = self.peek()
        if (
            following is not None
            and following.text in ("(", "[", "{")
            and (node := self.indicator()) is not None
        ):
            return node
        if not self.at("sym", "_"):
            return Ones(fill=fill)
        self.take()
        return self.sized_ones(self.script_tokens(), fill)

    def sized_ones(self, group: list[Token], fill: float) -> Node:
        """Ones with the sizes of their subscript, the ones of a condition, or an entry of ones: the number 1."""
        if any(t.text in _COMPARE for t in group):
            return self.child(group).condition()
        if (
            len(group) == 1
            and group[0].kind == "word"
            and len(group[0].text) == 1
            and group[0].text in self.scope
        ):
            return Num(fill)
        sizes = self.sizes(group)
        if len(sizes) == 2:
            return Ones("matrix", sizes[0], sizes[1], fill)
        return Ones("any", sizes[0], None, fill)

    def sizes(self, tokens: list[Token]) -> list[Node]:
        """Sizes in a subscript: ``S``, ``C \\times C``, ``S, 1``."""
        parts: list[list[Token]] = [[]]
        for token in tokens:
            if token.text in ("times", ",", "*", "x", "cdot") and token.kind in ("cmd", "sym", "word"):
                parts.append([])
            elif token.text not in "()":
                parts[-1].append(token)
        if (
            len(parts) == 1
            and len(parts[0]) == 1
            and parts[0][0].kind == "word"
            and len(parts[0][0].text) == 2
        ):
            parts = [[Token("word", c)] for c in parts[0][0].text]
        if not all(parts) or len(parts) > 2:
            raise Unreadable(
                "the size of this vector of ones is not understood", "_".join(t.text for t in tokens)
            )
        return [self.child(part).whole() for part in parts]

    def indicator(self) -> Node | None:
        """A condition in brackets, if that is what comes next."""
        if not self.at("sym", "(", "[", "{"):
            return None
        start = self.position
        inner = self.bracket_tokens()
        if inner and any(t.text in _COMPARE and t.kind == "sym" for t in inner):
            return self.child(inner).condition()
        self.position = start
        return None

    def condition(self) -> Node:
        """A comparison that fills all tokens; an index compared with an index is a Kronecker delta."""
        tokens = self.tokens[self.position :]
        self.position = len(self.tokens)
        while (
            len(tokens) > 2 and tokens[0].text in ("(", "{", "[") and matching(tokens, 0) == len(tokens) - 1
        ):
            tokens = tokens[1:-1]
        at = [k for k, t in enumerate(tokens) if t.text in _COMPARE and t.kind == "sym"]
        if len(at) != 1:
            raise Unreadable("this condition is not understood", " ".join(t.text for t in tokens))
        op = tokens[at[0]].text.replace("=", "==") if tokens[at[0]].text == "=" else tokens[at[0]].text
        left, right = tokens[: at[0]], tokens[at[0] + 1 :]
        indices = [self.index_name(side) for side in (left, right)]
        if indices[0] and indices[1]:
            if op == "==":
                return Delta(indices[0], indices[1])
            return Compare(op, IndexValue(indices[0]), IndexValue(indices[1]))
        return Compare(op, self.child(left).whole(), self.child(right).whole())

    def bracketed(self, token: Token) -> Node:
        """Round, square or curly brackets, norm and absolute value bars."""
        if token.text in ("(", "[", "{"):
            self.position -= 1
            inner = self.bracket_tokens()
            if len(inner) > 2 and {t.text for t in inner} <= {"1", ",", "ldots", "."}:
                return Transpose(Ones("column"))  # [1, ..., 1]
            if not inner:
                raise Unreadable("empty brackets", token.text)
            if token.text != "{" and sum(t.text in _COMPARE and t.kind == "sym" for t in inner) == 1:
                return self.child(inner).condition()
            if (over := _over(inner)) is not None:
                return self.fraction(*over)
            return self.child(inner).whole()
        if token.text in ("|", "||"):
            self.bars = (*self.bars, token.text)
            node = self.expression()
            self.bars = self.bars[:-1]
            if not self.at("sym", token.text):
                raise Unreadable("bars are opened and never closed", token.text)
            self.take()
            return Call("norm" if token.text == "||" else "bars", (node,))
        raise Unreadable(f"{token.text!r} is not understood here", token.text)

    def command(self, token: Token) -> Node:
        """A LaTeX command."""
        name = token.text
        if name == "frac":
            return self.fraction(self.argument_tokens(), self.argument_tokens())
        if name in ("sum", "prod"):
            return self.big_sum(product=name == "prod")
        if name == "sqrt":
            return self.root()
        if name in ("lfloor", "lceil"):
            return self.rounded(name[1:])
        if name == "nabla" or (name == "partial" and self.at("sym", "_")):  # ∂_Y L
            return self.nabla()
        if name == "partial":
            raise Unreadable("∂ outside of a derivative that is given", "∂")
        if name == "begin:cases":
            return self.cases()
        if name == "boxed":
            return self.child(self.argument_tokens()).whole()
        if name in ("norm", "abs", "Vert", "magnitude"):
            return Call("norm" if name == "norm" else "bars", (self.child(self.argument_tokens()).whole(),))
        if name == "ldots":
            raise Unreadable("… leaves out terms; write a sum", "…")
        return self.word(replace(token, kind="word"), command=True)

    def word(self, token: Token, *, command: bool = False) -> Node:
        """A name: symbol, function, constant, identity matrix, Kronecker delta."""
        text = token.text
        known = text in self.names.known or text in self.names.functions
        if not known and text == "delta" and (delta := self.delta()) is not None:
            return delta
        if not known and text in ("sum", "Sum", "prod") and self.at("sym", "_"):
            return self.big_sum(product=text == "prod")
        if not known and text == "sigma" and self.at("sym", "(", "["):
            return self.call("sigmoid")
        if not known and text == "Indicator":
            return self.indicator() or self._styled_identity()
        if not known and text == "e" and self.at("sym", "^"):
            self.take()
            return Call("exp", (self.exponent(),))
        pieces = self.names.pieces(token)
        if pieces is None:
            return self.unknown_word(token, command)
        if (
            pieces[0].text != text
            and len(pieces) == 1
            and pieces[0].text in self.names.sizes
            and text not in self.names._single
        ):
            self.guesses.add(text)
        self.tokens[self.position - 1 : self.position] = pieces
        first = pieces[0]
        if first.kind != "name":
            self.position -= 1
            return self.primary()
        return self.named(first.text)

    def delta(self) -> Node | None:
        """A Kronecker delta, or the upstream gradient that many call delta."""
        upstream = self.names.upstream
        start = self.position
        node = self.kronecker()
        if upstream and node is not None:
            self.open_choices.add("delta")
        if upstream and (node is None or self.style.delta == "gradient"):
            self.position = start
            return Sym(upstream)
        return node

    def _styled_identity(self) -> Node:
        if self.at("sym", "_"):
            return self.ones(1.0)
        return Eye()

    def unknown_word(self, token: Token, command: bool) -> Node:
        """Words with a meaning that the question did not declare: identity, constants, definitions of the answer."""
        text = token.text
        if text in self.definitions:
            return self.definitions[text]
        if text in ("I", "Id", "eye", "identity", "Identity"):
            return self.identity()
        if text in CONSTANTS and text != "e":
            return Num(CONSTANTS[text])
        if text in self.scope:
            return IndexValue(self.scope[text])
        if text in ("ones", "one", "vone", "onevec", "bone", "allones"):
            return self.ones_call(1.0)
        if text == "sum" and self.names.lenient:
            return self.call("sum")
        if command and len(text) > 1 and (stripped := self._unprefixed(text)):
            self.tokens[self.position - 1] = Token("name", stripped)
            return self.named(stripped)
        raise Unreadable(f"{text!r} is not a name of this question", text)

    def _unprefixed(self, command: str) -> str | None:
        """The declared name behind a private macro such as ``\\bY`` or ``\\matX``."""
        for prefix in ("mathbf", "mat", "vec", "bf", "mb", "bb", "b", "m", "v", "bs"):
            rest = command.removeprefix(prefix)
            if rest != command and rest and (rest in self.names.known):
                return rest
        return None

    def identity(self) -> Node:
        """The identity matrix, with the size of its subscript."""
        if self.at("sym", "(") and (node := self.indicator()) is not None:
            return node
        if not self.at("sym", "_"):
            return Eye()
        self.take()
        group = self.script_tokens()
        if any(t.text in _COMPARE for t in group):
            return self.child(group).condition()
        if any(t.text in ("times", "x") or t.text in self.names.sizes for t in group):
            return Eye(self.sizes(group)[0])
        indices = self.subscripts(group)
        if len(indices) == 2 and all(
            isinstance(s, str) and s.partition("#")[0] not in self.names.sizes for s in indices
        ):
            return Delta(str(indices[0]), str(indices[1]))
        return Eye(self.sizes(group)[0])

    def ones_call(self, fill: float) -> Node:
        """``ones(S, 1)`` and ``ones_S`` of plain text."""
        if self.at("sym", "("):
            sizes = self.sizes(self.bracket_tokens())
            return Ones("matrix", sizes[0], sizes[-1] if len(sizes) > 1 else Num(1.0), fill)
        return self.ones(fill)

    def named(self, name: str) -> Node:
        """A declared symbol or a function with its argument."""
        if name in self.names.hidden:
            raise Unreadable(f"{name} is not among what is given; write the answer without it", name)
        if name in self.names.functions:
            return self.applied(name)
        if name in self.names.known:
            return Sym(name)
        return self.call(function(name) or name)

    def applied(self, name: str) -> Node:
        """A function of the question, or its derivative: ``h(X)``, ``h'(X)``."""
        order = self.primes()
        if order > 1:
            raise Unreadable(f"the second derivative of {name} is not part of this question", name + "''")
        if not self.at("sym", "(", "[", "{"):
            following = self.peek()
            if following is None or following.kind not in ("word", "name"):
                raise Unreadable(f"{name} without its argument", name)
            return Apply(name, order, self.factor())
        argument = self.child(self.bracket_tokens()).whole()
        return Apply(name, order, argument)

    def call(self, name: str) -> Node:
        """A known function: arguments in brackets, or the one factor that follows."""
        power = self.function_power()
        if name == "sigmoid" and self.primes() == 1:
            raise Unreadable("the derivative of the sigmoid; write it out", "sigma'")
        if self.at("sym", "_"):
            raise Unreadable(f"a subscript at {name}", name + "_")
        if self.at("sym", "(", "[", "{"):
            arguments = tuple(self.child(part).whole() for part in _commas(self.bracket_tokens()))
        else:
            arguments = (self.factor(),)
        limits = {"max": (1, 2), "min": (1, 2)}.get(name, (1, 1))
        if not limits[0] <= len(arguments) <= limits[1]:
            raise Unreadable(f"{name} with {len(arguments)} arguments", name)
        node: Node = Transpose(arguments[0]) if name == "transpose" else Call(name, arguments)
        return node if power is None else Bin("hpow", node, power)

    def fraction(self, top: list[Token], bottom: list[Token]) -> Node:
        """A fraction, or a derivative written as one."""
        if (node := self.fraction_derivative(top, bottom)) is not None:
            return node
        if not top or not bottom:
            raise Unreadable("a fraction without numerator or denominator", "\\frac")
        return Bin("/", self.child(top).whole(), self.child(bottom).whole())

    def rounded(self, name: str) -> Node:
        """What stands between floor or ceiling brackets."""
        inner: list[Token] = []
        depth = 1
        while True:
            token = self.take()
            depth += (token.text == f"l{name}") - (token.text == f"r{name}")
            if depth == 0:
                return Call(name, (self.child(inner).whole(),))
            inner.append(token)

    def root(self) -> Node:
        """A square root."""
        if self.at("sym", "["):
            degree = self.bracket_tokens()
            inner = self.child(self.argument_tokens()).whole()
            return Bin("hpow", inner, Bin("/", Num(1.0), self.child(degree).whole()))
        return Call("sqrt", (self.child(self.argument_tokens()).whole(),))

    def cases(self) -> Node:
        """Values with conditions, one a line."""
        lines: list[list[Token]] = [[]]
        while not self.at("cmd", "end:cases"):
            token = self.take()
            if token.text == "\\\\":
                lines.append([])
            else:
                lines[-1].append(token)
        self.take()
        values, conditions = [], []
        for line in (line for line in lines if line):
            at = [k for k, t in enumerate(line) if t.text in ("&", ",") and t.kind == "sym"]
            if not at:
                raise Unreadable("a case without a condition", "cases")
            condition = [
                t for t in line[at[0] + 1 :] if t.text not in ("&", "if", "for", "when", "wenn", ",", ".")
            ]
            values.append(self.child([t for t in line[: at[0]] if t.text != ","]).whole())
            otherwise = not condition or condition[0].text in ("otherwise", "else", "sonst", "elsewhere")
            conditions.append(None if otherwise else self.child(condition).condition())
        if not values:
            raise Unreadable("empty cases", "cases")
        return Cases(tuple(values), tuple(conditions))

    def big_sum(self, *, product: bool) -> Node:
        """A sum sign: its indices, its upper limit, its body up to the end of the term."""
        if not self.at("sym", "_"):
            raise Unreadable("a sum sign without an index", "Σ")
        self.take()
        group = self.script_tokens(for_sum=True)
        indices, where = self.sum_indices(group)
        upper: Node | None = None
        if self.at("sym", "^"):
            self.take()
            upper = self.upper_limit(self.script_tokens())
        renamed = {name: self.fresh(name) for name in indices}
        outer = dict(self.scope)
        self.scope.update(renamed)
        condition = self.child(where).condition() if where else None
        body = self.expression() if self.style.sums == "wide" else self.term()
        self.scope.clear()
        self.scope.update(outer)
        node = body
        for k, name in reversed(list(enumerate(indices))):
            last = k == len(indices) - 1
            node = Sum(
                renamed[name],
                node,
                upper if len(indices) == 1 else None,
                condition if last else None,
                product,
            )
        self.check_wide(indices)
        return node

    def check_wide(self, indices: Sequence[str]) -> None:
        """Note that a sum might go on: its index occurs again after it."""
        rest = {t.text for t in self.tokens[self.position :]}
        if self.style.sums == "wide" or (
            self.at("sym", "+", "-") and any(any(i in t for t in rest) for i in indices)
        ):
            self.open_choices.add("sums")

    def whole(self) -> Node:
        """All tokens as one expression.

        Raises:
            Unreadable: something is left over; the message names it.
        """
        node = self.expression()
        if (token := self.peek()) is not None:
            raise Unreadable(f"{token.text!r} is not understood here", token.text)
        return node


def _tight_denominators(items: list[tuple[str, Node]]) -> list[tuple[str, Node]]:
    out: list[tuple[str, Node]] = []
    for op, node in items:
        if op == "juxt" and out and out[-1][0] == "/":
            out[-1] = ("/", Bin("matmul", out[-1][1], node))
        else:
            out.append((op, node))
    return out


def _chunks(items: list[tuple[str, Node]], separators: set[str]) -> list[tuple[str, Node]]:
    groups: list[tuple[str, list[tuple[str, Node]]]] = []
    for op, node in items:
        if not groups or op in separators:
            groups.append((op, [("", node)]))
        else:
            groups[-1][1].append((op, node))
    return [(op, _fold(group)) for op, group in groups]


def _fold(items: list[tuple[str, Node]]) -> Node:
    node = items[0][1]
    for op, right in items[1:]:
        node = Bin({"juxt": "matmul", "hdiv": "/"}.get(op, op), node, right)
    return node


def _commas(tokens: list[Token]) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        if token.text == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _over(tokens: list[Token]) -> tuple[list[Token], list[Token]] | None:
    for k, token in enumerate(tokens):
        if token.kind == "cmd" and token.text == "over":
            return tokens[:k], tokens[k + 1 :]
    return None
