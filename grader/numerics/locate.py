"""Finding the elements of a gradient that are off: one by one, or by halving where there are many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grader.numerics.compare import Comparison, compare_within
from grader.numerics.lines import Line, Measured
from grader.numerics.measure import measure
from grader.numerics.points import scale_of
from grader.numerics.rounding import Rounding
from grader.numerics.runner import Runner
from grader.numerics.subject import Array
from grader.numerics.vectors import inner

ALL = 512
"""Tensors up to this size are differenced element by element."""

_SAMPLE = 48  # elements of a larger tensor that are
_TRUSTED = 0.1  # share of a derivative above which its error estimate is not one
_FLOOR = 1e-9  # of the largest wanted value
_REASON = "twice the estimated error of the difference + rounding of the gradient + {band:.0e} of |want|"


@dataclass(frozen=True, eq=False)
class Located:
    """Which elements of one gradient are off.

    Attributes:
        comparison: the elements that were looked at, gradient against differences.
        numeric: the whole numerical gradient, ``None`` where only some elements were differenced.
        open: whether the differences were too inexact to tell.
        detail: what was looked at, if not everything.
    """

    comparison: Comparison
    numeric: Array | None
    open: bool
    detail: str = ""

    @property
    def wrong(self) -> bool:
        """Whether an element is off."""
        return not self.comparison.agreed


def locate(
    runner: Runner,
    name: str,
    gradient: Array,
    line: Line,
    rng: np.random.Generator,
    *,
    rounding: Rounding,
) -> Located:
    """Difference the elements of one tensor and compare.

    Args:
        runner: the layer.
        name: the tensor.
        gradient: what the layer says, float64, in the tensor's shape.
        line: a line at the probe's point; its direction is replaced.
        rng: the generator.
        rounding: rounding of the layer's gradients there.
    """
    if gradient.size <= ALL:
        places = np.arange(gradient.size)
        detail = ""
    else:
        worst = _halve(runner, name, gradient, line, rng)
        others = rng.choice(gradient.size, _SAMPLE, replace=False)
        places = np.unique(np.append(others, worst))
        detail = f"{places.size} of {gradient.size} elements were differenced: one found by halving, others at random"
    want, allowed, open_ = _difference(runner, name, gradient, line, places, rounding)
    comparison = compare_within(
        gradient.ravel()[places], want, allowed, reason=_REASON.format(band=line.noise.band)
    )
    comparison = _in_place(comparison, places, gradient.shape)
    numeric = want.reshape(gradient.shape) if places.size == gradient.size else None
    return Located(comparison, numeric, open_, detail)


def _difference(
    runner: Runner, name: str, gradient: Array, line: Line, places: Array, rounding: Rounding
) -> tuple[Array, Array, bool]:
    """Numerical derivatives of some elements, what is let through at each, and whether that decides nothing."""
    step = scale_of(line.point.tensors[name])
    lines = [_single(line, name, int(place), step) for place in places]
    measured = measure(runner, lines)
    got = gradient.ravel()[places]
    bounds = np.array([m.bounds for m in measured]) / step
    want = np.clip(got, bounds[:, 0], bounds[:, 1])
    errors = np.array([m.error for m in measured]) / step
    largest = float(np.abs(want).max(initial=0.0))
    spread = rounding.of(name, gradient.shape).ravel()[places]
    with np.errstate(invalid="ignore"):
        allowed = 2.0 * errors + line.noise.band * np.abs(want) + _FLOOR * largest + spread
    trusted = np.array([m.trusted for m in measured]) | (errors <= _TRUSTED * 0.05 * largest)
    allowed = np.where(trusted, allowed, np.inf)
    open_ = bool(np.median(allowed) > 0.02 * max(largest, 1e-300))
    return want, allowed, open_


def _single(line: Line, name: str, place: int, step: float) -> Line:
    move = np.zeros(line.point.tensors[name].shape)
    move.ravel()[place] = step
    return Line(line.point, {name: move}, line.middle, line.weights, line.noise)


def _halve(runner: Runner, name: str, gradient: Array, line: Line, rng: np.random.Generator) -> int:
    """The place of an element that is off, by halving the set that holds the larger discrepancy."""
    step = scale_of(line.point.tensors[name])
    places = rng.permutation(gradient.size)
    while places.size > 1:
        halves = np.array_split(places, 2)
        moves = [_some(gradient.shape, half, step, rng) for half in halves]
        lines = [Line(line.point, {name: m}, line.middle, line.weights, line.noise) for m in moves]
        answers = measure(runner, lines)
        excess = [_excess(answer, inner(gradient, m)) for answer, m in zip(answers, moves, strict=True)]
        places = halves[int(np.argmax(excess))]
    return int(places[0])


def _some(shape: tuple[int, ...], places: Array, step: float, rng: np.random.Generator) -> Array:
    move = np.zeros(shape)
    uniform = rng.uniform(-1.0, 1.0, places.size)
    move.ravel()[places] = step * (uniform + np.copysign(0.5, uniform))
    return move


def _excess(answer: Measured, got: float) -> float:
    """By how many of its own errors a half disagrees."""
    low, high = answer.bounds
    return max(low - got, got - high, 0.0) / max(answer.error, 1e-300)


def _in_place(comparison: Comparison, places: Array, shape: tuple[int, ...]) -> Comparison:
    """The comparison with indices and shapes of the whole gradient."""
    if comparison.worst_index is None:
        return comparison
    index = tuple(int(i) for i in np.unravel_index(int(places[comparison.worst_index[0]]), shape))
    changed = {**comparison.__dict__, "worst_index": index, "got_shape": shape, "want_shape": shape}
    return Comparison(**changed)
