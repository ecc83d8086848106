"""Does a predicted array explain what came back, up to one factor?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grader.diagnose.hypothesis import OUTPUT
from grader.diagnose.observation import Array, Observation

Floats = NDArray[np.float64]

TIGHT = 1e-7  # of the largest element: float64, with room for an epsilon in a log
LOOSE = 2e-3  # the same for float32 inside
UNEXPLAINED = 0.01  # of the discrepancy may remain
ROUNDING = 1e-12  # of the largest element, always may
ROUNDING_COARSE = 1e-5  # the same for float32 inside
AGREES = 1e-9  # a difference below this share of the largest element is rounding
LEAST = 1e-6  # of an array's natural size: what is smaller is terms that cancel, down to their rounding
LARGEST_TAME = 12.0
SMALLEST_VARIANCE = 1e-3
KINKED = ("relu", "leaky_relu", "elu", "hinge")  # the derivative at exactly 0 is anybody's choice


@dataclass(frozen=True)
class Case:
    """One compared array: what came back and what was due, in float64.

    Args:
        observation: where it comes from.
        got: what came back; where the sizes allow it, in the shape of `want`.
        want: the truth.
        judged: mask over `got` of the elements that count, or None for all.
        scale: the largest finite magnitude in either, never 0.
        wrong: True where they differ by more than rounding.
    """

    observation: Observation
    got: Floats
    want: Floats
    judged: NDArray[np.bool_] | None
    scale: float
    wrong: bool

    @property
    def same_shape(self) -> bool:
        """Did the result come in the shape that was due?"""
        return self.got.shape == self.want.shape


def as_floats(array: object) -> Floats | None:
    """Float64 copy of a numeric array; None where it is not numeric."""
    try:
        values = np.asarray(array)
        if values.dtype.kind not in "biuf":
            return None
        return values.astype(np.float64)
    except (TypeError, ValueError):
        return None


def build_cases(target: str, observations: Sequence[Observation]) -> list[Case]:
    """All comparisons of one tensor (or of the output), those that agree included."""
    cases = []
    for observation in observations:
        case = _case(target, observation)
        if case is not None:
            cases.append(case)
    return cases


def _case(target: str, observation: Observation) -> Case | None:
    if target == OUTPUT:
        got_raw: Array | None = observation.output_got
        want_raw: Array | None = observation.output_want
    else:
        got_raw = observation.grads_got.get(target)
        want_raw = observation.grads_want.get(target)
    got, want = as_floats(got_raw), as_floats(want_raw)
    if got is None or want is None or got_raw is None or want_raw is None or want.size == 0:
        return None
    got = _in_shape_of(got, want)
    judged = _judged(target, observation, got)
    scale = max(_magnitude(got, want), LEAST * _natural_size(target, observation))
    wrong = got.shape != want.shape or deviation(got, want, judged) > AGREES * scale
    return Case(observation, got, want, judged, scale, wrong)


def _in_shape_of(got: Floats, want: Floats) -> Floats:
    """`got` in the shape of `want` where they differ by axes of length 1 alone."""
    if got.shape != want.shape and got.size == want.size:
        thin_got = tuple(n for n in got.shape if n != 1)
        if thin_got == tuple(n for n in want.shape if n != 1):
            return got.reshape(want.shape)
    return got


def _judged(target: str, observation: Observation, got: Floats) -> NDArray[np.bool_] | None:
    """Leaves out the elements at a kink, where more than one derivative is right."""
    if target != "x" or observation.layer not in KINKED:
        return None
    x = as_floats(observation.tensors.get("x"))
    if x is None or x.shape != got.shape or not np.any(x == 0):
        return None
    return np.asarray(x != 0)


def _natural_size(target: str, observation: Observation) -> float:
    """How large a gradient is if the output changes as much as the tensor does; 0 for an output."""
    value, output = as_floats(observation.tensors.get(target)), as_floats(observation.output_want)
    if target == OUTPUT or value is None or output is None or not value.size or not output.size:
        return 0.0
    spread = min(float(np.sqrt(np.mean(value**2))), 1.0) or 1.0
    cotangent = 1.0 if observation.cotangent is None else float(np.max(np.abs(observation.cotangent)))
    size = cotangent * float(np.sqrt(np.mean(output**2))) / spread
    return size if np.isfinite(size) else 0.0


def _magnitude(*arrays: Floats) -> float:
    largest = 0.0
    for array in arrays:
        finite = array[np.isfinite(array)]
        if finite.size:
            largest = max(largest, float(np.max(np.abs(finite))))
    return largest or 1.0


def deviation(a: Floats, b: Floats, judged: NDArray[np.bool_] | None = None) -> float:
    """Largest absolute difference; infinite where the shapes or the places of NaN and infinity differ."""
    if a.shape != b.shape:
        return np.inf
    if judged is not None and judged.shape == a.shape:
        a, b = a[judged], b[judged]
    if a.size == 0:
        return 0.0
    finite_a = np.isfinite(a)
    if finite_a.all() and np.isfinite(b).all():
        return float(np.max(np.abs(a - b)))
    if not np.array_equal(finite_a, np.isfinite(b)):
        return np.inf
    if not np.any(finite_a):
        return 0.0
    return float(np.max(np.abs(a[finite_a] - b[finite_a])))


def is_tame(case: Case) -> bool:
    """Is the point an ordinary one: no large input, no vanishing variance, a finite result?"""
    x = as_floats(case.observation.tensors.get("x"))
    if not np.all(np.isfinite(case.got)):
        return False
    if x is None or x.ndim < 2:
        return True
    if float(np.max(np.abs(x), initial=0.0)) > LARGEST_TAME:
        return False
    axis = {"batch_norm": 0, "layer_norm": -1}.get(case.observation.layer)
    return axis is None or float(np.min(x.var(axis=axis))) > SMALLEST_VARIANCE


@dataclass(frozen=True)
class Fit:
    """How one prediction fits one case.

    Args:
        factor: what the prediction has to be multiplied by; None where any factor would do (both are zero).
        residual: what is then left, relative to the largest element of the case.
        residual_as_is: what is left without a factor.
    """

    factor: float | None
    residual: float
    residual_as_is: float


def allowed(case: Case, *, fine: bool) -> float:
    """What an explanation may leave of a case, relative to its largest element.

    Args:
        case: the comparison.
        fine: True for results computed in float64, False where float32 is allowed for.
    """
    tolerance, rounding = (TIGHT, ROUNDING) if fine else (LOOSE, ROUNDING_COARSE)
    if not case.wrong:
        return tolerance
    gap = deviation(case.got, case.want, case.judged) / case.scale
    return min(tolerance, max(UNEXPLAINED * gap, rounding))


def fit(predicted: Array | None, case: Case) -> Fit | None:
    """Fit `got = factor * predicted`; None where the prediction cannot be compared."""
    values = as_floats(predicted)
    if values is None:
        return None
    values = _in_shape_of(values, case.got)
    if values.shape != case.got.shape:
        return None
    plain = deviation(values, case.got, case.judged) / case.scale
    if not np.isfinite(plain):
        return None
    got = case.got if case.judged is None else case.got[case.judged]
    pred = values if case.judged is None else values[case.judged]
    finite = np.isfinite(got)
    got, pred = got[finite], pred[finite]
    tiny = AGREES * case.scale
    if pred.size == 0 or float(np.max(np.abs(pred))) <= tiny:
        return Fit(None, plain, plain)
    factor = float(np.vdot(pred, got) / np.vdot(pred, pred))
    left = float(np.max(np.abs(got - factor * pred))) / case.scale
    return Fit(factor, left, plain)
