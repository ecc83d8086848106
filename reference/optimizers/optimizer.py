"""What an optimizer is: a function of a parameter, its gradient and a state, giving the next of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from reference.layers import Array, Case

if TYPE_CHECKING:
    import torch

# arrays in the parameter's shape, and the step count; empty before step 1
State: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Optimizer:
    """One optimizer, with its PyTorch twin and the options worth testing.

    ``update(parameter, grad, state, **options)`` is one step for one parameter: it gives the next parameter
    and state, and changes none of its arguments. ``twin(parameters, **options)`` makes the PyTorch optimizer.
    """

    name: str
    update: Callable[..., tuple[Array, State]]
    twin: Callable[..., torch.optim.Optimizer]
    options: Mapping[str, object]  # with their defaults
    cases: tuple[Case, ...]


def trajectory(
    optimizer: Optimizer, start: Array, grads: Sequence[Array], options: Mapping[str, object]
) -> list[Array]:
    """The parameter after every step along a given sequence of gradients.

    Args:
        optimizer: which one.
        start: the parameter before the first step.
        grads: one gradient per step, in the parameter's shape.
        options: those not given keep their defaults.

    Raises:
        ValueError: if the optimizer has no option of that name.
    """
    unknown = sorted(set(options) - set(optimizer.options))
    if unknown:
        known = ", ".join(optimizer.options)
        raise ValueError(f"optimizer {optimizer.name}: no option {unknown[0]!r}; its options: {known}")
    state: State = {}
    path = [start]
    for grad in grads:
        parameter, state = optimizer.update(path[-1], grad, state, **{**optimizer.options, **options})
        path.append(parameter)
    return path[1:]
