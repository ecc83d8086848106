"""What the values of a wrong answer say: not finite, a constant factor, transposed, a sum missing, off by a constant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grader.formulas.compare import equal
from grader.formulas.problem import Problem
from grader.formulas.values import Array


@dataclass(frozen=True)
class Reason:
    """A named fault, what to say about it, and the share of the points that the rubric leaves for it."""

    id: str
    message: str
    share: float = 0.0
    certain: bool = True


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


DIFFERENCES = (_not_finite, _transposed, _factor, _summed, _offset)  # the likely ones first
