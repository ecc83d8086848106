"""How exactly a layer computes: the noise of its outputs, measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grader.numerics.subject import Array
from grader.numerics.vectors import real, root_mean_square

POINTS = 9  # evaluations along the line, the middle one included
SPACING = 2.0**-20
_LOW_PRECISION = 1e-10  # relative noise above which a layer computes in float32 or worse, whatever it returns
_TRIM = 0.02  # share of outputs left out: a kink on the line is not noise
_ENOUGH = 12  # outputs from which on some can be left out

_EPSILON = {"float32": 2.0**-24, "float16": 2.0**-11}


@dataclass(frozen=True)
class Noise:
    """The standard deviation of a layer's outputs under changes of its inputs that should not matter.

    Attributes:
        relative: as a share of the root mean square of the outputs.
        low_precision: whether the layer computes in float32 or worse.
        least: the least standard deviation, absolute: where outputs are small because terms cancel, the
            noise is that of the terms.
    """

    relative: float
    low_precision: bool
    least: float = 0.0

    def at_least_single(self) -> Noise:
        """This noise, or that of float32 if it is less: a saturated output shows none."""
        return Noise(max(self.relative, _EPSILON["float32"]), True, self.least)

    @property
    def resolution(self) -> float:
        """What a derivative is wanted to be resolved to, as a share of its scale."""
        return 2e-3 if self.low_precision else 1e-6

    @property
    def first_step(self) -> float:
        """The first step to try, in units of a tensor's scale."""
        return float(np.clip(self.relative**0.2, 2.0**-8, 2.0**-4)) if self.low_precision else 2.0**-12

    @property
    def worst_rounding(self) -> float:
        """How coarse a backward may compute, as a share of its largest value: float32, whatever forward does."""
        return 1e-4 if self.low_precision else 1e-6

    @property
    def band(self) -> float:
        """A relative difference below which a gradient is not called wrong (policy, not measurement)."""
        return 1e-4 if self.low_precision else 1e-5

    def sigma(self, output: Array) -> float:
        """The standard deviation of outputs of this size, absolute."""
        return max(self.relative * root_mean_square(output), self.least)


def measure_noise(line: Array) -> Noise:
    """The noise of a function from its values along a line (ECnoise).

    The fourth differences of a smooth function at this spacing vanish, those of independent noise of
    standard deviation s have the standard deviation s sqrt(70). Source: J. Moré and S. Wild, "Estimating
    Computational Noise", SIAM J. Sci. Comput. 33 (2011).

    Args:
        line: (9, M) values of M outputs at equal spacing.

    Returns:
        The noise; at least the rounding of the dtype.
    """
    values = real(line)
    if not np.all(np.isfinite(values)):
        values = values[:, np.all(np.isfinite(values), axis=0)]
    floor = _EPSILON.get(line.dtype.name, 2.0**-53)
    scale = root_mean_square(values[POINTS // 2]) if values.size else 0.0
    if scale == 0.0:
        return Noise(floor, line.dtype.name in _EPSILON)
    squares = np.sort(np.mean(np.diff(values, n=4, axis=0) ** 2, axis=0) / 70.0)
    left_out = int(np.ceil(_TRIM * squares.size)) if squares.size >= _ENOUGH else 0
    relative = max(float(np.sqrt(np.mean(squares[: squares.size - left_out]))) / scale, floor)
    noise = Noise(relative, relative > _LOW_PRECISION)
    return noise.at_least_single() if noise.low_precision else noise
