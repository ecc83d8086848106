"""Binary cross-entropy on logits, averaged over all elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference.layers.layer import Array, Case, Layer
from reference.layers.sigmoids import sigmoid_forward

if TYPE_CHECKING:
    import torch


def bce_with_logits_forward(x: Array, target: Array) -> Array:
    """``mean(-t log s(x) - (1 - t) log(1 - s(x)))``, as ``max(x, 0) - x t + log(1 + exp(-|x|))``: stable.

    Args:
        x: (N, D), the logits.
        target: (N, D), probabilities in [0, 1].

    Returns:
        0-d, in the dtype of the input.
    """
    _require_same_shape(x, target)
    return np.asarray(np.mean(np.maximum(x, 0) - x * target + np.log1p(np.exp(-np.abs(x)))))


def bce_with_logits_backward(dout: Array, x: Array, target: Array) -> dict[str, Array]:
    """Vector-Jacobian product: ``dx = dout (s(x) - t) / (N D)``.

    The difference is taken as ``(1 - t) s(x) - t s(-x)``, which keeps its precision where s(x) is near t = 1.

    Args:
        dout: 0-d, the loss gradient at the output.
        x: (N, D), the logits.
        target: (N, D), probabilities in [0, 1].

    Returns:
        ``x`` (N, D).
    """
    _require_same_shape(x, target)
    difference = (1 - target) * sigmoid_forward(x) - target * sigmoid_forward(-x)
    return {"x": difference * (dout / x.size)}


def bce_with_logits_twin(x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The PyTorch twin of bce_with_logits_forward."""
    from torch.nn import functional

    return functional.binary_cross_entropy_with_logits(x, target)


def draw_bce_with_logits(
    rng: np.random.Generator, *, n: int = 4, d: int = 5, **_: object
) -> dict[str, Array]:
    """x and target, both (N, D): about half of the targets 0 or 1, the others in between."""
    soft = rng.random((n, d))
    target = np.where(rng.random((n, d)) < 0.5, np.round(soft), soft)
    return {"x": rng.standard_normal((n, d)), "target": target}


def _require_same_shape(x: Array, target: Array) -> None:
    """Refuses to broadcast."""
    if x.shape != target.shape:
        raise ValueError(f"target of shape {target.shape}, expected {x.shape}, the shape of x")


BCE_WITH_LOGITS = Layer(
    name="bce_with_logits",
    tensors=("x",),
    constants=("target",),
    forward=bce_with_logits_forward,
    backward=bce_with_logits_backward,
    twin=bce_with_logits_twin,
    draw=draw_bce_with_logits,
    cases=(
        Case("plain"),
        Case("batch of 1", {"n": 1}),
        Case("one feature", {"d": 1}),
        Case("one number", {"n": 1, "d": 1}),
    ),
)
