"""Every reason is given for the fault that it names; notes and layouts; what goes to a person."""

from __future__ import annotations

import numpy as np
import pytest

from grader.formulas import judge
from grader.formulas.faults import FAULTS_BY_ID
from tests.formulas.support import ACTIVATION, DB, DW, DX, judged, question, questions

PLANTED = [
    (DW, r"\frac{1}{S} dY^T X", "W102", "1/S times the right result"),
    (DW, "2 dY^T X", "W102", "2 times"),
    (DW, "-dY^T X", "W103", "negative"),
    (DW, "X^T dY", "W104", "transpose of the right result"),
    (DX, "dY W^T", "W104", "transpose is in the wrong place"),
    (DX, "W dY", "W104", "wrong order"),
    (DB, "dY", "W105", "sum over the rows (the axis of size S) is missing"),
    (DW, "dY_{sn} X_{sm}", "W105", "a sum is missing"),
    (DW, r"\frac{\partial L}{\partial W_{nm}} = dY_{sn} X_{sm}", "W105", "the sum over it is missing"),
    (DX, r"dY \circ W", "W106", "matrix product"),
    (ACTIVATION, "dY h'(X)", "W107", "elementwise product is needed"),
    (DW, "X dY X", "W108", "S × M and S × N"),
    (DW, "dY^T dY", "W109", "dL/dY stands where another symbol is needed"),
    (ACTIVATION, "dY * X", "W115", "the derivative of h is missing"),
    (DB, "dY.sum(axis=1)", "W105", "wrong axis"),
    (DX, "dY W + X", "W114", "a term too many"),
    (ACTIVATION, r"dY \circ h(X)", "W115", "function itself stands where its derivative"),
    (DW, r"\sum_s dY_{ss} X_{sm}", "W116", "axis of length S at one place and one of length N"),
    (DW, r"\sum_{sk} dY_{sn} X_{sm}", "W114", "the sum over k does not belong there"),
    (DB, "X X^T", "W112", "S × S, what is asked is 1 × N"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "answer", "reason", "says"), PLANTED)
def test_a_planted_fault_is_named(asked, answer, reason, says):
    judgement = judged(answer, asked)
    assert judgement.outcome == "wrong"
    assert judgement.reason == reason, judgement.message
    assert says in judgement.message


def test_every_reason_is_in_the_catalogue():
    assert {reason for _, _, reason, _ in PLANTED} <= set(FAULTS_BY_ID)


def test_a_result_that_is_not_finite_is_wrong_and_said():
    judgement = judged("dY^T X + 0 / (S - S)", DW)
    assert (judgement.outcome, judgement.reason) == ("wrong", "W110")


def test_nan_is_never_equal_to_nan():
    asked = question(symbols={"x": "n"}, answer="log(-x ∘ x)")
    assert judged(r"\log(-x \circ x)", asked).outcome == "wrong"


def test_a_known_mistake_is_told_in_the_rubrics_words_and_earns_its_share():
    asked = DW.model_copy(update={"mistakes": question(**_mistake()).mistakes})
    judgement = judged("dY^T X / N", asked)
    assert (judgement.reason, judgement.message, judgement.share) == ("W101", "that is the wrong size", 0.25)


def _mistake():
    mistakes = [{"answer": r"\frac{1}{N} dY^T X", "message": "that is the wrong size", "share": 0.25}]
    return {"symbols": {"x": "n"}, "answer": "x", "mistakes": mistakes}


def test_near_misses_earn_what_the_rubric_says():
    near = question(symbols={"x": "n"}, answer="x", near={"factor": 0.5, "sign": 0.75}).near
    asked = DW.model_copy(update={"near": near})
    assert judged("dY^T X / S", asked).share == 0.5
    assert judged("-dY^T X", asked).share == 0.75
    assert judged("X^T dY", asked).share == 0.0


def test_right_only_for_a_batch_of_one():
    asked = question(symbols={"x": "S M", "y": "S M"}, answer=r"\mathbf{1}_S^T (x ∘ y)")
    special = question(symbols={"A": "S S", "B": "S S"}, answer="A ∘ B + A + B")
    assert judged("A B + A + B", special).outcome == "wrong"
    assert judged(r"\mathbf{1}_S^T x \circ (\mathbf{1}_S^T y)", asked).reason == "W118"


