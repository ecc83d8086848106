"""GitHub's log commands, step summary and Classroom result."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import jsonschema
import pytest

from grader.model import PartResult, Report, Verdict
from grader.report import github, to_github, write_github
from tests.report import samples

COMMAND = re.compile(
    r"^::(error|warning|notice) ((?:[a-zA-Z]+=[^,:\r\n]+)(?:,[a-zA-Z]+=[^,:\r\n]+)*)::([^\r\n]*)$"
)
EVERY = [
    pytest.param(samples.everything(), id="everything"),
    *(pytest.param(samples.hostile(text), id=name) for name, text in samples.HOSTILE.items()),
]
RESULT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["version", "status", "max_score", "tests"],
    "properties": {
        "version": {"const": 3},
        "status": {"enum": ["pass", "fail", "error"]},
        "max_score": {"type": "number"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string"},
                    "status": {"enum": ["pass", "fail", "error"]},
                    "score": {"type": "number"},
                    "message": {"type": "string"},
                    "test_code": {"type": "string"},
                    "task_id": {"type": "integer"},
                    "filename": {"type": "string"},
                    "line_no": {"type": "integer"},
                    "duration": {"type": "number"},
                    "output": {"type": "string", "maxLength": 500},
                },
            },
        },
    },
}


def _unescape(text: str) -> str:
    for code, char in (("%3A", ":"), ("%2C", ","), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(code, char)
    return text


@pytest.mark.parametrize("report", EVERY)
def test_a_submission_gives_no_command(report: Report) -> None:
    lines = to_github(report, token="f" * 32).split("\n")
    assert lines[0] == f"::stop-commands::{'f' * 32}"
    end = lines.index(f"::{'f' * 32}::")
    after = [line for line in lines[end + 1 :] if line]
    assert after
    assert [line for line in after if not COMMAND.match(line)] == []


def test_the_word_that_ends_the_fence_is_another_each_time() -> None:
    first, second = (to_github(samples.everything()).split("\n")[0] for _ in range(2))
    assert first != second
    assert re.fullmatch(r"::stop-commands::[0-9a-f]{32}", first)


def test_an_annotation_is_escaped_and_names_file_and_line() -> None:
    lines = github.annotation_lines(samples.everything()).splitlines()
    match = COMMAND.match(lines[1])
    assert match
    parameters = dict(pair.split("=", 1) for pair in match[2].split(","))
    assert parameters["file"] == "modules.py"
    assert parameters["line"] == "57"
    assert _unescape(parameters["title"]) == "Linear: gradients of input, weight and bias (0 / 3)"
    assert _unescape(match[3]).startswith("dL/db is wrong; dL/dx and dL/dW are right (modules.py:57)\n")
    assert "38.1 %25 on" in lines[0]


def test_ten_annotations_at_most_and_the_dearest_first() -> None:
    checks = tuple(samples.check(f"a.c{k}", f"C{k}", "forward", Verdict.FAILED, k) for k in range(1, 31))
    lines = github.annotation_lines(samples.report(PartResult(id="a", title="A", checks=checks))).splitlines()
    assert len(lines) == 10
    assert lines[0].startswith("::error title=C30 (0 / 30)::")


def test_full_marks_annotate_nothing() -> None:
    assert github.annotation_lines(samples.full_marks()) == ""


def test_a_summary_stays_below_githubs_limit_and_closes_its_fences() -> None:
    checks = tuple(
        samples.check(f"a.c{k}", f"C{k}", "forward", Verdict.FAILED, 1, detail="é" * 15_000, message="m")
        for k in range(100)
    )
    text = github.step_summary(samples.report(PartResult(id="a", title="A", checks=checks)))
    assert len(text.encode()) <= github.SUMMARY_BYTES
    assert text.count("```") % 2 == 0
    assert text.count("<details>") == text.count("</details>")
    assert "This summary was cut" in text


@pytest.mark.parametrize("report", EVERY)
def test_the_classroom_result_is_what_its_reader_reads(report: Report) -> None:
    line = github.classroom_output(report)
    assert line.startswith("result=")
    assert line.count("\n") == 1
    result = json.loads(base64.b64decode(line.removeprefix("result=")))
    jsonschema.validate(result, RESULT)


def test_the_classroom_result_has_the_points() -> None:
    result = github.classroom_result(samples.everything())
    assert (result["status"], result["max_score"]) == ("fail", 29)
    assert sum(test["score"] for test in result["tests"]) == 8
    assert github.classroom_result(samples.full_marks())["status"] == "pass"
    assert github.classroom_result(samples.full_marks())["max_score"] == 7.5


def test_files_named_by_the_step_are_appended_to(tmp_path: Path) -> None:
    summary, output = tmp_path / "summary.md", tmp_path / "output"
    summary.write_text("before\n")
    log = write_github(
        samples.everything(),
        {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(output), "OTHER": "x"},
    )
    assert summary.read_text(encoding="utf-8").startswith("before\n# submission: 8 / 29 points")
    assert output.read_text().startswith("result=")
    assert "::stop-commands::" in log
    assert write_github(samples.everything(), {}).startswith("::stop-commands::")
