"""Gradients of the layers in matrix form: linear, elementwise activation, softmax, cross-entropy.

S samples are rows; ``dy`` is the gradient of the loss L at the output Y, everything in denominator layout: the
gradient of a matrix has the shape of that matrix.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def linear_dw(x: Array, dy: Array) -> Array:
    """dL/dW of Y = X W^T + b.

    Y_ij = sum_p X_ip W_jp + b_j, so dY_ij/dW_mn = delta_jm X_in, and
    dL/dW_mn = sum_ij dL/dY_ij delta_jm X_in = sum_i dL/dY_im X_in: the matrix (dL/dY)^T X.

    Args:
        x: (S, M), the input.
        dy: (S, N), dL/dY.

    Returns:
        (N, M), dL/dW.
    """
    return dy.T @ x


def linear_db(dy: Array) -> Array:
    """dL/db of Y = X W^T + b with b (1, N) added to every row.

    dY_ij/db_m = delta_jm, so dL/db_m = sum_i dL/dY_im: the row 1^T dL/dY of column sums.

    Args:
        dy: (S, N), dL/dY.

    Returns:
        (1, N), dL/db.
    """
    return np.asarray(dy.sum(axis=0, keepdims=True))


def linear_dx(dy: Array, w: Array) -> Array:
    """dL/dX of Y = X W^T + b.

    dY_ij/dX_mn = delta_im W_jn, so dL/dX_mn = sum_j dL/dY_mj W_jn: the matrix (dL/dY) W.

    Args:
        dy: (S, N), dL/dY.
        w: (N, M), the weight.

    Returns:
        (S, M), dL/dX.
    """
    return dy @ w


def elementwise_dx(x: Array, dy: Array, h_prime: Callable[[Array], Array]) -> Array:
    """dL/dX of Y = h(X), applied element by element.

    dY_ij/dX_mn = h'(X_mn) delta_im delta_jn, so both sums vanish: dL/dX = dL/dY ∘ h'(X).

    Args:
        x: (S, M), the input.
        dy: (S, M), dL/dY.
        h_prime: derivative of h.

    Returns:
        (S, M), dL/dX.
    """
    return dy * h_prime(x)


def relu_dx(x: Array, dy: Array) -> Array:
    """dL/dX of Y = max(0, X): h'(x) is 1 for x > 0 and 0 for x < 0 (at 0 any value between is a subgradient).

    Args:
        x: (S, M), the input.
        dy: (S, M), dL/dY.

    Returns:
        (S, M), dL/dX.
    """
    return dy * (x > 0)


def softmax_dx(y: Array, dy: Array) -> Array:
    """dL/dX of the row-wise softmax Y = softmax(X).

    dY_id/dX_iq = Y_id (delta_dq - Y_iq), so dL/dX_iq = sum_d dL/dY_id Y_id delta_dq - sum_d dL/dY_id Y_id Y_iq
    = Y_iq (dL/dY_iq - sum_d dL/dY_id Y_id): the matrix Y ∘ (dL/dY - (dL/dY ∘ Y) 1 1^T).

    Args:
        y: (S, C), the output.
        dy: (S, C), dL/dY.

    Returns:
        (S, C), dL/dX.
    """
    return np.asarray(y * (dy - (dy * y).sum(axis=1, keepdims=True)))


def cross_entropy_dx(x: Array, t: Array) -> Array:
    """dL/dX of the mean cross-entropy L = -1/S sum_ik T_ik log X_ik.

    Only the term (p, q) depends on X_pq: dL/dX_pq = -T_pq / (S X_pq).

    Args:
        x: (S, C), predicted probabilities, positive.
        t: (S, C), targets.

    Returns:
        (S, C), dL/dX.
    """
    return np.asarray(-t / x / x.shape[0])


def softmax_cross_entropy_dz(y: Array, t: Array) -> Array:
    """dL/dZ of L = -1/S sum T ∘ log softmax(Z), for targets whose rows sum to 1: alpha M with alpha = 1/S, M = Y - T.

    With dL/dY = -T / (S Y) in ``softmax_dx``: dL/dZ = Y ∘ (-T/(S Y) + (1/S) T 1 1^T) = (1/S)(Y ∘ (T 1 1^T) - T),
    which is (1/S)(Y - T) since T 1 = 1.

    Args:
        y: (S, C), softmax(Z).
        t: (S, C), targets, every row summing to 1.

    Returns:
        (S, C), dL/dZ.
    """
    return np.asarray(softmax_cross_entropy_alpha(y.shape[0]) * softmax_cross_entropy_m(y, t))


def softmax_cross_entropy_alpha(s: int) -> float:
    """The positive factor alpha = 1/S of dL/dZ = alpha M: the loss is a mean over S samples."""
    return 1 / s


def softmax_cross_entropy_m(y: Array, t: Array) -> Array:
    """The matrix M = Y - T of dL/dZ = alpha M; see ``softmax_cross_entropy_dz``.

    Args:
        y: (S, C), softmax(Z).
        t: (S, C), targets, every row summing to 1.

    Returns:
        (S, C), M.
    """
    return y - t
