"""Subscripts, superscripts and primes: indices, transposes, powers, samples, derivatives."""

from __future__ import annotations

from dataclasses import replace

from grader.formulas.cursor import Cursor
from grader.formulas.limits import Unreadable
from grader.formulas.shifts import is_shifted, shifted
from grader.formulas.tokens import Token
from grader.formulas.tree import Bin, Call, Delta, Entry, Neg, Node, Num, Ones, Shifted, Sym, Transpose

_TRANSPOSES = {"T", "top", "tr", "transpose", "transp", "trans", "Tr"}
_SLICES = {":", "cdot", "*", "odot", "-", "circ", "bullet"}


class Scripts(Cursor):
    """What may follow an operand."""

    def whole(self) -> Node:
        """All tokens as one expression."""
        raise NotImplementedError

    def factor(self) -> Node:
        """An operand with its scripts."""
        raise NotImplementedError

    def sized_ones(self, group: list[Token], fill: float) -> Node:
        """Ones with the sizes of their subscript."""
        raise NotImplementedError

    def scripted(self, node: Node) -> Node:
        """The operand with everything that is attached to it."""
        while (token := self.peek()) is not None and token.kind == "sym":
            if token.text == "_":
                self.take()
                node = self.lowered(node, self.script_tokens(base=node))
            elif token.text in ("^", ".^", "**"):
                self.take()
                node = self.raised(node, self.script_tokens(), elementwise=token.text == ".^")
            elif token.text in ("'", "''"):
                self.take()
                if token.text == "'":
                    node = self.transposed(node)
            elif (
                token.text == "["
                and not token.spaced
                and isinstance(node, Sym)
                and self.names.rank(node.name)
            ):
                node = self.lowered(node, self.bracket_tokens())
            elif token.text == "." and (after := self.peek(1)) is not None and after.text in ("T", "t"):
                self.position += 2
                node = self.transposed(node)
            elif token.text == "!":
                raise Unreadable("a factorial has no place here", "!")
            else:
                break
        return node

    def transposed(self, node: Node) -> Node:
        """The transpose; of an entry with two subscripts, the entry of the transpose."""
        if isinstance(node, Entry) and len(node.subs) == 2 and ":" not in node.subs and not node.raised:
            return replace(node, a=Transpose(node.a))
        return Transpose(node)

    def lowered(self, node: Node, group: list[Token]) -> Node:
        """Entries of a matrix or vector."""
        if isinstance(node, Call) and node.fn == "norm":
            return self._norm(node, group)
        ones = node.a if isinstance(node, Transpose) else node
        if isinstance(ones, Ones) and ones.kind == "any" and ones.rows is None:
            sized = self.sized_ones(group, ones.fill)
            return Transpose(sized) if isinstance(node, Transpose) else sized
        if isinstance(node, Num):
            raise Unreadable("a subscript at a number", str(node.value))
        base = node.a if isinstance(node, Bin) and node.op in ("pow", "hpow") else node
        if isinstance(base, Sym) and self.decorated(base.name, group):
            return node
        if isinstance(node, Sym) and not self.names.shapes.get(node.name):
            raise Unreadable(f"{node.name} is one number here; it has no subscript", node.name + "_")
        if is_shifted(group) or self._is_last(group):
            return Shifted(node, shifted(group, self.scope, self.names))
        subs = self.subscripts(group)
        if isinstance(node, Entry) and node.raised:
            return Entry(node.a, (*node.subs, *subs))
        return Entry(node, subs)

    def _is_last(self, group: list[Token]) -> bool:
        """Whether a subscript is a size, no index: the T of ``g_T``."""
        text = group[0].text if len(group) == 1 else ""
        return text.isupper() and text in self.names.sizes and text not in self.scope

    def decorated(self, name: str, group: list[Token]) -> bool:
        """Whether a subscript only tells a name from others, ``\\sigma_f``, ``y_{true}``, and is the same everywhere.

        Raises:
            Unreadable: one name with several such subscripts.
        """
        words = [token for token in group if token.text not in "{},"]
        if not words or not all(t.kind in ("word", "name", "num") for t in words):
            return False
        text = "".join(token.text for token in words)
        numbers_rows = bool(self.names.shapes.get(name))
        if numbers_rows and (len(text) < 4 or not text.isalpha() or text in self.names.known):
            return False
        index = any(t.text in self.scope for t in words)
        if not numbers_rows and (index or (name not in self.names.shapes and not text.isalpha())):
            return False
        if self.shared.decorations.setdefault(name, text) != text:
            raise Unreadable(f"{name} with the subscripts {text} and {self.shared.decorations[name]}", text)
        self.guesses.add(f"{name}_{text}")
        self.shared.notes.append(f"{name}_{text} was read as {name}")
        return True

    def _norm(self, node: Call, group: list[Token]) -> Node:
        which = "".join(token.text for token in group)
        if which in ("2", "F", "Fro", "fro", "1", "infty"):
            return replace(node, options=(("ord", which),))
        raise Unreadable(f"the norm with subscript {which!r} is not understood", which)

    def raised(self, node: Node, group: list[Token], *, elementwise: bool = False) -> Node:
        """A superscript."""
        texts = [token.text for token in group]
        if len(texts) == 1 and (texts[0] in _TRANSPOSES or (texts[0] == "t" and "t" not in self.names.known)):
            return self.transposed(node)
        if texts in (["-", "1"],) and not elementwise:
            return Bin("pow", node, Neg(Num(1.0)))
        if len(texts) == 2 and texts[0] == "-" and texts[1] in _TRANSPOSES:
            return Transpose(Bin("pow", node, Neg(Num(1.0))))
        if texts and all(text in ("'", "''") for text in texts):
            return self.transposed(node)
        if texts and texts[0] in ("circ", "odot", ".") and len(texts) > 1:
            return Bin("hpow", node, self.child(group[1:]).whole())
        if (index := self._sample(node, group)) is not None:
            subs = (index, *node.subs) if isinstance(node, Entry) else (index,)
            return Entry(node.a, subs) if isinstance(node, Entry) else Entry(node, subs, raised=True)
        if not group:
            raise Unreadable("an empty superscript", "^")
        if texts in (["*"], ["+"], ["dagger"], ["H"]):
            raise Unreadable(f"the superscript {texts[0]} is not understood", "^" + texts[0])
        exponent = self.child(group).whole()
        return Bin("hpow" if elementwise else "pow", node, exponent)

    def _sample(self, node: Node, group: list[Token]) -> str | None:
        """The index in ``x^{(s)}`` or ``x_i^s``."""
        base = node.a if isinstance(node, Entry) else node
        matrix = isinstance(base, Sym) and self.names.rank(base.name) == 2
        inner = group
        bracketed = len(group) >= 3 and group[0].text == "(" and group[-1].text == ")"
        if bracketed:
            inner = group[1:-1]
        if len(inner) != 1 or inner[0].kind not in ("word", "name") or not matrix:
            return None
        text = inner[0].text
        if len(text) != 1 or not text.islower() or (not bracketed and text in self.names.known):
            return None
        return self.scope.get(text, text)

    def script_tokens(self, *, base: Node | None = None, for_sum: bool = False) -> list[Token]:
        """The tokens of a script: a group, a bracket (kept), a signed token, or as many letters as belong to it."""
        if self.at("sym", "{"):
            return self.bracket_tokens()
        if self.at("sym", "("):
            start = self.position
            self.bracket_tokens()
            return self.tokens[start : self.position]
        token = self.take()
        if (
            token.kind == "sym"
            and token.text in ("-", "+")
            and (after := self.peek()) is not None
            and after.kind != "sym"
        ):
            return [token, *self.script_tokens()]
        if token.kind == "word" and len(token.text) > 1 and not token.braced:
            count = self._letters(token.text, base, for_sum)
            if count < len(token.text):
                self.position -= 1
                self.tokens[self.position] = replace(token, text=token.text[count:], spaced=False)
                return [replace(token, text=token.text[:count], braced=True)]
        if token.kind == "cmd" and token.text == "frac":
            return [token, Token("sym", "{"), *self.argument_tokens(), Token("sym", "}"),
                    Token("sym", "{"), *self.argument_tokens(), Token("sym", "}")]  # fmt: skip
        return [token]

    def _letters(self, word: str, base: Node | None, for_sum: bool) -> int:
        """How many letters of a word without braces belong to a script: ``x_iy_i``, ``W_ij``, ``Y^TX``."""
        if base is not None:  # a subscript
            shown = base.name if isinstance(base, Sym) else ""
            limit = max(1, self.names.rank(shown)) if shown else 2
        elif for_sum:
            limit = 4
        elif word in _TRANSPOSES or word in self.names.known:
            return len(word)
        else:
            return 1
        count = 1
        while count < min(limit, len(word)) and word[count].islower():
            if for_sum and word[count] in self.names.known:
                break
            count += 1
        return count

    def subscripts(self, group: list[Token]) -> tuple[str | int, ...]:
        """Index names, numbers and slices of a subscript.

        Raises:
            Unreadable: a word or an expression as a subscript.
        """
        subs: list[str | int] = []
        for token in group:
            if token.text in (",", ";", "(", ")", "{", "}"):
                continue
            if token.kind == "num" and token.text.isdigit():
                subs.append(int(token.text))
            elif token.text in _SLICES:
                subs.append(":")
            elif token.text == "'" and subs and isinstance(subs[-1], str):
                name = str(subs[-1]).partition("#")[0] + "'"
                subs[-1] = self.scope.get(name, name)
            elif token.kind in ("word", "name") and (token.kind == "name" or len(token.text) <= 3):
                letters = [token.text] if token.kind == "name" else list(token.text)
                subs.extend(self.scope.get(letter, letter) for letter in letters)
            else:
                raise Unreadable(f"the subscript {token.text!r} is not understood", token.text)
        if not subs:
            raise Unreadable("an empty subscript", "_")
        return tuple(subs)

    def index_name(self, tokens: list[Token]) -> str:
        """The index that the tokens are, or an empty string."""
        if len(tokens) != 1 or tokens[0].kind not in ("word", "name"):
            return ""
        text = tokens[0].text
        if text in self.scope:
            return self.scope[text]
        single = tokens[0].kind == "word" and len(text) == 1 and text.islower()
        return text if single and text not in self.names.known else ""

    def kronecker(self) -> Node | None:
        """``\\delta_{ij}`` or ``\\delta(i, j)``."""
        start = self.position
        if self.at("sym", "_"):
            self.take()
            group = self.script_tokens(base=Num(0.0))
        elif self.at("sym", "("):
            group = self.bracket_tokens()
        else:
            return None
        try:
            subs = self.subscripts([t for t in group if t.text not in ("=",)])
        except Unreadable:
            subs = ()
        if len(subs) == 2 and all(isinstance(s, str) and s != ":" for s in subs):
            return Delta(str(subs[0]), str(subs[1]))
        self.position = start
        return None

    def primes(self) -> int:
        """Primes after a function name; taken."""
        count = 0
        while True:
            if self.at("sym", "'", "''"):
                count += len(self.take().text)
            elif self.at("sym", "^") and (after := self.peek(1)) is not None and after.text in ("'", "''"):
                self.position += 2
                count += len(after.text)
            elif self.at("sym", "^") and [t.text for t in self.tokens[self.position + 1 : self.position + 6]] == [
                "{", "(", "1", ")", "}",
            ]:  # fmt: skip
                self.position += 6
                count += 1
            else:
                return count

    def function_power(self) -> Node | None:
        """The exponent in ``\\tanh^2(x)``; taken."""
        following = self.peek(1)
        if not self.at("sym", "^") or following is None or following.text in ("'", "''"):
            return None
        self.take()
        return self.child(self.script_tokens()).whole()

    def superscript_is_transpose(self) -> bool:
        """Whether ``^T`` comes next."""
        following = self.peek(1)
        return following is not None and (following.text in _TRANSPOSES or following.text.startswith("T"))

    def exponent(self) -> Node:
        """What stands behind a ``^`` that was taken."""
        return self.child(self.script_tokens()).whole()
