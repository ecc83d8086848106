"""The rubrics' questions hold together, and every problem that lint names is found when it is planted."""

from __future__ import annotations

import pytest

from grader.formulas import lint_question, lint_questions
from tests.formulas.support import DB, DW, question, questions


@pytest.mark.parametrize("name", ["uva", "bgu"])
def test_the_rubrics_questions_hold_together(name):
    assert lint_questions(list(questions(name).values())) == []


@pytest.mark.parametrize("name", ["uva", "bgu"])
def test_every_question_has_two_equivalents(name):
    for asked in questions(name).values():
        given = [asked, *asked.parts] if asked.kind == "parts" else [asked]
        assert sum(len(q.equivalents) for q in given) >= 2, asked.id


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"equivalents": ["X^T dY"]}, "the equivalent 'X^T dY' is not accepted"),
        ({"mistakes": [{"answer": "dY^T X", "message": "m"}]}, "the mistake 'dY^T X' is accepted"),
        ({"mistakes": [{"answer": "dY^T Q", "message": "m"}]}, "cannot be read"),
        ({"truth": "linear_dx"}, "forward and truth do not agree"),
        ({"answer": "2 dY^T X"}, "forward and answer do not agree"),
        ({"wrt": "Q"}, "is not among the symbols"),
    ],
)
def test_a_planted_problem_is_found(fields, problem):
    base = {"symbols": {"X": "S M", "W": "N M", "dY": "S N"}, "forward": "Y = X W^T", "wrt": "W"}
    found = lint_question(question(**{**base, **fields}))
    assert any(problem in line for line in found), found


def test_zero_and_infinite_truths_are_found():
    assert "zero everywhere" in lint_question(question(symbols={"x": "n"}, answer="x - x"))[0]
    assert "not finite" in lint_question(question(symbols={"x": "n"}, answer=r"\log(x - |x|)"))[0]
    assert "same number" in lint_question(question(kind="scalar", symbols={"x": "n"}, answer="7"))[0]


def test_a_neighbours_answer_that_satisfies_the_question_is_found():
    one = DW.model_copy(update={"id": "one"})
    two = DW.model_copy(update={"id": "two", "equivalents": ("dY^T X",)})
    three = DB.model_copy(update={"id": "three", "equivalents": (r"\mathbf{1}^T dY",)})
    assert lint_question(one, [one, two, three]) == ["one: the answer 'dY^T X' of two satisfies it"]
