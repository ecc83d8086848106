"""CSV: one row per check, for a spreadsheet. Numbers are plain, text cells cannot start a formula."""

from __future__ import annotations

import csv
import io

from grader.model import Report
from grader.report.phrases import fault, points
from grader.text import csv_cell

COLUMNS = (
    "submission", "part", "check", "title", "kind", "audience", "verdict",
    "points", "earned", "message", "faults", "seconds", "marked_by",
)  # fmt: skip


def to_csv(report: Report) -> str:
    """Render a report as CSV (RFC 4180, header row, UTF-8, lines end with CR LF)."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for part in report.parts:
        for check in part.checks:
            verdict = check.verdict.value if check.asked else "not asked"
            texts = [
                report.submission,
                part.id,
                check.id,
                check.title,
                check.kind,
                check.audience.value,
                verdict,
            ]
            numbers = [points(check.points), points(check.earned)]
            faults = "; ".join(fault(diagnosis) for diagnosis in check.diagnoses)
            end = [
                csv_cell(check.message),
                csv_cell(faults),
                f"{check.seconds:.3f}",
                csv_cell(check.marked_by),
            ]
            writer.writerow([*map(csv_cell, texts), *numbers, *end])
    return out.getvalue()
