"""Marks that a person gives: a template of what is open, and marks laid over the records of a grading.

Marks live in a file of their own beside the results and are applied after every grading, so that grading again does
not lose them. Each belongs to a submission, a check and the very text that was marked: where the text has changed
since, the mark is not applied and that is said.
"""

from __future__ import annotations

import csv
import hashlib
import io
import tomllib
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from pydantic import Field, ValidationError

from grader.errors import UsageError
from grader.model import CheckResult, Frozen, Report, Verdict
from grader.text import csv_cell

COLUMNS = ("submission", "check", "title", "points", "marks", "marker", "comment", "work_hash", "work")
_WORK_LIMIT = 8_000  # characters of work that a cell holds
_CELL_LIMIT = 32_000


class Mark(Frozen):
    """One row: what is to be marked, and the marks once they are given."""

    submission: str
    check: str
    title: str = ""
    points: float = Field(default=0.0, ge=0)
    marks: float | None = Field(default=None, description="empty: not marked yet")
    marker: str = ""
    comment: str = ""
    work_hash: str = Field(default="", description="of the text that was marked; empty: whatever it is")
    work: str = ""


def work_hash(check: CheckResult) -> str:
    """Identifies the text that a mark was given for."""
    source = check.work or (check.formula.source if check.formula else "")
    return hashlib.sha256(source.strip().encode()).hexdigest()[:12] if source.strip() else ""


def template(reports: Iterable[Report], *, everything: bool = False) -> list[Mark]:
    """Rows for all checks that a person has to mark, and for those already marked.

    Args:
        reports: of one submission or a class.
        everything: also rows for checks that were decided automatically.
    """
    return [
        Mark(
            submission=report.submission,
            check=check.id,
            title=check.title,
            points=check.points,
            marks=check.earned if check.marked_by else None,
            marker=check.marked_by,
            work_hash=work_hash(check),
            work=(check.work or (check.formula.source if check.formula else ""))[:_WORK_LIMIT],
        )
        for report in reports
        for check in report.checks
        if everything or check.marked_by or check.verdict is Verdict.MANUAL
    ]


def to_csv(marks: Sequence[Mark]) -> str:
    """Rows as a spreadsheet; text that would start a formula is guarded."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for mark in marks:
        writer.writerow([_cell(mark, column) for column in COLUMNS])
    return out.getvalue()


def _cell(mark: Mark, column: str) -> str:
    value = getattr(mark, column)
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else csv_cell(value, limit=_CELL_LIMIT)


def to_toml(marks: Sequence[Mark]) -> str:
    """Rows as TOML tables: ``[[marks]]``."""
    lines = ["# Fill in marks and marker; leave marks out where nothing is decided yet.", ""]
    for mark in marks:
        lines.append("[[marks]]")
        for column in COLUMNS:
            value = getattr(mark, column)
            if value is None:
                lines.append(f"# {column} = ")
            elif isinstance(value, float):
                lines.append(f"{column} = {value!r}")
            else:
                lines.append(f"{column} = {_toml_string(str(value))}")
        lines.append("")
    return "\n".join(lines)


def _toml_string(text: str) -> str:
    escaped = (
        text.replace("\\", "\\\\")
        .replace('"', '\\"')
        .replace("\r", "\\r")
        .replace("\t", "\\t")
        .replace("\n", "\\n")
    )
    return '"' + "".join(c if ord(c) >= 32 and c != "\x7f" else f"\\u{ord(c):04x}" for c in escaped) + '"'


def read_marks(text: str, *, kind: Literal["csv", "toml"], name: str = "marks") -> list[Mark]:
    """Marks from a filled-in template; rows without marks are left out.

    Raises:
        UsageError: the file cannot be read; the message names row, column and value.
    """
    rows = _csv_rows(text, name) if kind == "csv" else _toml_rows(text, name)
    marks = []
    for number, row in rows:
        if row.get("marks") in ("", None):
            continue
        try:
            mark = Mark.model_validate(row)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise UsageError(
                f"{name}: row {number}: {where}: {first.get('input')!r}: {first['msg']}"
            ) from error
        if mark.marks is None or not 0 <= mark.marks <= mark.points:
            raise UsageError(
                f"{name}: row {number}: marks: {mark.marks:g} is not between 0 and {mark.points:g}"
            )
        marks.append(mark)
    return marks


def _csv_rows(text: str, name: str) -> list[tuple[int, dict[str, Any]]]:
    csv.field_size_limit(1 << 20)
    lines = text.removeprefix("\ufeff")
    header = lines.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)  # spreadsheets of some countries write semicolons
    reader = csv.DictReader(io.StringIO(lines), delimiter=delimiter)
    missing = [
        column for column in ("submission", "check", "marks") if column not in (reader.fieldnames or ())
    ]
    if missing:
        raise UsageError(f"{name}: no column {missing[0]!r}; columns are: {', '.join(COLUMNS)}")
    rows = []
    for number, row in enumerate(reader, start=2):
        known: dict[str, Any] = {k: (v or "").removeprefix("'") for k, v in row.items() if k in COLUMNS}
        for column in ("marks", "points"):
            if known.get(column):
                known[column] = known[column].strip().replace(",", ".")
        if not known.get("points"):
            known.pop("points", None)
        rows.append((number, known))
    return rows


def _toml_rows(text: str, name: str) -> list[tuple[int, dict[str, Any]]]:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{name}: not valid TOML: {error}") from error
    rows = table.get("marks", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UsageError(f"{name}: marks: give every mark as a table [[marks]]")
    return list(enumerate(rows, start=1))


def apply_marks(report: Report, marks: Iterable[Mark]) -> tuple[Report, list[str]]:
    """A report with a person's marks, and warnings about those that were not applied.

    A mark is applied where submission, check and marked text are the same. It also overrides an automatic verdict.
    """
    own = {
        mark.check: mark for mark in marks if mark.submission == report.submission and mark.marks is not None
    }
    warnings: list[str] = []
    known = {check.id for check in report.checks}
    for name in own:
        if name not in known:
            warnings.append(f"{report.submission}: there is no check {name}; its mark was not applied")
    parts = tuple(
        part.model_copy(
            update={
                "checks": tuple(_marked(report, check, own.get(check.id), warnings) for check in part.checks)
            }
        )
        for part in report.parts
    )
    return report.model_copy(update={"parts": parts}), warnings


def _marked(report: Report, check: CheckResult, mark: Mark | None, warnings: list[str]) -> CheckResult:
    if mark is None or mark.marks is None:
        return check
    if mark.work_hash and mark.work_hash != work_hash(check):
        warning = f"{report.submission}: {check.id}: the text has changed since it was marked; the mark was not applied"
        warnings.append(warning)
        note = f"An earlier text was marked {mark.marks:g} of {mark.points:g} by {mark.marker or 'a person'}."
        return check.model_copy(update={"message": f"{check.message} {note}".strip()})
    if mark.marks > check.points:
        warnings.append(
            f"{report.submission}: {check.id}: {mark.marks:g} marks, but the check is worth {check.points:g}; not applied"
        )
        return check
    return check.model_copy(
        update={
            "verdict": _verdict(mark.marks, check.points),
            "earned": mark.marks,
            "marked_by": mark.marker or "a person",
            "message": mark.comment or f"Marked by {mark.marker or 'a person'}.",
        }
    )


def _verdict(marks: float, points: float) -> Verdict:
    if marks >= points:
        return Verdict.PASSED
    return Verdict.PARTIAL if marks > 0 else Verdict.FAILED
