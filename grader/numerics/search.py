"""The search for the step that suits a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from grader.numerics.lines import Expected, Line, Measured, scale_along
from grader.numerics.noise import Noise
from grader.numerics.slopes import INNER, OFFSETS, OUTER, Slope, simple_slope, slope_of
from grader.numerics.subject import Array, Call, Outcome
from grader.numerics.vectors import real, root_mean_square

_SHRINK, _GROW = 0.125, 4.0
_LEAP = 2.0**-15  # the most that a step shrinks at once
_SMALLEST, _LARGEST = 2.0**-33, 2.0**-3
_SINGLE = 2.0**-24  # the rounding unit of float32
_AGREES = {False: 1e-6, True: 5e-4}  # of the scale: what two points agree to, by whether it is float32
_RESOLVED = {
    False: 1e-3,
    True: 1e-2,
}  # of the scale: rounding beyond which agreement of two points says nothing


class Search:
    """The search for the best step on one line.

    Args:
        line: the question.
        expected: what a gradient says; the first step then asks two points alone, and the two between them where
            these do not agree.
    """

    def __init__(self, line: Line, expected: Expected | None = None) -> None:
        self.line = line
        self._expected = expected
        self._outer: list[Outcome] = []
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
        """The forwards that come next."""
        self._tried.add(self.step)
        offsets = OUTER if self._expected is not None else INNER if self._outer else OFFSETS
        return [self.line.call_at(offset * self.step) for offset in offsets]

    def set_noise(self, noise: Noise | None) -> None:
        """Take the noise measured on this very line."""
        self.doubts_noise = False
        self._noise_is_local = True
        if noise is None:
            return
        known = self.line.noise
        noise = Noise(max(noise.relative, known.relative), known.low_precision, known.least)
        self.noise = noise
        if self.best is None:
            self._outer = self._outer if self.step == noise.first_step else []
            self.step = noise.first_step
        else:
            sigma = noise.sigma(self.line.middle)
            self.best = replace(self.best, sigma=max(sigma, self.best.sigma))

    def take(self, outcomes: Sequence[Outcome]) -> None:
        """Take the answers to :meth:`calls`, and decide where to go on."""
        if self._expected is not None:
            self._take_outer(outcomes, self._expected)
            return
        if self._outer:
            outcomes = [self._outer[0], *outcomes, self._outer[1]]
            self._outer = []
        slope = self._slope(outcomes)
        if slope is None:
            self._move(_SHRINK)
            return
        weights = self.line.weights
        truncation, rounding = slope.truncation_of(weights), slope.rounding_of(weights)
        if self.best is None or truncation + rounding < self._total(self.best):
            self.best = slope
        if truncation + rounding <= self.noise.resolution * scale_along(self.line, slope):
            self.done = True
        elif rounding > truncation:
            self._grown += 1
            self._move(_GROW)
        else:
            self._shrink(slope, truncation)

    def answer(self) -> Measured:
        """The best slope that was found."""
        kinked = self._stuck > 0 and self.best is not None and bool(self.best.kinked().any())
        return Measured(self.line, self.best, kinked, self.noise)

    def _take_outer(self, outcomes: Sequence[Outcome], expected: Expected) -> None:
        """Be done if the difference of two points agrees with the gradient and shows no kink."""
        self._expected, self._outer = None, list(outcomes)
        rows = self._rows(outcomes)
        if rows is None:
            return
        slope = simple_slope(rows, self.line.middle, self.step, self._sigma(rows))
        if slope is None or slope.bends():
            return
        scale = scale_along(self.line, slope)
        off = abs(slope.along(self.line.weights) - expected.value)
        rounding = slope.rounding_of(self.line.weights) + expected.slack
        low = self.noise.low_precision
        if off <= _AGREES[low] * scale + rounding and rounding <= _RESOLVED[low] * scale:
            self.best = slope.with_truncation(off, self.line.weights)
            self.done = True

    def _sigma(self, rows: Array) -> float:
        """The standard deviation of the outputs; in float32 inputs that are far from zero are rounded too."""
        sigma = self.noise.sigma(self.line.middle)
        if not self.noise.low_precision:
            return sigma
        change = (rows[-1] - rows[0]) / (2.0 * self.step)
        return max(sigma, _SINGLE * self.line.reach() * root_mean_square(change))

    def _total(self, slope: Slope) -> float:
        return slope.truncation_of(self.line.weights) + slope.rounding_of(self.line.weights)

    def _slope(self, outcomes: Sequence[Outcome]) -> Slope | None:
        rows = self._rows(outcomes)
        if rows is None:
            return None
        slope = slope_of(rows, self.line.middle, self.step, self.noise.sigma(self.line.middle))
        if slope is None or not self.noise.low_precision:
            return slope
        # inputs are rounded too: by their own size, where what moves the outputs is their spread
        rounded = _SINGLE * self.line.reach() * root_mean_square(slope.value)
        return replace(slope, sigma=max(slope.sigma, rounded))

    def _rows(self, outcomes: Sequence[Outcome]) -> Array | None:
        """The outputs as rows, ``None`` where one is missing or of another size."""
        outputs = [outcome.output for outcome in outcomes]
        if any(output is None or output.size != self.line.middle.size for output in outputs):
            return None
        return np.stack([real(output).ravel() for output in outputs if output is not None])

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
