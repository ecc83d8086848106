"""Canvas and Moodle exports come back with one column filled in and every other byte as it was."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from grader.batch.cells import read_sheet
from grader.batch.finish import Outputs, check_gradebooks
from grader.batch.gradebooks import Scale, fill_canvas, fill_moodle, spellings
from grader.batch.rows import Roll, grades_csv, settle_groups
from grader.errors import UsageError
from grader.model import Verdict
from tests.batch.rows import row

P, F, M = Verdict.PASSED, Verdict.FAILED, Verdict.MANUAL
CANVAS = (
    '\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Homework 1 (77),"Essay, long (78)",Current Score\r\n'
    ",,,,,Manual Posting,,\r\n"
    "    Points Possible,,,,,10,5,(read only)\r\n"
    '"Doe, Jane",101,s1,jdoe,"A, ""x""",,3,88.1\r\n'
    '"Li, Bo",102,s2,bli,A,EX,,\r\n'
    '"Ro, Al",103,s3,alro,A,"4",-,\r\n'
    '"Nobody, Known",104,s4,nk,A,7.50,,\r\n'
    '"Student, Test",105,,abc,A\r\n'
)
MOODLE = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,Feedback comments\n"
    'Participant 900,Jane Doe,jane@x.org,Submitted for grading,,"10,00",Yes,\n'
    'Participant 901,Bo Li,bo@x.org,Submitted,"5,00","10,00",Yes,"fine, ""really"""\n'
    'Participant 902,Al Ro,al@x.org,No submission,,"10,00",Yes,\n'
)
FREE = Scale()


