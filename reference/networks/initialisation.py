"""Kaiming initialisation (He et al. 2015), and the parameters of a fresh MLP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from reference.layers import Array
from reference.networks.mlp import BatchNorm


@dataclass(frozen=True)
class MLPParameters:
    """Parameters of an MLP, ready for ``mlp_forward(x, **vars(parameters))``."""

    weights: list[Array]
    biases: list[Array]
    batch_norm: list[BatchNorm[Array]] = field(default_factory=list)


def kaiming_std(fan_in: int, *, input_layer: bool = False) -> float:
    """``sqrt(2 / fan_in)``; ``sqrt(1 / fan_in)`` for the first layer, whose input no rectifier has halved."""
    return float(np.sqrt((1 if input_layer else 2) / fan_in))


def kaiming_normal(
    rng: np.random.Generator, fan_in: int, fan_out: int, *, input_layer: bool = False
) -> Array:
    """(fan_out, fan_in) float64, normal with mean 0 and kaiming_std."""
    return rng.normal(0.0, kaiming_std(fan_in, input_layer=input_layer), (fan_out, fan_in))


def initial_mlp(
    rng: np.random.Generator,
    n_inputs: int,
    n_hidden: Sequence[int],
    n_classes: int,
    *,
    batch_norm: bool = False,
    dtype: npt.DTypeLike = np.float64,
) -> MLPParameters:
    """Fresh parameters: Kaiming weights, zero biases, and batch norms that start as the identity.

    Args:
        rng: draws the weights.
        n_inputs: D.
        n_hidden: units of each hidden layer; empty for multinomial logistic regression.
        n_classes: C.
        batch_norm: whether each hidden layer has one.
        dtype: of everything.
    """
    sizes = [n_inputs, *n_hidden, n_classes]
    weights = [
        kaiming_normal(rng, fan_in, fan_out, input_layer=index == 0).astype(dtype)
        for index, (fan_in, fan_out) in enumerate(pairwise(sizes))
    ]
    biases = [np.zeros(len(weight), dtype) for weight in weights]
    return MLPParameters(weights, biases, [_identity(d, dtype) for d in n_hidden] if batch_norm else [])


def generic_mlp(
    rng: np.random.Generator,
    n_inputs: int,
    n_hidden: Sequence[int],
    n_classes: int,
    *,
    batch_norm: bool = False,
) -> MLPParameters:
    """As initial_mlp, but nothing at a special value: no bias or beta near 0, no gamma near 1."""
    fresh = initial_mlp(rng, n_inputs, n_hidden, n_classes)
    biases = [_away_from_zero(rng, len(bias)) for bias in fresh.biases]
    norms = [
        BatchNorm(
            gamma=rng.uniform(1.2, 2.2, d),
            beta=_away_from_zero(rng, d),
            running_mean=_away_from_zero(rng, d),
            running_var=rng.uniform(0.5, 2.5, d),
        )
        for d in n_hidden
    ]
    return MLPParameters(fresh.weights, biases, norms if batch_norm else [])


def _identity(d: int, dtype: npt.DTypeLike) -> BatchNorm[Array]:
    """A batch norm before its first batch."""
    return BatchNorm(np.ones(d, dtype), np.zeros(d, dtype), np.zeros(d, dtype), np.ones(d, dtype))


def _away_from_zero(rng: np.random.Generator, d: int) -> Array:
    """(d,), magnitudes in [0.2, 0.8)."""
    return np.copysign(rng.uniform(0.2, 0.8, d), rng.random(d) - 0.5)
