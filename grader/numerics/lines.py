"""Lines through a point: the question that is asked along one, and the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from grader.numerics.noise import Noise
from grader.numerics.points import Point, scale_of
from grader.numerics.slopes import Slope
from grader.numerics.subject import Array, Call
from grader.numerics.vectors import inner, norm, root_mean_square

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
        return scale_along(self.line, self.slope) if self.slope else 0.0

    @property
    def trusted(self) -> bool:
        """Whether the difference converged so far that its error estimate means something."""
        return self.error <= _TRUSTED * self.scale

    @property
    def resolved(self) -> bool:
        """Whether the error is small enough to tell a right gradient from a wrong one."""
        return self.error <= self.noise.resolution * self.scale


@dataclass(frozen=True)
class Expected:
    """What a gradient says about a line. A difference of two points that agrees with it needs no error estimate.

    Attributes:
        value: the derivative of the weighted sum, from the gradient.
        slack: rounding of the gradient along the line.
    """

    value: float
    slack: float


def scale_along(line: Line, slope: Slope) -> float:
    """How large the derivative along a line is without cancellation, or a share of the output."""
    size = norm(line.weights) * root_mean_square(line.middle)
    return max(slope.scale_of(line.weights), _SMALL_SLOPE[line.noise.low_precision] * size)
