"""Sloppy sampling accepts wrong answers; each pitfall has an answer here that it would let through."""

from __future__ import annotations

import numpy as np
import pytest

from grader.formulas.sampling import draw_samples
from tests.formulas.support import DW, judged, question

RNG = np.random.default_rng(0)


def test_sizes_are_distinct_never_small_and_of_two_kinds():
    for seed in range(20):
        samples = draw_samples(DW, DW, np.random.default_rng(seed))
        assert len(samples) == 4
        for sample in samples:
            sizes = list(sample.sizes.values())
            assert len(set(sizes)) == len(sizes)
            assert min(sizes) >= 3
        first, last = samples[0].sizes, samples[-1].sizes
        assert all(first[name] != last[name] for name in first)


def test_probabilities_are_positive_rows_that_sum_to_one_and_not_one_hot():
    asked = question(symbols={"T": "S C: probabilities"}, answer="T")
    for sample in draw_samples(asked, asked, RNG):
        rows = sample.values["T"].data
        np.testing.assert_allclose(rows.sum(axis=1), 1.0)
        assert rows.min() > 0
        assert rows.max() < 1


def test_integers_differ_between_samples_and_are_at_least_two():
    asked = question(kind="scalar", symbols={"N": ": integer"}, answer="2^N - 2")
    values = [float(s.values["N"].data[0, 0]) for s in draw_samples(asked, asked, RNG)]
    assert len(set(values)) == 4
    assert min(values) >= 2


CROSS_ENTROPY = question(
    symbols={"Z": "S C", "T": "S C: probabilities", "Y": "S C"},
    forward=["Y = softmax(Z)", "L = -1/S sum(T ∘ log(Y))"],
    wrt="Z",
)
QUADRATIC = question(symbols={"x": "M", "B": "M M"}, forward="f = x^T B x", wrt="x")
SADDLES = question(kind="scalar", symbols={"N": ": integer"}, answer="2^N - 2")


@pytest.mark.parametrize(
    ("asked", "wrong", "why"),
    [
        (CROSS_ENTROPY, r"(Y - T \circ T)/S", "one-hot targets"),
        (CROSS_ENTROPY, "(Y - T)/C", "all sizes equal"),
        (CROSS_ENTROPY, "(Y - T)/5", "one set of sizes"),
        (CROSS_ENTROPY, "Y - T", "a batch of one"),
        (QUADRATIC, "2 B x", "a symmetric matrix"),
        (SADDLES, "2^{N-1} - 1", "N = 1"),
        (question(symbols={"x": "n"}, answer="x"), "|x|", "positive inputs only"),
    ],
)
def test_what_a_special_sample_would_accept_is_rejected(asked, wrong, why):
    assert judged(wrong, asked).outcome == "wrong", why


def test_the_constraints_of_the_statement_hold():
    assert judged("(Y - T)/S", CROSS_ENTROPY).is_right


def test_what_holds_without_the_constraint_is_right_as_well():
    assert judged(r"\frac{1}{S}(Y \circ (T \mathbf{1}\mathbf{1}^T) - T)", CROSS_ENTROPY).is_right


def test_a_vector_of_probabilities_is_one_distribution():
    asked = question(symbols={"p": "C: probabilities", "q": "C: probabilities"}, answer="-p ./ q")
    for sample in draw_samples(asked, asked, RNG):
        assert sample.values["p"].data.sum() == pytest.approx(1.0)
        assert sample.values["p"].data.max() < 1
    assert judged("-p/q", asked).is_right
    assert not judged("-log(p) - 1", asked).is_right


def test_a_threshold_that_is_a_little_off_is_seen():
    asked = question(symbols={"w": "d", "x": "d", "y": ""}, forward="L = max(0, 1 - y w^T x)", wrt="w")
    assert judged(r"-y x \mathbb{1}[y w^T x < 1]", asked).is_right
    for threshold in ("0", "0.9", "1.1", "2"):
        found = judged(rf"-y x \mathbb{{1}}[y w^T x < {threshold}]", asked)
        assert found.outcome == "wrong", threshold
    smooth = question(kind="scalar", symbols={"x": ""}, answer="x")
    assert judged("|x|", smooth).outcome == "wrong"
    assert judged(r"\max(x, -0.2)", smooth).outcome == "wrong"
