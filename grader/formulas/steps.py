"""The links of a derivation, each held against the truth. Feedback, not marks: a right end can hide a wrong middle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from grader.errors import RubricError
from grader.formulas.attempts import attempted
from grader.formulas.choosing import definitions_of, left_subscripts, respelled, target_of
from grader.formulas.explain import explain
from grader.formulas.limits import MAX_READINGS, FormulaError
from grader.formulas.local_functions import preparation
from grader.formulas.problem import Problem
from grader.formulas.question import Question
from grader.formulas.reading import Reading
from grader.formulas.readings import candidates
from grader.formulas.show import show
from grader.formulas.statements import Statement, statements

_MOST = 40  # links of one derivation


@dataclass(frozen=True)
class Step:
    """One side of a chain of equalities that is not equal to what the chain is about."""

    number: int  # among the sides that have a value, from 1
    read_as: str
    message: str
    reason: str


def wrong_steps(work: str, question: Question, rng: np.random.Generator) -> list[Step]:
    """Links of a derivation that do not hold. What still contains a derivative, or cannot be read, is left out.

    Args:
        work: the derivation; chains of equalities about what the question asks for.
        question: a question without parts.
        rng: draws the inputs.
    """
    if question.kind != "formula" or not work.strip():
        return []
    try:
        problem = Problem(question, question, rng)
        found, _ = statements(work, preparation(work, problem.names))
    except (FormulaError, RubricError):
        return []
    wrong: list[Step] = []
    number = 0
    for statement in found:
        if len(statement.sides) < 2 or target_of(statement, problem.lenient) not in ("", question.left_side):
            continue
        for reading in _sides(statement, found, problem):
            number += 1
            if number > _MOST:
                return wrong
            step = _step(reading, number, problem)
            if step is not None:
                wrong.append(step)
    return wrong


def right_elsewhere(work: str, problem: Problem) -> str:
    """A formula of an answer that is right though it is not what the answer comes to; empty if there is none."""
    try:
        found, _ = statements(work, preparation(work, problem.names))
    except FormulaError:
        return ""
    number = 0
    for statement in found:
        if target_of(statement, problem.lenient) not in ("", problem.question.left_side):
            continue
        for reading in _sides(replace(statement, sides=((), *statement.sides)), found, problem):
            number += 1
            settled = attempted(reading, problem).settled if number <= _MOST else None
            if settled is not None and settled.is_right:
                return reading.read_as
    return ""


def _sides(statement: Statement, found: list[Statement], problem: Problem) -> list[Reading]:
    """The sides of a chain that have a value, as readings."""
    left = left_subscripts(statement, problem.lenient)
    trees, spellings = definitions_of(found, statement, problem.names, problem.lenient)
    readings = []
    for side in statement.sides[1:]:
        try:
            options = tuple(
                islice(candidates(respelled(side, spellings), problem.names, trees), MAX_READINGS)
            )
        except (FormulaError, RecursionError):
            continue
        shown = show(options[0].tree, options[0].meaning)
        readings.append(Reading(shown, "math", shown, left=left, candidates=options))
    return readings


def _step(reading: Reading, number: int, problem: Problem) -> Step | None:
    attempt = attempted(reading, problem)
    if attempt.settled is not None or attempt.unsettled is None:
        return None
    candidate, vectors, clash = attempt.unsettled
    reason = explain(problem, reading, candidate, vectors, clash)
    return Step(number, reading.read_as, reason.message, reason.id)
