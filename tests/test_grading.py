"""From a request to a submission and its rubric."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.grading import GradeRequest, read_request

EXAMPLES = Path(__file__).parents[1] / "submissions_example" / "uva_dl1_a1"
SEED_OF_ANOTHER_COURSE = EXAMPLES.parent / "bgu_idl_a1_seed"


def test_without_a_name_the_rubric_that_fits_is_used_and_said() -> None:
    submission, rubric = read_request(GradeRequest(SEED_OF_ANOTHER_COURSE))
    assert rubric.id == "bgu_idl_a1"
    assert any("bgu_idl_a1 fits" in note for note in submission.notes)
    submission, rubric = read_request(GradeRequest(EXAMPLES / "template"))
    assert rubric.id == "uva_dl1_a1"
    assert not any("fits" in note for note in submission.notes)


def test_a_rubric_that_is_named_is_used(tmp_path: Path) -> None:
    named = GradeRequest(SEED_OF_ANOTHER_COURSE, rubric="uva_dl1_a1")
    assert read_request(named)[1].id == "uva_dl1_a1"
    (tmp_path / "modules.py").write_text("class LinearModule:\n    pass\n")
    (tmp_path / "homework.txt").write_text("bgu_idl_a1\n")
    assert read_request(GradeRequest(tmp_path))[1].id == "bgu_idl_a1"
    (tmp_path / "homework.txt").write_text("hw7\n")
    with pytest.raises(UsageError, match=r"homework.txt.*'hw7'.*built in"):
        read_request(GradeRequest(tmp_path))
