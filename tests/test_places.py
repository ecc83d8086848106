"""Where a check's message points."""

from __future__ import annotations

import json

import pytest

from grader.places import in_cells, place_of
from grader.rubric import ExperimentSpec, load_rubric
from grader.submission import Submission, submission_from_files

SOURCE = b"""class LinearModule:
    def __init__(self):
        pass

    def forward(self, x):
        return x

    def backward(self, dout):
        return dout


def train():
    pass
"""
RUBRIC = load_rubric("uva_dl1_a1")


def _spec(name: str):  # type: ignore[no-untyped-def]
    part, _, check = name.partition(".")
    specs = next(one for one in RUBRIC.parts if one.id == part).checks
    return next(one for one in specs if check in (one.id, one.kind))


def test_numbers_that_were_handed_in_are_about_no_line_of_code() -> None:
    submission = submission_from_files({"modules.py": SOURCE}, name="s")
    spec = ExperimentSpec(kind="experiment", experiment="lr-sweep")
    assert place_of(submission, spec, "modules:train", "best rate: lr 1e-06 is best") == ""
    assert place_of(submission, spec, "modules:train", "raised (modules.py:12)") == "modules.py:12"


@pytest.mark.parametrize(
    ("check", "target", "place"),
    [
        ("linear.forward", "modules:LinearModule", "modules.py:5"),
        ("linear.gradient", "modules:LinearModule", "modules.py:8"),
        ("linear.init", "modules:LinearModule", "modules.py:2"),
        ("linear.contract", "modules:LinearModule", "modules.py:1"),
        ("train_numpy.accuracy", "modules:train", "modules.py:12"),
        ("linear.forward", "modules:Absent", ""),
        ("linear.forward", "absent:LinearModule", ""),
    ],
)
def test_a_check_points_at_the_code_that_it_is_about(check: str, target: str, place: str) -> None:
    submission = submission_from_files({"modules.py": SOURCE}, name="s")
    assert place_of(submission, _spec(check), target, "wrong") == place


def test_a_place_in_the_message_comes_first_if_it_is_the_submissions() -> None:
    submission = submission_from_files({"modules.py": SOURCE}, name="s")
    spec = _spec("linear.forward")
    raised = "forward raised ValueError: no (modules.py, line 6: return x)"
    assert place_of(submission, spec, "modules:LinearModule", raised) == "modules.py:6"
    assert place_of(submission, spec, "modules:LinearModule", "numpy/core.py:3 broke") == "modules.py:5"


def test_lines_of_a_notebook_are_named_by_their_cell() -> None:
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [{**cell, "source": "import numpy as np"}, {**cell, "source": SOURCE.decode()}]
    notebook = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()
    submission = submission_from_files({"work.ipynb": notebook}, name="s", modules=("modules.py",))
    assert isinstance(submission, Submission)
    place = place_of(submission, _spec("linear.gradient"), "modules:LinearModule", "")
    assert place == "work.ipynb, code cell 2, line 8"
    source = submission.files["modules.py"].decode()
    line = source[: source.index("def backward")].count("\n") + 1
    assert in_cells(submission, f"raised (modules.py, line {line}: x)") == f"raised ({place}: x)"
