"""Read a written answer and judge it: right, right with a note, wrong with a reason, or for a person to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from grader.errors import RubricError
from grader.formulas.compare import compare
from grader.formulas.explain import Reason, explain, tries
from grader.formulas.limits import Clash, Deadline, FormulaError, Unreadable
from grader.formulas.names import Names
from grader.formulas.problem import Problem
from grader.formulas.question import Alternative, Question
from grader.formulas.reading import Language, Reading, described, evaluate, read_answer
from grader.formulas.readings import Candidate

Outcome = Literal["right", "note", "wrong", "unreadable", "empty"]
Answer = str | Mapping[str, str]


@dataclass(frozen=True)
class Judgement:
    """What an answer is worth and why. ``share`` is the share of the points, 0 to 1."""

    outcome: Outcome
    reading: Reading
    message: str = ""
    reason: str = ""  # W1xx where the answer is wrong
    share: float = 0.0
    certain: bool = True
    note: str = ""
    parts: Mapping[str, Judgement] = field(default_factory=dict)

    @property
    def is_right(self) -> bool:
        """Whether the answer is accepted in full."""
        return self.outcome in ("right", "note") and self.share == 1.0


def read(answer: str, question: Question, language: Language = "auto", *, strict: bool = False) -> Reading:
    """How an answer is read, with its shape and without saying whether it is right.

    ``strict`` takes only a formula whose left-hand side is what the question asks for.
    """
    problem = Problem(question, question, np.random.default_rng(0))
    reading = read_answer(answer, problem.names, problem.lenient, question.left_side, language, strict=strict)
    if reading.error:
        return reading
    return replace(reading, shape=next(described(reading, problem.names, problem.samples[0]), ""))


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
        return Judgement("unreadable", reading, _unreadable("the grader failed on it", ""))


def judge_unguarded(
    answer: Answer, question: Question, rng: np.random.Generator, *, language: Language = "auto"
) -> Judgement:
    """``judge`` without its safety net, for tests: a fault of ours raises."""
    if question.kind == "parts":
        from grader.formulas.parts import judge_parts

        return judge_parts(answer, question, rng, language)
    text = answer if isinstance(answer, str) else next(iter(answer.values()), "")
    truths = (question, *question.alternatives)
    first: Judgement | None = None
    for truth in truths:
        problem = Problem(question, truth, rng)
        found = _judge_one(text, problem, language)
        if isinstance(truth, Alternative) and found.outcome in ("right", "note"):
            return replace(
                found, outcome="note", share=truth.share, message=truth.message, note=truth.message
            )
        if found.is_right or found.outcome == "empty":
            return found
        first = first or found
    assert first is not None
    return first


def _judge_one(text: str, problem: Problem, language: Language) -> Judgement:
    reading = read_answer(text, problem.names, problem.lenient, problem.question.left_side, language)
    return judge_reading(reading, problem)


def judge_reading(reading: Reading, problem: Problem) -> Judgement:
    """Judge an answer that was read, against one truth."""
    if reading.is_empty:
        return Judgement("empty", reading, "there is no answer")
    if reading.error:
        return Judgement("unreadable", reading, _unreadable(reading.error, reading.token))
    shape = next(described(reading, problem.names, problem.samples[0]), "")
    reading = replace(reading, shape=shape)
    deadline = Deadline()
    value_of: tuple[Candidate, str] | None = None
    clash: tuple[Candidate, str, Clash] | None = None
    unread: Unreadable | None = None
    for candidate, vectors in tries(reading):
        try:
            notes = _matches(problem, reading, candidate, vectors, deadline)
        except Clash as error:
            clash = clash or (candidate, vectors, error)
        except Unreadable as error:
            unread = unread or error
            if deadline.passed:
                break
        else:
            if notes is not None and candidate.asks:
                message = "is 1 the number or the vector of ones? With the vector it is right"
                return Judgement("unreadable", reading, f"{message}; a person has to mark it")
            if notes is not None:
                return _right(reading, candidate, notes)
            value_of = value_of or (candidate, vectors)
    if value_of is None and clash is None:
        why = unread or Unreadable("it cannot be evaluated")
        return Judgement("unreadable", reading, _unreadable(str(why), why.token))
    candidate, vectors = value_of or clash[:2]  # type: ignore[index]
    if candidate.guesses:
        token = sorted(candidate.guesses)[0]
        return Judgement(
            "unreadable", reading, _unreadable(f"{token!r} is not a name of this question", token)
        )
    reason = explain(problem, reading, candidate, vectors, None if value_of else clash[2])  # type: ignore[index]
    return _wrong(reading, reason)


def _matches(
    problem: Problem, reading: Reading, candidate: Candidate, vectors: str, deadline: Deadline
) -> tuple[str, ...] | None:
    """Notes if a reading equals the truth at every point, None if it does not."""
    notes: dict[str, None] = {}
    for sample, want in zip(problem.samples, problem.wants, strict=True):
        ranges = _left_ranges(reading, candidate, want.shape)
        value, said = evaluate(candidate, reading, sample, problem.names, deadline, ranges, vectors)
        compared = compare(value, want, reading.left, sample, layout_any=problem.layout_any)
        if not compared.equal:
            return None
        notes.update(dict.fromkeys([*said, *([compared.note] if compared.note else [])]))
    return tuple(notes)


def _left_ranges(reading: Reading, candidate: Candidate, shape: tuple[int, ...]) -> dict[str, int]:
    """Lengths of the free indices that only the left-hand side tells."""
    from grader.formulas.tree import Delta, walk

    free = reading.left
    if not free:
        deltas = [node for node in walk(candidate.tree) if isinstance(node, Delta)]
        free = tuple(sorted({i for d in deltas for i in (d.i, d.j) if "#" not in i}))
    sizes = [side for side in shape if side != 1]
    return dict(zip(free, sizes, strict=True)) if len(free) == len(sizes) else {}


def _right(reading: Reading, candidate: Candidate, notes: tuple[str, ...]) -> Judgement:
    layout = {"given as a row", "given as a column"} if reading.is_code or reading.left else set()
    note = "; ".join(n for n in dict.fromkeys([*reading.notes, *candidate.notes, *notes]) if n not in layout)
    shown = _shown_as(reading, candidate)
    return Judgement("note" if note else "right", shown, share=1.0, note=note)


def _shown_as(reading: Reading, candidate: Candidate) -> Reading:
    from grader.formulas.show import show

    if reading.is_code or candidate is reading.candidates[0]:
        return reading
    return replace(
        reading,
        read_as=show(candidate.tree, candidate.meaning),
        latex=show(candidate.tree, candidate.meaning, latex=True),
    )


def _wrong(reading: Reading, reason: Reason) -> Judgement:
    return Judgement(
        "wrong", reading, reason.message, reason.id, reason.share, reason.certain, "; ".join(reading.notes)
    )


def _unreadable(error: str, token: str) -> str:
    shown = f" (not understood: {token[:40]!r})" if token and token not in error else ""
    return f"not read: {error}{shown}; a person has to mark it"


__all__ = ["Answer", "FormulaError", "Judgement", "Names", "judge", "read"]
