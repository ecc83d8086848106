"""Why is an answer wrong? The first explanation that holds at every sampled point, likely faults first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from grader.errors import GraderError
from grader.formulas.compare import arrangements, compare, equal
from grader.formulas.limits import MAX_REPAIRS, Clash, Deadline, FormulaError
from grader.formulas.problem import Problem
from grader.formulas.reading import Reading, evaluate, read_answer
from grader.formulas.readings import Candidate
from grader.formulas.repairs import repairs
from grader.formulas.sampling import Sample, special_sample
from grader.formulas.values import Array

SECONDS = 0.6  # for the search of an explanation


@dataclass(frozen=True)
class Reason:
    """A named fault, what to say about it, and the share of the points that the rubric leaves for it."""

    id: str
    message: str
    share: float = 0.0
    certain: bool = True


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
            for search in (_not_finite, _transposed, _factor, _summed, _offset):
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


def _not_finite(problem: Problem, values: list[Array]) -> Reason | None:
    if all(np.isfinite(value).all() for value in values):
        return None
    return Reason(
        "W110",
        "the result is not finite at valid inputs (a division by zero, or a logarithm of a negative number)",
    )


def _factor(problem: Problem, values: list[Array]) -> Reason | None:
    """A constant factor, named by sizes and scalars where that is possible."""
    ratios = []
    for value, want in zip(values, problem.wants, strict=True):
        target = want.T if 1 in want.shape and value.shape != want.shape else want
        norm = float((target * target).sum())
        if value.shape != target.shape or norm == 0:
            return None
        ratio = float((value * target).sum()) / norm
        if ratio == 0 or not equal(value / ratio, target):
            return None
        ratios.append(ratio)
    near = problem.question.near
    if all(abs(ratio + 1) < 1e-9 for ratio in ratios):
        return Reason("W103", "it is the negative of the right result: the sign is wrong", near.sign)
    name = _named_factor(problem, ratios)
    if name:
        return Reason("W102", f"it is {name} times the right result", near.factor)
    if problem.wants[0].size == 1:
        return None  # any two numbers are proportional
    return Reason("W102", "it is a multiple of the right result: a factor is wrong", near.factor)


def _named_factor(problem: Problem, ratios: list[float]) -> str:
    """The factor as a formula in the sizes and scalars of the question, or an empty string."""
    forms = _factor_forms(_known_numbers(problem), len(ratios))
    for constant, shown in _CONSTANTS.items():
        for name, numbers in forms:
            if all(abs(r - constant * n) <= 1e-8 * abs(r) for r, n in zip(ratios, numbers, strict=True)):
                if name == "1":
                    return shown
                return f"{shown}{name}" if shown in ("", "-") else f"{shown}·{name}"
    return ""


_CONSTANTS = {
    1.0: "",
    2.0: "2",
    0.5: "1/2",
    -1.0: "-",
    -2.0: "-2",
    -0.5: "-1/2",
    3.0: "3",
    4.0: "4",
    0.25: "1/4",
}


def _known_numbers(problem: Problem) -> dict[str, list[float]]:
    """Sizes and scalars of the question, at every point."""
    samples = problem.samples
    known = {name: [float(s.sizes[name]) for s in samples] for name in samples[0].sizes}
    for name, value in samples[0].values.items():
        if value.is_scalar and name in problem.question.symbols:
            known[name] = [float(s.values[name].data.real.flat[0]) for s in samples]
    return known


def _factor_forms(known: dict[str, list[float]], count: int) -> list[tuple[str, list[float]]]:
    forms: list[tuple[str, list[float]]] = [("1", [1.0] * count)]
    for name, numbers in known.items():
        forms.append((f"1/{name}", [1 / n for n in numbers]))
        forms.append((name, numbers))
        forms.append((f"{name}²", [n * n for n in numbers]))
        forms.append((f"1/{name}²", [1 / n / n for n in numbers]))
        forms.append((f"({name}-1)", [n - 1 for n in numbers]))
        forms.append((f"1/({name}-1)", [1 / (n - 1) if n != 1 else 0.0 for n in numbers]))
    for a, m in known.items():
        for b, n in known.items():
            if a < b:
                forms.append((f"1/({a}{b})", [1 / x / y for x, y in zip(m, n, strict=True)]))
    return forms


def _transposed(problem: Problem, values: list[Array]) -> Reason | None:
    pairs = list(zip(values, problem.wants, strict=True))
    if any(1 in want.shape for want in problem.wants):
        return None
    if all(value.T.shape == want.shape and equal(value.T, want) for value, want in pairs):
        return Reason("W104", "it is the transpose of the right result", problem.question.near.transposed)
    flipped = []
    for value, want in pairs:
        if value.T.shape != want.shape:
            return None
        flipped.append(value.T)
    reason = _factor(problem, flipped)
    if reason is None:
        return None
    return Reason("W104", f"it is transposed, and {reason.message}")


def _summed(problem: Problem, values: list[Array]) -> Reason | None:
    pairs = list(zip(values, problem.wants, strict=True))
    for axis, (total, word) in [
        (axis, how) for axis in (0, 1) for how in ((np.sum, "sum"), (np.mean, "mean"))
    ]:
        if all(
            _fits(total(value, axis=axis, keepdims=True), want)
            for value, want in pairs
            if value.shape[axis] > 1
        ) and any(value.shape[axis] > 1 for value, _ in pairs):
            size = problem.samples[0].show(values[0].shape[axis])
            message = f"the {word} over the {'rows' if axis == 0 else 'columns'} (the axis of size {size}) is missing"
            return Reason("W105", message, problem.question.near.missing_sum)
        if all(
            want.shape[axis] > 1 and _fits(value, total(want, axis=axis, keepdims=True))
            for value, want in pairs
        ):
            return Reason(
                "W114", f"it is summed over {'rows' if axis == 0 else 'columns'}, where no sum belongs"
            )
    return None


def _fits(value: Array, want: Array) -> bool:
    return equal(value, want) or (1 in want.shape and equal(value.T, want))


def _offset(problem: Problem, values: list[Array]) -> Reason | None:
    if any(value.shape != want.shape for value, want in zip(values, problem.wants, strict=True)):
        return None
    differences = [value - want for value, want in zip(values, problem.wants, strict=True)]
    constant = float(differences[0].flat[0])
    if all(np.allclose(d, constant, rtol=1e-9, atol=1e-12) for d in differences):
        return Reason("W117", "it differs from the right result by a constant")
    return None


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
