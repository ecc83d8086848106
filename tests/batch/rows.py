"""Rows for tests, without grading anything."""

from __future__ import annotations

from datetime import datetime

from grader.batch.intake import Entry
from grader.batch.lists import Times
from grader.batch.naming import Identity
from grader.batch.policy import Policy
from grader.batch.rows import Row, make_row
from grader.model import CheckResult, DataUsed, Diagnosis, Isolation, PartResult, Report, Verdict

FAULT = Diagnosis(id="G103", title="bias gradient is not summed over the batch")


def report(*verdicts: Verdict, earned: float | None = None, name: str = "someone", seed: int = 1) -> Report:
    """A report with one check of 5 points per verdict, in two parts."""
    checks = tuple(
        CheckResult(
            id=f"part{k % 2}.check{k}",
            title=f"check <{k}>",
            kind="forward",
            verdict=verdict,
            points=5,
            earned=5.0 if verdict is Verdict.PASSED else 2.5 if verdict is Verdict.PARTIAL else 0.0,
            message="" if verdict is Verdict.PASSED else "because",
            diagnoses=(FAULT,) if verdict is Verdict.FAILED else (),
        )
        for k, verdict in enumerate(verdicts)
    )
    parts = tuple(
        PartResult(id=f"part{k}", title=f"Part {k}", checks=checks[k::2]) for k in (0, 1) if checks[k::2]
    )
    return Report(
        gradmark="0", submission=name, rubric="r", rubric_title="Homework", data=DataUsed(kind="none", description="none"),
        device="cpu", isolation=Isolation(level=3, name="namespaced"), seed=seed, parts=parts,
    )  # fmt: skip


def entry(key: str, **identity: object) -> Entry:
    """An entry that is never read."""
    return Entry(key, Identity(**{"name": key, **identity}), key, "", ())  # type: ignore[arg-type]


def row(
    key: str,
    *verdicts: Verdict,
    policy: Policy | None = None,
    submitted: datetime | None = None,
    groups: dict[str, str] | None = None,
    **identity: object,
) -> Row:
    """The row of a made-up submission."""
    who = entry(key, **identity)
    times = Times({key.casefold(): submitted} if submitted else {})
    made = report(*(verdicts or (Verdict.PASSED, Verdict.PASSED)), name=key)
    return make_row(who, made, who.identity.name, 1.5, policy, times, groups or {})
