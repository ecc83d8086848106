"""Gradescope's results.json (autograder_samples, docs/specs.md).

One record gives students and the course the right view: a hidden check is a test with `visibility`
hidden, and what a visible test says is cut to its hint level. Without a top-level `score` Gradescope
adds up the tests; points that a person must still give, or that a fault of ours holds back, are tests
without a score.
"""

from __future__ import annotations

import json
import math
from typing import Any

from grader.model import Audience, CheckResult, Report, Verdict
from grader.report import phrases
from grader.report.audience import student_view
from grader.report.prose import explanation
from grader.text import one_line


def to_gradescope(report: Report) -> str:
    """Render a report as results.json."""
    tests = [
        _test(whole, seen, f"{p}.{c}", hide=report.audience == "instructor")
        for p, (part, view) in enumerate(zip(report.parts, student_view(report).parts, strict=True), start=1)
        for c, (whole, seen) in enumerate(zip(part.checks, view.checks, strict=True), start=1)
    ]
    results: dict[str, Any] = {
        "output": _header(report),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "execution_time": round(report.seconds, 2) if math.isfinite(report.seconds) else 0.0,
        "tests": tests,
        "extra_data": {
            "gradmark": report.gradmark,
            "rubric": report.rubric,
            "rubric_hash": report.rubric_hash,
            "submission_hash": report.submission_hash,
            "seed": report.seed,
            "open_points": round(report.open_points, 6),
        },
    }
    if not any("score" in test for test in tests):  # needed where no test has one
        results["score"] = 0.0
    return json.dumps(results, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _test(check: CheckResult, seen: CheckResult, number: str, *, hide: bool) -> dict[str, Any]:
    """One test: a hidden check whole but hidden, a public one as students may see it."""
    hidden = hide and check.audience is Audience.HIDDEN
    shown = check if hidden else seen
    test: dict[str, Any] = {
        "name": one_line(shown.title or shown.id),
        "number": number,
        "visibility": "hidden" if hidden else "visible",
        "output": "\n".join(_output(shown)),
        "tags": [one_line(shown.kind), check.verdict.value],
        "extra_data": {"id": shown.id, "verdict": check.verdict.value},
    }
    if check.asked and check.verdict not in phrases.OPEN:
        test["score"] = round(check.earned, 6)
        test["max_score"] = round(check.points, 6)
        test["status"] = "passed" if check.verdict is Verdict.PASSED else "failed"
    return test


def _output(check: CheckResult) -> list[str]:
    if not check.asked:
        return ["not part of this run"]
    lines = [phrases.LABELS[check.verdict], *explanation(check)]
    if check.verdict in phrases.OPEN:
        lines.append(f"open: {phrases.points(check.points)} points")
    return lines


def _header(report: Report) -> str:
    lines = [
        phrases.rubric(report),
        f"data: {one_line(report.data.description or report.data.kind)}",
        f"device: {one_line(report.device)}, seed {report.seed}",
        phrases.open_sentence(report),
        *(one_line(note) for note in report.notes),
    ]
    return "\n".join(line for line in lines if line)
