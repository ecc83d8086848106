"""Ones, identity matrices and conditions: what 1, **1**, I and 1[...] stand for."""

from __future__ import annotations

from grader.formulas.derivatives import Derivatives
from grader.formulas.limits import Unreadable
from grader.formulas.tokens import Token, matching
from grader.formulas.tree import Compare, Delta, Eye, IndexValue, Node, Num, Ones

PRODUCTS = {"*": "star", "cdot": "cdot", "times": "star", "otimes": "outer", ".": "star", "@": "juxt"}
COMPARISONS = {"<", "<=", ">", ">=", "!=", "="}


class OnesParser(Derivatives):
    """Parses numbers that may be vectors of ones or indicators."""

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
        if following.text in PRODUCTS and following.text != "@":
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
        if op not in ("juxt", "star", "cdot") or not self.at("num", "1") or scripted:
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
        if any(t.text in COMPARISONS for t in group):
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
        if self.is_condition(inner):
            return self.child(inner).condition()
        self.position = start
        return None

    @staticmethod
    def is_condition(tokens: list[Token]) -> bool:
        """Whether there is one comparison outside of brackets."""
        depth = count = 0
        for token in tokens:
            if token.kind == "sym":
                depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
                count += depth == 0 and token.text in COMPARISONS
            depth += (token.text == "begin:cases") - (token.text == "end:cases")
        return count == 1

    def condition(self) -> Node:
        """A comparison that fills all tokens; an index compared with an index is a Kronecker delta."""
        tokens = self.tokens[self.position :]
        self.position = len(self.tokens)
        while (
            len(tokens) > 2 and tokens[0].text in ("(", "{", "[") and matching(tokens, 0) == len(tokens) - 1
        ):
            tokens = tokens[1:-1]
        at = [k for k, t in enumerate(tokens) if t.text in COMPARISONS and t.kind == "sym"]
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

    def identity(self) -> Node:
        """The identity matrix, with the size of its subscript."""
        if self.at("sym", "(") and (node := self.indicator()) is not None:
            return node
        if not self.at("sym", "_"):
            return Eye()
        self.take()
        group = self.script_tokens()
        if any(t.text in COMPARISONS for t in group):
            return self.child(group).condition()
        if any(t.text in ("times", "x") or t.text in self.names.sizes for t in group):
            return Eye(self.sizes(group)[0])
        indices = self.subscripts(group)
        if len(indices) == 2 and all(
            isinstance(s, str) and s.partition("#")[0] not in self.names.sizes for s in indices
        ):
            return Delta(str(indices[0]), str(indices[1]))
        return Eye(self.sizes(group)[0])

    def styled_identity(self) -> Node:
        """A blackboard I: the identity matrix or, with a size, perhaps a vector of ones."""
        if not self.at("sym", "_"):
            return Eye()
        start = self.position
        self.take()
        group = self.script_tokens()
        if not any(t.text in COMPARISONS for t in group):
            self.open_choices.add("blackboard")
            if self.style.blackboard == "identity":
                return Eye(self.sizes(group)[0])
        self.position = start
        return self.ones(1.0)

    def ones_call(self, fill: float) -> Node:
        """``ones(S, 1)`` and ``ones_S`` of plain text."""
        if self.at("sym", "("):
            sizes = self.sizes(self.bracket_tokens())
            return Ones("matrix", sizes[0], sizes[-1] if len(sizes) > 1 else Num(1.0), fill)
        return self.ones(fill)
