"""Feedback stands below the work it speaks of, and the student's cells are as they were."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import nbformat
import pytest

from grader.errors import SubmissionError
from grader.model import CheckResult, PartResult, Report, Verdict
from grader.notebooks.annotate import TAG, annotate
from tests.notebooks.samples import homework, notebook
from tests.report import samples


def _check(name: str, title: str, verdict: Verdict = Verdict.FAILED, **more: object) -> CheckResult:
    return samples.check(name, title, str(more.pop("kind", "forward")), verdict, 2, **more)


def _report(*checks: CheckResult) -> Report:
    return samples.report(PartResult(id="p", title="Part", checks=checks))


def _cells(data: bytes) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = json.loads(data)["cells"]
    return cells


def _own(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        cell | {"source": "".join(cell["source"])}
        for cell in cells
        if TAG not in cell["metadata"].get("tags", ())
    ]


def _text(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


@pytest.mark.parametrize("minor", [4, 5])
def test_the_students_cells_are_as_they_were(minor: int) -> None:
    data = notebook("# T", "x = 1\n", "y = [2]", "def LinearModule(): pass", minor=minor)
    out = annotate(data, _report(_check("p.linear", "Linear", target="hw:LinearModule")))
    assert _own(_cells(out)) == _own(_cells(data))
    assert json.loads(out)["nbformat_minor"] == minor
    nbformat.validate(nbformat.reads(out.decode(), as_version=4))


def test_outputs_and_metadata_stay() -> None:
    data = json.loads(notebook("x = 1"))
    output = {"output_type": "stream", "name": "stdout", "text": ["hé\n"]}
    data["cells"][0] |= {"outputs": [output], "metadata": {"tags": ["mine"], "collapsed": True}}
    data["metadata"] = {"mine": {"a": [1, None]}}
    out = json.loads(annotate(json.dumps(data).encode(), samples.everything()))
    assert out["cells"][0] == data["cells"][0] | {"source": ["x = 1"]}
    assert out["metadata"] == data["metadata"]


@pytest.mark.parametrize(
    ("check", "below"),
    [
        (_check("p.a", "A", target="modules:LinearModule"), 4),
        (_check("p.a", "A", target="train:accuracy"), 10),
        (_check("p.a", "A", where="hw.py:LINE"), 4),
        (_check("p.linear.forward", "forward"), 4),
        (_check("p.a", "LinearModule: forward"), 4),
        (_check("p.a", "Something else"), 11),
    ],
)
def test_feedback_stands_below_its_work(check: CheckResult, below: int) -> None:
    from grader.notebooks import notebook_to_files

    if "LINE" in check.where:
        source = notebook_to_files("hw.ipynb", homework())["hw.py"].decode().split("\n")
        line = next(k for k, text in enumerate(source, 1) if "self.x = x" in text)
        check = check.model_copy(update={"where": f"hw.py:{line}"})
    cells = _cells(annotate(homework(), _report(check), name="hw.ipynb"))
    feedback = next(
        k
        for k, cell in enumerate(cells)
        if check.id in cell["metadata"].get("gradmark", {}).get("checks", ())
    )
    assert feedback == below + 1


def test_a_cell_that_writes_a_file_is_the_place_of_its_lines() -> None:
    data = notebook("x = 1", "%%writefile modules.py\nclass ELUModule:\n    pass", "y = 2")
    checks = (_check("p.a", "A", where="modules.py:2"), _check("elu.forward", "forward"))
    cells = _cells(annotate(data, _report(*checks)))
    assert cells[2]["metadata"]["gradmark"]["checks"] == ["p.a", "elu.forward"]


def test_answers_are_found_by_tag_and_by_first_line() -> None:
    data = json.loads(notebook("# Question 1", "# nothing", "# answer: q2\nx"))
    data["cells"][1]["metadata"] = {"tags": ["answer:q1a"]}
    checks = (
        _check("written.q1a", "One", kind="formula"),
        _check("written.other", "Two", kind="formula", target="answer:q2"),
    )
    cells = _cells(annotate(json.dumps(data).encode(), _report(*checks)))
    assert [cell["metadata"].get("gradmark", {}).get("checks") for cell in cells] == [
        None, None, ["written.q1a"], None, ["written.other"], [],
    ]  # fmt: skip


def test_the_end_has_the_total_and_what_had_no_place() -> None:
    last = _text(_cells(annotate(notebook("x = 1"), samples.everything()))[-1])
    assert last.startswith("## Feedback: 8 / 29 points")
    assert "G103 bias gradient is not summed over the batch" in last
    assert "✅ Linear: forward (2 / 2)" in last


def test_annotating_again_replaces_what_was_said() -> None:
    once = annotate(homework(), samples.everything())
    assert annotate(once, samples.everything()) == once
    assert len(_cells(annotate(once, samples.full_marks()))) <= len(_cells(once))


@pytest.mark.parametrize("name", sorted(samples.HOSTILE))
def test_a_hostile_report_gives_a_valid_notebook(name: str) -> None:
    out = annotate(homework(), samples.hostile(samples.HOSTILE[name]))
    nbformat.validate(nbformat.reads(out.decode(), as_version=4))
    assert _own(_cells(out)) == _own(_cells(homework()))


@pytest.mark.parametrize("data", [b"", b"[]", b"no"])
def test_what_is_no_notebook_is_refused(data: bytes) -> None:
    with pytest.raises(SubmissionError, match="not a notebook"):
        annotate(data, samples.full_marks())


@pytest.mark.parametrize(
    "data", [b"{}", b'{"cells": [1]}', b'{"nbformat": 4, "cells": [{"cell_type": "code"}]}']
)
def test_a_damaged_notebook_is_refused_or_annotated(data: bytes) -> None:
    with contextlib.suppress(SubmissionError):
        assert json.loads(annotate(data, samples.full_marks()))["cells"]


def test_format_3_becomes_4() -> None:
    sheet = {
        "cells": [
            {
                "cell_type": "code",
                "input": "x = 1",
                "prompt_number": 4,
                "language": "python",
                "outputs": [],
                "metadata": {},
            }
        ],
        "metadata": {},
    }
    data = json.dumps(
        {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": "x"}, "worksheets": [sheet]}
    ).encode()
    out = json.loads(annotate(data, samples.full_marks()))
    assert out["nbformat"] == 4
    assert _text(out["cells"][0]) == "x = 1"
