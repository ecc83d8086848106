"""What the page of a whole class is made of: a few figures per submission, so that thousands fit into memory."""

from __future__ import annotations

from dataclasses import dataclass

from grader.model import Report, Verdict
from grader.text import one_line


@dataclass(frozen=True)
class CheckFigures:
    """One check of one submission, without its evidence."""

    id: str
    part: str
    title: str
    verdict: Verdict
    points: float
    earned: float
    faults: tuple[tuple[str, str], ...]  # id and title of each diagnosis that is certain


@dataclass(frozen=True)
class ClassRow:
    """One submission in the table of a class.

    Attributes:
        key: folder of its reports.
        name: as shown; a code in anonymous mode.
        outcome: "graded", "open" (somebody must still decide), "nothing" (no file of the homework), "internal".
        message: why, where the outcome is not plain.
        final: points that count.
        hours_late: None: not known.
        seconds: that grading took; None: not told.
    """

    key: str
    name: str
    group: str
    variant: str
    outcome: str
    message: str
    earned: float
    worth: float
    open: float
    penalty: float
    final: float
    hours_late: float | None
    seconds: float | None
    parts: tuple[tuple[str, str], ...]  # id and title
    checks: tuple[CheckFigures, ...]


def figures(report: Report) -> tuple[CheckFigures, ...]:
    """The checks of a report without their evidence."""
    return tuple(
        CheckFigures(
            id=check.id,
            part=part.id,
            title=one_line(check.title or check.id, limit=120),
            verdict=check.verdict,
            points=check.points,
            earned=check.earned,
            faults=tuple(
                (fault.id, one_line(fault.title, limit=120)) for fault in check.diagnoses if fault.certain
            ),
        )
        for part in report.parts
        for check in part.checks
    )


def outcome_of(report: Report) -> tuple[str, str]:
    """How grading ended, in a word and a sentence."""
    verdicts = {check.verdict for check in report.checks}
    if Verdict.INTERNAL in verdicts:
        ours = next(check for check in report.checks if check.verdict is Verdict.INTERNAL)
        return "internal", one_line(ours.message)
    judged = verdicts - {Verdict.SKIPPED, Verdict.MANUAL}
    if judged == {Verdict.MISSING}:
        return "nothing", _nothing(report)
    failed = _failed(report)
    if Verdict.MANUAL in verdicts:
        return "open", "; ".join(filter(None, ("a person must mark a part", failed)))
    return "graded", failed


def _nothing(report: Report) -> str:
    """Why there is nothing: the last remark of whoever read the files, else the first check's."""
    if not report.notes:
        return one_line(report.checks[0].message) or "nothing of the homework is there or filled in"
    more = len(report.notes) - 1
    return one_line(report.notes[-1]) + (f" ({more} more in the report)" if more else "")


def _failed(report: Report) -> str:
    """How many checks ended in an error, and the first of these errors; empty if none did."""
    errored = [check for check in report.checks if check.verdict is Verdict.ERRORED]
    if not errored:
        return ""
    return f"{len(errored)} of {len(report.checks)} checks ended in an error: {one_line(errored[0].message, limit=160)}"
