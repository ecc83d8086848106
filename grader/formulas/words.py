"""Names: symbols, functions, constants, and words that the question did not declare."""

from __future__ import annotations

from grader.formulas.commands import CommandParser
from grader.formulas.limits import Unreadable
from grader.formulas.names import CONSTANTS, DERIVATIVES, OWN, function
from grader.formulas.tokens import Token
from grader.formulas.tree import Apply, Bin, Call, Cases, Compare, Eye, IndexValue, Node, Num, Sym, Transpose


class WordParser(CommandParser):
    """Parses names."""

    def primary(self) -> Node:
        """An operand without scripts."""
        raise NotImplementedError

    def word(self, token: Token, *, command: bool = False) -> Node:
        """A name: symbol, function, constant, identity matrix, Kronecker delta."""
        text = token.text
        known = text in self.names.known or text in self.names.functions
        if not known and text in self.scope:
            if self.names.folded(text) is None:
                return IndexValue(self.scope[text])
            self.open_choices.add("running")
            if self.style.running == "index":
                return IndexValue(self.scope[text])
        if not known and text == "delta" and (delta := self.delta()) is not None:
            return delta
        if not known and text in ("sum", "Sum", "prod") and self.at("sym", "_"):
            return self.big_sum(product=text == "prod")
        if not known and text == "sigma" and (self.at("sym", "(", "[") or self.primed_call()):
            return self.call("sigmoid")
        if not known and text.endswith("dot") and text.removesuffix("dot") in self.names.functions:
            return self.applied(text.removesuffix("dot"), order=1)
        if not known and text == "Indicator":
            return self.indicator() or self.styled_identity()
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

    def primed_call(self) -> bool:
        """Whether primes and a bracket come next: ``'(x)``, ``^{\\prime}(x)``."""
        start = self.position
        found = self.primes() == 1 and self.at("sym", "(", "[")
        self.position = start
        return found

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
        if text in ("where", "Where") and self.at("sym", "("):
            return self.where()
        if text == "sum" and self.names.lenient:
            return self.call("sum")
        if text.endswith("bar") and (node := self.barred(text.removesuffix("bar"))) is not None:
            return node
        if command and len(text) > 1 and (stripped := self._unprefixed(text)):
            self.tokens[self.position - 1] = Token("name", stripped)
            return self.named(stripped)
        if text.startswith(OWN):
            own = text.removeprefix(OWN)
            raise Unreadable(
                f"what {own} stands for is given in the answer, but could not be read; write it out", own
            )
        raise Unreadable(self.names.unknown(text), text)

    def where(self) -> Node:
        """``where(X > 0, a, b)`` as NumPy has it."""
        parts = split_commas(self.bracket_tokens())
        if len(parts) != 3:
            raise Unreadable("where takes a condition and two values", "where")
        condition, yes, no = (self.child(part) for part in parts)
        return Cases((yes.whole(), no.whole()), (condition.condition(), None))

    def barred(self, name: str) -> Node | None:
        """A bar over a given vector is the mean of its entries, over a matrix the mean of its rows.

        A bar over a name that is not given itself, but whose gradient is, is that gradient (the adjoint).
        """
        gradient = f"d{name}"
        given = gradient in self.names.shapes and gradient not in self.names.hidden
        if given and name not in self.names.known and not self.names.lenient:
            self.shared.notes.append(f"{name} with a bar was read as ∂L/∂{name}")
            return Sym(gradient)
        pieces = self.names.pieces(Token("word", name)) if name else None
        if not pieces or len(pieces) != 1 or pieces[0].text not in self.names.shapes:
            return None
        symbol = pieces[0].text
        rank = self.names.rank(symbol)
        return Call("mean" if rank == 1 else "rowmean", (Sym(symbol),)) if rank else None

    def _unprefixed(self, command: str) -> str | None:
        """The declared name behind a private macro such as ``\\bY`` or ``\\matX``."""
        for prefix in ("mathbf", "mat", "vec", "bf", "mb", "bb", "b", "m", "v", "bs"):
            rest = command.removeprefix(prefix)
            if rest != command and rest and (rest in self.names.known):
                return rest
        return None

    def named(self, name: str) -> Node:
        """A declared symbol or a function with its argument."""
        if name in self.names.hidden:
            raise Unreadable(f"{name} is not among what is given; write the answer without it", name)
        if name in self.names.functions:
            return self.applied(name)
        if name in self.names.known:
            return Sym(name)
        return self.call(function(name) or name)

    def applied(self, name: str, *, order: int = 0) -> Node:
        """A function of the question, or its derivative: ``h(X)``, ``h'(X)``."""
        order += self.primes()
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
        if self.primes() == 1:
            if name not in DERIVATIVES:
                raise Unreadable(f"the derivative of {name}; write it out", name + "'")
            name = f"d{name}"
        if self.at("sym", "_"):
            raise Unreadable(f"a subscript at {name}", name + "_")
        if self.at("sym", "(", "[", "{"):
            inner = self.bracket_tokens()
            if name == "diag" and len(inner) > 2 and {t.text for t in inner} <= {"1", ",", "ldots"}:
                return Eye()  # diag(1, ..., 1)
            arguments = tuple(self.child(part).whole() for part in split_commas(inner))
        else:
            arguments = (self.reached(),)
        limits = {"max": (1, 2), "min": (1, 2), "elu": (1, 2), "leakyrelu": (2, 2)}.get(name, (1, 1))
        if not limits[0] <= len(arguments) <= limits[1]:
            raise Unreadable(f"{name} with {len(arguments)} arguments", name)
        if name in ("elu", "leakyrelu"):
            return self.bent(name, *arguments)
        node: Node = Transpose(arguments[0]) if name == "transpose" else Call(name, arguments)
        return node if power is None else Bin("hpow", node, power)

    def bent(self, name: str, x: Node, slope: Node | None = None) -> Node:
        """``elu(x, alpha)`` and ``leaky_relu(x, slope)`` as cases; the alpha of the question, or 1, if it is left out."""
        scale = slope or (Sym("alpha") if "alpha" in self.names.known else Num(1.0))
        below = Bin("-", Call("exp", (x,)), Num(1.0)) if name == "elu" else x
        return Cases((x, Bin("hadamard", scale, below)), (Compare(">", x, Num(0.0)), None))

    def reached(self) -> Node:
        """What a function without brackets is taken of: a factor, or all names and numbers that follow."""
        node = self.factor()
        while (token := self.peek()) is not None and self._goes_on(token):
            self.open_choices.add("reach")
            if self.style.reach == "factor":
                break
            node = Bin("matmul", node, self.factor())
        return node

    def _goes_on(self, token: Token) -> bool:
        if token.kind == "num":
            return True
        pieces = self.names.pieces(token) if token.kind in ("word", "name") else None
        known = {*self.names.known, *CONSTANTS}
        return token.text in CONSTANTS or (pieces is not None and all(p.text in known for p in pieces))


def split_commas(tokens: list[Token]) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        if token.text == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts
