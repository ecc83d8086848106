"""Derivatives that an answer may contain: gradients of the loss that are given, and h' written as a fraction."""

from __future__ import annotations

from dataclasses import replace

from grader.formulas.limits import Unreadable
from grader.formulas.sum_limits import SumLimits
from grader.formulas.tokens import Token
from grader.formulas.tree import Apply, Node, Sym


class Derivatives(SumLimits):
    """Recognises ``\\frac{\\partial L}{\\partial Y}``, ``dL/dY``, ``\\nabla_Y L`` and ``\\frac{dh(X)}{dX}``."""

    def fraction_derivative(self, top: list[Token], bottom: list[Token]) -> Node | None:
        """The derivative that a fraction is, or None if it is a plain fraction."""
        above, below = self._after_d(top), self._after_d(bottom)
        if above is None or below is None or not below:
            return None
        if not above:  # \frac{\partial}{\partial X} h(X)
            return self._operator(below)
        if self._is_loss(above):
            return self._gradient(below)
        if above[0].text in self.names.functions:
            return self._function(above, below)
        if self._is_number(top) and self._is_number(bottom):
            return None
        shown = f"∂{_text(above)}/∂{_text(below)}"
        raise Unreadable(f"the derivative {shown} is still to be worked out", shown)

    def slash_derivative(self) -> Node | None:
        """``dL/dY`` written in one line, if that is what comes next."""
        top, length = self._differential(self.position)
        slash = self.position + length
        if not top or slash >= len(self.tokens) or self.tokens[slash].text != "/":
            return None
        bottom, more = self._differential(slash + 1)
        if not bottom:
            return None
        if not self._is_loss(top):
            if f"d{bottom[0].text}" in self.names.known or self.names.pieces(bottom[0]) is None:
                return None
            return self.fraction_derivative(
                self._all_of(self.position, slash), self._all_of(slash + 1, slash + 1 + more)
            )
        self.position = slash + 1 + more
        return self._gradient(bottom)

    def _all_of(self, start: int, end: int) -> list[Token]:
        return self.tokens[start:end]

    def nabla(self) -> Node:
        """``\\nabla_Y L``; the ``L`` may be left out."""
        if self.at("sym", "_"):
            self.take()
            variable = self.script_tokens()
            if len(variable) == 1 and not variable[0].braced and self.names.pieces(variable[0]) is None:
                word = variable[0].text
                if word[:1] and word[1:] in self.names.loss:
                    variable = [Token("word", word[0])]
        elif (token := self.peek()) is not None and token.text in self.names.functions:  # ∇h(X)
            node = self.factor()
            return replace(node, order=1) if isinstance(node, Apply) and node.order == 0 else node
        else:
            variable = [self.take()]
        if (
            (token := self.peek()) is not None
            and token.kind in ("word", "name")
            and token.text in self.names.loss
        ):
            self.take()
        return self._gradient(variable)

    def _differential(self, start: int) -> tuple[list[Token], int]:
        """Tokens behind a ``d`` or ``\\partial`` at a place, and how many tokens that took."""
        if start >= len(self.tokens):
            return [], 0
        first = self.tokens[start]
        is_d = (first.kind == "cmd" and first.text == "partial") or (
            first.kind == "word" and first.text == "d"
        )
        if is_d or (first.kind == "name" and first.text == "delta"):
            if start + 1 < len(self.tokens) and self.tokens[start + 1].kind in ("word", "name"):
                return self._first_name(self.tokens[start + 1 : start + 2], start + 1), 2
            return [], 0
        stripped = self._after_d([first])
        return (self._first_name(stripped, start), 1) if stripped else ([], 0)

    def _first_name(self, tokens: list[Token], position: int) -> list[Token]:
        """Only the first name of a word that runs on: ``dL/dYX``."""
        token = tokens[0]
        if token.kind == "word" and len(token.text) > 1 and self.names.pieces(token) is not None:
            pieces = self.names.pieces(token) or []
            if len(pieces) > 1 and token.text.startswith(pieces[0].text):
                rest = token.text[len(pieces[0].text) :]
                self.tokens.insert(position + 1, Token("word", rest))
                return [Token("word", pieces[0].text)]
        return tokens

    def _after_d(self, tokens: list[Token]) -> list[Token] | None:
        """What stands behind the d of a differential, or None if there is no d."""
        if not tokens:
            return None
        first, rest = tokens[0], tokens[1:]
        if (first.kind == "cmd" and first.text == "partial") or (first.kind == "word" and first.text == "d"):
            return rest
        if first.kind == "name" and first.text == "delta" and "delta" not in self.names.known:
            return rest
        if first.kind in ("word", "name") and first.text[0] == "d" and len(first.text) > 1:
            after = first.text[1:]
            if first.kind == "word" or first.text in self.names.shapes:
                return [replace(first, kind="word", text=after), *rest]
        if first.text == "(" and tokens[-1].text == ")":
            return self._after_d(tokens[1:-1])
        return None

    def _is_loss(self, tokens: list[Token]) -> bool:
        first = tokens[0]
        if first.text not in self.names.loss or first.text in self.names.functions:
            return False
        rest = tokens[1:]
        return (
            not rest
            or (rest[0].text == "(" and rest[-1].text == ")")
            or (rest[0].text == "_" and len(rest) == 2)
        )

    @staticmethod
    def _is_number(tokens: list[Token]) -> bool:
        return all(token.kind == "num" for token in tokens)

    def _gradient(self, variable: list[Token]) -> Node:
        """The gradient with respect to what the tokens name, with its scripts."""
        tokens = [t for t in variable if t.text not in ("{", "}")] if len(variable) == 3 else variable
        if tokens and tokens[0].text == "(" and tokens[-1].text == ")":
            tokens = tokens[1:-1]
        if not tokens:
            raise Unreadable("a derivative with respect to nothing", "∂")
        pieces = self.names.pieces(tokens[0])
        if pieces is None and tokens[0].text[0] == "d" and f"d{tokens[0].text[1:]}" in self.names.shapes:
            pieces = [Token("name", tokens[0].text[1:])]
        name = pieces[0].text if pieces and len(pieces) == 1 else tokens[0].text
        gradient = self.names.gradient(name)
        child = self.child(tokens[1:])
        node = child.scripted(Sym(gradient))
        if (left := child.peek()) is not None:
            raise Unreadable(f"{left.text!r} is not understood in a derivative", left.text)
        return node

    def _operator(self, below: list[Token]) -> Node:
        token = self.peek()
        if token is not None and token.text in self.names.loss:
            self.take()
            return self._gradient(below)
        if token is not None and token.text in self.names.functions:
            node = self.factor()
            if isinstance(node, Apply) and node.order == 0:
                return replace(node, order=1)
        shown = f"∂/∂{_text(below)}"
        raise Unreadable(f"the derivative {shown} is still to be worked out", shown)

    def evaluated_at(self, variable: list[Token]) -> Node | None:
        """The point behind an evaluation bar, ``|_{x = X}``, of a derivative with respect to ``variable``; taken."""
        if not self.at("sym", "|") or (after := self.peek(1)) is None or after.text != "_":
            return None
        start = self.position
        self.position += 2
        group = self.script_tokens()
        head = [*[t.text for t in variable], "="]
        if [t.text for t in group[: len(head)]] == head:
            group = group[len(head) :]
        elif any(t.text == "=" for t in group):
            self.position = start
            return None
        return self.child(group).whole()

    def _function(self, above: list[Token], below: list[Token]) -> Node:
        """``\\frac{\\partial h(X)}{\\partial X}`` and ``\\frac{dh}{dX}``: the elementwise derivative."""
        name, argument = above[0].text, above[1:]
        if argument and argument[0].text == "(" and argument[-1].text == ")":
            argument = argument[1:-1]
        elif argument:
            raise Unreadable(f"the derivative of {_text(above)} is not understood", _text(above))
        if argument and [t.text for t in argument] != [t.text for t in below]:
            shown = f"∂{_text(above)}/∂{_text(below)}"
            raise Unreadable(f"the derivative {shown} is still to be worked out", shown)
        if (point := self.evaluated_at(below)) is not None:
            return Apply(name, 1, point)
        if not argument and (following := self.peek()) is not None and following.text == "(":
            inner = self.bracket_tokens()
            return Apply(name, 1, self.child(inner).whole())
        return Apply(name, 1, self.child(below).whole())


def _text(tokens: list[Token]) -> str:
    return "".join(token.text for token in tokens if token.text not in "{}")
