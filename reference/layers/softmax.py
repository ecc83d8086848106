"""The row-wise softmax."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference.layers.layer import Array, Case, Layer

if TYPE_CHECKING:
    import torch


def softmax_forward(x: Array) -> Array:
    """``exp(x) / sum(exp(x))`` over the last axis, with the row maximum subtracted first.

    Args:
        x: (..., C), the logits.

    Returns:
        (..., C), non-negative, each row summing to one.
    """
    exponentials = np.exp(x - np.max(x, axis=-1, keepdims=True))
    y: Array = exponentials / np.sum(exponentials, axis=-1, keepdims=True)
    return y


def softmax_backward(dout: Array, x: Array) -> dict[str, Array]:
    """Vector-Jacobian product, ``dx = y * (dout - sum(dout * y))``: a row's Jacobian is ``diag(y) - y y^T``.

    Args:
        dout: (..., C), the loss gradient at the output.
        x: (..., C), the logits.

    Returns:
        ``x`` (..., C).
    """
    y = softmax_forward(x)
    return {"x": y * (dout - np.sum(dout * y, axis=-1, keepdims=True))}


def softmax_twin(x: torch.Tensor) -> torch.Tensor:
    """The PyTorch twin of softmax_forward."""
    import torch

    return torch.softmax(x, dim=-1)


def draw_logits(rng: np.random.Generator, *, n: int = 4, c: int = 3, **_: object) -> dict[str, Array]:
    """x (N, C), rows of different means: the softmax of a row does not depend on its mean."""
    return {"x": rng.standard_normal((n, c)) + rng.standard_normal((n, 1))}


SOFTMAX = Layer(
    name="softmax",
    tensors=("x",),
    forward=softmax_forward,
    backward=softmax_backward,
    twin=softmax_twin,
    draw=draw_logits,
    cases=(
        Case("plain"),
        Case("batch of 1", {"n": 1}),
        Case("one class", {"c": 1}),
        Case("two classes", {"c": 2}),
        Case("more classes than rows", {"n": 2, "c": 10}),
    ),
)
