"""How reports word numbers, verdicts and evidence: one place, so that every format says the same."""

from __future__ import annotations

from grader.model import CheckResult, Diagnosis, Evidence, Report, Verdict
from grader.text import one_line

LABELS: dict[Verdict, str] = {
    Verdict.PASSED: "passed",
    Verdict.PARTIAL: "partly right",
    Verdict.FAILED: "wrong",
    Verdict.ERRORED: "error",
    Verdict.MISSING: "missing",
    Verdict.SKIPPED: "skipped",
    Verdict.MANUAL: "to be marked",
    Verdict.INTERNAL: "grader fault",
}
OPEN = (Verdict.MANUAL, Verdict.INTERNAL)
NOT_RIGHT = (Verdict.PARTIAL, Verdict.FAILED, Verdict.ERRORED, Verdict.MISSING, Verdict.INTERNAL)


def points(value: float) -> str:
    """Points as people write them: at most two decimals, none where there are none."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def out_of(earned: float, worth: float) -> str:
    """ "2.5 / 4"."""
    return f"{points(earned)} / {points(worth)}"


def percent(earned: float, worth: float) -> str:
    """The share of points in whole percent, rounded down: 100 % means all; empty where there are none."""
    return f"{int(100 * earned / worth + 1e-9)} %" if worth else ""


def number(value: float) -> str:
    """A measured number in four digits."""
    return f"{value:.4g}"


def pair(got: float, want: float) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to tell them apart; four where they are the same."""
    if got == want:
        return number(got), number(want)
    for digits in (4, 6, 9, 12, 17):
        texts = f"{got:.{digits}g}", f"{want:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts


def subject(evidence: Evidence) -> str:
    """What was compared, the probe and how much is off: "dL/db against autograd: 4 of 4 elements off"."""
    words = one_line(evidence.what)
    if evidence.probe and evidence.probe not in words:
        words += f" ({one_line(evidence.probe)})"
    if evidence.off is not None and evidence.total is not None and not evidence.agreed:
        words += f": {evidence.off} of {evidence.total} elements off"
    return words


def worst(evidence: Evidence, *, lead: str = "worst at ") -> str:
    """The worst element: "worst at [0, 2]: got 0.5, want 0.125"."""
    place = f"{lead}[{', '.join(map(str, evidence.worst_index))}]: " if evidence.worst_index else ""
    if evidence.got is not None and evidence.want is not None:
        got, want = pair(evidence.got, evidence.want)
        return f"{place}got {got}, want {want}"
    if evidence.got is not None:
        return f"{place}got {number(evidence.got)}"
    return f"want {number(evidence.want)}" if evidence.want is not None else place.rstrip(": ")


def errors(evidence: Evidence) -> str:
    """The errors and what is tolerated: "error 0.4 absolute, 3 relative to max |want|; tolerance 1e-06"."""
    size, allowed = error(evidence), tolerance(evidence)
    return "; ".join([f"error {size}"] * bool(size) + [f"tolerance {allowed}"] * bool(allowed))


def error(evidence: Evidence) -> str:
    """The largest errors: "0.4 absolute, 3 relative to max |want|"."""
    parts = []
    if evidence.abs_error is not None:
        parts.append(f"{number(evidence.abs_error)} absolute")
    if evidence.rel_error is not None:
        to = f" to {one_line(evidence.rel_to)}" if evidence.rel_to else ""
        parts.append(f"{number(evidence.rel_error)} relative{to}")
    return ", ".join(parts)


def tolerance(evidence: Evidence) -> str:
    """What is tolerated and why: "1e-06 (float64, 60 roundings)"."""
    if evidence.tolerance is None:
        return ""
    reason = f" ({one_line(evidence.tolerance_reason)})" if evidence.tolerance_reason else ""
    return f"{number(evidence.tolerance)}{reason}"


def telling(check: CheckResult) -> tuple[Evidence, ...]:
    """The evidence worth showing first: the first disagreement of each kind, else nothing."""
    seen: dict[tuple[str, str], Evidence] = {}
    for evidence in check.evidence:
        if not evidence.agreed:
            seen.setdefault((evidence.what, evidence.tensor), evidence)
    return tuple(seen.values())


def fault(diagnosis: Diagnosis) -> str:
    """The name of a fault, with a word of doubt where several would fit: "G103 probably: ..."."""
    return f"{diagnosis.id} {'' if diagnosis.certain else 'possibly: '}{one_line(diagnosis.title)}"


def isolation(report: Report) -> str:
    """The isolation in a phrase: "level 3 (namespaced); gaps: disk_over_limit", "nothing was run"."""
    if not report.isolation.level:
        return one_line(report.isolation.name)
    text = f"level {report.isolation.level} ({one_line(report.isolation.name)})"
    gaps = [one_line(gap) for gap in report.isolation.gaps]
    return f"{text}; gaps: {', '.join(gaps)}" if gaps else text


def rubric(report: Report) -> str:
    """The rubric in a phrase: "UvA DL1 assignment 1 (uva_dl1_a1), variant elu"."""
    text = one_line(report.rubric_title) or report.rubric
    if report.rubric and report.rubric != text:
        text += f" ({one_line(report.rubric)})"
    if report.variant:
        text += f", variant {one_line(report.variant)}"
    return text


def open_sentence(report: Report) -> str:
    """Who still has to decide on which points; empty where all is decided."""
    manual = sum(check.points for check in report.checks if check.verdict is Verdict.MANUAL)
    ours = sum(check.points for check in report.checks if check.verdict is Verdict.INTERNAL)
    reasons = []
    if manual:
        reasons.append(f"{points(manual)} to be marked by a person")
    if ours:
        reasons.append(f"{points(ours)} because of a fault of the grader")
    return f"{points(manual + ours)} points are open: {', '.join(reasons)}" if reasons else ""


def unasked_sentence(report: Report) -> str:
    """Which points this run did not ask for; empty where all checks were asked for."""
    left_out = [check for check in report.checks if not check.asked]
    worth = sum(check.points for check in left_out)
    if not left_out:
        return ""
    noun = "check" if len(left_out) == 1 else "checks"
    return f"not part of this run: {len(left_out)} {noun} worth {points(worth)} points"
