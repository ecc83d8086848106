"""Why is an answer wrong? The first explanation that holds at every sampled point, likely faults first."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from grader.errors import GraderError
from grader.formulas.compare import arrangements, compare, equal
from grader.formulas.differences import DIFFERENCES, Reason
from grader.formulas.limits import MAX_REPAIRS, Clash, Deadline, FormulaError
from grader.formulas.problem import Problem
from grader.formulas.reading import Reading, evaluate, read_answer
from grader.formulas.readings import Candidate
from grader.formulas.repairs import repairs
from grader.formulas.sampling import Sample, special_sample
from grader.formulas.values import Array

SECONDS = 0.6  # for the search of an explanation


Try = Callable[[Candidate, Sample, str], Array]


def explain(
    problem: Problem, reading: Reading, candidate: Candidate, vectors: str, clash: Clash | None
) -> Reason:
    """The most specific reason why a reading is not the truth.

    Args:
        problem: the question, sampled.
        reading: the answer.
        candidate: the reading of it that has a value, or the conventional one if none has.
        vectors: how its vectors are stored (code only).
        clash: why it has no value, if it has none.
    """
    deadline = Deadline(SECONDS)
    if (reason := _mistake(problem, reading, deadline)) is not None:
        return reason
    if clash is None:
        values = _values(problem, reading, candidate, vectors, deadline)
        if values is not None:
            for search in DIFFERENCES:
                if (reason := search(problem, values)) is not None:
                    return reason
    if clash is not None and clash.reason == "W105":
        return Reason("W105", str(clash), problem.question.near.missing_sum)
    if (reason := _repair(problem, reading, candidate, vectors, deadline)) is not None:
        return reason
    if clash is not None:
        return Reason(clash.reason, str(clash))
    return _special(problem, reading, candidate, vectors) or _plain(
        problem, reading, candidate, vectors, deadline
    )


def _values(
    problem: Problem, reading: Reading, candidate: Candidate, vectors: str, deadline: Deadline
) -> list[Array] | None:
    """The answer as a matrix at every point, or None where its indices cannot be ordered."""
    values = []
    try:
        for sample, want in zip(problem.samples, problem.wants, strict=True):
            value, _ = evaluate(
                candidate, reading, sample, problem.names, deadline, shape=want.shape, vectors=vectors
            )
            values.append(arrangements(value, want, reading.left)[0][0])
    except FormulaError:
        return None
    return values


def _mistake(problem: Problem, reading: Reading, deadline: Deadline) -> Reason | None:
    """One of the rubric's known mistakes."""
    for mistake in problem.question.mistakes:
        wrong = read_answer(mistake.answer, problem.names, problem.lenient, problem.question.left_side)
        if wrong.error:
            continue
        if wrong.read_as == reading.read_as:  # also where neither has a value
            return Reason(mistake.id, mistake.message, mistake.share)
        targets = _mistaken_values(problem, wrong, deadline)
        if targets is None:
            continue
        for candidate in reading.candidates:
            for vectors in reading.vectors:
                if _reaches(problem, reading, candidate, vectors, targets, deadline):
                    return Reason(mistake.id, mistake.message, mistake.share)
    return None


def _mistaken_values(problem: Problem, wrong: Reading, deadline: Deadline) -> list[Array] | None:
    for candidate in wrong.candidates:
        values = _values(problem, wrong, candidate, wrong.vectors[0], deadline)
        if values is not None:
            return values
    return None


def _reaches(
    problem: Problem,
    reading: Reading,
    candidate: Candidate,
    vectors: str,
    targets: list[Array],
    deadline: Deadline,
) -> bool:
    try:
        for sample, want in zip(problem.samples, targets, strict=True):
            value, _ = evaluate(
                candidate, reading, sample, problem.names, deadline, shape=want.shape, vectors=vectors
            )
            if not compare(value, want, reading.left, sample, layout_any=False).equal:
                return False
    except FormulaError:
        return False
    return True


def _repair(
    problem: Problem, reading: Reading, candidate: Candidate, vectors: str, deadline: Deadline
) -> Reason | None:
    given = [*problem.names.shapes, *problem.names.sizes]
    for count, repair in enumerate(repairs(candidate.tree, problem.names, given)):
        if count >= MAX_REPAIRS * 2 or deadline.passed:
            return None
        changed = Candidate(repair.tree, candidate.meaning, ())
        if _reaches(problem, reading, changed, vectors, problem.wants, deadline):
            near = problem.question.near
            share = {"W103": near.sign, "W104": near.transposed, "W105": near.missing_sum}.get(
                repair.reason, 0.0
            )
            return Reason(repair.reason, repair.message, share, certain=False)
    return None


def _special(problem: Problem, reading: Reading, candidate: Candidate, vectors: str) -> Reason | None:
    """Right only for a batch of one."""
    rng = np.random.default_rng(7)
    for size in problem.samples[0].sizes:
        try:
            sample = problem.completed(special_sample(problem.question, problem.truth, size, rng))
            want = problem.want(sample)
            value, _ = evaluate(
                candidate, reading, sample, problem.names, Deadline(0.3), shape=want.shape, vectors=vectors
            )
            if equal(arrangements(value, want, reading.left)[0][0], want):
                return Reason("W118", f"it is right only where {size} is 1")
        except (GraderError, ValueError, ZeroDivisionError):
            continue
    return None


def _plain(
    problem: Problem, reading: Reading, candidate: Candidate, vectors: str, deadline: Deadline
) -> Reason:
    try:
        sample, want = problem.samples[0], problem.wants[0]
        value, _ = evaluate(
            candidate, reading, sample, problem.names, deadline, shape=want.shape, vectors=vectors
        )
        got = arrangements(value, want, reading.left)[0][0]
    except Clash as clash:
        return Reason(clash.reason, str(clash))
    except FormulaError as error:
        return Reason("W119", str(error))
    if got.shape != want.shape and got.T.shape != want.shape:
        shapes = [
            " × ".join(sample.show(n) for n in shape) if shape != (1, 1) else "a number"
            for shape in (got.shape, want.shape)
        ]
        return Reason("W112", f"the result is {shapes[0]}, what is asked is {shapes[1]}")
    return Reason("W119", "its value differs from the right one at random inputs")


def tries(reading: Reading) -> Iterator[tuple[Candidate, str]]:
    """Every way to read an answer and to store its vectors."""
    for candidate in reading.candidates:
        for vectors in reading.vectors:
            yield candidate, vectors
