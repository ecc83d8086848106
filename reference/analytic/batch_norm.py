"""Gradients of the scale and shift of batch norm, for a batch and for one sample.

The statement ``y_i = gamma_i x_i + beta_i`` carries no batch index. Read for one sample, its chain rule has no sum;
the gradient that training needs sums over the batch, because all S rows share gamma and beta. Both are given, and
they differ for every batch of more than one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def batch_norm_dgamma(x: Array, dy: Array) -> Array:
    """dL/dgamma of Y_si = gamma_i xhat_si + beta_i over a batch.

    dY_si/dgamma_j = xhat_si delta_ij, so dL/dgamma_i = sum_s dL/dY_si xhat_si.

    Args:
        x: (S, N), the *normalised* inputs xhat.
        dy: (S, N), dL/dY.

    Returns:
        (1, N), dL/dgamma.
    """
    return np.asarray((x * dy).sum(axis=0, keepdims=True))


def batch_norm_dbeta(dy: Array) -> Array:
    """dL/dbeta of Y_si = gamma_i xhat_si + beta_i over a batch: dL/dbeta_i = sum_s dL/dY_si.

    Args:
        dy: (S, N), dL/dY.

    Returns:
        (1, N), dL/dbeta.
    """
    return np.asarray(dy.sum(axis=0, keepdims=True))


def batch_norm_dgamma_one(x: Array, dy: Array) -> Array:
    """dL/dgamma of y_i = gamma_i xhat_i + beta_i for one sample: dL/dgamma_i = dL/dy_i xhat_i, no sum.

    Args:
        x: (N,), the normalised input xhat of one sample.
        dy: (N,), dL/dy.

    Returns:
        (N,), dL/dgamma.
    """
    return x * dy


def batch_norm_dbeta_one(dy: Array) -> Array:
    """dL/dbeta of y_i = gamma_i xhat_i + beta_i for one sample: dL/dbeta_i = dL/dy_i.

    Args:
        dy: (N,), dL/dy.

    Returns:
        (N,), dL/dbeta.
    """
    return np.array(dy)
