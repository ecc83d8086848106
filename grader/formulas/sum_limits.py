"""Which indices a sum runs over, and how far: what stands below and above the sign."""

from __future__ import annotations

import re

from grader.formulas.limits import Unreadable
from grader.formulas.scripts import Scripts
from grader.formulas.tokens import Token
from grader.formulas.tree import Node

_BETWEEN = re.compile(r"[01] <=? ([a-z]) <=? \w+")
_MEMBER = re.compile(r"([a-z]) in \[? ?[01] , (?:ldots|\. \. \.)(?: ,)? \w+(?: - 1)? ?\]?")


class SumLimits(Scripts):
    """Reads the limits of sums."""

    def sum_indices(self, group: list[Token]) -> tuple[list[str], list[Token]]:
        """The indices under a sum sign, and the condition among them (``k \\ne q``).

        Raises:
            Unreadable: not indices.
        """
        text = " ".join(token.text for token in group if token.text not in "{}()")
        indices: list[str] = []
        where: list[Token] = []
        if bounded := _BETWEEN.fullmatch(text):  # 1 <= s <= S
            return [bounded[1]], []
        if member := _MEMBER.fullmatch(text):  # s in {1, ..., S}
            return [member[1]], []
        pieces = [piece.split() for piece in re.split(r"[,;]", text)]
        for piece in (piece for piece in pieces if piece):
            if "!=" in piece and len(piece) == 3:
                where = [Token("word", piece[0]), Token("sym", "!="), Token("word", piece[2])]
                names = [piece[0]]
            elif ("=" in piece and len(piece) == 3 and piece[2] in ("0", "1")) or "in" in piece[1:2]:
                names = [piece[0]]
            elif all(re.fullmatch(r"[a-z]{1,4}'?|alpha|beta|mu|nu", p) or p == "'" for p in piece):
                names = piece if piece[0] in ("alpha", "beta", "mu", "nu") else list("".join(piece))
            else:
                raise Unreadable(f"the sum over {text!r} is not understood", text)
            for name in names:
                if name == "'" and indices:
                    indices[-1] += "'"
                elif name not in indices:
                    indices.append(name)
        if not indices or not all(re.fullmatch(r"[a-z]'?|alpha|beta|mu|nu", name) for name in indices):
            raise Unreadable(f"the sum over {text!r} is not understood", text)
        return indices, where

    def upper_limit(self, group: list[Token]) -> Node | None:
        """The upper limit of a sum, or None with a note where its name was not declared."""
        try:
            return self.child(group).whole()
        except Unreadable:
            shown = "".join(token.text for token in group)
            self.shared.notes.append(f"the upper limit {shown} was taken as the end of the axis")
            return None
