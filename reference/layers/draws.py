"""Draws of generic points: nothing at a special value that hides a factor."""

from __future__ import annotations

import numpy as np

from reference.layers.layer import Array


def signed(rng: np.random.Generator, *shape: int) -> Array:
    """Float64 of either sign with magnitudes in [0.5, 1.5): for a bias (never 0) or a beta."""
    signs = np.where(rng.random(shape) < 0.5, -1.0, 1.0)
    return np.copysign(rng.uniform(0.5, 1.5, shape), signs)


def scale(rng: np.random.Generator, *shape: int) -> Array:
    """Float64 factors of either sign, at least 0.2 away from 1 and from 0: for a gamma."""
    return np.where(rng.random(shape) < 0.5, rng.uniform(-1.5, -0.5, shape), rng.uniform(1.2, 2.2, shape))


def weights(rng: np.random.Generator, *shape: int) -> Array:
    """Float64 normal with variance 1 / fan-in, the fan-in being all axes but the first."""
    fan_in = max(1, int(np.prod(shape[1:])))
    return rng.normal(scale=fan_in**-0.5, size=shape)


def labels(rng: np.random.Generator, n: int, c: int) -> Array:
    """(N,) int64 in [0, C)."""
    return rng.integers(0, c, n)


def push_from_zero(x: Array, clearance: float) -> Array:
    """Moves every element away from zero by ``clearance``, keeping its sign."""
    return np.add(x, np.where(x < 0, -clearance, clearance))


def spread(x: Array, clearance: float) -> Array:
    """Keeps the order of all elements and makes any two of them differ by ``clearance`` at least."""
    ranks: Array = np.argsort(np.argsort(x, axis=None), axis=None).reshape(x.shape)
    return np.add(x, clearance * (ranks - (x.size - 1) / 2), dtype=x.dtype)
