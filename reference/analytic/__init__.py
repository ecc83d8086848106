"""Every analytic answer of the homework as a function: NumPy only, each proven against autograd or brute force.

``ANALYTIC`` binds names to functions for rubrics. A parameter has the name of the question's symbol in lower case;
vectors are one-dimensional, matrices two-dimensional, sizes and scalars plain numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reference.analytic.batch_norm import (
    batch_norm_dbeta,
    batch_norm_dbeta_one,
    batch_norm_dgamma,
    batch_norm_dgamma_one,
)
from reference.analytic.counting import (
    minimum_probability,
    parameter_count,
    saddle_probability,
    saddles_per_minimum,
)
from reference.analytic.layers import (
    cross_entropy_dx,
    elementwise_dx,
    linear_db,
    linear_dw,
    linear_dx,
    relu_dx,
    softmax_cross_entropy_alpha,
    softmax_cross_entropy_dz,
    softmax_cross_entropy_m,
    softmax_dx,
)
from reference.analytic.matrix_calculus import norm_dw, quadratic_form_dx, trace_ds, trace_product_dx
from reference.analytic.minima import strict_minimum_eigenvalues
from reference.analytic.statistics import relu_second_moment, time_based_decay

__all__ = ["ANALYTIC", "strict_minimum_eigenvalues"]

ANALYTIC: dict[str, Callable[..., Any]] = {
    "linear_dw": linear_dw,
    "linear_db": linear_db,
    "linear_dx": linear_dx,
    "elementwise_dx": elementwise_dx,
    "relu_dx": relu_dx,
    "softmax_dx": softmax_dx,
    "cross_entropy_dx": cross_entropy_dx,
    "softmax_cross_entropy_dz": softmax_cross_entropy_dz,
    "softmax_cross_entropy_alpha": softmax_cross_entropy_alpha,
    "softmax_cross_entropy_m": softmax_cross_entropy_m,
    "batch_norm_dgamma": batch_norm_dgamma,
    "batch_norm_dbeta": batch_norm_dbeta,
    "batch_norm_dgamma_one": batch_norm_dgamma_one,
    "batch_norm_dbeta_one": batch_norm_dbeta_one,
    "quadratic_form_dx": quadratic_form_dx,
    "trace_product_dx": trace_product_dx,
    "norm_dw": norm_dw,
    "trace_ds": trace_ds,
    "parameter_count": parameter_count,
    "minimum_probability": minimum_probability,
    "saddle_probability": saddle_probability,
    "saddles_per_minimum": saddles_per_minimum,
    "relu_second_moment": relu_second_moment,
    "time_based_decay": time_based_decay,
}
