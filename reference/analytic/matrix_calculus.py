"""Derivatives of scalars with respect to vectors and matrices, in denominator layout (the shape of the variable)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def quadratic_form_dx(x: Array, b: Array) -> Array:
    """d(x^T B x)/dx = (B + B^T) x; as a row, x^T (B + B^T).

    x^T B x = sum_ij x_i B_ij x_j. The derivative in x_k is sum_j B_kj x_j + sum_i x_i B_ik = (B x)_k + (B^T x)_k.

    Args:
        x: (M,).
        b: (M, M), any square matrix; symmetry is not assumed.

    Returns:
        (M,), the gradient.
    """
    return np.asarray((b + b.T) @ x)


def trace_product_dx(v: Array, w: Array) -> Array:
    """d tr(V X W)/dX = V^T W^T.

    tr(V X W) = sum_ikl V_ik X_kl W_li. The derivative in X_pq is sum_i V_ip W_qi = (V^T W^T)_pq.

    Args:
        v: (A, M).
        w: (N, A).

    Returns:
        (M, N), the gradient in X (M, N).
    """
    return v.T @ w.T


def norm_dw(w: Array) -> Array:
    """d||w||/dw = w/||w|| for the Euclidean norm, w not zero.

    ||w|| = sqrt(sum_i w_i^2); the derivative in w_k is 2 w_k / (2 sqrt(sum_i w_i^2)). For a matrix it holds with the
    Frobenius norm and not with the spectral norm.

    Args:
        w: (M,).

    Returns:
        (M,), the gradient.
    """
    return np.asarray(w / np.sqrt((w * w).sum()))


def trace_ds(n: int) -> Array:
    """d tr(S)/dS = I.

    tr(S) = sum_i S_ii; the derivative in S_pq is sum_i delta_ip delta_iq = delta_pq (not delta_pp delta_qq).

    Args:
        n: number of rows of S (n, n).

    Returns:
        (n, n), the identity.
    """
    return np.eye(n)
