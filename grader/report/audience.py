"""Who sees what: a student's view of a report, made from the whole record.

A hidden check keeps its verdict and its points, so that the sum is right, and loses everything that says
what it looked at: id, title, message, evidence, output. Other texts of the report lose every mention of it.

A public check shows as much as its hint level allows, where it is not right:

| level | shown |
|---|---|
| none | verdict and points |
| fault | and which comparison is off in how many elements, and the name of the fault |
| hint | and the message, the worst element with its errors, the excerpt around it, and the hints |
| full | everything |

What the submission itself said (its error with file and line, its prints) is never a hint and always shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal

from grader.model import (
    Audience,
    CheckResult,
    Diagnosis,
    Evidence,
    HintLevel,
    Report,
    Verdict,
)

HIDDEN_TITLE = "hidden check"
HIDDEN_MESSAGE = "a check that the course keeps to itself"
NO_HINTS = "not right; the course gives no hints for this check"
OWN_FAULTS = (Verdict.ERRORED, Verdict.MISSING, Verdict.SKIPPED, Verdict.MANUAL, Verdict.INTERNAL)
Scrub = Callable[[str], str]


def for_audience(report: Report, audience: Literal["student", "instructor"]) -> Report:
    """The report as an audience may see it. What a student's view has lost does not come back."""
    if audience == "instructor" or report.audience == "student":
        return report
    return student_view(report)


def student_view(report: Report) -> Report:
    """The report without hidden checks' content and with hint levels applied."""
    names = hidden_names(report)
    scrub = _scrubber(report, names)

    def seen(check: CheckResult) -> CheckResult:
        if check.audience is Audience.HIDDEN:
            return _hidden(check, names[check.id])
        return _scrubbed(at_hint_level(check), names, scrub)

    parts = tuple(
        part.model_copy(update={"checks": tuple(seen(check) for check in part.checks)})
        for part in report.parts
    )
    notes = tuple(scrub(note) for note in report.notes)
    return report.model_copy(update={"audience": "student", "parts": parts, "notes": notes})


def hidden_names(report: Report) -> dict[str, str]:
    """What students call a hidden check: "numpy.hidden-1" by its real id."""
    names: dict[str, str] = {}
    for part in report.parts:
        hidden = [check for check in part.checks if check.audience is Audience.HIDDEN]
        names |= {check.id: f"{part.id}.hidden-{k}" for k, check in enumerate(hidden, start=1)}
    return names


def at_hint_level(check: CheckResult) -> CheckResult:
    """A public check as its hint level shows it to students."""
    if check.verdict is Verdict.PASSED or check.hint_level is HintLevel.FULL:
        return check
    shown: dict[str, object]
    if check.hint_level is HintLevel.HINT:
        shown = {"evidence": tuple(evidence for evidence in check.evidence if not evidence.agreed)}
        return check.model_copy(update=shown)
    own = check.verdict in OWN_FAULTS
    shown = {"hint": "", "evidence": (), "detail": check.detail if own else ""}
    if check.hint_level is HintLevel.FAULT:
        shown["diagnoses"] = tuple(_named(diagnosis) for diagnosis in check.diagnoses)
        shown["evidence"] = tuple(_without_numbers(item) for item in check.evidence if not item.agreed)
        shown["message"] = check.message if own else ""
        return check.model_copy(update=shown)
    shown["diagnoses"] = ()
    shown["message"] = check.message if own else NO_HINTS
    return check.model_copy(update=shown)


def _hidden(check: CheckResult, name: str) -> CheckResult:
    """What remains of a hidden check: built from nothing, so that a field added later is hidden too."""
    return CheckResult(
        id=name,
        title=HIDDEN_TITLE,
        kind="hidden",
        verdict=check.verdict,
        points=check.points,
        earned=check.earned,
        message="" if check.verdict is Verdict.PASSED else HIDDEN_MESSAGE,
        audience=Audience.HIDDEN,
        hint_level=HintLevel.NONE,
        asked=check.asked,
    )


def _named(diagnosis: Diagnosis) -> Diagnosis:
    return Diagnosis(
        id=diagnosis.id, title=diagnosis.title, tensor=diagnosis.tensor, certain=diagnosis.certain
    )


def _without_numbers(evidence: Evidence) -> Evidence:
    return Evidence(
        what=evidence.what,
        agreed=evidence.agreed,
        probe=evidence.probe,
        tensor=evidence.tensor,
        shape=evidence.shape,
        off=evidence.off,
        total=evidence.total,
    )


def _scrubber(report: Report, names: Mapping[str, str]) -> Scrub:
    """A function that replaces every mention of a hidden check's id or title."""
    hidden = [check for check in report.checks if check.audience is Audience.HIDDEN]
    public = {text for check in report.checks if check not in hidden for text in (check.id, check.title)}
    words = {check.title: HIDDEN_TITLE for check in hidden if check.title.strip()} | dict(names)
    words = {word: name for word, name in words.items() if word not in public}
    if not words:
        return str
    longest_first = sorted(words, key=len, reverse=True)
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in longest_first))
    return lambda text: pattern.sub(lambda match: words[match.group()], text)


def _scrubbed(check: CheckResult, names: Mapping[str, str], scrub: Scrub) -> CheckResult:
    return check.model_copy(
        update={
            "message": scrub(check.message),
            "detail": scrub(check.detail),
            "hint": scrub(check.hint),
            "needs": tuple(names.get(need, need) for need in check.needs),
        }
    )
