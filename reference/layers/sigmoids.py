"""S-shaped activations: the logistic sigmoid and tanh."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference.layers.layer import Array, Case, Layer

if TYPE_CHECKING:
    import torch


def sigmoid_forward(x: Array) -> Array:
    """``1 / (1 + exp(-x))``, elementwise; any shape. Never overflows, precise in both tails."""
    z = np.exp(-np.abs(x))
    y: Array = np.where(x >= 0, 1, z) / (1 + z)
    return y


def sigmoid_backward(dout: Array, x: Array) -> dict[str, Array]:
    """``dx = dout * s(x) * s(-x)``, which keeps its precision where ``1 - s(x)`` would cancel; any shape."""
    return {"x": dout * sigmoid_forward(x) * sigmoid_forward(-x)}


def sigmoid_twin(x: torch.Tensor) -> torch.Tensor:
    """The PyTorch twin of sigmoid_forward."""
    import torch

    return torch.sigmoid(x)


def tanh_forward(x: Array) -> Array:
    """``tanh(x)``, elementwise; any shape."""
    return np.tanh(x)


def tanh_backward(dout: Array, x: Array) -> dict[str, Array]:
    """``dx = dout * (1 - tanh(x)^2)``, as ``4 s(2x) s(-2x)``, which does not cancel; any shape."""
    return {"x": dout * (4 * sigmoid_forward(2 * x) * sigmoid_forward(-2 * x))}


def tanh_twin(x: torch.Tensor) -> torch.Tensor:
    """The PyTorch twin of tanh_forward."""
    import torch

    return torch.tanh(x)


def draw_sigmoid(rng: np.random.Generator, *, n: int = 4, d: int = 5, **_: object) -> dict[str, Array]:
    """x (N, D), standard normal: away from saturation."""
    return {"x": rng.standard_normal((n, d))}


SHAPES = (
    Case("plain"),
    Case("batch of 1", {"n": 1}),
    Case("one feature", {"d": 1}),
    Case("wide", {"n": 2, "d": 11}),
)

SIGMOID = Layer(
    name="sigmoid",
    tensors=("x",),
    forward=sigmoid_forward,
    backward=sigmoid_backward,
    twin=sigmoid_twin,
    draw=draw_sigmoid,
    cases=SHAPES,
)

TANH = Layer(
    name="tanh",
    tensors=("x",),
    forward=tanh_forward,
    backward=tanh_backward,
    twin=tanh_twin,
    draw=draw_sigmoid,
    cases=SHAPES,
)
