"""Linear layers and batch norms that a PyTorch network writes itself, found among its parameters by their shapes.

`torch.nn.functional.linear`, matrix products and modules of the student's own are as good as those of `torch.nn`, but
no call of a known layer shows them. The sizes of the networks that are built differ from layer to layer, so that the
shape of a parameter says which weight or bias it is, in whichever orientation it is stored. What tells the weight of
a batch norm from a bias is that it starts at one.
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


@dataclass(frozen=True)
class OwnNorm:
    """One batch norm: where its weight and its bias stand among the parameters."""

    gamma: int
    beta: int
    shape: tuple[int, ...]

    def draw(self, program: Program, rng: np.random.Generator, parameters: Ref) -> tuple[Array, Array]:
        """Set drawn values, each (C,)."""
        size = int(np.prod(self.shape))
        gamma, beta = rng.uniform(0.5, 1.5, size), rng.uniform(-0.5, 0.5, size)
        _set(program, parameters.item(self.gamma), gamma.reshape(self.shape))
        _set(program, parameters.item(self.beta), beta.reshape(self.shape))
        return gamma, beta


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
        biases = [(i, s) for i, s in free if s in _vectors(fan_out)]
        if len(weights) != 1 or len(biases) > 1:
            return None
        (weight, shape), (bias, bias_shape) = weights[0], biases[0] if biases else (None, ())
        found.append(OwnLayer(weight, bias, fan_in, fan_out, shape == (fan_in, fan_out), bias_shape))
    return found


def own_norms(values: Sequence[Array | None], sizes: Sequence[int], taken: Collection[int]) -> list[OwnNorm]:
    """The batch norms over these sizes, as far as there are any.

    Args:
        values: all fresh parameters, in their order.
        sizes: units that a batch norm may have.
        taken: positions of parameters that belong to other layers.
    """
    found = []
    for size in sizes:
        vectors = [
            (at, value)
            for at, value in enumerate(values)
            if value is not None and at not in taken and value.shape in _vectors(size)
        ]
        gammas = [(at, value) for at, value in vectors if bool((value == 1).all())]
        if len(gammas) != 1:
            continue
        gamma, value = gammas[0]
        others = [at for at, other in vectors if at != gamma and other.shape == value.shape]
        if others:  # the bias stands next to it, behind it if it can be
            beta = min(others, key=lambda at: (at < gamma, abs(at - gamma)))
            found.append(OwnNorm(gamma, beta, value.shape))
    return found


def _vectors(size: int) -> tuple[tuple[int, ...], ...]:
    return ((size,), (1, size), (size, 1))
