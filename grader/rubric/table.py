"""A rubric as a table for people."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from grader.rubric import CheckBase, PartSpec, Rubric, check_id, check_title


def rubric_table(rubric: Rubric) -> Table:
    """Parts and checks with kind, points, who sees them and in which variants."""
    total = sum(check.points for part in rubric.parts for check in part.checks)
    table = Table(
        title=f"{rubric.course}: {rubric.title}" if rubric.course else rubric.title, title_justify="left"
    )
    for column, justify in (("check", "left"), ("kind", "left"), ("points", "right"), ("asks", "left")):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    for part in rubric.parts:
        table.add_row(
            Text(part.title, style="bold"), "", f"{sum(c.points for c in part.checks):g}", _only_in(part)
        )
        for check in part.checks:
            kind: str = check.kind
            table.add_row(
                Text(f"  {check_id(part, check)}"), kind, f"{check.points:g}", Text(_asks(part, check))
            )
    table.add_section()
    table.add_row(
        Text("total", style="bold"), "", f"{total:g}", "all variants together" if rubric.variants else ""
    )
    return table


def _only_in(part: PartSpec) -> str:
    return f"only in {', '.join(part.variants)}" if part.variants else ""


def _asks(part: PartSpec, check: CheckBase) -> str:
    title = check_title(part, check)
    words = [title if title != check_id(part, check) else ""]
    if check.variants:
        words.append(f"only in {', '.join(check.variants)}")
    if check.audience == "hidden":
        words.append("hidden")
    return "; ".join(word for word in words if word)
