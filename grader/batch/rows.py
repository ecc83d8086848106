"""One row per submission: who, what came out, what counts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from grader.batch.intake import Entry
from grader.batch.lists import Times, fold, group_of, identifiers
from grader.batch.policy import Policy, Score, apply_policy
from grader.model import Report
from grader.report.class_record import ClassRow, figures, outcome_of
from grader.text import csv_cell, one_line


@dataclass(frozen=True)
class Row:
    """A submission's row.

    Attributes:
        entry: who handed it in.
        shown: what tables and pages show.
        score: what counts and why.
        submitted: when, if that is known.
        group: name of its group; empty if it has none.
        counts: False where another submission of the same group counts.
        remark: what a teacher should know about this row.
        seed, hash: of the submission.
        notes: what was left out of it or read in another's place.
    """

    entry: Entry
    shown: ClassRow
    score: Score
    submitted: datetime | None
    group: str = ""
    counts: bool = True
    remark: str = ""
    seed: int = 0
    hash: str = ""
    notes: tuple[str, ...] = ()


def make_row(
    entry: Entry, report: Report, name: str, seconds: float | None, policy: Policy | None, times: Times,
    groups: Mapping[str, str],
) -> Row:  # fmt: skip
    """The row of one graded submission."""
    zone = policy.deadline.tzinfo if policy and policy.deadline else None
    submitted, extension = times.of(entry, zone or UTC)
    score = apply_policy(report, policy, submitted, extension_hours=extension)
    group = group_of(entry, groups) or (entry.identity.name if entry.identity.members else "")
    outcome, message = outcome_of(report)
    remark = ""
    if entry.identity.late and (score.hours_late is None or not policy):
        remark = "the download marks it late; no penalty was taken: no deadline or time was given"
    shown = ClassRow(
        key=entry.key, name=name, group=group, variant=report.variant, outcome=outcome, message=message,
        earned=score.earned, worth=score.worth, open=score.open, penalty=score.penalty, final=score.final,
        hours_late=score.hours_late, seconds=seconds,
        parts=tuple((part.id, one_line(part.title or part.id, limit=120)) for part in report.parts),
        checks=figures(report),
    )  # fmt: skip
    notes = report.notes if outcome in ("graded", "open") else ()
    return Row(
        entry, shown, score, submitted, group, True, remark, report.seed, report.submission_hash, notes
    )


def settle_groups(rows: Iterable[Row]) -> list[Row]:
    """Mark which submission counts where a group handed in several: the latest; the best if times are not known."""
    rows = list(rows)
    together: dict[str, list[Row]] = {}
    for row in rows:
        if row.group:
            together.setdefault(row.group, []).append(row)
    chosen: dict[str, tuple[Row, str]] = {}
    for group, members in together.items():
        if len(members) == 1:
            continue
        if all(row.submitted for row in members):
            best, why = max(members, key=lambda row: (_moment(row), row.entry.key)), "the latest"
        else:
            best, why = max(members, key=lambda row: (row.score.final, row.entry.key)), "the best"
        chosen[group] = best, f"group {group} handed in {len(members)} times; {best.shown.name} counts, {why}"
    return [
        replace(row, counts=row is chosen[row.group][0], remark="; ".join(filter(None, (row.remark, chosen[row.group][1]))))
        if row.group in chosen
        else row
        for row in rows
    ]  # fmt: skip


def _moment(row: Row) -> float:
    return row.submitted.timestamp() if row.submitted else 0.0


class Roll:
    """Finds the row that counts for a student of somebody else's list."""

    def __init__(self, rows: Sequence[Row], groups: Mapping[str, str]) -> None:
        self.rows = rows
        self._groups = groups
        self._of_group = {row.group: row for row in rows if row.group and row.counts}

    def counting(self, row: Row | None) -> Row | None:
        """The row that counts for this one's group; itself where it has none."""
        return self._of_group.get(row.group, row) if row is not None and row.group else row

    def by(self, field: str, value: str) -> Row | None:
        """The row whose identity has this value, if it is the only one."""
        found = [
            row for row in self.rows if value and fold(str(getattr(row.entry.identity, field))) == fold(value)
        ]
        return self.counting(found[0]) if len(found) == 1 else None

    def named(self, *names: str) -> Row | None:
        """The row that one of these names identifies: its own, or its group's."""
        for name in map(fold, filter(None, names)):
            found = [row for row in self.rows if name in identifiers(row.entry)]
            if len(found) == 1:
                return self.counting(found[0])
            if not found and name in self._groups:
                row = self._of_group.get(self._groups[name])
                if row is not None:
                    return row
        return None


NOTES = 4  # in one remark; the report has all
COLUMNS = (
    "submission", "student", "group", "email", "student_id", "variant", "outcome", "points", "of", "earned", "open",
    "extra", "hours_late", "penalty", "counts", "percent", "remark", "seed", "submission_hash",
)  # fmt: skip


def grades_csv(rows: Sequence[Row], *, anonymous: bool) -> str:
    """All rows as CSV (RFC 4180, UTF-8): one line per submission, then one column per part."""
    parts = list(dict.fromkeys(part for row in rows for part, _ in row.shown.parts))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*COLUMNS, *(csv_cell(f"part: {part}") for part in parts)])
    for row in rows:
        writer.writerow([*_cells(row, anonymous=anonymous), *_part_points(row, parts)])
    return out.getvalue()


def _cells(row: Row, *, anonymous: bool) -> list[str]:
    who, score = row.entry.identity, row.score
    email, student_id = (
        ("", "") if anonymous else (who.email, who.student_id or who.canvas_id or who.moodle_id)
    )
    notes = (one_line(note, limit=200) for note in row.notes[:NOTES])
    remark = "; ".join(filter(None, (row.shown.message, row.remark, score.note, *notes)))
    late = "" if score.hours_late is None else number(score.hours_late)
    return [
        csv_cell(row.shown.key), csv_cell(row.shown.name), csv_cell("" if anonymous else row.group), csv_cell(email),
        csv_cell(student_id), row.shown.variant, row.shown.outcome, number(score.final), number(score.worth),
        number(score.earned), number(score.open), number(score.extra), late, number(score.penalty),
        "yes" if row.counts else "no", number(100 * score.final / score.worth) if score.worth else "",
        csv_cell(remark), str(row.seed), row.hash,
    ]  # fmt: skip


def _part_points(row: Row, parts: Sequence[str]) -> list[str]:
    sums = dict.fromkeys((part for part, _ in row.shown.parts), 0.0)
    for check in row.shown.checks:
        sums[check.part] += check.earned
    return [number(sums[part]) if part in sums else "" for part in parts]


def number(value: float) -> str:
    """A plain decimal number with at most two decimals, a point and no grouping."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if value else "0"
