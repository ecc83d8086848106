"""The parser's position in its tokens, and what one formula's parsers share."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from grader.formulas.limits import MAX_DEPTH, MAX_NODES, Unreadable
from grader.formulas.names import Names
from grader.formulas.tokens import Token, matching
from grader.formulas.tree import Node

if TYPE_CHECKING:
    from grader.formulas.style import Style


@dataclass
class Shared:
    """State of one formula that its nested parsers share."""

    style: Style
    definitions: dict[str, Node] = field(default_factory=dict)  # names that the answer itself defines
    open_choices: set[str] = field(default_factory=set)
    guesses: set[str] = field(default_factory=set)  # names that were taken for a declared one
    decorations: dict[str, str] = field(default_factory=dict)  # subscripts that only tell a name from others
    notes: list[str] = field(default_factory=list)
    nodes: int = 0
    renamed: int = 0


class Cursor:
    """Tokens with a position; brackets hand their content to a nested parser."""

    def __init__(
        self, tokens: list[Token], names: Names, shared: Shared, scope: dict[str, str], depth: int = 0
    ) -> None:
        self.tokens = list(tokens)
        self.names = names
        self.shared = shared
        self.scope = scope  # index -> its unique name, for the sums that are open
        self.depth = depth
        self.position = 0
        self.bars: tuple[str, ...] = ()
        if depth > MAX_DEPTH:
            raise Unreadable(f"nested more than {MAX_DEPTH} deep")

    @property
    def style(self) -> Style:
        """How open precedences are taken."""
        return self.shared.style

    @property
    def definitions(self) -> dict[str, Node]:
        """Names that the answer itself defines."""
        return self.shared.definitions

    @property
    def open_choices(self) -> set[str]:
        """Choices that this formula depends on."""
        return self.shared.open_choices

    @property
    def guesses(self) -> set[str]:
        """Names that were taken for a declared one."""
        return self.shared.guesses

    def child(self, tokens: list[Token]) -> Self:
        """A parser of the same kind for some of the tokens."""
        return type(self)(tokens, self.names, self.shared, self.scope, self.depth + 1)

    def count_node(self) -> None:
        """Count an operand against the limit."""
        self.shared.nodes += 1
        if self.shared.nodes > MAX_NODES:
            raise Unreadable("this formula is too long")

    def fresh(self, index: str) -> str:
        """A unique name for an index that a sum binds."""
        self.shared.renamed += 1
        return f"{index}#{self.shared.renamed}"

    def peek(self, ahead: int = 0) -> Token | None:
        """The token that comes next, or further on."""
        position = self.position + ahead
        return self.tokens[position] if position < len(self.tokens) else None

    def at(self, kind: str, *texts: str) -> bool:
        """Whether the next token is one of these."""
        token = self.peek()
        return token is not None and token.kind == kind and token.text in texts

    def take(self) -> Token:
        """The next token, taken."""
        token = self.peek()
        if token is None:
            raise Unreadable("the formula ends too early")
        self.position += 1
        return token

    def bracket_tokens(self) -> list[Token]:
        """What stands in the brackets that open here; the position moves behind them."""
        end = matching(self.tokens, self.position)
        inner = self.tokens[self.position + 1 : end]
        self.position = end + 1
        return inner

    def angle_tokens(self) -> list[Token]:
        """What stands before the angle bracket that closes."""
        end = next((k for k in range(self.position, len(self.tokens)) if self.tokens[k].text == ">>"), None)
        if end is None:
            raise Unreadable("⟨ is opened and never closed", "⟨")
        inner = self.tokens[self.position : end]
        self.position = end + 1
        return inner

    def argument_tokens(self) -> list[Token]:
        """The argument of a command: a group or one token."""
        if self.at("sym", "{"):
            return self.bracket_tokens()
        token = self.take()
        if token.kind == "word" and len(token.text) > 1 and not token.braced and not token.spaced:
            self.position -= 1
            self.tokens[self.position] = replace(token, text=token.text[1:])
            return [replace(token, text=token.text[0])]
        return [token]
