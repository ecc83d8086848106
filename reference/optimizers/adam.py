"""Adam (Kingma and Ba 2015), and with decoupled weight decay AdamW (Loshchilov and Hutter 2019)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from reference.layers import Array, Case
from reference.optimizers.optimizer import Optimizer, State

if TYPE_CHECKING:
    import torch


def adam_update(
    parameter: Array,
    grad: Array,
    state: State,
    *,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    decoupled: bool = False,
) -> tuple[Array, State]:
    """``parameter - lr * m_hat / (sqrt(v_hat) + eps)`` with bias-corrected moments.

    ``m = beta1 m + (1 - beta1) g``, ``v = beta2 v + (1 - beta2) g^2``, both zero at first,
    ``m_hat = m / (1 - beta1^t)``, ``v_hat = v / (1 - beta2^t)``; t counts from 1.

    Args:
        parameter: before the step, any shape.
        grad: in its shape.
        state: ``step``, and ``m`` and ``v`` in its shape; or empty.
        lr: learning rate.
        betas: decay of the two moments.
        eps: added to the root, not under it.
        weight_decay: times the parameter, added to the gradient.
        decoupled: AdamW: subtracts lr * weight_decay * parameter instead.

    Returns:
        The parameter and the state after the step, new arrays.
    """
    t = int(state.get("step", 0)) + 1
    if decoupled:
        parameter = parameter * (1 - lr * weight_decay)
    else:
        grad = grad + weight_decay * parameter
    m = betas[0] * state.get("m", 0.0) + (1 - betas[0]) * grad
    v = betas[1] * state.get("v", 0.0) + (1 - betas[1]) * grad * grad
    m_hat, v_hat = m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
    return parameter - lr * m_hat / (np.sqrt(v_hat) + eps), {"step": t, "m": m, "v": v}


def adam_twin(
    parameters: Iterable[torch.Tensor], *, decoupled: bool = False, **options: Any
) -> torch.optim.Optimizer:
    """torch.optim.Adam, or AdamW where the weight decay is decoupled."""
    import torch

    return (torch.optim.AdamW if decoupled else torch.optim.Adam)(parameters, **options)


ADAM = Optimizer(
    name="adam",
    update=adam_update,
    twin=adam_twin,
    options={"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0, "decoupled": False},
    cases=(
        Case("plain"),
        Case("large steps", options={"lr": 0.1}),
        Case("betas", options={"lr": 0.05, "betas": (0.5, 0.8)}),
        Case("large eps", options={"lr": 0.05, "eps": 0.1}),
        Case("weight decay", options={"lr": 0.05, "weight_decay": 0.1}),
        Case("decoupled weight decay", options={"lr": 0.05, "weight_decay": 0.1, "decoupled": True}),
    ),
)
