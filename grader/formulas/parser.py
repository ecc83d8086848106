"""From tokens to a tree: recursive descent over flat products, with the few precedences that people leave open.

``Style`` fixes what is open. The parser notes in ``open_choices`` which of the choices the formula depends on, so that
``readings`` enumerates only those.
"""

from __future__ import annotations

from grader.formulas.commands import over
from grader.formulas.limits import MAX_DEPTH, Unreadable
from grader.formulas.ones import PRODUCTS
from grader.formulas.tokens import Token
from grader.formulas.tree import Bin, Call, Neg, Node, Ones, Transpose
from grader.formulas.words import WordParser, split_commas

_HADAMARD = {"circ", "odot", ".*"}
_DIVIDE = {"/", "div", "./", "oslash"}
_CLOSERS = frozenset(
    (
        ")",
        "]",
        "}",
        ",",
        ";",
        ":",
        "&",
        ">>",
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
    )
)


class Parser(WordParser):
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
        if token.text in PRODUCTS and token.kind in ("sym", "cmd"):
            if token.text == "." and not self._product_dot():
                return None
            self.take()
            return PRODUCTS[token.text]
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

    def bracketed(self, token: Token) -> Node:
        """Round, square or curly brackets, norm and absolute value bars."""
        if token.text in ("(", "[", "{"):
            self.position -= 1
            inner = self.bracket_tokens()
            if len(inner) > 2 and {t.text for t in inner} <= {"1", ",", "ldots", "."}:
                return Transpose(Ones("column"))  # [1, ..., 1]
            if not inner:
                raise Unreadable("empty brackets", token.text)
            if token.text != "{" and self.is_condition(inner):
                return self.child(inner).condition()
            if (sides := over(inner)) is not None:
                return self.fraction(*sides)
            return self.child(inner).whole()
        if token.text == "<<":
            inner = self.angle_tokens()
            factors = [self.child(part).whole() for part in split_commas(inner)]
            if len(factors) != 2:
                raise Unreadable("⟨ ⟩ takes two arguments", "⟨")
            return Call("inner", tuple(factors))
        if token.text in ("|", "||"):
            self.bars = (*self.bars, token.text)
            node = self.expression()
            self.bars = self.bars[:-1]
            if not self.at("sym", token.text):
                raise Unreadable("bars are opened and never closed", token.text)
            self.take()
            return Call("norm" if token.text == "||" else "bars", (node,))
        raise Unreadable(f"{token.text!r} is not understood here", token.text)

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
