"""ReLU and its relatives: the identity for positive input, something flatter for negative input.

At x = 0 the derivative is the one from the left, as in PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference.layers import draws
from reference.layers.layer import Array, Case, Layer

if TYPE_CHECKING:
    import torch


def relu_forward(x: Array) -> Array:
    """``max(x, 0)``, elementwise; any shape."""
    return np.maximum(x, 0)


def relu_backward(dout: Array, x: Array) -> dict[str, Array]:
    """``dx = dout`` where x > 0, else 0; any shape."""
    return {"x": np.where(x > 0, dout, 0)}


def relu_twin(x: torch.Tensor) -> torch.Tensor:
    """The PyTorch twin of relu_forward."""
    from torch.nn import functional

    return functional.relu(x)


def leaky_relu_forward(x: Array, *, alpha: float = 0.01) -> Array:
    """``x`` where x > 0, else ``alpha * x`` (PyTorch's negative_slope), elementwise; any shape."""
    return np.where(x > 0, x, alpha * x)


def leaky_relu_backward(dout: Array, x: Array, *, alpha: float = 0.01) -> dict[str, Array]:
    """``dx = dout`` where x > 0, else ``alpha * dout``; any shape."""
    return {"x": np.where(x > 0, dout, alpha * dout)}


def leaky_relu_twin(x: torch.Tensor, *, alpha: float = 0.01) -> torch.Tensor:
    """The PyTorch twin of leaky_relu_forward."""
    from torch.nn import functional

    return functional.leaky_relu(x, alpha)


def elu_forward(x: Array, *, alpha: float = 1.0) -> Array:
    """``x`` where x > 0, else ``alpha * (exp(x) - 1)``, elementwise; any shape (Clevert et al. 2016)."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def elu_backward(dout: Array, x: Array, *, alpha: float = 1.0) -> dict[str, Array]:
    """``dx = dout`` where x > 0, else ``alpha * exp(x) * dout``; any shape."""
    return {"x": np.where(x > 0, dout, alpha * np.exp(np.minimum(x, 0)) * dout)}


def elu_twin(x: torch.Tensor, *, alpha: float = 1.0) -> torch.Tensor:
    """The PyTorch twin of elu_forward."""
    from torch.nn import functional

    return functional.elu(x, alpha)


def draw_rectifier(
    rng: np.random.Generator, *, n: int = 4, d: int = 5, clearance: float = 0.0, **_: object
) -> dict[str, Array]:
    """x (N, D) with both signs in it (from two elements on), each at least ``clearance`` from 0."""
    x = rng.standard_normal((n, d))
    if x.size > 1 and (np.all(x > 0) or np.all(x <= 0)):
        x.flat[rng.integers(x.size)] *= -1
    return {"x": draws.push_from_zero(x, clearance)}


def distance_from_zero(x: Array, **_: object) -> float:
    """The smallest ``|x|``: where ReLU and LeakyReLU change their slope."""
    return float(np.min(np.abs(x), initial=np.inf))


def elu_kinks(x: Array, *, alpha: float = 1.0) -> float:
    """The smallest ``|x|``; infinite at alpha = 1, where the derivative of ELU is continuous."""
    return float("inf") if alpha == 1.0 else distance_from_zero(x)


SHAPES = (
    Case("plain"),
    Case("batch of 1", {"n": 1}),
    Case("one feature", {"d": 1}),
    Case("wide", {"n": 2, "d": 11}),
)

RELU = Layer(
    name="relu",
    tensors=("x",),
    forward=relu_forward,
    backward=relu_backward,
    twin=relu_twin,
    draw=draw_rectifier,
    kinks=distance_from_zero,
    cases=SHAPES,
)

LEAKY_RELU = Layer(
    name="leaky_relu",
    tensors=("x",),
    forward=leaky_relu_forward,
    backward=leaky_relu_backward,
    twin=leaky_relu_twin,
    draw=draw_rectifier,
    kinks=distance_from_zero,
    options={"alpha": 0.01},
    cases=(*SHAPES, Case("slope 0.3", options={"alpha": 0.3})),
)

ELU = Layer(
    name="elu",
    tensors=("x",),
    forward=elu_forward,
    backward=elu_backward,
    twin=elu_twin,
    draw=draw_rectifier,
    kinks=elu_kinks,
    options={"alpha": 1.0},
    cases=(
        *SHAPES,
        Case("alpha 0.1", options={"alpha": 0.1}),
        Case("alpha 2.5", options={"alpha": 2.5}),
    ),
)
