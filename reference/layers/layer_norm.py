"""Layer normalisation over the last axis (Ba, Kiros and Hinton 2016)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference.layers import draws
from reference.layers.layer import Array, Case, Layer

if TYPE_CHECKING:
    import torch


def layer_norm_forward(x: Array, gamma: Array, beta: Array, *, eps: float = 1e-5) -> Array:
    """``gamma * (x - mean) / sqrt(var + eps) + beta``, row by row with the biased variance.

    Args:
        x: (..., D), the input.
        gamma: (D,), the scale.
        beta: (D,), the shift.
        eps: added to the variance.

    Returns:
        (..., D), in the dtype of the input.
    """
    x_hat, _ = _normalise(x, eps)
    return gamma * x_hat + beta


def layer_norm_backward(
    dout: Array, x: Array, gamma: Array, beta: Array, *, eps: float = 1e-5
) -> dict[str, Array]:
    """Vector-Jacobian product: with ``g = gamma * dout``, ``dx = (g - mean(g) - x_hat mean(g x_hat)) / std``.

    Args:
        dout: (..., D), the loss gradient at the output; the others as in layer_norm_forward.

    Returns:
        ``x`` (..., D), ``gamma`` (D,) and ``beta`` (D,), the latter two summed over the rows.
    """
    x_hat, inverse_std = _normalise(x, eps)
    g = gamma * dout
    g = g - g.mean(axis=-1, keepdims=True) - x_hat * (g * x_hat).mean(axis=-1, keepdims=True)
    rows = tuple(range(x.ndim - 1))
    return {"x": g * inverse_std, "gamma": (dout * x_hat).sum(axis=rows), "beta": dout.sum(axis=rows)}


def layer_norm_twin(
    x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor, *, eps: float = 1e-5
) -> torch.Tensor:
    """The PyTorch twin of layer_norm_forward."""
    from torch.nn import functional

    return functional.layer_norm(x, x.shape[-1:], gamma, beta, eps)


def draw_layer_norm(rng: np.random.Generator, *, n: int = 4, d: int = 5, **_: object) -> dict[str, Array]:
    """x (N, D) with a mean and a spread per row; gamma and beta (D,)."""
    return {
        "x": rng.standard_normal((n, d)) * rng.uniform(0.5, 2.0, (n, 1)) + draws.signed(rng, n, 1),
        "gamma": draws.scale(rng, d),
        "beta": draws.signed(rng, d),
    }


def _normalise(x: Array, eps: float) -> tuple[Array, Array]:
    """The normalised input (..., D) and one over the standard deviation (..., 1)."""
    centred = x - x.mean(axis=-1, keepdims=True)
    inverse_std = 1 / np.sqrt(np.mean(centred * centred, axis=-1, keepdims=True) + eps)
    return centred * inverse_std, inverse_std


LAYER_NORM = Layer(
    name="layer_norm",
    tensors=("x", "gamma", "beta"),
    parameters=("gamma", "beta"),
    forward=layer_norm_forward,
    backward=layer_norm_backward,
    twin=layer_norm_twin,
    draw=draw_layer_norm,
    options={"eps": 1e-5},
    cases=(
        Case("plain"),
        Case("batch of 1", {"n": 1}),
        Case("one feature", {"d": 1}),
        Case("two features", {"d": 2}),
        Case("square", {"n": 5, "d": 5}),
        Case("large eps", options={"eps": 0.3}),
    ),
)
