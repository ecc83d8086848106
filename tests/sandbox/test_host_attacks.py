"""Hostile archives and hostile texts: what never reaches a worker is the host's to hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.errors import SubmissionError
from grader.model import CheckResult, DataUsed, Isolation, PartResult, Report, Verdict
from grader.report import REPORTERS, render
from grader.submission import load_submission
from grader.text import clean
from tests.sandbox.attacks.families.injecting import HARM, TEXTS, naive_views
from tests.sandbox.attacks.families.intake import INTAKE, SECRET, IntakeAttack, harm, naive_harm

ONLY_OTHERS = {"rich_markup", "forged_line", "half_a_character"}  # shown below by what they would change


def build(attack: IntakeAttack, folder: Path) -> Path:
    (folder / "secret.txt").write_text(SECRET)
    return attack.build(folder)


@pytest.mark.parametrize("attack", INTAKE, ids=[attack.name for attack in INTAKE])
def test_intake_holds(attack: IntakeAttack, tmp_path: Path) -> None:
    path = build(attack, tmp_path)
    assert naive_harm(path), "the attack does not bite"
    try:
        found = load_submission(path, modules=["modules.py"]).files
    except SubmissionError:
        return
    assert not harm(path, found, tmp_path)


def report_with(text: str) -> Report:
    """A report in which every text that a submission can choose is this one, cleaned as the host cleans
    it.
    """
    text = clean(text)
    check = CheckResult(
        id="linear.forward",
        title="forward",
        kind="forward",
        verdict=Verdict.FAILED,
        points=1,
        message=text,
        detail=text,
        output=text,
        work=text,
    )
    return Report(
        gradmark="0",
        submission=text,
        rubric="r",
        rubric_title="R",
        data=DataUsed(kind="none", description="none"),
        device="cpu",
        isolation=Isolation(level=3, name="namespaced"),
        seed=1,
        notes=(text,),
        parts=(PartResult(id="linear", title="Linear", checks=(check,)),),
    )


@pytest.mark.parametrize("name", TEXTS)
def test_texts_stay_texts_in_every_report(name: str) -> None:
    report = report_with(TEXTS[name])
    for form in REPORTERS:
        for audience in ("student", "instructor"):
            rendered = render(report, form, audience=audience)
            assert not HARM[form](rendered), (form, HARM[form](rendered))
            rendered.encode()


@pytest.mark.parametrize("name", sorted(set(TEXTS) - ONLY_OTHERS))
def test_texts_harm_reports_of_the_usual_kind(name: str) -> None:
    views = naive_views(TEXTS[name])
    assert any(HARM[form](view) for form, view in views.items())


def test_every_form_is_looked_at() -> None:
    assert set(HARM) == set(REPORTERS)
