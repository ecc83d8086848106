"""results.json is what Gradescope documents, key by key."""

from __future__ import annotations

import json
import math
from typing import Any

import jsonschema
import pytest

from grader.model import PartResult, Report, Verdict
from grader.report import student_view, to_gradescope
from tests.report import samples

FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
VISIBILITY = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
TEST = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "score": {"type": "number"},
        "max_score": {"type": "number"},
        "status": {"enum": ["passed", "failed"]},
        "name": {"type": "string"},
        "name_format": FORMAT,
        "number": {"type": "string"},
        "output": {"type": "string", "pattern": r"\A[^\r]*\Z"},
        "output_format": FORMAT,
        "tags": {"type": "array", "items": {"type": "string"}},
        "visibility": VISIBILITY,
        "extra_data": {"type": "object"},
    },
}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "score": {"type": "number"},
        "execution_time": {"type": "number"},
        "output": {"type": "string"},
        "output_format": FORMAT,
        "test_output_format": FORMAT,
        "test_name_format": FORMAT,
        "visibility": VISIBILITY,
        "stdout_visibility": VISIBILITY,
        "extra_data": {"type": "object"},
        "tests": {"type": "array", "items": TEST},
        "leaderboard": {"type": "array"},
    },
    "anyOf": [
        {"required": ["score"]},
        {"required": ["tests"], "properties": {"tests": {"contains": {"required": ["score"]}}}},
    ],
}


def _read(report: Report) -> Any:
    def refuse(name: str) -> float:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(to_gradescope(report), parse_constant=refuse)


@pytest.mark.parametrize(
    "report",
    [
        pytest.param(samples.everything(), id="everything"),
        pytest.param(student_view(samples.everything()), id="student"),
        pytest.param(samples.report(), id="empty"),
        *(pytest.param(samples.hostile(text), id=name) for name, text in samples.HOSTILE.items()),
    ],
)
def test_it_is_what_gradescope_documents(report: Report) -> None:
    jsonschema.validate(_read(report), SCHEMA)


@pytest.mark.parametrize("seconds", [math.nan, math.inf])
def test_a_time_that_was_not_measured_is_no_nan(seconds: float) -> None:
    assert _read(samples.everything().model_copy(update={"seconds": seconds}))["execution_time"] == 0


def test_scores_add_up_to_what_is_earned_and_can_still_be_earned() -> None:
    report = samples.everything()
    tests = _read(report)["tests"]
    assert sum(test.get("score", 0) for test in tests) == report.earned
    assert sum(test.get("max_score", 0) for test in tests) == report.points - report.open_points


def test_hidden_checks_are_hidden_and_public_ones_are_not() -> None:
    tests = _read(samples.everything())["tests"]
    assert [test["number"] for test in tests if test["visibility"] == "hidden"] == ["1.3"]


def test_a_students_view_shows_all_it_has() -> None:
    tests = _read(student_view(samples.everything()))["tests"]
    assert {test["visibility"] for test in tests} == {"visible"}


def test_open_points_carry_no_score() -> None:
    manual = _read(samples.everything())["tests"][-2]
    assert "score" not in manual
    assert "open: 4 points" in manual["output"]


def test_where_no_test_has_a_score_there_is_one_at_the_top() -> None:
    check = samples.check("a.b", "B", "manual", Verdict.MANUAL, 4)
    results = _read(samples.report(PartResult(id="a", title="A", checks=(check,))))
    assert results["score"] == 0
