"""Every way to read an answer, compared with the truth, up to the first that is equal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from grader.formulas.compare import compare
from grader.formulas.explain import tries
from grader.formulas.limits import Ambiguous, Clash, Deadline, Unreadable
from grader.formulas.names import Names
from grader.formulas.problem import Problem
from grader.formulas.reading import Reading, described, evaluate
from grader.formulas.readings import Candidate
from grader.formulas.sampling import Sample
from grader.formulas.tree import Entry, Node, Sym, is_smooth, walk
from grader.formulas.values import Array

Outcome = Literal["right", "note", "wrong", "unreadable", "empty"]


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
        return Attempt(
            reading, Judgement("unreadable", reading, unreadable_message(reading.error, reading.token))
        )
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
            attempt.asks = Judgement("unreadable", reading, unreadable_message(str(error), error.token))
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
    shown = shown_as(reading, candidate)
    return Judgement("note" if note else "right", shown, share=1.0, note=note)


def shown_as(reading: Reading, candidate: Candidate) -> Reading:
    from grader.formulas.show import show

    if reading.is_code or candidate is reading.candidates[0]:
        return reading
    return replace(
        reading,
        read_as=show(candidate.tree, candidate.meaning),
        latex=show(candidate.tree, candidate.meaning, latex=True),
    )


def unreadable_message(error: str, token: str) -> str:
    shown = f" (not understood: {token[:40]!r})" if token and token not in error else ""
    return f"not read: {error}{shown}; a person has to mark it"
