"""Linear layers that a PyTorch network writes itself, found among its parameters by their shapes.

`torch.nn.functional.linear`, matrix products and modules of the student's own are as good as `torch.nn.Linear`, but no
call of a known layer shows them. The sizes of the networks that are built differ from layer to layer, so that the
shape of a parameter says which weight or bias it is, in whichever orientation it is stored.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from grader.numerics import Array
from grader.sandbox import Program, Ref


@dataclass(frozen=True)
class OwnLayer:
    """One linear layer: where its weight (and bias) stand among the parameters, and how they are stored."""

    weight: int
    bias: int | None
    fan_in: int
    fan_out: int
    transposed: bool  # stored (in, out)
    bias_shape: tuple[int, ...] = ()

    def draw(self, program: Program, rng: np.random.Generator, parameters: Ref) -> tuple[Array, Array]:
        """Set drawn values; the weight (out, in) and the bias (out,), zero where the layer has none."""
        weight = rng.normal(scale=self.fan_in**-0.5, size=(self.fan_out, self.fan_in))
        _set(program, parameters.item(self.weight), weight.T if self.transposed else weight)
        if self.bias is None:
            return weight, np.zeros(self.fan_out)
        bias = rng.uniform(-0.5, 0.5, self.fan_out)
        _set(program, parameters.item(self.bias), bias.reshape(self.bias_shape))
        return weight, bias


def _set(program: Program, parameter: Ref, value: Array) -> None:
    program.set(parameter.attr("data"), program.tensor(np.ascontiguousarray(value), dtype="float32"))


def own_layers(
    shapes: Sequence[tuple[int, ...]], sizes: Sequence[int], taken: Collection[int]
) -> list[OwnLayer] | None:
    """The linear layers between consecutive ``sizes``, first to last; None unless each has exactly one weight.

    Args:
        shapes: of all parameters, in their order.
        sizes: units of input, hidden and output layers.
        taken: positions of parameters that belong to other layers, such as batch norm.
    """
    free = [(index, shape) for index, shape in enumerate(shapes) if index not in taken]
    found = []
    for fan_in, fan_out in itertools.pairwise(sizes):
        weights = [(i, s) for i, s in free if s in ((fan_out, fan_in), (fan_in, fan_out))]
        biases = [(i, s) for i, s in free if s in ((fan_out,), (1, fan_out), (fan_out, 1))]
        if len(weights) != 1 or len(biases) > 1:
            return None
        (weight, shape), (bias, bias_shape) = weights[0], biases[0] if biases else (None, ())
        found.append(OwnLayer(weight, bias, fan_in, fan_out, shape == (fan_in, fan_out), bias_shape))
    return found
