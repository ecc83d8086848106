"""`grader explain G103`: what an id in a report means, why it matters, an example, how to see it oneself.

Ids come from three catalogues: faults of code (G, F, P, N, M, T: `grader.diagnose`), faults of written answers (W:
`grader.formulas`) and kinds of checks (C: `grader.check_catalogue`). A kind's name or a check's id works, too.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from grader.check_catalogue import KINDS_BY_ID, KINDS_BY_NAME, KindEntry
from grader.diagnose.catalogue import CATALOGUE
from grader.diagnose.fault import Fault
from grader.errors import UsageError
from grader.formulas.faults import FAULTS_BY_ID
from grader.text import one_line

INDENT = 2


@dataclass(frozen=True)
class Explanation:
    """One entry, ready to be shown: its id, its title, and headings with their texts."""

    id: str
    title: str
    sections: tuple[tuple[str, str], ...]

    def text(self) -> str:
        """As plain text."""
        body = "\n\n".join(f"{heading}\n{' ' * INDENT}{text}" for heading, text in self.sections)
        return f"{self.id}  {self.title}\n\n{body}\n"

    def __rich__(self) -> RenderableType:
        """As the terminal shows it; texts are never read as markup."""
        parts: list[RenderableType] = [Text.assemble((self.id, "bold cyan"), "  ", (self.title, "bold"))]
        for heading, text in self.sections:
            parts += [Text(), Text(heading, style="bold"), Padding(Text(text), (0, 0, 0, INDENT))]
        return Group(*parts)


def explain(name: str) -> Explanation:
    """Look up an id of a diagnosis or a check.

    Args:
        name: "G103", "C102", a kind ("gradient") or the id of a check ("linear.gradient").

    Raises:
        UsageError: where there is no such entry; names those that are near.
    """
    key = name.strip()
    code = key.upper()
    if code in CATALOGUE or code in FAULTS_BY_ID:
        return _fault(CATALOGUE.get(code) or FAULTS_BY_ID[code])
    kind = KINDS_BY_ID.get(code) or KINDS_BY_NAME.get(key.lower()) or _kind_of_check(key.lower())
    if kind is not None:
        return Explanation(kind.id, f"{kind.kind}: {kind.title}", kind.sections())
    raise UsageError(f"explain {one_line(key, limit=60)}: no such entry{_near(code, key.lower())}")


def known_ids() -> tuple[str, ...]:
    """Every id that can be explained, sorted."""
    return tuple(sorted([*CATALOGUE, *FAULTS_BY_ID, *KINDS_BY_ID]))


def _fault(fault: Fault) -> Explanation:
    sections = (
        ("What it means", fault.meaning),
        ("Why it is wrong", fault.why),
        ("Example", fault.example),
        ("See it yourself", fault.see),
        ("Hint", fault.hint),
    )
    title = fault.titled()
    return Explanation(fault.id, title[:1].upper() + title[1:], tuple(pair for pair in sections if pair[1]))


def _kind_of_check(name: str) -> KindEntry | None:
    """The kind that the last part of a check's id names: "linear.gradient", "mlp.network_forward"."""
    last = name.rpartition(".")[2]
    words: Sequence[str] = re.split(r"[_\-]", last)
    return KINDS_BY_NAME.get(last) or next(
        (KINDS_BY_NAME[word] for word in words if word in KINDS_BY_NAME), None
    )


def _near(code: str, name: str) -> str:
    near = difflib.get_close_matches(code, known_ids(), n=3, cutoff=0.7)
    near += difflib.get_close_matches(name, list(KINDS_BY_NAME), n=2, cutoff=0.6)
    if near:
        return f"; near: {', '.join(near)}"
    return f"; there are {', '.join(sorted({one[0] for one in known_ids()}))} entries, such as G101, W101 and C101"
