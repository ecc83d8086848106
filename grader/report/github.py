"""GitHub: annotations, the step summary and GitHub Classroom's result, all from one record.

Whatever a submission printed or is called reaches the log only between a pair of stop-commands lines with a
random word, or escaped inside a command (docs: workflow commands for GitHub Actions; actions/toolkit).
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grader.model import CheckResult, Report, Verdict
from grader.report import phrases
from grader.report.markdown import to_markdown
from grader.report.prose import explanation, message
from grader.report.terminal import Detail, to_terminal
from grader.text import one_line, workflow_message, workflow_property

MAX_ANNOTATIONS = 10  # GitHub keeps ten of a kind per step
SUMMARY_BYTES = 1024 * 1024  # of one step
CLASSROOM_VERSION = 3
CLASSROOM_OUTPUT = 500  # characters
COMMANDS = {Verdict.PARTIAL: "warning", Verdict.INTERNAL: "warning", Verdict.MISSING: "warning"}
_PLACE = re.compile(r"(?P<file>[^\s:()][^:()\n]{0,200}):(?P<line>[1-9]\d{0,6})")


def to_github(report: Report, *, token: str = "") -> str:
    """The lines for the log of a step: the report between stop-commands, then at most ten annotations.

    Args:
        report: what to show; a student's view where the log is the student's.
        token: the word that ends the fence; a random one where it is left out.
    """
    token = token or secrets.token_hex(16)
    log = to_terminal(report, detail=Detail.NORMAL)
    return f"::stop-commands::{token}\n{log}::{token}::\n{annotation_lines(report)}"


def annotation_lines(report: Report) -> str:
    """The ten checks that cost most, one command a line."""
    worst = [check for check in report.checks if check.asked and check.verdict in phrases.NOT_RIGHT]
    worst.sort(key=lambda check: check.earned - check.points)
    return "".join(f"{_annotation(check)}\n" for check in worst[:MAX_ANNOTATIONS])


def step_summary(report: Report) -> str:
    """Markdown for `$GITHUB_STEP_SUMMARY`, cut at the mebibyte above which GitHub refuses it."""
    text = to_markdown(report)
    if len(text.encode()) <= SUMMARY_BYTES:
        return text
    note = "\n\nThis summary was cut; the whole report is in report.json.\n"
    kept = text.encode()[: SUMMARY_BYTES - len(note.encode()) - 16].decode(errors="ignore")
    return kept.rsplit("\n#", 1)[0] + note  # at a heading, so that no fence stays open


def classroom_result(report: Report) -> dict[str, Any]:
    """The JSON object that GitHub Classroom's reporter reads (autograding runners, version 3)."""
    checks = [check for check in report.checks if check.asked]
    undecided = any(check.verdict in phrases.OPEN for check in checks)
    passed = all(check.verdict is Verdict.PASSED for check in checks)
    return {
        "version": CLASSROOM_VERSION,
        "status": "error" if undecided and passed else "pass" if passed else "fail",
        "max_score": _whole(sum(check.points for check in checks)),
        "tests": [_classroom_test(check, index) for index, check in enumerate(checks)],
    }


def to_classroom(report: Report) -> str:
    """GitHub Classroom's result as JSON."""
    return json.dumps(classroom_result(report), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def classroom_output(report: Report) -> str:
    """The line for `$GITHUB_OUTPUT`: `result=` and the object in base64."""
    text = json.dumps(classroom_result(report), ensure_ascii=False, allow_nan=False)
    return f"result={base64.b64encode(text.encode()).decode()}\n"


def write_github(report: Report, environ: Mapping[str, str]) -> str:
    """Append summary and Classroom result to the files that a step names; return the lines for its log."""
    for name, text in (
        ("GITHUB_STEP_SUMMARY", step_summary(report)),
        ("GITHUB_OUTPUT", classroom_output(report)),
    ):
        if environ.get(name):
            with Path(environ[name]).open("a", encoding="utf-8", newline="\n") as file:
                file.write(text)
    return to_github(report)


def _annotation(check: CheckResult) -> str:
    parameters = {}
    place = _PLACE.search(one_line(check.where)) or _PLACE.search(one_line(check.message))
    if place:
        parameters = {"file": place["file"], "line": place["line"]}
    parameters["title"] = f"{check.title or check.id} ({phrases.out_of(check.earned, check.points)})"
    listed = ",".join(f"{name}={workflow_property(value)}" for name, value in parameters.items())
    text = "\n".join(explanation(check, detail=False)) or phrases.LABELS[check.verdict]
    return f"::{COMMANDS.get(check.verdict, 'error')} {listed}::{workflow_message(text)}"


def _classroom_test(check: CheckResult, index: int) -> dict[str, Any]:
    status = (
        "pass" if check.verdict is Verdict.PASSED else "error" if check.verdict in phrases.OPEN else "fail"
    )
    place = _PLACE.search(one_line(check.where))
    return {
        "name": one_line(check.title or check.id),
        "status": status,
        "score": round(float(check.earned), 6),
        "message": message(check),
        "test_code": one_line(check.repeat),
        "task_id": index,
        "filename": place["file"] if place else "",
        "line_no": int(place["line"]) if place else 0,
        "duration": round(check.seconds, 3),
        "output": "\n".join(explanation(check, detail=False))[:CLASSROOM_OUTPUT],
    }


def _whole(value: float) -> int | float:
    """An integer where it is one: the format asks for integers, a rubric may have half points."""
    return int(value) if value == int(value) else round(value, 6)