@pytest.mark.parametrize(
    ("asked", "answer", "note"),
    [
        (DB, "dY^T 1", "1 was read as the vector of ones"),
        (DB, "1_S dY", "row of ones"),
        (DB, r"dY^T \mathbf{1}", "given as a column"),
        (ACTIVATION, "dY * h'(X)", "* was read as the elementwise product"),
        (DX, r"\frac{dL}{dY} = \frac{dL}{dY} W", "the left-hand side says dL/dY"),
        (DW, r"\sum_{i=1}^{B} dY_{in} X_{im}", "was taken as the end of the axis"),
        (DW, r"dW = \sum_s \delta_{sn} X_{sm}", "δ was read as the upstream gradient"),
        (DX, "dY x W", "x was read as a multiplication sign"),
    ],
)
def test_a_reading_that_is_not_literal_is_noted(asked, answer, note):
    judgement = judged(answer, asked)
    assert judgement.outcome == "note"
    assert note in judgement.note


@pytest.mark.parametrize(
    ("asked", "answer", "token"),
    [
        (DW, "dY^T Q", "Q"),
        (DW, r"\frac{\partial L}{\partial Y}\frac{\partial Y}{\partial W}", "∂Y/∂W"),
        (DW, "dW", "dW"),
        (DW, r"\sum_{i=1}^{N} dY_{in} X_{im}", "N"),
        (DB, "1 * dY", "1"),
        (DW, r"\begin{pmatrix} a & b \\ c & d \end{pmatrix} X", "pmatrix"),
        (DW, r"dY^T \propto X", "propto"),
        (DW, "the transpose of dY times X", "transpose"),
    ],
)
def test_what_is_not_understood_goes_to_a_person_with_its_token(asked, answer, token):
    judgement = judged(answer, asked)
    assert judgement.outcome == "unreadable"
    assert token in judgement.message
    assert "a person has to mark it" in judgement.message


@pytest.mark.parametrize(
    "answer", ["", "  \n", "TODO", "...", "???", "<!-- your answer -->", "your answer here"]
)
def test_nothing_is_no_answer(answer):
    assert judged(answer, DW).outcome == "empty"


def test_words_after_a_right_formula_are_noted_and_after_a_wrong_one_go_to_a_person():
    assert judged("dY^T X where X is the batch", DW).outcome == "note"
    assert judged("dY where dY is summed over the batch", DB).outcome == "unreadable"


def test_two_answers_are_no_answer():
    assert judged("$dY^T X$ $X^T dY$", DW).outcome == "unreadable"
    assert judged("dY^T X or X^T dY", DW).outcome == "unreadable"
    assert judged("dW = dY.T @ X\ndW / S", DW).outcome == "unreadable"
    assert judged("1640\n920", questions("uva")["q5b"]).outcome == "unreadable"


@pytest.mark.parametrize("marks", ["--", "**", "12", "ab"])
def test_a_list_of_equations_is_read_without_its_marks(marks):
    first, second = (mark if mark in "-*" else f"{mark})" for mark in marks)
    assert judged(f"{first} alpha = 1/S\n{second} M = Y - T", questions("uva")["q1e"]).outcome == "right"
    assert (
        judged(f"{first} $\\alpha = 1/S$\n{second} $M = Y - T$", questions("uva")["q1e"]).outcome == "right"
    )


def test_a_fault_of_ours_costs_no_points(monkeypatch):
    def broken(*args, **kwargs):
        raise KeyError("ours")

    monkeypatch.setattr("grader.formulas.judging.Problem", broken)
    judgement = judge("dY^T X", DW, np.random.default_rng(0))
    assert judgement.outcome == "unreadable"
    assert "a person has to mark it" in judgement.message


def test_the_same_seed_gives_the_same_judgement():
    first, second = (judged("dY X", DW, seed=5) for _ in range(2))
    assert (first.message, first.reason) == (second.message, second.reason)
