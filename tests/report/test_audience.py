"""Students never see what a hidden check looked at, and of a public one what its hint level allows."""

from __future__ import annotations

import json

import pytest

from grader.model import Audience, CheckResult, Diagnosis, Evidence, HintLevel, PartResult, Report, Verdict
from grader.report import REPORTERS, for_audience, render, student_view, to_json
from grader.report.audience import HIDDEN_TITLE, NO_HINTS, at_hint_level
from tests.report import samples

SECRETS = (samples.SECRET, "numpy.linear.secret", str(samples.SECRET_NUMBER), "0.4042", "G999", "printed on")


@pytest.mark.parametrize("name", sorted(set(REPORTERS) - {"gradescope"}))
def test_no_students_view_holds_a_word_of_a_hidden_check(name: str) -> None:
    text = render(samples.everything(), name, audience="student")
    assert [secret for secret in SECRETS if secret in text] == []


def test_gradescopes_visible_tests_hold_no_word_of_a_hidden_check() -> None:
    results = json.loads(render(samples.everything(), "gradescope", audience="instructor"))
    visible = json.dumps(
        [test for test in results["tests"] if test["visibility"] == "visible"] + [results["output"]]
    )
    assert [secret for secret in SECRETS if secret in visible] == []


@pytest.mark.parametrize("name", sorted(REPORTERS))
def test_an_instructor_sees_the_hidden_check(name: str) -> None:
    text = render(samples.everything(), name, audience="instructor")
    assert samples.SECRET in text.replace("\\", "")


def test_a_hidden_check_keeps_its_verdict_and_points() -> None:
    whole, seen = samples.everything(), student_view(samples.everything())
    assert (seen.points, seen.earned, seen.open_points) == (whole.points, whole.earned, whole.open_points)
    assert [check.verdict for check in seen.checks] == [check.verdict for check in whole.checks]
    hidden = seen.checks[2]
    assert (hidden.id, hidden.title, hidden.kind) == ("numpy.hidden-1", HIDDEN_TITLE, "hidden")


def test_mentions_of_a_hidden_check_are_replaced_everywhere() -> None:
    hidden = samples.check("a.secret", "Big batch", "forward", Verdict.FAILED, 1, audience=Audience.HIDDEN)
    public = samples.check(
        "a.open", "Open", "forward", Verdict.SKIPPED, 1,
        needs=("a.secret",), message="needs a.secret (Big batch)", detail="Big batch; a.secretive stays",
    )  # fmt: skip
    seen = student_view(
        samples.report(PartResult(id="a", title="A", checks=(hidden, public)), notes=("a.secret",))
    )
    assert seen.checks[1].message == f"needs a.hidden-1 ({HIDDEN_TITLE})"
    assert seen.checks[1].detail == f"{HIDDEN_TITLE}; a.secretive stays"
    assert seen.checks[1].needs == ("a.hidden-1",)
    assert seen.notes == ("a.hidden-1",)


def test_a_students_view_cannot_be_turned_back() -> None:
    seen = student_view(samples.everything())
    assert for_audience(seen, "instructor") is seen
    assert seen.audience == "student"


def test_an_instructors_view_is_the_record() -> None:
    whole = samples.everything()
    assert for_audience(whole, "instructor") is whole


def _wrong(level: HintLevel, **more: object) -> CheckResult:
    evidence = (
        Evidence(what="dL/dx", agreed=True),
        Evidence(what="dL/db", agreed=False, off=3, total=4, got=1.5, want=2.5, worst_index=(0,)),
    )
    diagnosis = Diagnosis(id="G103", title="not summed", hint="which shape?", explains=1.0)
    return samples.check(
        "a.b", "B", "gradient", Verdict.FAILED, 1,
        message="got 1.5, want 2.5", detail="all the numbers", hint="look at axis 0",
        evidence=evidence, diagnoses=(diagnosis,), hint_level=level, **more,
    )  # fmt: skip


def test_without_hints_only_the_verdict_is_left() -> None:
    seen = at_hint_level(_wrong(HintLevel.NONE))
    assert (seen.message, seen.detail, seen.hint, seen.evidence, seen.diagnoses) == (NO_HINTS, "", "", (), ())


def test_the_fault_is_named_without_numbers() -> None:
    seen = at_hint_level(_wrong(HintLevel.FAULT))
    assert [diagnosis.title for diagnosis in seen.diagnoses] == ["not summed"]
    assert seen.diagnoses[0].hint == ""
    assert [(item.off, item.got, item.want, item.worst_index) for item in seen.evidence] == [
        (3, None, None, None)
    ]
    assert "2.5" not in seen.model_dump_json()


def test_a_hint_comes_with_the_worst_element() -> None:
    seen = at_hint_level(_wrong(HintLevel.HINT))
    assert seen.hint == "look at axis 0"
    assert [item.want for item in seen.evidence] == [2.5]


def test_full_shows_everything() -> None:
    assert at_hint_level(_wrong(HintLevel.FULL)) == _wrong(HintLevel.FULL)


@pytest.mark.parametrize("level", [HintLevel.NONE, HintLevel.FAULT])
def test_what_the_submission_itself_raised_is_no_hint(level: HintLevel) -> None:
    own = samples.check(
        "a.b",
        "B",
        "forward",
        Verdict.ERRORED,
        1,
        message="TypeError (modules.py:3)",
        detail="trace",
        hint_level=level,
    )
    seen = at_hint_level(own)
    assert (seen.message, seen.detail) == ("TypeError (modules.py:3)", "trace")


def test_a_view_is_a_record_that_can_be_read_back() -> None:
    seen = student_view(samples.everything())
    assert Report.model_validate_json(to_json(seen)) == seen
