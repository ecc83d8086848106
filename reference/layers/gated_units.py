"""Smooth rectifiers, x times a squashed x: GELU (Hendrycks and Gimpel 2016) and swish, also called SiLU."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from reference.layers.layer import Array, Case, Layer
from reference.layers.sigmoids import SHAPES, draw_sigmoid, sigmoid_forward

if TYPE_CHECKING:
    import torch

ROOT = math.sqrt(2 / math.pi)
CUBIC = 0.044715  # of the approximation with tanh, from the paper
_erfc = np.frompyfunc(math.erfc, 1, 1)


def gelu_forward(x: Array, approximate: str = "none") -> Array:
    """``x * Phi(x)`` with the normal distribution function, elementwise; any shape.

    Args:
        x: any shape.
        approximate: ``"none"``, or ``"tanh"`` for ``x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))``.
    """
    return x * _share(x, approximate)


def gelu_backward(dout: Array, x: Array, approximate: str = "none") -> dict[str, Array]:
    """``dx = dout * (Phi(x) + x phi(x))``, or the derivative of the approximation; any shape."""
    if approximate == "tanh":
        share = _share(x, approximate)
        slope = 2 * share * _share(-x, approximate) * ROOT * (1 + 3 * CUBIC * x**2)
    else:
        slope = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    return {"x": dout * (_share(x, approximate) + x * slope)}


def _share(x: Array, approximate: str) -> Array:
    """How much of x passes; precise in the lower tail, and in the precision of x."""
    if approximate == "tanh":
        return sigmoid_forward(2 * ROOT * (x + CUBIC * x**3))
    share: Array = np.asarray(_erfc(-x / math.sqrt(2)) / 2).astype(x.dtype)
    return share


def gelu_twin(x: torch.Tensor, approximate: str = "none") -> torch.Tensor:
    """The PyTorch twin of gelu_forward."""
    from torch.nn import functional

    return functional.gelu(x, approximate=approximate)


def swish_forward(x: Array) -> Array:
    """``x * s(x)`` with the logistic sigmoid s, elementwise; any shape."""
    return x * sigmoid_forward(x)


def swish_backward(dout: Array, x: Array) -> dict[str, Array]:
    """``dx = dout * s(x) * (1 + x * s(-x))``; any shape."""
    return {"x": dout * sigmoid_forward(x) * (1 + x * sigmoid_forward(-x))}


def swish_twin(x: torch.Tensor) -> torch.Tensor:
    """The PyTorch twin of swish_forward."""
    from torch.nn import functional

    return functional.silu(x)


GELU = Layer(
    name="gelu",
    tensors=("x",),
    forward=gelu_forward,
    backward=gelu_backward,
    twin=gelu_twin,
    draw=draw_sigmoid,
    options={"approximate": "none"},
    cases=(*SHAPES, Case("approximated", options={"approximate": "tanh"})),
)
SWISH = Layer(
    name="swish",
    tensors=("x",),
    forward=swish_forward,
    backward=swish_backward,
    twin=swish_twin,
    draw=draw_sigmoid,
    cases=SHAPES,
)