def _file(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def _cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def _roll(*rows: object) -> Roll:
    return Roll(rows, {})  # type: ignore[arg-type]


def test_grades_csv_has_a_guarded_line_for_everybody() -> None:
    rows = [
        row("=1+2", P, F, email="=x@y", student_id="007"),
        row('O"Neil,\nB', P, Verdict.ERRORED),
        row("m", P, M),
    ]
    rows[0] = replace(rows[0], notes=("There is no modules.py;\n'a.py' was read in its place.",))
    table = grades_csv(rows, anonymous=False)
    found = list(csv.DictReader(io.StringIO(table, newline="")))
    assert [line["student"] for line in found] == ["'=1+2", 'O"Neil, B', "m"]
    assert [line["email"] for line in found] == ["'=x@y", "", ""]
    assert [line["student_id"] for line in found] == ["007", "", ""]
    assert [(line["points"], line["of"], line["open"], line["part: part1"]) for line in found] == [
        ("5", "10", "0", "0"), ("5", "10", "0", "0"), ("5", "10", "5", "0"),
    ]  # fmt: skip
    assert [line["remark"] for line in found] == [
        "There is no modules.py; 'a.py' was read in its place.",
        "1 of 2 checks ended in an error: because",
        "a person must mark a part",
    ]
    assert "=x@y" not in grades_csv(rows, anonymous=True)


def test_canvas_is_filled_and_nothing_else_changes(tmp_path: Path) -> None:
    path = _file(tmp_path / "g.csv", CANVAS)
    roll = _roll(
        row("doejane_101", P, F, canvas_id="101"),
        row("libo_102", P, P, canvas_id="102"),
        row("alro", P, P),
        row("student_105", F, F, canvas_id="105"),
        row("stranger_999", P, P, canvas_id="999"),
    )
    filled = fill_canvas(path, roll, FREE, column="Homework 1")
    want = (
        CANVAS.replace('""x""",,3', '""x""",5,3')
        .replace('A,"4",-', 'A,"10",-')
        .replace("abc,A\r\n", "abc,A,0\r\n")
    )
    assert filled.text == want
    assert path.read_bytes().decode() == CANVAS
    assert filled.count == 3
    assert filled.warnings == ("g.csv: no row for stranger_999",)


def test_canvas_needs_to_know_the_column_and_the_maximum(tmp_path: Path) -> None:
    path = _file(tmp_path / "g.csv", CANVAS)
    roll = _roll(row("x_101", P, P, canvas_id="101"))
    with pytest.raises(
        UsageError, match=r"which assignment is not clear.*Homework 1 \(77\); Essay, long \(78\)"
    ):
        fill_canvas(path, roll, FREE)
    with pytest.raises(UsageError, match="which assignment is not clear"):  # before anything is graded
        check_gradebooks(Outputs(canvas=path), "Homework")
    check_gradebooks(Outputs(canvas=path, canvas_column="Homework 1"), "Homework")
    with pytest.raises(UsageError, match="no assignment 'Nope'"):
        fill_canvas(path, roll, FREE, column="Nope")
    assert fill_canvas(path, roll, FREE, title="homework 1").count == 1
    with pytest.raises(UsageError, match="worth 5 points, the homework 10; give --scale"):
        fill_canvas(path, roll, FREE, column="Essay, long (78)")
    assert _cells(fill_canvas(path, roll, Scale(allowed=True), column="Essay, long").text)[3][6] == "5"
    another = row("another", P, P, P, canvas_id="103")  # of a variant that is worth more
    filled = fill_canvas(path, _roll(another, *roll.rows), FREE, column="Homework 1")
    assert filled.count == 1
    assert any("Left as they were: another" in warning for warning in filled.warnings)
    with pytest.raises(UsageError, match="not a Canvas gradebook"):
        fill_canvas(_file(tmp_path / "m.csv", MOODLE), roll, FREE)


def test_moodle_is_filled_in_the_sites_own_decimal_mark(tmp_path: Path) -> None:
    path = _file(tmp_path / "m.csv", MOODLE)
    roll = _roll(
        row("Jane Doe_900", P, Verdict.PARTIAL, moodle_id="900"), row("Bo Li_901", P, F, moodle_id="901")
    )
    filled = fill_moodle(path, roll, FREE)
    want = MOODLE.replace('grading,,"10', 'grading,"7,5","10').replace('Submitted,"5,00"', 'Submitted,"5"')
    assert filled.text == want
    assert [line[5] for line in _cells(filled.text)[1:]] == ["10,00"] * 3


def test_moodle_in_another_language(tmp_path: Path) -> None:
    text = "Kennung;Vollständiger Name;Bewertung;Bestwertung\nTeilnehmer/in900;Jane Doe;;10.00\n"
    filled = fill_moodle(_file(tmp_path / "m.csv", text), _roll(row("x", P, P, moodle_id="900")), FREE)
    assert filled.text == text.replace("Doe;;", "Doe;10;")
    odd = text.replace("Bewertung;", "Punkte;")
    with pytest.raises(UsageError, match="--moodle-column"):
        fill_moodle(_file(tmp_path / "o.csv", odd), _roll(row("x", P, P, moodle_id="900")), FREE)
    assert (
        fill_moodle(tmp_path / "o.csv", _roll(row("x", P, P, moodle_id="900")), FREE, column="Punkte").count
        == 1
    )


def test_open_points_are_said_and_faults_of_ours_are_no_grade(tmp_path: Path) -> None:
    path = _file(tmp_path / "g.csv", CANVAS)
    roll = _roll(row("a", P, M, canvas_id="101"), row("b", P, Verdict.INTERNAL, canvas_id="103"))
    filled = fill_canvas(path, roll, FREE, column="Homework 1")
    assert filled.count == 1
    assert "2 submissions have open points and were written without them" in filled.warnings[-1]
    assert fill_canvas(path, roll, Scale(final_only=True), column="Homework 1").text == CANVAS


def test_every_member_of_a_group_gets_what_counts(tmp_path: Path) -> None:
    groups = {"jane doe": "G1", "doe, jane": "G1", "bo li": "G1", "alro": "G1"}
    rows = settle_groups([row("Jane Doe", P, F, groups=groups), row("alro", P, P, groups=groups)])
    assert [r.counts for r in rows] == [False, True]
    assert "handed in 2 times; alro counts, the best" in rows[0].remark
    text = CANVAS.replace("EX", "")
    filled = fill_canvas(_file(tmp_path / "g.csv", text), Roll(rows, groups), FREE, column="Homework 1")
    assert [line[5] for line in _cells(filled.text)[3:6]] == ["10", "10", "10"]


def test_a_name_that_two_students_share_matches_neither(tmp_path: Path) -> None:
    roll = _roll(
        row("one", P, P, email="x", student_id="jdoe"), row("two", F, F, email="y", student_id="jdoe")
    )
    filled = fill_canvas(_file(tmp_path / "g.csv", CANVAS), roll, FREE, column="Homework 1")
    assert filled.text == CANVAS


def test_spellings_of_a_name() -> None:
    assert spellings("Doe, Jane Q.") == ("Doe, Jane Q.", "Jane Q. Doe", "doejaneq")
    assert spellings("Jane Doe") == ("Jane Doe", "doejane")
    assert spellings("Cher") == ("Cher", "")


@pytest.mark.parametrize(
    "raw", ["", "a", "a,b", 'a,"b\nc",\n\n,x\r\n', '\ufeff"a""b";2\n', "a,b\n\n\nc", '"open', "a,\n,b,"]
)
def test_cells_agree_with_the_standard_reader(tmp_path: Path, raw: str) -> None:
    sheet = read_sheet(_file(tmp_path / "x.csv", raw))
    ours = [[cell.text for cell in cells] for cells in sheet.rows]
    theirs = list(csv.reader(io.StringIO(raw.removeprefix("\ufeff"), newline=""), delimiter=sheet.delimiter))
    assert [[c for c in cells if cells != [""]] for cells in ours] == [
        [c.rstrip("\n") if raw == '"open' else c for c in cells] for cells in theirs
    ]
    assert sheet.filled({}) == raw


def test_a_file_that_is_not_utf8_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"Student,\xe9\n")
    with pytest.raises(UsageError, match=r"not UTF-8 \(byte 8\)"):
        read_sheet(tmp_path / "x.csv")
