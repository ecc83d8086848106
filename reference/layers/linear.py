"""The linear layer, Y = X W^T + b."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference.layers import draws
from reference.layers.layer import Array, Case, Layer

if TYPE_CHECKING:
    import torch


def linear_forward(x: Array, weight: Array, bias: Array) -> Array:
    """``x @ weight.T + bias``.

    Args:
        x: (..., D), the input.
        weight: (C, D).
        bias: (C,).

    Returns:
        (..., C), in the dtype of the input.
    """
    return x @ weight.T + bias


def linear_backward(dout: Array, x: Array, weight: Array, bias: Array) -> dict[str, Array]:
    """Vector-Jacobian product: ``dx = dout W``, ``dW = dout^T x``, ``db`` the sum of dout over the batch.

    Args:
        dout: (..., C), the loss gradient at the output.
        x: (..., D), the input.
        weight: (C, D).
        bias: (C,), unused: the gradient does not depend on it.

    Returns:
        ``x`` (..., D), ``weight`` (C, D) and ``bias`` (C,).
    """
    rows = dout.reshape(-1, weight.shape[0])
    return {
        "x": dout @ weight,
        "weight": rows.T @ x.reshape(-1, weight.shape[1]),
        "bias": rows.sum(axis=0),
    }


def linear_twin(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """The PyTorch twin of linear_forward."""
    from torch.nn import functional

    return functional.linear(x, weight, bias)


def draw_linear(
    rng: np.random.Generator, *, n: int = 4, d: int = 5, c: int = 3, **_: object
) -> dict[str, Array]:
    """x (N, D), weight (C, D), bias (C,), no bias near 0."""
    return {
        "x": rng.standard_normal((n, d)),
        "weight": draws.weights(rng, c, d),
        "bias": draws.signed(rng, c),
    }


LINEAR = Layer(
    name="linear",
    tensors=("x", "weight", "bias"),
    parameters=("weight", "bias"),
    forward=linear_forward,
    backward=linear_backward,
    twin=linear_twin,
    draw=draw_linear,
    cases=(
        Case("plain"),
        Case("batch of 1", {"n": 1}),
        Case("one input feature", {"d": 1}),
        Case("one output feature", {"c": 1}),
        Case("more outputs than inputs", {"n": 3, "d": 2, "c": 7}),
        Case("square", {"n": 4, "d": 4, "c": 4}),
    ),
)
