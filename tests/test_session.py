"""One submission from end to end: order, dependencies, what was asked for, whose fault an exception is."""

from __future__ import annotations

import pytest

from grader import checks
from grader.errors import UsageError
from grader.events import CheckDone, CheckStarted, Event, PartStarted, RunStarted
from grader.model import Report, Verdict
from grader.report import from_json, to_json
from grader.rubric import Rubric, load_rubric
from grader.sandbox import Sandbox
from grader.session import GradeSettings, Session
from grader.submission import submission_from_files
from tests.grading_support import full_marks_with


def session(sandbox: Sandbox, *only: str, rubric: Rubric | None = None, **settings: object) -> Session:
    submission = submission_from_files(full_marks_with(), name="made")
    grading = GradeSettings(seed=1, only=only, stamp=False, **settings)  # type: ignore[arg-type]
    return Session(submission, rubric or load_rubric("uva_dl1_a1"), sandbox, grading)


def test_only_what_was_asked_for_is_in_the_report(sandbox: Sandbox) -> None:
    report = session(sandbox, "softmax.forward", "q1").grade()
    assert [check.id for check in report.checks][:1] == ["softmax.forward"]
    assert {part.id for part in report.parts} == {"softmax", "q1"}


def test_a_pattern_that_fits_nothing_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(
        UsageError, match=r"no check of that name; did you mean .linear.\? The parts are: linear, elu"
    ):
        session(sandbox, "lineer").grade()


def test_an_exception_of_ours_costs_no_points(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(spec: object, context: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setitem(checks.CHECKS, "forward", broken)  # type: ignore[arg-type]
    report = session(sandbox, "softmax.forward").grade()
    assert report.checks[0].verdict is Verdict.INTERNAL
    assert "planted" in report.checks[0].message
    assert (report.earned, report.open_points) == (0, 3)


def test_dependents_of_a_failed_check_are_skipped(sandbox: Sandbox) -> None:
    rubric = load_rubric("uva_dl1_a1")
    softmax = next(part for part in rubric.parts if part.id == "softmax")
    needing = tuple(
        c.model_copy(update={"needs": ("softmax.forward",)}) if c.kind == "gradient" else c
        for c in softmax.checks
    )
    changed = rubric.model_copy(
        update={"parts": (softmax.model_copy(update={"checks": needing}),), "variants": ()}
    )
    files = full_marks_with(modules=("out = exps / exps.sum(axis=1, keepdims=True)", "out = exps"))
    report = Session(
        submission_from_files(files, name="made"), changed, sandbox, GradeSettings(seed=1, stamp=False)
    ).grade()
    verdicts = {check.id: check.verdict for check in report.checks}
    assert verdicts["softmax.forward"] is Verdict.FAILED
    assert verdicts["softmax.gradient"] is Verdict.SKIPPED


def test_those_who_watch_are_told_in_order(sandbox: Sandbox) -> None:
    events: list[Event] = []
    made = session(sandbox, "softmax.forward")
    made.on_event = events.append
    made.grade()
    assert isinstance(events[0], RunStarted)
    assert events[0].checks == 1
    kinds = [type(event) for event in events if not isinstance(event, (RunStarted, PartStarted))]
    assert kinds == [CheckStarted, CheckDone]


def test_written_answers_need_no_worker() -> None:
    class NoSandbox:
        @property
        def isolation(self) -> None:
            raise AssertionError("a worker was asked for")

    files = {"answers.toml": b"[q1a]\nanswer = 'dY^T X'\n"}
    report = Session(
        submission_from_files(files, name="paper"),
        load_rubric("uva_dl1_a1"),
        NoSandbox(),  # type: ignore[arg-type]
        GradeSettings(seed=1, only=("q1.q1a",), stamp=False),
    ).grade()
    assert report.checks[0].verdict is Verdict.PASSED
    assert report.isolation.level == 0


def test_a_report_survives_being_written_and_read(sandbox: Sandbox) -> None:
    report: Report = session(sandbox, "linear.gradient", "q1").grade()
    assert from_json(to_json(report)) == report


def test_hidden_checks_are_left_out_of_a_self_check(sandbox: Sandbox) -> None:
    report = session(sandbox, "softmax", "q1", public_only=True).grade()
    assert {check.id for check in report.checks} == {
        "softmax.forward",
        "softmax.gradient",
        "softmax.contract",
    }
