"""Marks of a person: they survive grading again, and never stick to a text that was not marked."""

from __future__ import annotations

import csv
import io

import pytest

from grader.errors import UsageError
from grader.marks import Mark, apply_marks, read_marks, template, to_csv, to_toml, work_hash
from grader.model import CheckResult, DataUsed, Isolation, PartResult, Report, Verdict


def report(work: str = "because v^T H v > 0", name: str = "ada") -> Report:
    checks = (
        CheckResult(id="q4.q4a", title="proof", kind="manual", verdict=Verdict.MANUAL, points=2, work=work),
        CheckResult(id="q1.q1a", title="dW", kind="formula", verdict=Verdict.PASSED, points=2, earned=2),
    )
    return Report(
        gradmark="0", submission=name, rubric="r", rubric_title="R", data=DataUsed(kind="none", description=""),
        device="cpu", isolation=Isolation(level=0, name="none"), seed=1,
        parts=(PartResult(id="q4", title="4", checks=checks),),
    )  # fmt: skip


def marked(marks: float = 1.5, **changes: object) -> list[Mark]:
    (row,) = template([report()])
    return [row.model_copy(update={"marks": marks, "marker": "ta", "comment": "Nearly.", **changes})]


def test_the_template_lists_what_is_open_with_its_text():
    (row,) = template([report()])
    assert (row.submission, row.check, row.points, row.marks) == ("ada", "q4.q4a", 2.0, None)
    assert row.work == "because v^T H v > 0"
    assert len(template([report()], everything=True)) == 2


@pytest.mark.parametrize(
    ("marks", "verdict"), [(2, Verdict.PASSED), (1.5, Verdict.PARTIAL), (0, Verdict.FAILED)]
)
def test_marks_become_points(marks, verdict):
    graded, warnings = apply_marks(report(), marked(marks))
    check = graded.checks[0]
    assert (check.verdict, check.earned, check.marked_by, check.message) == (verdict, marks, "ta", "Nearly.")
    assert warnings == []
    assert graded.open_points == 0
    assert report().open_points == 2


@pytest.mark.parametrize("kind", ["csv", "toml"])
def test_a_filled_in_file_comes_back_the_same(kind):
    work = '=HYPERLINK("x"), "quotes", \\alpha\nsecond line\t'
    rows = [m.model_copy(update={"marks": 1.0, "marker": "ta"}) for m in template([report(work)])]
    text = to_csv(rows) if kind == "csv" else to_toml(rows)
    (read,) = read_marks(text, kind=kind)
    assert (read.marks, read.check, read.work_hash) == (1.0, "q4.q4a", rows[0].work_hash)
    graded, warnings = apply_marks(report(work), [read])
    assert graded.earned == 3
    assert warnings == []


def test_rows_without_marks_are_left_out():
    for kind, write in (("csv", to_csv), ("toml", to_toml)):
        assert read_marks(write(template([report()])), kind=kind) == []


def test_no_cell_starts_a_formula_in_a_spreadsheet():
    rows = list(csv.reader(io.StringIO(to_csv(template([report("=1+1")])))))
    assert rows[1][-1].startswith("'=")


def test_a_changed_text_is_not_marked_and_that_is_said():
    graded, warnings = apply_marks(report("another proof"), marked())
    assert graded.checks[0].verdict is Verdict.MANUAL
    assert graded.earned == 2
    assert "An earlier text was marked 1.5 of 2 by ta." in graded.checks[0].message
    assert warnings == ["ada: q4.q4a: the text has changed since it was marked; the mark was not applied"]


def test_marks_of_another_submission_or_check_do_not_apply():
    assert apply_marks(report(), marked(submission="bob"))[0] == report()
    graded, warnings = apply_marks(report(), marked(check="q4.gone"))
    assert graded == report()
    assert "there is no check q4.gone" in warnings[0]


def test_a_mark_overrides_an_automatic_verdict():
    graded, _ = apply_marks(report(), marked(marks=1, check="q1.q1a", work_hash=""))
    assert (graded.checks[1].verdict, graded.checks[1].earned) == (Verdict.PARTIAL, 1)


def test_a_marked_check_stays_in_the_template():
    graded, _ = apply_marks(report(), marked())
    (row,) = template([graded])
    assert (row.marks, row.marker) == (1.5, "ta")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("submission,check,points,marks\nada,q4.q4a,2,3\n", "row 2: marks: 3 is not between 0 and 2"),
        ("submission,check,points,marks\nada,q4.q4a,2,much\n", "row 2: marks: 'much'"),
        ("submission;check;points\nada;q4.q4a;2\n", "no column 'marks'"),
    ],
)
def test_a_bad_file_is_refused_with_its_row(text, message):
    with pytest.raises(UsageError, match="marks") as caught:
        read_marks(text, kind="csv", name="marks.csv")
    assert message in str(caught.value)


def test_a_spreadsheet_with_semicolons_and_decimal_commas_is_read():
    (mark,) = read_marks("submission;check;points;marks\nada;q4.q4a;2;1,5\n", kind="csv")
    assert mark.marks == 1.5


def test_the_hash_names_the_text_and_nothing_else():
    first, second = report().checks[0], report("  because v^T H v > 0\n").checks[0]
    assert work_hash(first) == work_hash(second)
    assert work_hash(first) != work_hash(report("other").checks[0])
