"""From a request to a submission and its rubric."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.grading import GradeRequest, grade_submission, invocation, read_request

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


def test_the_command_that_repeats_a_check_names_what_was_named() -> None:
    """Without the rubric's name, it would grade by another rubric."""
    assert invocation("my hw", None, None, None) == "'my hw'"
    named = invocation(Path("hw.zip"), "hw1.toml", "2025", Path("a b"))
    assert named == "hw.zip --rubric hw1.toml --variant 2025 --data 'a b'"
    request = GradeRequest(EXAMPLES / "template", rubric="uva_dl1_a1", only=("elu.forward",), seed=7)
    check = grade_submission(request).checks[0]
    named = invocation(EXAMPLES / "template", "uva_dl1_a1", None, None)
    assert check.repeat == f"grade {named} --only elu.forward --seed 7"
