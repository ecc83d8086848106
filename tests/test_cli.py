"""The commands: exit codes, messages, files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from grader.session import version

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "submissions_example" / "uva_dl1_a1"


def run(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    entry = {"grade": "grade_main", "grader": "main"}[name]
    program = f"import sys; sys.argv[0] = {name!r}; from grader.cli import {entry}; {entry}()"
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=ROOT,
    )


def test_a_graded_submission_exits_with_0_and_writes_its_record(tmp_path: Path) -> None:
    target = tmp_path / "r.json"
    done = run("grade", EXAMPLES / "template", "--only", "linear", "--json", target, "--fail-under", 0)
    assert done.returncode == 0, done.stderr
    assert "not filled in yet" in done.stdout
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert json.loads(target.read_text("utf-8"))["schema"] == 1


@pytest.mark.parametrize("command", [["-m", "grader"], ["-c", "from grader.cli import grade_main as m; m()"]])
def test_both_programs_say_which_version_they_are(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *command, "--version"], capture_output=True, text=True, timeout=300, cwd=ROOT
    )
    assert (done.returncode, done.stdout) == (0, f"gradmark {version()}\n"), done.stderr


def test_below_the_limit_exits_with_1() -> None:
    assert run("grade", EXAMPLES / "template", "--only", "linear", "--fail-under", 50).returncode == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nothing",), "no such file or folder"),
        ((EXAMPLES / "template", "--rubric", "uva_dl1_a2"), "did you mean 'uva_dl1_a1'"),
        ((EXAMPLES / "template", "--variant", "1999"), "no variant '1999'"),
        ((EXAMPLES / "template", "--only", "lineer"), "no check of that name"),
        ((EXAMPLES / "template", "--isolation", "seven"), "1, 2 or 3 is allowed"),
        ((EXAMPLES / "template", "--isolation", "require=1"), "--allow-unconfined"),
        ((EXAMPLES / "template", "--device", "abacus"), "no such device; expected auto, cpu, cuda or mps"),
        ((EXAMPLES / "template", "--audience", "everybody"), "'student', 'instructor'"),
    ],
)
def test_what_cannot_be_used_exits_with_2_and_says_why(arguments: tuple[object, ...], words: str) -> None:
    done = run("grade", *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_record_that_cannot_be_written_does_not_lose_the_grading() -> None:
    done = run("grade", EXAMPLES / "template", "--only", "elu", "--json", "/dev/null/r.json")
    assert done.returncode == 2
    assert "Total 0 / " in done.stdout
    assert done.stderr == "/dev/null/r.json: cannot be written: /dev/null is no folder\n"


def test_a_record_is_shown_again_in_every_format(tmp_path: Path) -> None:
    target = tmp_path / "r.json"
    run("grade", EXAMPLES / "template", "--only", "elu", "--json", target)
    for form, words in {
        "markdown": "ELU",
        "junit": "<testsuite",
        "csv": "elu.forward",
        "html": "<!doctype",
        "gradescope": "tests",
    }.items():
        done = run("grader", "report", target, "--format", form)
        assert done.returncode == 0, done.stderr
        assert words.lower() in done.stdout.lower()
    assert run("grader", "report", target, "--format", "pdf").returncode == 2
    assert run("grader", "report", tmp_path / "none.json").returncode == 2


def test_marks_go_out_and_come_back(tmp_path: Path) -> None:
    record, marks = tmp_path / "report.json", tmp_path / "marks.csv"
    run("grade", EXAMPLES / "full_marks", "--only", "q4", "--audience", "instructor", "--json", record)
    assert run("grader", "marks", "template", record, "-o", marks).returncode == 0
    lines = marks.read_text("utf-8").splitlines()
    header = lines[0].split(",")
    assert "marks" in header
    import csv

    with marks.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["marks"], row["marker"] = "1", "ada"
    with marks.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    done = run("grader", "marks", "apply", marks, record)
    assert done.returncode == 0, done.stderr
    assert "0 open" in done.stdout


def test_the_data_that_would_be_used_is_named() -> None:
    done = run("grader", "data", "info")
    assert done.returncode == 0, done.stderr
    assert "kind" in done.stdout
