"""A directional derivative from five points, with an estimate of its own error for every output."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from grader.numerics.subject import Array
from grader.numerics.vectors import inner, norm, root_mean_square

OFFSETS = (-1.0, -0.5, 0.5, 1.0)
"""Where the function is asked, in units of the step; its value at 0 is known."""
OUTER, INNER = (-1.0, 1.0), (-0.5, 0.5)
"""The same in two parts: the outer points alone, and those between."""

# Rows: difference of the two central differences, their extrapolation, kink indicator, slopes from the right
# and from the left.
# Columns: f(-h), f(-h/2), f(h/2), f(h), each less f(0), in units of 1/h.
_STENCIL = np.array(
    [
        [0.5, -1.0, 1.0, -0.5],
        [1 / 6, -4 / 3, 4 / 3, -1 / 6],
        [-0.5, 2.0, 2.0, -0.5],
        [0.0, 0.0, 4.0, -1.0],
        [1.0, -4.0, 0.0, 0.0],
    ]
)
_KINK_NOISE = 4.2  # standard deviation of the kink indicator, in units of sigma / h
_DRIFT_NOISE = 8.0  # a bound on the noise of the drift, in units of sigma / h
_ONE_SIDED = 6.0  # error of a one-sided slope with a kink beside the point, in units of the drift
_BENDS = (
    2e-2,
    2e-3,
)  # of an output's own slope, of all slopes: a change of slope across the step that may be a kink
_SLOPE_NOISE = 9.0  # a bound on the rounding error of the extrapolation, in units of sigma / h


@dataclass(frozen=True, eq=False)
class Slope:
    """The derivative of every output along one direction, at one step.

    Attributes:
        step: h.
        value: (M,) extrapolated central differences, of order h^4.
        truncation: (M,) bound of their truncation error: for smooth functions, and for one kink in (-h, h).
        drift: (M,) how much the central difference changes as the step is halved. At a kink that lies exactly
            at the point it does not, and the one-sided slopes are wrong by at most six times this.
        kink: (M,) a measure of how much the slope jumps; falls with h where the function is smooth.
        right: (M,) one-sided second-order slope in the direction.
        left: (M,) and against it.
        sigma: standard deviation of the outputs.
    """

    step: float
    value: Array
    truncation: Array
    drift: Array
    kink: Array
    right: Array
    left: Array
    sigma: float

    def along(self, weights: Array) -> float:
        """The derivative of the weighted sum of the outputs."""
        return inner(weights, self.value)

    def truncation_of(self, weights: Array) -> float:
        """The truncation error of :meth:`along`, at most."""
        return inner(np.abs(weights), self.truncation)

    def rounding_of(self, weights: Array) -> float:
        """The rounding error of :meth:`along`, at most (about five standard deviations)."""
        return _SLOPE_NOISE * self.sigma * norm(weights) / self.step

    def scale_of(self, weights: Array) -> float:
        """How large the derivative is if its terms do not cancel: the root of the sum of their squares."""
        return norm(weights * self.value)

    def kinked(self) -> Array:
        """(M,) bool: outputs whose slope jumps by more than noise and curvature explain."""
        clear = 3 * _KINK_NOISE * self.sigma / self.step
        size = np.maximum(np.abs(self.right), np.abs(self.left))
        kinked: Array = (self.kink > clear) & (self.kink > 1e-3 * size)
        return kinked

    def nearest_kink(self) -> float | None:
        """How far the nearest kink beside the point is, in units of the step; ``None`` if there is none beside it.

        A kink at t changes the central difference by jump t / (2 h) as the step is halved; one at the point does
        not change it.
        """
        beside = (
            self.kinked()
            & (self.drift > _DRIFT_NOISE * self.sigma / self.step)
            & (self.drift > 1e-4 * self.kink)
        )
        if not beside.any():
            return None
        jumps = np.maximum(np.abs(self.right - self.left)[beside], 1e-300)
        return float(np.min(2.0 * self.drift[beside] / jumps))

    def bends(self) -> bool:
        """Whether the slope of an output changes across the step by more than curvature explains: perhaps a kink."""
        own, all_ = _BENDS
        size = np.abs(self.value)
        usual = all_ * root_mean_square(self.value) + 3 * _KINK_NOISE * self.sigma / self.step
        return bool(np.any(np.abs(self.right - self.left) > own * size + usual))

    def with_truncation(self, error: float, weights: Array) -> Slope:
        """The same slope with this truncation error of :meth:`along`."""
        share = error / max(float(np.abs(weights).sum()), 1e-300)
        return replace(self, truncation=np.full(self.value.shape, share))

    def errors(self) -> Array:
        """(M,) truncation error of each output; at a kink, that of the one-sided slopes."""
        errors: Array = np.where(self.kinked(), _ONE_SIDED * self.drift, self.truncation)
        return errors

    def range_of(self, weights: Array) -> tuple[float, float]:
        """The smallest and the largest derivative of the sum that a choice at each kink can give.

        At a kink any value between the one-sided slopes is right, for each output by itself.
        """
        kinked = self.kinked()
        low = np.where(kinked, np.minimum(self.left, self.right), self.value)
        high = np.where(kinked, np.maximum(self.left, self.right), self.value)
        return (
            float(np.sum(np.where(weights > 0, weights * low, weights * high))),
            float(np.sum(np.where(weights > 0, weights * high, weights * low))),
        )


def slope_of(stencil: Array, middle: Array, step: float, sigma: float) -> Slope | None:
    """The slopes of M outputs.

    Args:
        stencil: (4, M) float64, outputs at -h, -h/2, h/2, h.
        middle: (M,) float64, outputs at 0.
        step: h.
        sigma: standard deviation of the outputs.

    Returns:
        The slope, or ``None`` where an output is not finite.
    """
    rows = np.einsum("ij,jk->ik", _STENCIL, stencil - middle) / step
    if not np.isfinite(rows.sum()):
        return None
    drift, kink = np.abs(rows[0]), np.abs(rows[2])
    return Slope(step, rows[1], drift + kink, drift, kink, rows[3], rows[4], sigma)


def simple_slope(ends: Array, middle: Array, step: float, sigma: float) -> Slope | None:
    """The slopes of M outputs from two points alone, without an estimate of their error.

    Args:
        ends: (2, M) float64, outputs at -h and h; the others as for :func:`slope_of`.

    Returns:
        The slope, or ``None`` where an output is not finite.
    """
    left, right = (middle - ends[0]) / step, (ends[1] - middle) / step
    value = 0.5 * (left + right)
    if not np.isfinite(value.sum()):
        return None
    none = np.zeros(value.shape)
    return Slope(step, value, none, none, none, right, left, sigma)
