"""The multi-class hinge loss of Weston and Watkins (1999), CS231n's SVM loss, averaged over the batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference.layers import draws
from reference.layers.layer import Array, Case, Layer

if TYPE_CHECKING:
    import torch


def hinge_forward(x: Array, labels: Array, *, delta: float = 1.0) -> Array:
    """``mean_i sum_{j != labels[i]} max(0, x[i, j] - x[i, labels[i]] + delta)``.

    A sum over the wrong classes: neither their mean (torch.nn.MultiMarginLoss divides by C) nor their maximum
    (Crammer and Singer 2001).

    Args:
        x: (N, C), the scores.
        labels: (N,) integers in [0, C).
        delta: the margin.

    Returns:
        0-d, in the dtype of the input.
    """
    margins, wrong = _margins(x, labels, delta)
    return np.asarray(np.sum(np.maximum(margins, 0), where=wrong) / len(x))


def hinge_backward(dout: Array, x: Array, labels: Array, *, delta: float = 1.0) -> dict[str, Array]:
    """Vector-Jacobian product: ``dout / N`` where a wrong class violates its margin, minus that at the label.

    Args:
        dout: 0-d, the loss gradient at the output; the others as in hinge_forward.

    Returns:
        ``x`` (N, C).
    """
    margins, wrong = _margins(x, labels, delta)
    dx = ((margins > 0) & wrong).astype(x.dtype)
    dx[np.arange(len(x)), labels] = -dx.sum(axis=1)
    return {"x": dx * (dout / len(x))}


def hinge_twin(x: torch.Tensor, labels: torch.Tensor, *, delta: float = 1.0) -> torch.Tensor:
    """The PyTorch twin of hinge_forward."""
    from torch.nn import functional

    return functional.multi_margin_loss(x, labels, margin=delta) * x.shape[1]


def hinge_kinks(x: Array, labels: Array, *, delta: float = 1.0) -> float:
    """The smallest magnitude of a margin of a wrong class; infinite with one class."""
    margins, wrong = _margins(x, labels, delta)
    return float(np.min(np.abs(margins), where=wrong, initial=np.inf))


def draw_hinge(
    rng: np.random.Generator,
    *,
    n: int = 4,
    c: int = 3,
    clearance: float = 0.0,
    delta: float = 1.0,
    **_: object,
) -> dict[str, Array]:
    """x (N, C) and labels (N,), every margin at least ``clearance`` from 0."""
    x, labels = rng.standard_normal((n, c)), draws.labels(rng, n, c)
    margins, wrong = _margins(x, labels, delta)
    return {"x": np.where(wrong, x + np.where(margins < 0, -clearance, clearance), x), "labels": labels}


def _margins(x: Array, labels: Array, delta: float) -> tuple[Array, Array]:
    """``x[i, j] - x[i, labels[i]] + delta`` (N, C), and where j is not the label (N, C)."""
    if labels.shape != x.shape[:1]:
        raise ValueError(f"labels of shape {labels.shape}, expected {x.shape[:1]} for x of shape {x.shape}")
    true = x[np.arange(len(x)), labels]
    return x - true[:, None] + delta, np.arange(x.shape[1]) != labels[:, None]


HINGE = Layer(
    name="hinge",
    tensors=("x",),
    constants=("labels",),
    forward=hinge_forward,
    backward=hinge_backward,
    twin=hinge_twin,
    draw=draw_hinge,
    kinks=hinge_kinks,
    options={"delta": 1.0},
    cases=(
        Case("plain"),
        Case("batch of 1", {"n": 1}),
        Case("one class", {"c": 1}),
        Case("two classes", {"c": 2}),
        Case("more classes than rows", {"n": 2, "c": 10}),
        Case("delta 0.3", options={"delta": 0.3}),
    ),
)
