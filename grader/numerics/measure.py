"""Measuring directional derivatives: many lines at once, each with the step that suits it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from grader.numerics.noise import POINTS, SPACING, Noise, measure_noise
from grader.numerics.points import Point, scale_of
from grader.numerics.runner import Runner
from grader.numerics.slopes import OFFSETS, Slope, slope_of
from grader.numerics.subject import Array, Call, Outcome
from grader.numerics.vectors import inner, norm, root_mean_square

_ROUNDS = 7
_SHRINK, _GROW = 0.125, 4.0
_LEAP = 2.0**-15  # the most that a step shrinks at once
_SMALLEST, _LARGEST = 2.0**-33, 2.0**-3
_CLOSE = 2.0**-30  # spacing of the noise line beside a kink: it must not reach the kink
_SINGLE = 2.0**-24  # the rounding unit of float32
_TRUSTED = 0.1  # share of the scale above which an error estimate is not one
_SMALL_SLOPE = {False: 1e-3, True: 1e-2}  # share of the output below which a slope need not be resolved


@dataclass(frozen=True, eq=False)
class Line:
    """A question: how does the weighted sum of the outputs change from a point in a direction?

    Attributes:
        point: where.
        direction: by tensor; tensors that do not move are left out.
        middle: (M,) float64, the outputs at the point.
        weights: (M,) float64, the cotangent.
        noise: the layer's noise.
    """

    point: Point
    direction: Mapping[str, Array]
    middle: Array
    weights: Array
    noise: Noise

    def reach(self) -> float:
        """How much larger the values of the tensors that move are than their spread, 1 at least."""
        moving = [self.point.tensors[name] for name in self.direction]
        return max([1.0, *(root_mean_square(array) / scale_of(array) for array in moving)])

    def call_at(self, offset: float) -> Call:
        """The forward at an offset along the line."""
        tensors = dict(self.point.tensors)
        for name, move in self.direction.items():
            moved = tensors[name] + offset * move
            tensors[name] = moved if moved.dtype == tensors[name].dtype else moved.astype(tensors[name].dtype)
        return Call(tensors, self.point.constants)


@dataclass(frozen=True, eq=False)
class Measured:
    """The answer: the best slope that was found on a line.

    Attributes:
        line: the question.
        slope: the slope of every output; ``None`` where none came out finite.
        kinked: whether a kink sits at the point itself: it did not go away as the step shrank.
        noise: the noise at this point, if it was measured anew.
    """

    line: Line
    slope: Slope | None
    kinked: bool
    noise: Noise

    @property
    def value(self) -> float:
        """The derivative of the weighted sum; NaN if there is none."""
        return self.slope.along(self.line.weights) if self.slope else float("nan")

    @property
    def error(self) -> float:
        """The estimated error of the value; at a kink, of the bounds."""
        if self.slope is None:
            return float("inf")
        weights = self.line.weights
        errors = self.slope.errors() if self.kinked else self.slope.truncation
        return inner(np.abs(weights), errors) + self.slope.rounding_of(weights)

    @property
    def bounds(self) -> tuple[float, float]:
        """The smallest and largest right value, without the error."""
        if self.slope is None:
            return float("-inf"), float("inf")
        return self.slope.range_of(self.line.weights) if self.kinked else (self.value, self.value)

    @property
    def scale(self) -> float:
        """What the error is compared with: the derivative without cancellation, or a share of the output."""
        return _scale(self.line, self.slope) if self.slope else 0.0

    @property
    def trusted(self) -> bool:
        """Whether the difference converged so far that its error estimate means something."""
        return self.error <= _TRUSTED * self.scale

    @property
    def resolved(self) -> bool:
        """Whether the error is small enough to tell a right gradient from a wrong one."""
        return self.error <= self.noise.resolution * self.scale


def measure(runner: Runner, lines: Sequence[Line], *, noise_here: bool = False) -> list[Measured]:
    """Measure all lines, in rounds: one run for each, with the steps adapted in between.

    The step shrinks where truncation dominates the error and grows where rounding does. Where shrinking
    did not help, there is a kink at the point, or the noise is larger there than it was where it was
    measured: it is measured again.

    Args:
        runner: the layer.
        lines: the questions.
        noise_here: measure the noise on every line first.
    """
    searches = [_Search(line) for line in lines]
    if noise_here:
        _remeasure(runner, searches)
    for _ in range(_ROUNDS):
        active = [search for search in searches if not search.done]
        if not active:
            break
        outcomes = runner.run([call for search in active for call in search.calls()])
        for i, search in enumerate(active):
            search.take(outcomes[i * len(OFFSETS) : (i + 1) * len(OFFSETS)])
        _remeasure(runner, [search for search in active if search.doubts_noise])
    return [search.answer() for search in searches]


def noise_calls(line: Line, *, spacing: float = SPACING) -> list[Call]:
    """The forwards that :func:`noise_from` needs.

    In float32 the spacing is that of the values and not of their spread, or values far from zero would
    not move.
    """
    if line.noise.low_precision:
        spacing = SPACING * line.reach()
    return [line.call_at(k * spacing) for k in range(-(POINTS // 2), POINTS // 2 + 1) if k]


def noise_from(line: Line, outcomes: Sequence[Outcome]) -> Noise | None:
    """The noise along a line, ``None`` where an output is missing or of another shape."""
    outputs = [outcome.output for outcome in outcomes]
    if any(output is None or output.size != line.middle.size for output in outputs):
        return None
    rows = [np.ravel(output) for output in outputs if output is not None]
    dtype = rows[0].dtype
    middle = line.middle.astype(dtype) if dtype.kind == "f" else line.middle
    return measure_noise(np.stack([*rows[: POINTS // 2], middle, *rows[POINTS // 2 :]]))


def _scale(line: Line, slope: Slope) -> float:
    size = norm(line.weights) * root_mean_square(line.middle)
    return max(slope.scale_of(line.weights), _SMALL_SLOPE[line.noise.low_precision] * size)


def _remeasure(runner: Runner, searches: Sequence[_Search]) -> None:
    """Measure the noise on these lines."""
    if not searches:
        return
    per_line = POINTS - 1
    outcomes = runner.run([call for search in searches for call in noise_calls(search.line, spacing=_CLOSE)])
    for i, search in enumerate(searches):
        search.set_noise(noise_from(search.line, outcomes[i * per_line : (i + 1) * per_line]))


class _Search:
    """The search for the best step on one line."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.noise = line.noise
        self.step = line.noise.first_step
        self.best: Slope | None = None
        self.done = False
        self.doubts_noise = False
        self._noise_is_local = False
        self._last: float | None = None  # truncation after the last shrink
        self._stuck = 0
        self._grown = 0
        self._tried: set[float] = set()

    def calls(self) -> list[Call]:
        self._tried.add(self.step)
        return [self.line.call_at(offset * self.step) for offset in OFFSETS]

    def set_noise(self, noise: Noise | None) -> None:
        self.doubts_noise = False
        self._noise_is_local = True
        if noise is None:
            return
        known = self.line.noise
        noise = Noise(max(noise.relative, known.relative), known.low_precision, known.least)
        self.noise = noise
        if self.best is None:
            self.step = noise.first_step
        else:
            sigma = noise.sigma(self.line.middle)
            self.best = replace(self.best, sigma=max(sigma, self.best.sigma))

    def take(self, outcomes: Sequence[Outcome]) -> None:
        slope = self._slope(outcomes)
        if slope is None:
            self._move(_SHRINK)
            return
        weights = self.line.weights
        truncation, rounding = slope.truncation_of(weights), slope.rounding_of(weights)
        if self.best is None or truncation + rounding < self._total(self.best):
            self.best = slope
        if truncation + rounding <= self.noise.resolution * _scale(self.line, slope):
            self.done = True
        elif rounding > truncation:
            self._grown += 1
            self._move(_GROW)
        else:
            self._shrink(slope, truncation)

    def answer(self) -> Measured:
        kinked = self._stuck > 0 and self.best is not None and bool(self.best.kinked().any())
        return Measured(self.line, self.best, kinked, self.noise)

    def _total(self, slope: Slope) -> float:
        return slope.truncation_of(self.line.weights) + slope.rounding_of(self.line.weights)

    def _slope(self, outcomes: Sequence[Outcome]) -> Slope | None:
        rows = []
        for outcome in outcomes:
            if outcome.output is None or outcome.output.size != self.line.middle.size:
                return None
            rows.append(np.asarray(outcome.output, np.float64).ravel())
        slope = slope_of(np.stack(rows), self.line.middle, self.step, self.noise.sigma(self.line.middle))
        if slope is None or not self.noise.low_precision:
            return slope
        # inputs are rounded too: by their own size, where what moves the outputs is their spread
        rounded = _SINGLE * self.line.reach() * root_mean_square(slope.value)
        return replace(slope, sigma=max(slope.sigma, rounded))

    def _shrink(self, slope: Slope, truncation: float) -> None:
        """Go to a smaller step: right below a kink beside the point; nowhere if the kink is at it."""
        factor = _SHRINK
        if self._last is not None and truncation > 0.5 * self._last:
            self._stuck += 1
            distance = slope.nearest_kink()
            if distance is not None:
                factor = min(_SHRINK, max(distance / 2, _LEAP))
            elif slope.kinked().any() or self._noise_is_local:
                self.done = True
                return
            self.doubts_noise = not self._noise_is_local
        self._last = truncation
        self._move(factor)

    def _move(self, factor: float) -> None:
        self.step *= factor
        if not _SMALLEST <= self.step <= _LARGEST or self.step in self._tried or self._grown > 2:
            self.done = True
