"""Layers in a row: each one's output is the next one's input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reference.layers import Array, Layer

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Step:
    """A layer with all its arguments but the input ``x``; arrays for NumPy, tensors for the twin."""

    layer: Layer
    arguments: Mapping[str, Array | torch.Tensor] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)


def chain_forward(x: Array, steps: Sequence[Step]) -> list[Array]:
    """Runs the chain and keeps everything in between.

    Args:
        x: the input of the first step.
        steps: the chain.

    Returns:
        The input of every step, then the output of the last: one more than there are steps.
    """
    trace = [x]
    for step in steps:
        trace.append(step.layer.forward(trace[-1], **step.arguments, **step.options))
    return trace


def chain_backward(dout: Array, trace: Sequence[Array], steps: Sequence[Step]) -> list[dict[str, Array]]:
    """Vector-Jacobian product of the chain.

    Args:
        dout: the loss gradient at the output of the last step.
        trace: what chain_forward returned.
        steps: the chain.

    Returns:
        What ``backward`` of every step gives, in the order of the steps; ``x`` of the first is the gradient
        at the input of the chain.
    """
    grads: list[dict[str, Array]] = []
    for x, step in zip(reversed(trace[:-1]), reversed(steps), strict=True):
        grads.append(step.layer.backward(dout, x, **step.arguments, **step.options))
        dout = grads[-1]["x"]
    return grads[::-1]


def chain_twin(x: torch.Tensor, steps: Sequence[Step]) -> torch.Tensor:
    """The output of the chain's PyTorch twin; autograd gives its gradients."""
    for step in steps:
        x = step.layer.twin(x, **step.arguments, **step.options)
    return x
