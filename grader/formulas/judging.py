"""Read a written answer and judge it: right, right with a note, wrong with a reason, or for a person to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from grader.errors import RubricError
from grader.formulas.compare import compare
from grader.formulas.explain import Reason, explain, tries
from grader.formulas.limits import Ambiguous, Clash, Deadline, FormulaError, Unreadable
from grader.formulas.names import Names
from grader.formulas.problem import Problem
from grader.formulas.question import Alternative, Question
from grader.formulas.reading import Language, Reading, described, evaluate, last_number, read_answer
from grader.formulas.readings import Candidate
from grader.formulas.sampling import Sample
from grader.formulas.tree import Entry, Node, Sym, is_smooth, walk
from grader.formulas.values import Array

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
    for candidate in reading.candidates:  # the first way that has a value
        chosen = replace(reading, candidates=(candidate,))
        if shape := next(described(chosen, problem.names, problem.samples[0]), ""):
            return replace(_shown_as(reading, candidate), shape=shape)
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
        return Judgement("unreadable", reading, _unreadable("the grader failed on it", ""))


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
        return attempt.settled
    for truth in question.alternatives:
        other = Problem(question, truth, rng)
        settled = attempted(_read_for(text, other, language), other).settled
        if settled is not None and settled.is_right:
            return replace(
                settled, outcome="note", share=truth.share, message=truth.message, note=truth.message
            )
    return concluded(attempt, problem)


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


@dataclass
class Attempt:
    """What came of comparing every way to read an answer with the truth."""

    reading: Reading
    settled: Judgement | None = None  # right, empty or unreadable: nothing to explain
    value_of: tuple[Candidate, str] | None = None  # the first way that has a value
    clash: tuple[Candidate, str, Clash] | None = None  # the first way that cannot have one
    unread: Unreadable | None = None
    asks: Judgement | None = None

    @property
    def unsettled(self) -> tuple[Candidate, str, Clash | None] | None:
        """The reading to explain: the first that has a value, unless the conventional one has an index that does not fit."""
        clash = self.clash
        indices = clash is not None and clash[2].reason in ("W105", "W116")
        if self.value_of is not None and not (indices and clash and clash[0] is self.reading.candidates[0]):
            return *self.value_of, None
        return clash


def attempted(reading: Reading, problem: Problem) -> Attempt:
    """Compare every way to read an answer with the truth, up to the first that is equal."""
    if reading.is_empty:
        return Attempt(reading, Judgement("empty", reading, "there is no answer"))
    if reading.error:
        return Attempt(reading, Judgement("unreadable", reading, _unreadable(reading.error, reading.token)))
    reading = replace(reading, shape=next(described(reading, problem.names, problem.samples[0]), ""))
    attempt = Attempt(reading)
    deadline = Deadline()
    for candidate, vectors in tries(reading):
        try:
            notes = _matches(problem, reading, candidate, vectors, deadline)
        except Clash as error:
            attempt.clash = attempt.clash or (candidate, vectors, error)
            continue
        except Ambiguous as error:
            attempt.asks = Judgement("unreadable", reading, _unreadable(str(error), error.token))
            continue
        except Unreadable as error:
            attempt.unread = attempt.unread or error
            if deadline.passed:
                break
            continue
        if notes is not None and (
            witness := _witness_against(problem, reading, candidate, vectors, deadline)
        ):
            problem.add(witness)
            notes = None
        if notes is None:
            attempt.value_of = attempt.value_of or (candidate, vectors)
        elif candidate.asks:
            question = "is 1 the number or the vector of ones? With the vector it is right"
            attempt.asks = Judgement("unreadable", reading, f"{question}; a person has to mark it")
        else:
            attempt.settled = _right(reading, candidate, notes)
            return attempt
    attempt.settled = attempt.asks
    return attempt


def concluded(attempt: Attempt, problem: Problem) -> Judgement:
    """The judgement of an attempt: settled, unreadable, or wrong with a reason."""
    reading = attempt.reading
    if attempt.settled is not None:
        return attempt.settled
    chosen = attempt.unsettled
    if chosen is None:
        why = attempt.unread or Unreadable("it cannot be evaluated")
        return Judgement("unreadable", reading, _unreadable(str(why), why.token))
    candidate, vectors, clash = chosen
    if candidate.guesses and clash is None:
        token = sorted(candidate.guesses)[0]
        return Judgement(
            "unreadable", reading, _unreadable(f"{token!r} is not a name of this question", token)
        )
    if reading.remarks:
        message = f"the words after the formula ({reading.remarks}) may change its meaning"
        return Judgement("unreadable", reading, _unreadable(message, ""))
    return _wrong(reading, explain(problem, reading, candidate, vectors, clash))


def _matches(
    problem: Problem, reading: Reading, candidate: Candidate, vectors: str, deadline: Deadline
) -> tuple[str, ...] | None:
    """Notes if a reading equals the truth at every point, None if it does not."""
    notes: dict[str, None] = {}
    for sample, want in zip(problem.samples, problem.wants, strict=True):
        value, said = evaluate(
            candidate, reading, sample, problem.names, deadline, shape=want.shape, vectors=vectors
        )
        compared = compare(value, want, reading.left, sample, layout_any=problem.layout_any)
        if not compared.equal:
            return None
        if not reading.left and len(value.axes) == 1 and not value.is_scalar:
            _check_index(candidate.tree, value.axes[0], problem.names)
        notes.update(dict.fromkeys([*said, *([compared.note] if compared.note else [])]))
    return tuple(notes)


def _check_index(tree: Node, index: str, names: Names) -> None:
    """A free index beside a vector numbers the rows of matrices, or it is no index: the ``t`` of ``h_t``.

    Raises:
        Ambiguous: it picks an entry of a vector.
    """
    for node in walk(tree):
        if (
            isinstance(node, Entry)
            and index in node.subs
            and isinstance(node.a, Sym)
            and names.rank(node.a.name) < 2
        ):
            raise Ambiguous(f"the index {index} is free; write the left-hand side with its subscript", index)


def _witness_against(
    problem: Problem, reading: Reading, candidate: Candidate, vectors: str, deadline: Deadline
) -> tuple[Sample, Array] | None:
    """A further point at which an answer that is not smooth differs from the truth, if there is one."""
    if problem.is_smooth and is_smooth(candidate.tree):
        return None
    for sample, want in problem.witnesses:
        try:
            value, _ = evaluate(
                candidate, reading, sample, problem.names, deadline, shape=want.shape, vectors=vectors
            )
            compared = compare(value, want, reading.left, sample, layout_any=problem.layout_any)
        except Clash:
            return sample, want
        if not compared.equal:
            return sample, want
    return None


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
