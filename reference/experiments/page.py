"""The results page: every experiment's table and picture beside what the seed documents report."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from reference.experiments.result import Cell, Result
from reference.experiments.seeds import REPORTED, SAID

HEAD = """# Results of the reference

Written by `grader reference run all --page docs/results.md`; do not edit by hand. Accuracies are shares of all 10,000
test images or of the 5,000 validation images. The seed documents are 000 (University of Amsterdam, 2024) and 002
(Ben-Gurion University, 2023).
"""


def write_page(results: Sequence[Result], page: Path, *, pictures: Path) -> None:
    """Write the page; pictures are linked from ``pictures``, where they lie."""
    where = Path(os.path.relpath(pictures, page.parent))
    parts = [HEAD, _data_line(results), _comparison(results)]
    parts += [_section(result, where) for result in results]
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n".join(parts), encoding="utf-8")


def _data_line(results: Sequence[Result]) -> str:
    used = sorted({f"{result.data}, device {result.device}" for result in results})
    return "Data: " + "; ".join(used) + ".\n"


def _comparison(results: Sequence[Result]) -> str:
    found = {result.name: result for result in results}
    rows: list[tuple[Cell, ...]] = []
    for figure in REPORTED:
        if figure.experiment not in found:
            continue
        name, column = figure.ours
        ours = next(row[column] for row in found[figure.experiment].rows if row[0] == name)
        assert isinstance(ours, float)
        rows.append(
            (figure.what, figure.seed, figure.value, ours, f"{(ours - figure.value) * 100:+.2f} points")
        )
    return "## Beside the seeds' figures\n\n" + table(
        ("figure", "seed", "reported", "reference", "difference"), rows
    )


def _section(result: Result, pictures: Path) -> str:
    lines = [f"## {result.title}\n", f"*{result.question}*\n", result.answer + "\n"]
    if result.name in SAID:
        seed, said = SAID[result.name]
        lines.append(f"Seed {seed}: {said}.\n")
    lines.append(table(result.columns, result.rows))
    if result.curves:
        lines.append(f"![{result.title}]({(pictures / result.name).as_posix()}.svg)\n")
    lines.append(f"`grader reference run {result.name}`\n")  # no times: the page comes out the same again
    return "\n".join(lines)


def table(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(shown(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def shown(cell: Cell) -> str:
    """A cell as a reader wants it: accuracies with four decimals, small and large numbers in short."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, str | int):
        return str(cell)
    if cell == 0 or 0.01 <= abs(cell) < 1:
        return f"{cell:.4f}"
    return f"{cell:.4g}"
