"""Slopes, their error estimates, noise and kinks, on functions whose derivatives are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from grader.numerics.measure import Line, measure, noise_calls, noise_from
from grader.numerics.noise import Noise
from grader.numerics.points import Point, cotangent, direction, scale_of
from grader.numerics.runner import Runner
from grader.numerics.slopes import OFFSETS, slope_of
from grader.numerics.subject import Array, Call, Outcome

EXACT = Noise(2.0**-53, False)


class Function:
    """A function of one array as a subject without gradients."""

    def __init__(self, function: Callable[[Array], Array]) -> None:
        self.function = function

    def run(self, calls: Sequence[Call], *, fresh: bool = False, freeze_seeds: bool = False) -> list[Outcome]:
        with np.errstate(all="ignore"):
            return [Outcome(np.asarray(self.function(call.tensors["x"]))) for call in calls]


def line_of(function: Callable[[Array], Array], x: Array, move: Array, noise: Noise = EXACT) -> Line:
    middle = np.asarray(function(x), np.float64).ravel()
    return Line(Point({"x": x}), {"x": move}, middle, np.ones(middle.size), noise)


@pytest.mark.parametrize(
    ("function", "derivative"),
    [
        (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
        (np.exp, np.exp),
        (lambda x: x**3, lambda x: 3 * x**2),
        (lambda x: np.sin(40 * x), lambda x: 40 * np.cos(40 * x)),
        (lambda x: 1 / (x**2 + 1e-4), lambda x: -2 * x / (x**2 + 1e-4) ** 2),
    ],
)
def test_the_error_estimate_bounds_the_error(
    function: Callable[[Array], Array], derivative: Callable[[Array], Array]
) -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        x, move = rng.standard_normal(6), rng.standard_normal(6)
        answer = measure(Runner(Function(function)), [line_of(function, x, move)])[0]
        want = float(np.sum(derivative(x) * move))
        assert abs(answer.value - want) <= 2 * answer.error
        assert answer.error <= 1e-5 * max(answer.scale, abs(want))


def test_a_kink_beside_the_point_is_escaped_and_one_at_the_point_is_known() -> None:
    def relu(x: Array) -> Array:
        return np.maximum(x, 0)

    for distance in (1e-3, 1e-5, 1e-7):
        x = np.array([distance, -distance, 1.0])
        answer = measure(Runner(Function(relu)), [line_of(relu, x, np.ones(3))])[0]
        assert not answer.kinked
        assert answer.value == pytest.approx(2.0, abs=1e-6)
    x = np.array([0.0, 1.0, -1.0])
    answer = measure(Runner(Function(relu)), [line_of(relu, x, np.array([1.0, 2.0, 3.0]))])[0]
    assert answer.kinked
    assert answer.bounds == pytest.approx((2.0, 3.0), abs=1e-6)


def test_a_slope_that_is_not_finite_is_none() -> None:
    assert slope_of(np.full((4, 2), np.nan), np.zeros(2), 0.1, 0.0) is None
    assert len(OFFSETS) == 4


def test_steps_out_of_the_domain_are_shortened() -> None:
    x = np.array([1e-5, 2e-5])
    answer = measure(Runner(Function(np.log)), [line_of(np.log, x, np.array([1.0, -1.0]))])[0]
    assert answer.value == pytest.approx(1e5 - 5e4, rel=1e-4)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("returned", [np.float64, np.float32])
def test_float32_inside_is_recognised_whatever_is_returned(dtype: type, returned: type) -> None:
    def function(x: Array) -> Array:
        return np.tanh(x.astype(dtype)).astype(returned)

    rng = np.random.default_rng(1)
    line = line_of(function, rng.standard_normal(20), rng.uniform(0.5, 1.5, 20))
    noise = noise_from(line, Runner(Function(function)).run(noise_calls(line)))
    assert noise is not None
    assert noise.low_precision is (dtype is np.float32 or returned is np.float32)
    if noise.low_precision:
        assert 2e-8 < noise.relative < 1e-6


def test_noise_of_known_size_is_measured() -> None:
    rng = np.random.default_rng(2)

    def noisy(x: Array) -> Array:
        return np.sin(x) + 1e-7 * rng.standard_normal(x.shape)

    x = rng.standard_normal(400)
    line = line_of(noisy, x, np.ones(400))
    noise = noise_from(line, Runner(Function(noisy)).run(noise_calls(line)))
    assert noise is not None
    assert noise.sigma(line.middle) == pytest.approx(1e-7, rel=0.15)


def test_directions_stay_away_from_zero_and_follow_ties() -> None:
    rng = np.random.default_rng(3)
    x = rng.integers(0, 3, (6, 7)).astype(float)
    free = direction(rng, {"x": x}, ["x"])["x"] / scale_of(x)
    assert np.abs(free).min() >= 0.5
    assert np.abs(free).max() <= 1.5
    assert {bool(sign) for sign in (free > 0).ravel()} == {True, False}
    tied = direction(rng, {"x": x}, ["x"], tied=True)["x"]
    for value in np.unique(x):
        assert len(set(tied[x == value])) == 1


def test_the_cotangent_of_a_scalar_is_neither_zero_nor_one() -> None:
    for seed in range(50):
        factor = abs(float(cotangent(np.random.default_rng(seed), ())))
        assert 1.5 <= factor <= 3.0


@pytest.mark.parametrize(("size", "scale"), [(0.0, 1.0), (1.0, 1.0), (1e-3, 2.0**-10), (1e9, 1024.0)])
def test_scales_are_powers_of_two_near_the_spread(size: float, scale: float) -> None:
    x = size * np.array([1.0, -1.0, 1.0, -1.0])
    assert scale_of(x) == scale
    assert scale_of(x + 1000 * size) == scale
