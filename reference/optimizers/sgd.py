"""Stochastic gradient descent with momentum, as PyTorch has it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from reference.layers import Array, Case
from reference.optimizers.optimizer import Optimizer, State

if TYPE_CHECKING:
    import torch


def sgd_update(
    parameter: Array,
    grad: Array,
    state: State,
    *,
    lr: float = 0.1,
    momentum: float = 0.0,
    dampening: float = 0.0,
    weight_decay: float = 0.0,
    nesterov: bool = False,
) -> tuple[Array, State]:
    """``v = momentum * v + (1 - dampening) * g`` (``v = g`` at first), ``parameter - lr * v``.

    The learning rate is outside the velocity. Sutskever et al. (2013) have ``v = momentum * v - lr g``:
    another path as soon as the learning rate changes.

    Args:
        parameter: before the step, any shape.
        grad: in its shape.
        state: ``velocity`` in its shape, or empty.
        lr: learning rate.
        momentum: share of the velocity that stays.
        dampening: share of the gradient that does not enter the velocity, from step 2 on.
        weight_decay: times the parameter, added to the gradient.
        nesterov: steps along ``g + momentum * v`` instead of v.

    Returns:
        The parameter and the state after the step, new arrays.

    Raises:
        ValueError: Nesterov momentum without momentum, or with dampening.
    """
    if nesterov and (momentum <= 0 or dampening != 0):
        raise ValueError("Nesterov momentum needs a positive momentum and zero dampening")
    grad = grad + weight_decay * parameter
    if momentum == 0:
        return parameter - lr * grad, {}
    velocity = momentum * state["velocity"] + (1 - dampening) * grad if state else grad
    step = grad + momentum * velocity if nesterov else velocity
    return parameter - lr * step, {"velocity": velocity}


def sgd_twin(parameters: Iterable[torch.Tensor], **options: Any) -> torch.optim.Optimizer:
    """torch.optim.SGD."""
    import torch

    return torch.optim.SGD(parameters, **options)


SGD = Optimizer(
    name="sgd",
    update=sgd_update,
    twin=sgd_twin,
    options={"lr": 0.1, "momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False},
    cases=(
        Case("plain"),
        Case("momentum", options={"momentum": 0.9}),
        Case("nesterov", options={"momentum": 0.8, "nesterov": True}),
        Case("dampening", options={"momentum": 0.9, "dampening": 0.3}),
        Case("weight decay", options={"weight_decay": 0.05}),
        Case("all", options={"lr": 0.03, "momentum": 0.7, "weight_decay": 0.1, "nesterov": True}),
    ),
)
