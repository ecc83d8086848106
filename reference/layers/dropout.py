"""Inverted dropout (Srivastava et al. 2014) with the mask given, which makes it a deterministic layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference.layers.layer import Array, Case, Layer

if TYPE_CHECKING:
    import torch


def dropout_forward(x: Array, mask: Array | None = None, *, p: float = 0.5, training: bool = True) -> Array:
    """``x * mask / (1 - p)`` in training, ``x`` in evaluation.

    Args:
        x: (N, D), any shape.
        mask: in the shape of x, true where an element is kept; read in training alone.
        p: the probability that an element is dropped, in [0, 1].
        training: whether elements are dropped at all.

    Returns:
        In the shape and dtype of x.

    Raises:
        ValueError: in training without a mask.
    """
    return x * _factor(x, mask, p, training)


def dropout_backward(
    dout: Array, x: Array, mask: Array | None = None, *, p: float = 0.5, training: bool = True
) -> dict[str, Array]:
    """Vector-Jacobian product: ``dx = dout * mask / (1 - p)`` in training, with the mask of forward."""
    return {"x": dout * _factor(x, mask, p, training)}


def dropout_twin(
    x: torch.Tensor, mask: torch.Tensor | None = None, *, p: float = 0.5, training: bool = True
) -> torch.Tensor:
    """The PyTorch twin of dropout_forward: what torch.nn.functional.dropout does after it drew its mask."""
    import torch

    if not training:
        return torch.nn.functional.dropout(x, p, training=False)
    if mask is None:
        raise ValueError("dropout in training needs a mask")
    return torch.where(mask, x / (1 - p), 0.0) if p < 1 else x * 0


def draw_dropout(
    rng: np.random.Generator, *, n: int = 4, d: int = 5, p: float = 0.5, **_: object
) -> dict[str, Array]:
    """x (N, D) and a mask (N, D) that keeps some and drops some, from two elements on."""
    mask = rng.random((n, d)) >= p
    if mask.size > 1 and 0 < p < 1 and (mask.all() or not mask.any()):
        mask.flat[rng.integers(mask.size)] ^= True
    return {"x": rng.standard_normal((n, d)), "mask": mask}


def _factor(x: Array, mask: Array | None, p: float, training: bool) -> Array:
    """What every element of x is multiplied by, in the dtype of x."""
    if not training:
        return np.ones_like(x)
    if mask is None:
        raise ValueError("dropout in training needs a mask")
    return np.where(mask, 1 / (1 - p) if p < 1 else 0.0, 0.0).astype(x.dtype)


DROPOUT = Layer(
    name="dropout",
    tensors=("x",),
    constants=("mask",),
    forward=dropout_forward,
    backward=dropout_backward,
    twin=dropout_twin,
    draw=draw_dropout,
    options={"p": 0.5, "training": True},
    cases=(
        Case("training"),
        Case("training, batch of 1", {"n": 1}),
        Case("training, p 0.2", options={"p": 0.2}),
        Case("training, p 0", options={"p": 0.0}),
        Case("training, p 1", options={"p": 1.0}),
        Case("evaluation", options={"training": False}),
        Case("evaluation, batch of 1", {"n": 1}, {"training": False, "p": 0.3}),
    ),
)
