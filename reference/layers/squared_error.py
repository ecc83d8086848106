"""The mean squared error, averaged over all elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference.layers.layer import Array, Case, Layer

if TYPE_CHECKING:
    import torch


def mse_forward(x: Array, target: Array) -> Array:
    """``mean((x - target)^2)`` over all N * D elements, without a factor 1/2.

    Args:
        x: (N, D), the prediction.
        target: (N, D).

    Returns:
        0-d, in the dtype of the input.
    """
    return np.asarray(np.mean(_difference(x, target) ** 2))


def mse_backward(dout: Array, x: Array, target: Array) -> dict[str, Array]:
    """Vector-Jacobian product: ``dx = 2 dout (x - target) / (N D)``.

    Args:
        dout: 0-d, the loss gradient at the output.
        x: (N, D), the prediction.
        target: (N, D).

    Returns:
        ``x`` (N, D).
    """
    return {"x": _difference(x, target) * (2 * dout / x.size)}


def mse_twin(x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The PyTorch twin of mse_forward."""
    from torch.nn import functional

    return functional.mse_loss(x, target)


def draw_mse(rng: np.random.Generator, *, n: int = 4, d: int = 5, **_: object) -> dict[str, Array]:
    """x and target, both (N, D)."""
    return {"x": rng.standard_normal((n, d)), "target": rng.standard_normal((n, d))}


def _difference(x: Array, target: Array) -> Array:
    """``x - target``, refusing to broadcast."""
    if x.shape != target.shape:
        raise ValueError(f"target of shape {target.shape}, expected {x.shape}, the shape of x")
    return np.subtract(x, target)


MSE = Layer(
    name="mse",
    tensors=("x",),
    constants=("target",),
    forward=mse_forward,
    backward=mse_backward,
    twin=mse_twin,
    draw=draw_mse,
    cases=(
        Case("plain"),
        Case("batch of 1", {"n": 1}),
        Case("one feature", {"d": 1}),
        Case("one number", {"n": 1, "d": 1}),
    ),
)
