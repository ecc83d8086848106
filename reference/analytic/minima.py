"""Eigenvalues of the Hessian at a strict local minimum, as a numeric demonstration."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def strict_minimum_eigenvalues(dim: int, rng: np.random.Generator, *, h: float = 1e-3) -> Array:
    """Hessian eigenvalues, by finite differences, of a random function at its non-degenerate strict minimum 0.

    Let f have a strict local minimum at p with a non-singular Hessian H. For every eigenvector v with eigenvalue
    lambda, f(p + t v) = f(p) + t^2/2 lambda |v|^2 + O(t^3) > f(p) for small t, so lambda >= 0; non-singular means
    lambda != 0, hence lambda > 0. Without that assumption lambda = 0 is possible: f(x) = x^4.

    Args:
        dim: number of variables.
        rng: draws the function f(x) = x^T A^T A x + sum of sin(x_i)^4, A invertible.
        h: step of the central second differences.

    Returns:
        (dim,), ascending.
    """
    a = rng.standard_normal((dim, dim)) + 2 * np.eye(dim)

    def f(x: Array) -> float:
        return float(((a @ x) ** 2).sum() + (np.sin(x) ** 4).sum())

    eye = h * np.eye(dim)
    hessian = np.array(
        [[(f(u + v) - f(u - v) - f(v - u) + f(-u - v)) / (4 * h * h) for v in eye] for u in eye]
    )
    return np.asarray(np.linalg.eigvalsh(hessian))
