"""Does a question hold together? It has to accept its equivalents and reject its mistakes and its neighbours' answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from grader.errors import GraderError
from grader.formulas.compare import equal
from grader.formulas.judging import judge
from grader.formulas.parts import inherited
from grader.formulas.problem import Problem
from grader.formulas.question import Question, Truth
from grader.formulas.values import Array

SEED = 20


def lint_question(question: Question, others: Iterable[Question] = ()) -> list[str]:
    """Everything that is wrong with a question; empty if nothing is.

    Args:
        question: the question, as the rubric has it.
        others: the other questions of the rubric; none of their answers may satisfy this one.
    """
    name = question.id or "question"
    try:
        problems = [*_truth_problems(question), *_example_problems(question)]
        if question.kind == "parts" and not question.combine:
            for part in question.parts:
                problems += lint_question(inherited(part, question))
        problems += _neighbour_problems(question, others)
    except GraderError as error:
        return [f"{name}: {error}"]
    return [problem if problem.startswith(name) else f"{name}: {problem}" for problem in problems]


def lint_questions(questions: Sequence[Question]) -> list[str]:
    """Everything that is wrong with the questions of a rubric, each also held against the others' answers."""
    return [problem for question in questions for problem in lint_question(question, questions)]


def _truth_problems(question: Question) -> list[str]:
    if question.kind == "parts" and not question.combine:
        return []
    problems = []
    for truth in (question, *question.alternatives):
        wants = Problem(question, truth, np.random.default_rng(SEED)).wants
        if not all(np.isfinite(want).all() for want in wants):
            problems.append("what is right is not finite at a sampled point; give the symbols a domain")
        if all(not want.any() for want in wants):
            problems.append("what is right is zero everywhere; every wrong answer that vanishes would pass")
        if question.kind != "integer" and all(equal(want, wants[0]) for want in wants) and wants[0].size == 1:
            problems.append(
                "what is right is the same number at every point; use kind = 'integer' or add a symbol"
            )
        problems += _disagreements(question, truth, wants)
    return problems


def _disagreements(question: Question, truth: Truth, wants: list[Array]) -> list[str]:
    """A forward pass, a named truth and a stated answer in one question have to agree."""
    ways = [way for way in ("forward", "truth", "answer") if getattr(truth, way)]
    problem = Problem(question, truth, np.random.default_rng(SEED))
    problems = []
    for way in ways[1:]:
        stated = [problem.stated(sample, way) for sample in problem.samples]
        if not all(equal(s, w) or equal(s.T, w) for s, w in zip(stated, wants, strict=True)):
            problems.append(f"{ways[0]} and {way} do not agree")
    return problems


def _example_problems(question: Question) -> list[str]:
    problems = []
    for equivalent in question.equivalents:
        judged = judge(equivalent, question, np.random.default_rng(SEED))
        if not judged.is_right:
            problems.append(
                f"the equivalent {equivalent!r} is not accepted: {judged.message or judged.outcome}"
            )
    for mistake in question.mistakes:
        judged = judge(mistake.answer, question, np.random.default_rng(SEED))
        if judged.is_right:
            problems.append(f"the mistake {mistake.answer!r} is accepted")
        elif judged.outcome != "wrong":
            problems.append(f"the mistake {mistake.answer!r} cannot be read: {judged.message}")
        elif mistake.message not in judged.message:
            problems.append(
                f"the mistake {mistake.answer!r} is explained as {judged.message!r}, not by its message"
            )
    return problems


def _neighbour_problems(question: Question, others: Iterable[Question]) -> list[str]:
    problems = []
    for other in others:
        if other is question or other.id in (question.id, *question.same_as):
            continue
        for answer in _answers(other):
            if judge(answer, question, np.random.default_rng(SEED)).is_right:
                problems.append(f"the answer {answer!r} of {other.id} satisfies it")
                break
    return problems


def _answers(question: Question) -> list[str]:
    own = list(question.equivalents[:1]) or ([question.answer] if question.answer else [])
    return own + [answer for part in question.parts for answer in part.equivalents[:1]]
