"""Derivatives of scalars against autograd."""

import numpy as np
import torch

from reference.analytic import ANALYTIC

RNG = np.random.default_rng(5)


def gradient(f, point):
    x = torch.tensor(point, dtype=torch.float64, requires_grad=True)
    f(x).backward()
    return x.grad.numpy()


def test_quadratic_form_without_symmetry():
    x, b = RNG.standard_normal(4), RNG.standard_normal((4, 4))
    want = gradient(lambda v: v @ torch.tensor(b) @ v, x)
    np.testing.assert_allclose(ANALYTIC["quadratic_form_dx"](x, b), want, rtol=1e-12)
    assert not np.allclose(2 * b @ x, want)


def test_trace_of_a_product():
    v, x, w = RNG.standard_normal((5, 4)), RNG.standard_normal((4, 3)), RNG.standard_normal((3, 5))
    want = gradient(lambda m: torch.trace(torch.tensor(v) @ m @ torch.tensor(w)), x)
    np.testing.assert_allclose(ANALYTIC["trace_product_dx"](v, w), want, rtol=1e-12)


def test_norm_of_a_vector_and_of_a_matrix():
    w = RNG.standard_normal(4)
    np.testing.assert_allclose(ANALYTIC["norm_dw"](w), gradient(torch.linalg.vector_norm, w), rtol=1e-12)
    m = RNG.standard_normal((4, 3))
    frobenius = gradient(torch.linalg.matrix_norm, m)
    np.testing.assert_allclose(m / np.sqrt((m * m).sum()), frobenius, rtol=1e-12)
    spectral = gradient(lambda t: torch.linalg.matrix_norm(t, 2), m)
    assert not np.allclose(m / np.linalg.norm(m, 2), spectral)


def test_trace():
    s = RNG.standard_normal((4, 4))
    np.testing.assert_array_equal(ANALYTIC["trace_ds"](4), gradient(torch.trace, s))
