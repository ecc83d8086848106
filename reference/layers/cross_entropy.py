"""Cross-entropy of integer labels, averaged over the batch: on probabilities, and on logits (fused)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference.layers import draws
from reference.layers.layer import Array, Case, Layer
from reference.layers.softmax import draw_logits, softmax_forward

if TYPE_CHECKING:
    import torch


def cross_entropy_forward(x: Array, labels: Array) -> Array:
    """``-mean(log x[i, labels[i]])``, the mean over the batch.

    Args:
        x: (N, C), positive probabilities. The rows need not sum to one.
        labels: (N,) integers in [0, C).

    Returns:
        0-d, in the dtype of the input; infinite where the true class has probability 0.
    """
    with np.errstate(divide="ignore"):
        return np.asarray(-np.mean(np.log(_true_class(x, labels))))


def cross_entropy_backward(dout: Array, x: Array, labels: Array) -> dict[str, Array]:
    """Vector-Jacobian product: ``-dout / (N x)`` at the true class of each row, 0 elsewhere.

    The gradient is the one in all N * C entries of ``x``, taken as free variables.

    Args:
        dout: 0-d, the loss gradient at the output.
        x: (N, C), positive probabilities.
        labels: (N,) integers in [0, C).

    Returns:
        ``x`` (N, C).
    """
    dx = np.zeros_like(x)
    with np.errstate(divide="ignore"):
        dx[np.arange(len(x)), labels] = -dout / (len(x) * _true_class(x, labels))
    return {"x": dx}


def cross_entropy_twin(x: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The PyTorch twin of cross_entropy_forward."""
    import torch
    from torch.nn import functional

    return functional.nll_loss(torch.log(x), labels)


def softmax_cross_entropy_forward(x: Array, labels: Array) -> Array:
    """``mean(logsumexp(x[i]) - x[i, labels[i]])``: softmax and cross-entropy in one, stable at large logits.

    Args:
        x: (N, C), the logits.
        labels: (N,) integers in [0, C).

    Returns:
        0-d, in the dtype of the input.
    """
    shifted = x - np.max(x, axis=1, keepdims=True)
    log_sum = np.log(np.sum(np.exp(shifted), axis=1))
    return np.asarray(np.mean(log_sum - _true_class(shifted, labels)))


def softmax_cross_entropy_backward(dout: Array, x: Array, labels: Array) -> dict[str, Array]:
    """Vector-Jacobian product: ``dout (softmax(x) - onehot(labels)) / N``.

    Args:
        dout: 0-d, the loss gradient at the output.
        x: (N, C), the logits.
        labels: (N,) integers in [0, C).

    Returns:
        ``x`` (N, C).
    """
    dx = softmax_forward(x)
    rows = np.arange(len(x))
    others = np.where(np.arange(x.shape[1]) == labels[:, None], 0, dx).sum(axis=1)
    dx[rows, labels] = -others  # p - 1 without the cancellation where p is nearly 1
    return {"x": dx * (dout / len(x))}


def softmax_cross_entropy_twin(x: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The PyTorch twin of softmax_cross_entropy_forward."""
    from torch.nn import functional

    return functional.cross_entropy(x, labels)


def draw_probabilities(rng: np.random.Generator, *, n: int = 4, c: int = 3, **_: object) -> dict[str, Array]:
    """x (N, C) with rows that sum to one, and labels (N,); no probability under 0.002 (up to 100 classes).

    With this floor, an epsilon of 1e-8 inside somebody's logarithm changes the gradient by 5e-6 at most.
    """
    floor = min(2e-3, 0.2 / c)
    probabilities = softmax_forward(rng.standard_normal((n, c)))
    return {"x": floor + (1 - c * floor) * probabilities, "labels": draws.labels(rng, n, c)}


def draw_labelled_logits(
    rng: np.random.Generator, *, n: int = 4, c: int = 3, **_: object
) -> dict[str, Array]:
    """x (N, C), rows of different means, and labels (N,)."""
    return {**draw_logits(rng, n=n, c=c), "labels": draws.labels(rng, n, c)}


def _true_class(x: Array, labels: Array) -> Array:
    """(N,), the element of each row that its label names."""
    if labels.shape != x.shape[:1]:
        raise ValueError(f"labels of shape {labels.shape}, expected {x.shape[:1]} for x of shape {x.shape}")
    return x[np.arange(len(x)), labels]


SHAPES = (
    Case("plain"),
    Case("batch of 1", {"n": 1}),
    Case("one class", {"c": 1}),
    Case("two classes", {"n": 7, "c": 2}),
    Case("more classes than rows", {"n": 2, "c": 10}),
)

CROSS_ENTROPY = Layer(
    name="cross_entropy",
    tensors=("x",),
    constants=("labels",),
    forward=cross_entropy_forward,
    backward=cross_entropy_backward,
    twin=cross_entropy_twin,
    draw=draw_probabilities,
    cases=SHAPES,
)

SOFTMAX_CROSS_ENTROPY = Layer(
    name="softmax_cross_entropy",
    tensors=("x",),
    constants=("labels",),
    forward=softmax_cross_entropy_forward,
    backward=softmax_cross_entropy_backward,
    twin=softmax_cross_entropy_twin,
    draw=draw_labelled_logits,
    cases=SHAPES,
)
