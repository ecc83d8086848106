"""Read a written answer and judge it: right, right with a note, wrong with a reason, or for a person to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from grader.errors import RubricError
from grader.formulas.attempts import Attempt, Judgement, attempted, shown_as, unreadable_message
from grader.formulas.differences import Reason
from grader.formulas.explain import explain
from grader.formulas.limits import FormulaError, Unreadable
from grader.formulas.names import Names
from grader.formulas.problem import Problem
from grader.formulas.question import Alternative, Question
from grader.formulas.reading import Language, Reading, described, read_answer
from grader.formulas.whole_numbers import last_number

Answer = str | Mapping[str, str]


def read(answer: str, question: Question, language: Language = "auto", *, strict: bool = False) -> Reading:
    """How an answer is read, with its shape and without saying whether it is right.

    ``strict`` takes only a formula whose left-hand side is what the question asks for.
    """
    problem = Problem(question, question, np.random.default_rng(0))
    reading = read_answer(answer, problem.names, problem.lenient, question.left_side, language, strict=strict)
    if reading.error:
        return reading
    for candidate in reading.candidates:  # the first way that has a value
        chosen = replace(reading, candidates=(candidate,))
        if shape := next(described(chosen, problem.names, problem.samples[0]), ""):
            return replace(shown_as(reading, candidate), shape=shape)
    return reading


def read_parts(answer: Answer, question: Question, language: Language = "auto") -> dict[str, Reading]:
    """How an answer is read, part by part; a question without parts has the one part ``""``."""
    if question.kind != "parts":
        text = answer if isinstance(answer, str) else next(iter(answer.values()), "")
        return {"": read(text, question, language)}
    from grader.formulas.parts import inherited, texts_of

    single = isinstance(answer, str)
    readings = {}
    for part, text in texts_of(answer, question).items():
        whole = inherited(next(p for p in question.parts if p.id == part), question)
        readings[part] = read(text, whole, language, strict=single)
    return readings


def judge(
    answer: Answer, question: Question, rng: np.random.Generator, *, language: Language = "auto"
) -> Judgement:
    """Judge an answer against the truth at random points.

    Args:
        answer: the text, or for kind ``parts`` a text for every part (or one text with them all).
        question: what is asked and what is right.
        rng: draws sizes and inputs.
        language: of the answer; found out if ``auto``.

    Raises:
        RubricError: the question itself does not hold together. Nothing in an answer raises.
    """
    try:
        return judge_unguarded(answer, question, rng, language=language)
    except RubricError:
        raise
    except Exception as error:  # our fault: the answer goes to a person instead of costing points
        source = answer if isinstance(answer, str) else "\n".join(map(str, answer.values()))
        reading = Reading(source, error=f"{type(error).__name__}: {error}")
        return Judgement("unreadable", reading, unreadable_message("the grader failed on it", ""))


def judge_unguarded(
    answer: Answer, question: Question, rng: np.random.Generator, *, language: Language = "auto"
) -> Judgement:
    """``judge`` without its safety net, for tests: a fault of ours raises."""
    if question.kind == "parts":
        from grader.formulas.parts import judge_parts

        return judge_parts(answer, question, rng, language)
    text = answer if isinstance(answer, str) else next(iter(answer.values()), "")
    problem = Problem(question, question, rng)
    attempt = attempted(_read_for(text, problem, language), problem)
    if attempt.settled is not None and attempt.settled.outcome in ("right", "note", "empty"):
        return unless_hedged(attempt.settled, text, problem)
    for truth in question.alternatives:
        other = Problem(question, truth, rng)
        settled = attempted(_read_for(text, other, language), other).settled
        if settled is not None and settled.is_right:
            return replace(
                settled, outcome="note", share=truth.share, message=truth.message, note=truth.message
            )
    return _unless_contradicted(concluded(attempt, problem), text, problem)


def _unless_contradicted(judgement: Judgement, text: str, problem: Problem) -> Judgement:
    """A wrong answer goes to a person where a formula in it is right: perhaps another one was meant."""
    if judgement.outcome != "wrong" or judgement.reading.is_code:
        return judgement
    from grader.formulas.steps import right_elsewhere

    if judgement.reading.solved:
        message = "the left-hand side is more than what is asked; solve for it"
        return Judgement("unreadable", judgement.reading, unreadable_message(message, ""))
    right = right_elsewhere(text, problem)
    if not right:
        return judgement
    message = (
        f"it comes to {judgement.reading.read_as}, which is not right, but it also says {right}, which is"
    )
    return Judgement("unreadable", judgement.reading, unreadable_message(f"{message}; give one formula", ""))


def unless_hedged(judgement: Judgement, text: str, problem: Problem) -> Judgement:
    """A right answer goes to a person where it also says that something else is the result: ``A or B``."""
    if judgement.outcome == "empty" or judgement.reading.is_code:
        return judgement
    from grader.formulas.steps import wrong_elsewhere

    other = wrong_elsewhere(text, problem)
    return hedged(judgement, other) if other else judgement


def hedged(judgement: Judgement, other: str) -> Judgement:
    """The judgement of a right answer that gives another result, ``other``, as well."""
    message = f"it comes to {judgement.reading.read_as}, which is right, but it also gives {other}"
    return Judgement("unreadable", judgement.reading, unreadable_message(f"{message}; give one formula", ""))


def _read_for(text: str, problem: Problem, language: Language) -> Reading:
    reading = read_answer(text, problem.names, problem.lenient, problem.question.left_side, language)
    if problem.question.kind == "integer" and reading.error and not reading.is_empty:
        return last_number(reading)
    if isinstance(problem.truth, Alternative) and reading.is_code:
        return replace(reading, vectors=("flat",))  # a row of one sample would hide a sum over the batch
    return reading


def judge_reading(reading: Reading, problem: Problem) -> Judgement:
    """Judge an answer that was read, against one truth."""
    return concluded(attempted(reading, problem), problem)


def concluded(attempt: Attempt, problem: Problem) -> Judgement:
    """The judgement of an attempt: settled, unreadable, or wrong with a reason."""
    reading = attempt.reading
    if attempt.settled is not None:
        return attempt.settled
    chosen = attempt.unsettled
    if chosen is None:
        why = attempt.unread or Unreadable("it cannot be evaluated")
        return Judgement("unreadable", reading, unreadable_message(str(why), why.token))
    candidate, vectors, clash = chosen
    if candidate.guesses and clash is None:
        token = sorted(candidate.guesses)[0]
        return Judgement("unreadable", reading, unreadable_message(problem.names.unknown(token), token))
    if reading.remarks:
        message = f"the words after the formula ({reading.remarks}) may change its meaning"
        return Judgement("unreadable", reading, unreadable_message(message, ""))
    return _wrong(reading, explain(problem, reading, candidate, vectors, clash))


def _wrong(reading: Reading, reason: Reason) -> Judgement:
    return Judgement(
        "wrong", reading, reason.message, reason.id, reason.share, reason.certain, "; ".join(reading.notes)
    )


__all__ = ["Answer", "FormulaError", "Judgement", "Names", "judge", "read"]
