"""The result of a self-test as a table."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from grader.selftest.run import Outcome, SelfTest


def selftest_table(result: SelfTest) -> RenderableType:
    """Mutation score per part, survivors with the check that should catch them, false failures and time."""
    table = Table(title=f"Self-test of rubric {result.rubric}", title_justify="left")
    for column in ("part", "mutants", "caught", "score", "named", "as expected"):
        table.add_column(column, justify="left" if column == "part" else "right")
    for part in dict.fromkeys(outcome.mutant.part for outcome in result.outcomes):
        table.add_row(part, *_row([o for o in result.outcomes if o.mutant.part == part]))
    table.add_section()
    table.add_row("all", *_row(list(result.outcomes)))
    lines: list[RenderableType] = [table, Text()]
    lines.append(
        Text(f"Right solutions: {result.runs} gradings, {len(result.false_failures)} false failures")
    )
    lines += [Text(f"  {text}") for text in result.false_failures[:20]]
    if result.template_earned is not None:
        lines.append(Text(f"Unfilled template: {result.template_earned:g} points"))
    survivors = [outcome for outcome in result.outcomes if not outcome.caught]
    if survivors:
        lines.append(Text("Survivors, and the check that should catch each:"))
    lines += [Text(f"  {o.mutant.name}  ->  {', '.join(o.mutant.breaks)}") for o in survivors]
    lines.append(Text(f"Time: {result.seconds:.1f} s"))
    return Group(*lines)


def _row(outcomes: list[Outcome]) -> tuple[str, str, str, str, str]:
    caught = sum(outcome.caught for outcome in outcomes)
    asked = [outcome for outcome in outcomes if outcome.named is not None]
    named = f"{sum(bool(o.named) for o in asked)} of {len(asked)}" if asked else "-"
    score = f"{100 * caught / len(outcomes):.0f} %" if outcomes else "-"
    return str(len(outcomes)), str(caught), score, str(sum(bool(o.diagnoses) for o in outcomes)), named
