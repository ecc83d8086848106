"""The check of written answers in a real grading: the seeds' answers, missing, broken and unreadable ones."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from grader.answers import find_answers
from grader.formulas.echo import echo_answers
from grader.model import Report, Verdict
from grader.rubric import FormulaSpec, load_rubric
from grader.sandbox import Sandbox
from grader.session import GradeSettings, Session
from grader.submission import load_submission, submission_from_files

EXAMPLES = Path(__file__).parent.parent.parent / "submissions_example"
SEEDS = ("uva_dl1_a1_seed", "bgu_idl_a1_seed")


def graded(sandbox: Sandbox, files: dict[str, str], rubric: str = "uva_dl1_a1_written") -> Report:
    loaded = load_rubric(rubric)
    submission = submission_from_files({k: v.encode() for k, v in files.items()}, name="made")
    return Session(submission, loaded, sandbox, GradeSettings(seed=1, stamp=False)).grade()


def check(report: Report, name: str):
    return next(c for c in report.checks if c.id == name)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_seeds_earn_what_a_careful_marker_gives(sandbox: Sandbox, seed: str) -> None:
    expected = tomllib.loads((EXAMPLES / seed / "expected.toml").read_text("utf-8"))
    loaded = load_rubric(expected["rubric"])
    submission = load_submission(EXAMPLES / seed, modules=loaded.modules)
    report = Session(submission, loaded, sandbox, GradeSettings(seed=1, stamp=False)).grade()
    assert {c.id for c in report.checks} == set(expected["checks"])
    for result in report.checks:
        wanted = expected["checks"][result.id]
        note = result.formula.note if result.formula else ""
        assert result.verdict == wanted["verdict"], (result.id, result.message)
        assert wanted.get("earned", result.earned) == result.earned, result.id
        assert wanted.get("says", "") in f"{result.message} {note}", (result.id, result.message)
        assert wanted.get("step", "") in result.detail, (result.id, result.detail)
    lost = {c.id for c in report.checks if c.earned < c.points and c.verdict is not Verdict.MANUAL}
    assert lost == set(expected["loses"])


def test_right_wrong_unreadable_missing_and_broken(sandbox: Sandbox) -> None:
    toml = "[q1a]\nanswer = 'dY^T X'\n[q1b]\nanswer = 'dY'\n[q1c]\nanswer = 'dY Q'\n[q1d]\nanswer = dY h\n[q5b]\nanswer = ''\n"
    report = graded(sandbox, {"answers.toml": toml})
    right, wrong, unread = (check(report, f"q1.q1{c}") for c in "abc")
    assert (right.verdict, right.earned) == (Verdict.PASSED, 2)
    assert right.formula is not None
    assert (right.formula.read_as, right.formula.shape, right.formula.file) == (
        "(∂L/∂Y)ᵀ X",
        "N × M",
        "answers.toml",
    )
    assert wrong.verdict is Verdict.PARTIAL
    assert [d.id for d in wrong.diagnoses] == ["W105"]
    assert "axis of size S" in wrong.message
    assert wrong.hint
    assert unread.verdict is Verdict.MANUAL
    assert "'Q'" in unread.message
    assert "dY Q" in unread.work
    assert check(report, "q1.q1d").verdict is Verdict.MANUAL
    assert "not valid TOML" in check(report, "q1.q1d").message
    assert check(report, "q5.q5b").verdict is Verdict.MISSING
    assert check(report, "q1.q1e").verdict is Verdict.MISSING


def test_an_answer_in_a_notebook_is_read_and_not_run(sandbox: Sandbox, tmp_path: Path) -> None:
    cells = (
        '{"cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": null, '
        '"source": "# answer: q1a\\ndY.T @ X"}, {"cell_type": "code", "metadata": {}, "outputs": [], '
        f'"execution_count": null, "source": "# answer: q1b\\nopen({str(tmp_path / "x")!r}, \'w\')"}}], '
        '"metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    )
    report = graded(sandbox, {"homework.ipynb": cells})
    assert check(report, "q1.q1a").verdict is Verdict.PASSED
    assert check(report, "q1.q1b").verdict is Verdict.MANUAL
    assert not (tmp_path / "x").exists()


def test_the_echo_says_how_answers_were_read_and_not_whether_they_are_right() -> None:
    rubric = load_rubric("uva_dl1_a1_written")
    questions = [c.question for p in rubric.parts for c in p.checks if isinstance(c, FormulaSpec)]
    toml = "[q1a]\nanswer = 'X^T dY'\n[q1b]\nanswer = 'Q'\n[q1e]\nalpha = '1/S'\nM = 'Y - T'\n"
    found = find_answers(submission_from_files({"answers.toml": toml.encode()}, name="made"))
    echoes = {(e.id, e.part): e for e in echo_answers(found, questions)}
    assert (echoes["q1a", ""].read_as, echoes["q1a", ""].shape) == ("Xᵀ (∂L/∂Y)", "M × N")
    assert "Q" in echoes["q1b", ""].problem
    assert (echoes["q1e", "alpha"].read_as, echoes["q1e", "M"].shape) == ("1 / S", "S × C")
    assert echoes["q1c", ""].problem == "there is no answer"
    for echo in echoes.values():
        assert not any(word in str(echo).lower() for word in ("right", "wrong", "correct"))


def test_what_may_be_in_a_document_stays_open(sandbox: Sandbox) -> None:
    alone = graded(sandbox, {"notes.md": "nothing"})
    assert {c.verdict for c in alone.checks} == {Verdict.MISSING}
    beside = graded(sandbox, {"doc/Report.PDF": "%PDF-1.4"})
    assert {c.verdict for c in beside.checks} == {Verdict.MANUAL}
    assert "doc/Report.PDF" in check(beside, "q5_text.q5c").message
