"""The links of a derivation, each held against the truth. Feedback, not marks: a right end can hide a wrong middle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice, pairwise

import numpy as np

from grader.errors import RubricError
from grader.formulas.attempts import attempted
from grader.formulas.choosing import definitions_of, respelled
from grader.formulas.explain import explain
from grader.formulas.left_sides import left_subscripts, target_of
from grader.formulas.limits import MAX_READINGS, FormulaError
from grader.formulas.local_functions import preparation
from grader.formulas.problem import Problem
from grader.formulas.question import Question
from grader.formulas.reading import Reading
from grader.formulas.readings import candidates
from grader.formulas.show import show
from grader.formulas.statements import Statement, statements
from grader.formulas.tree import Bin

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


def wrong_elsewhere(work: str, problem: Problem) -> str:
    """What an answer gives for what is asked beside its right result; empty if all that it gives is right.

    Of a derivation only the results are looked at, of a chain of whole numbers every side.
    """
    try:
        found, _ = statements(work, preparation(work, problem.names))
    except FormulaError:
        return ""
    if problem.question.kind != "integer":
        given = results_for(work, problem.question.left_side, problem)
        return next((reading.read_as for reading in given if _has_another_value(reading, problem)), "")
    for statement in [s for s in found if len(s.sides) > 1][:_MOST]:
        given = _sides(replace(statement, sides=((), *statement.sides)), found, problem)
        wrong = [reading for reading in given if _has_another_value(reading, problem)]
        if wrong and len(wrong) < len(given):
            return wrong[0].read_as
    return ""


def results_for(work: str, target: str, problem: Problem) -> list[Reading]:
    """What a text gives for a name: the last side of every chain that begins with the name."""
    try:
        found, _ = statements(work, preparation(work, problem.names))
    except FormulaError:
        return []
    about = [s for s in found if len(s.sides) > 1 and target_of(s, problem.lenient) == target]
    ends = [replace(s, sides=(s.sides[0], s.sides[-1])) for s in about[:_MOST]]
    given = [reading for end in ends for reading in _sides(end, found, problem)]
    for before, after in pairwise(found):  # dW = A, B
        if (
            before in about
            and len(after.sides) == 1
            and not after.trailing
            and before.segment == after.segment
        ):
            beside = _sides(replace(after, sides=((), *after.sides)), found, problem)
            given += [r for r in beside if isinstance(r.candidates[0].tree, Bin)]
    return given


def _has_another_value(reading: Reading, problem: Problem) -> bool:
    attempt = attempted(reading, problem)
    return attempt.settled is None and attempt.value_of is not None and not attempt.value_of[0].guesses


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
