"""Batch normalisation over the rows of a matrix (Ioffe and Szegedy 2015), in training and in evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference.layers import draws
from reference.layers.layer import Array, Case, Layer

if TYPE_CHECKING:
    import torch


def batch_norm_forward(
    x: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array | None = None,
    running_var: Array | None = None,
    *,
    training: bool = True,
    eps: float = 1e-5,
) -> Array:
    """``gamma * (x - mean) / sqrt(var + eps) + beta``, feature by feature.

    In training, mean and (biased) variance are those of the batch and the gradient flows through them; in
    evaluation they are the running statistics, constants.

    Args:
        x: (N, D), the input.
        gamma: (D,), the scale.
        beta: (D,), the shift.
        running_mean: (D,), read in evaluation alone.
        running_var: (D,), read in evaluation alone.
        training: which statistics are used.
        eps: added to the variance.

    Returns:
        (N, D), in the dtype of the input.

    Raises:
        ValueError: in evaluation without running statistics.
    """
    x_hat, _ = _normalise(x, running_mean, running_var, training, eps)
    return gamma * x_hat + beta


def batch_norm_backward(
    dout: Array,
    x: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array | None = None,
    running_var: Array | None = None,
    *,
    training: bool = True,
    eps: float = 1e-5,
) -> dict[str, Array]:
    """Vector-Jacobian product of batch_norm_forward.

    With ``g = gamma * dout``, in training ``dx = (g - mean(g) - x_hat mean(g x_hat)) / std``: the second term
    comes through the mean, the third through the variance. In evaluation ``dx = g / std``.

    Args:
        dout: (N, D), the loss gradient at the output; the others as in batch_norm_forward.

    Returns:
        ``x`` (N, D), ``gamma`` (D,) and ``beta`` (D,).
    """
    x_hat, inverse_std = _normalise(x, running_mean, running_var, training, eps)
    g = gamma * dout
    if training:
        g = g - g.mean(axis=0) - x_hat * (g * x_hat).mean(axis=0)
    return {"x": g * inverse_std, "gamma": (dout * x_hat).sum(axis=0), "beta": dout.sum(axis=0)}


def batch_norm_twin(
    x: torch.Tensor,
    gamma: torch.Tensor,
    beta: torch.Tensor,
    running_mean: torch.Tensor | None = None,
    running_var: torch.Tensor | None = None,
    *,
    training: bool = True,
    eps: float = 1e-5,
) -> torch.Tensor:
    """The PyTorch twin of batch_norm_forward; it leaves the running statistics as they are."""
    from torch.nn import functional

    if training:
        return functional.batch_norm(x, None, None, gamma, beta, training=True, eps=eps)
    return functional.batch_norm(x, running_mean, running_var, gamma, beta, training=False, eps=eps)


def update_running_statistics(
    x: Array, running_mean: Array, running_var: Array, *, momentum: float = 0.1
) -> tuple[Array, Array]:
    """Running statistics after a batch, as PyTorch keeps them: the batch's variance enters unbiased.

    Args:
        x: (N, D), the batch; N at least 2.
        running_mean: (D,), before.
        running_var: (D,), before.
        momentum: weight of the new batch.

    Returns:
        (D,) and (D,), new arrays.
    """
    mean = (1 - momentum) * running_mean + momentum * x.mean(axis=0)
    var = (1 - momentum) * running_var + momentum * x.var(axis=0, ddof=1)
    return mean, var


def draw_batch_norm(rng: np.random.Generator, *, n: int = 6, d: int = 5, **_: object) -> dict[str, Array]:
    """x (N, D) with a mean and a spread per feature; gamma, beta and the running statistics (D,)."""
    return {
        "x": rng.standard_normal((n, d)) * rng.uniform(0.5, 2.0, d) + draws.signed(rng, d),
        "gamma": draws.scale(rng, d),
        "beta": draws.signed(rng, d),
        "running_mean": draws.signed(rng, d),
        "running_var": rng.uniform(0.5, 2.5, d),
    }


def _normalise(
    x: Array, running_mean: Array | None, running_var: Array | None, training: bool, eps: float
) -> tuple[Array, Array]:
    """The normalised input (N, D) and one over the standard deviation (D,)."""
    if training:
        centred = x - x.mean(axis=0)
        var = np.mean(centred * centred, axis=0)
    elif running_mean is None or running_var is None:
        raise ValueError("batch norm in evaluation needs running_mean and running_var")
    else:
        centred, var = x - running_mean, running_var
    inverse_std = 1 / np.sqrt(var + eps)
    return centred * inverse_std, inverse_std


EVAL = {"training": False}

BATCH_NORM = Layer(
    name="batch_norm",
    tensors=("x", "gamma", "beta"),
    parameters=("gamma", "beta"),
    constants=("running_mean", "running_var"),
    forward=batch_norm_forward,
    backward=batch_norm_backward,
    twin=batch_norm_twin,
    draw=draw_batch_norm,
    options={"training": True, "eps": 1e-5},
    cases=(
        Case("training"),
        Case("training, one feature", {"d": 1}),
        Case("training, batch of 2", {"n": 2}),
        Case("training, large eps", options={"eps": 0.3}),
        Case("training, wide", {"n": 3, "d": 8}),
        Case("evaluation", options=EVAL),
        Case("evaluation, batch of 1", {"n": 1}, EVAL),
        Case("evaluation, one feature", {"d": 1}, EVAL),
        Case("evaluation, large eps", options={**EVAL, "eps": 0.3}),
    ),
)
