"""Counts by counting, probabilities by enumeration, expectations by Monte-Carlo."""

from itertools import pairwise, product

import numpy as np
import pytest
import torch

from reference.analytic import ANALYTIC, strict_minimum_eigenvalues


@pytest.mark.parametrize(("inputs", "outputs"), [(20, 40), (3, 5)])
def test_parameter_count(inputs, outputs):
    def count(*layers):
        return sum(p.numel() for p in torch.nn.Sequential(*layers).parameters())

    linear, norm = torch.nn.Linear(inputs, outputs), torch.nn.BatchNorm1d(outputs)
    assert ANALYTIC["parameter_count"](inputs, outputs) == count(linear, norm)
    assert ANALYTIC["parameter_count"](inputs, outputs, batch_norm=False) == count(linear)
    no_bias = torch.nn.Linear(inputs, outputs, bias=False)
    assert ANALYTIC["parameter_count"](inputs, outputs, bias=False) == count(no_bias, norm)


def test_the_question_counts_920_and_880_is_ambiguous():
    count = ANALYTIC["parameter_count"]
    assert count(20, 40) == 920
    assert count(20, 40, bias=False) == 880
    assert count(20, 40, batch_norm=False) + 2 * 20 == 880  # normalised inputs


@pytest.mark.parametrize("n", range(1, 13))
def test_saddles_by_brute_force(n):
    minima = maxima = saddles = 0
    for signs in product((1, -1), repeat=n):
        minima += min(signs) == 1
        maxima += max(signs) == -1
        saddles += min(signs) != max(signs)
    assert ANALYTIC["minimum_probability"](n) == minima / 2**n
    assert ANALYTIC["saddle_probability"](n) == saddles / 2**n
    assert ANALYTIC["saddles_per_minimum"](n) == pytest.approx(saddles / minima)
    assert saddles / (minima + maxima) == 2 ** (n - 1) - 1  # per extremum: the seed's number


def test_relu_second_moment_by_monte_carlo():
    rng = np.random.default_rng(3)
    sigma, n = 1.7, 400_000
    symmetric = {
        "normal": rng.normal(0, sigma, n),
        "uniform": rng.uniform(-1, 1, n) * sigma * np.sqrt(3),
        "laplace": rng.laplace(0, sigma / np.sqrt(2), n),
        "three points": rng.choice([-1.0, 0.0, 1.0], n, p=[0.3, 0.4, 0.3]) * sigma / np.sqrt(0.6),
    }
    want = ANALYTIC["relu_second_moment"](sigma)
    for name, f in symmetric.items():
        assert np.mean(np.maximum(f, 0) ** 2) == pytest.approx(want, rel=0.02), name
    skewed = (rng.exponential(1.0, n) - 1) * sigma
    assert np.mean(np.maximum(skewed, 0) ** 2) > 1.3 * want


def test_the_usual_proof_of_the_relu_moment_is_wrong():
    f = np.random.default_rng(4).normal(0, 1, 400_000)
    relu = np.maximum(f, 0)
    assert relu.var() == pytest.approx(0.5 - 1 / (2 * np.pi), rel=0.02)  # not 1/2
    assert relu.mean() == pytest.approx(1 / np.sqrt(2 * np.pi), rel=0.02)  # not 0


def test_time_based_decay():
    decay = ANALYTIC["time_based_decay"]
    assert decay(0.1, 0.5, 0) == 0.1
    assert decay(0.1, 0.5, 4) == pytest.approx(0.1 / 3)
    rates = [decay(0.1, 0.5, epoch) for epoch in range(10)]
    assert all(later < earlier for earlier, later in pairwise(rates))


def test_eigenvalues_at_a_strict_minimum_are_positive():
    rng = np.random.default_rng(8)
    for dim in (1, 2, 4):
        assert strict_minimum_eigenvalues(dim, rng).min() > 0


def test_without_a_nonsingular_hessian_an_eigenvalue_can_be_zero():
    h = 1e-3
    assert (h**4 + h**4) / h**2 == pytest.approx(
        0.0, abs=1e-5
    )  # second difference of x^4 at its strict minimum
