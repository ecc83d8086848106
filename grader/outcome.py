"""From what a check found to its entry in the report: points, place, and the command that repeats it."""

from __future__ import annotations

from dataclasses import dataclass

from grader.checks.context import Finding
from grader.model import CheckResult, HintLevel, Verdict
from grader.places import in_cells, place_of
from grader.rubric import CheckBase, FormulaSpec, ManualSpec, PartSpec, check_id, check_title
from grader.score import points_earned
from grader.submission import Submission
from grader.text import clean

WRONG = frozenset({Verdict.FAILED, Verdict.PARTIAL, Verdict.ERRORED})


@dataclass(frozen=True)
class Asked:
    """How a check was asked.

    Attributes:
        submission: whose it is.
        seed: of the whole run.
        invocation: how the user named submission, rubric and data, as words of a shell; "" where nobody did.
        hint_level: of the rubric, above the check's own; None where each check has its own.
        seconds: that it took; 0 where results must repeat byte for byte.
    """

    submission: Submission
    seed: int
    invocation: str
    hint_level: HintLevel | None
    seconds: float


def outcome(part: PartSpec, spec: CheckBase, finding: Finding, asked: Asked) -> CheckResult:
    """The entry of one check; every text of a submission is cleaned here."""
    name, target = check_id(part, spec), _target(part, spec)
    place = place_of(asked.submission, spec, target, finding.message) if finding.verdict in WRONG else ""
    return CheckResult(
        id=name,
        title=check_title(part, spec),
        kind=spec.kind,  # type: ignore[attr-defined]
        verdict=finding.verdict,
        points=spec.points,
        earned=points_earned(finding.verdict, spec.points, finding.share),
        message=clean(in_cells(asked.submission, finding.message), limit=2000),
        detail=clean(in_cells(asked.submission, finding.detail), limit=6000),
        where=clean(place),
        hint=finding.hint,
        evidence=finding.evidence,
        diagnoses=finding.diagnoses,
        curves=finding.curves,
        bands=finding.bands,
        formula=finding.formula,
        audience=spec.audience,
        hint_level=asked.hint_level or spec.hint_level,
        needs=spec.needs,
        output=clean(finding.output, limit=4000),
        work=clean(finding.work, limit=20_000),
        repeat=_repeat(name, asked),
        target=target,
        seconds=round(asked.seconds, 3),
    )


def _target(part: PartSpec, spec: CheckBase) -> str:
    """What the check is about: ``modules:LinearModule``, ``answer:q1a``."""
    if isinstance(spec, FormulaSpec):
        return f"answer:{spec.question.id}"
    if isinstance(spec, ManualSpec) and spec.answer:
        return f"answer:{spec.answer}"
    return spec.target or part.target or ""


def _repeat(name: str, asked: Asked) -> str:
    if not asked.invocation:
        return ""
    return f"grade {asked.invocation} --only {name} --seed {asked.seed}"
