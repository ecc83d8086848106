"""Hundreds of formulas in students' habits, right and wrong: none wrong is accepted, right ones are read."""

from __future__ import annotations

import pytest

from tests.formulas.support import RUBRICS, corpus, judged, letter, questions

GROUPS = [(name, q) for name in RUBRICS for q in dict.fromkeys(q for q, _, _ in corpus(name))]


@pytest.mark.parametrize(("name", "group"), GROUPS)
def test_every_formula_gets_the_verdict_of_a_careful_person(name: str, group: str) -> None:
    question = questions(name)[group]
    surprises = []
    for q, expected, formula in corpus(name):
        if q == group:
            judgement = judged(formula, question)
            if letter(judgement) != expected:
                surprises.append(f"{expected} but {letter(judgement)}: {formula} ({judgement.message})")
            if letter(judgement) == "w":
                assert judgement.reason.startswith("W1"), formula
                assert len(judgement.message) > 10, formula
            if letter(judgement) == "?":
                assert "a person has to mark it" in judgement.message
    assert not surprises, "\n".join(surprises)


def test_the_corpus_is_large() -> None:
    formulas = [expected for name in RUBRICS for _, expected, _ in corpus(name)]
    assert len(formulas) > 800
    assert formulas.count("r") > 400
    assert formulas.count("w") > 350


@pytest.mark.parametrize("name", ["bgu", "courses"])
def test_no_wrong_formula_is_accepted_at_other_points(name: str) -> None:
    accepted = [
        formula
        for q, expected, formula in corpus(name)
        if expected == "w" and letter(judged(formula, questions(name)[q], seed=1)) == "r"
    ]
    assert not accepted


def test_answers_of_one_question_do_not_satisfy_another() -> None:
    """Some of the right answers of 1a, 1b, 1c and 1d, each held against the next question."""
    own = questions("uva")
    group = ("q1a", "q1b", "q1c", "q1d")
    for q, expected, formula in list(corpus("uva"))[::3]:
        if expected == "r" and q in group:
            other = group[(group.index(q) + 1) % 4]
            assert letter(judged(formula, own[other])) != "r", f"{formula} satisfies {other}"
