"""LaTeX commands with arguments: fractions, roots, sums, cases, brackets that round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grader.formulas.environments import WRITTEN_OUT
from grader.formulas.limits import Unreadable
from grader.formulas.ones import OnesParser
from grader.formulas.tokens import Token
from grader.formulas.tree import Bin, Call, Cases, Node, Num, Sum, indices_in


class CommandParser(OnesParser):
    """Parses commands."""

    def word(self, token: Token, *, command: bool = False) -> Node:
        """A name."""
        raise NotImplementedError

    def expression(self) -> Node:
        """Terms joined by plus and minus."""
        raise NotImplementedError

    def term(self) -> Node:
        """A product, with its sign."""
        raise NotImplementedError

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
        if name.startswith(WRITTEN_OUT):
            raise Unreadable(
                "a matrix written entry by entry is not understood; write it as a product",
                name.removeprefix(WRITTEN_OUT),
            )
        if name == "ldots":
            raise Unreadable("… leaves out terms; write a sum", "…")
        return self.word(replace(token, kind="word"), command=True)

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
        from_zero = [t.text for t in group[1:]] == ["=", "0"]
        if self.at("sym", "^"):
            self.take()
            upper = self.upper_limit(self.script_tokens())
            if upper is not None and from_zero:
                upper = _count_from_zero(upper)
        renamed = {name: self.fresh(name) for name in indices}
        outer = dict(self.scope)
        self.scope.update(renamed)
        condition = self.child(where).condition() if where else None
        body = self.term()
        if self.style.sums == "wide":
            body = self.widened(body, set(renamed.values()))
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
                lower=0 if from_zero else 1,
            )
        self.check_wide(indices)
        return node

    def widened(self, body: Node, indices: set[str]) -> Node:
        """The body with the terms that follow it, every one of which has to depend on an index of the sum.

        Raises:
            Unreadable: a term does not, so that the sum cannot have been meant to go on.
        """
        while self.at("sym", "+", "-"):
            sign = self.take().text
            right = self.term()
            if not indices & indices_in(right):
                raise Unreadable("a term beside the sum does not depend on its index", "Σ")
            body = Bin(sign, body, right)
        return body

    def check_wide(self, indices: Sequence[str]) -> None:
        """Note that a sum might go on: its index occurs again after it."""
        rest = {t.text for t in self.tokens[self.position :]}
        if self.style.sums == "wide" or (
            self.at("sym", "+", "-") and any(any(i in t for t in rest) for i in indices)
        ):
            self.open_choices.add("sums")


def _count_from_zero(upper: Node) -> Node:
    """How many values an index takes from 0 to its upper limit."""
    if isinstance(upper, Bin) and upper.op == "-" and upper.b == Num(1.0):
        return upper.a
    return Bin("+", upper, Num(1.0))


def over(tokens: list[Token]) -> tuple[list[Token], list[Token]] | None:
    for k, token in enumerate(tokens):
        if token.kind == "cmd" and token.text == "over":
            return tokens[:k], tokens[k + 1 :]
    return None
