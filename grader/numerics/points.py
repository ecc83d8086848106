"""Where a layer is asked: points, the ways to draw them, and random directions and cotangents at them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from grader.numerics.subject import Array, Call, Subject, Truth
from grader.numerics.vectors import inner

_SPREAD = 1e-4  # share of the size below which the spread of a tensor is rounding
_SCALES = 10  # a direction's scale is a power of two between 2^-10 and 2^10


@dataclass(frozen=True, eq=False)
class Point:
    """Values of everything that a layer's output depends on.

    Attributes:
        tensors: everything differentiable, by name.
        constants: labels, masks, indices, by name.
    """

    tensors: Mapping[str, Array]
    constants: Mapping[str, Array] = field(default_factory=dict)

    def call(self, cotangent: Array | None = None, *, backwards: int = 1) -> Call:
        """The call at this point."""
        return Call(self.tensors, self.constants, cotangent, backwards)

    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of all arrays, in order."""
        return tuple(np.shape(array) for array in (*self.tensors.values(), *self.constants.values()))


Draw = Callable[[np.random.Generator, int], Point]
"""Draws a generic point with this batch size."""


@dataclass(frozen=True, eq=False)
class Setup:
    """A layer of one size, with the way to draw points for it.

    Attributes:
        subject: the layer.
        draw: draws a point at a batch size.
        inputs: names of the tensors whose first axis is the batch; the others are parameters.
        wrt: names of the tensors whose gradients are judged; empty: all.
        truth: the reference, if there is one.
        name: what tells it from other setups: ``"d=1, c=3, alpha=0.5"``.
        batch: the batch size of the generic point.
        options: the layer's options, kept for the record.
        guessed: whether ``draw`` may be wrong about which sizes the layer takes; raising there is then a
            note.
    """

    subject: Subject
    draw: Draw
    inputs: tuple[str, ...] = ("x",)
    wrt: tuple[str, ...] = ()
    truth: Truth | None = None
    name: str = ""
    batch: int = 5
    options: Mapping[str, object] = field(default_factory=dict)
    guessed: bool = False


class Domain(StrEnum):
    """Which values an input may take, told from those that were drawn."""

    REAL = "real"
    POSITIVE = "positive"
    SIMPLEX = "simplex"  # rows of probabilities


def domain_of(array: Array) -> Domain:
    """The domain that an example was drawn from."""
    if array.size == 0 or array.min() < 0:
        return Domain.REAL
    if array.ndim and array.shape[-1] > 1 and np.allclose(array.sum(axis=-1), 1.0, atol=1e-5):
        return Domain.SIMPLEX
    return Domain.POSITIVE


def draw_like(example: Point, inputs: Sequence[str]) -> Draw:
    """Draw points like an example: inputs in its domain and scale, parameters generic, constants by rows.

    Args:
        example: one valid point. Its batch is the first axis of the first of ``inputs``.
        inputs: names of the tensors whose first axis is the batch.

    Returns:
        A function that draws; at the example's own batch size it keeps the example's inputs and constants.
    """
    size = next((len(example.tensors[name]) for name in inputs if example.tensors[name].ndim), 1)

    def draw(rng: np.random.Generator, batch: int) -> Point:
        rows = np.arange(size) if batch == size else rng.integers(0, size, batch)
        tensors = {
            name: _rows_like(rng, array, batch) if name in inputs and batch != size else array
            for name, array in example.tensors.items()
        }
        constants = {
            name: array[rows] if np.ndim(array) and len(array) == size else array
            for name, array in example.constants.items()
        }
        return Point(tensors, constants)

    return draw


def direction(
    rng: np.random.Generator, tensors: Mapping[str, Array], names: Sequence[str], *, tied: bool = False
) -> dict[str, Array]:
    """A random direction in the named tensors, every component of it away from zero, in units of the tensor.

    Args:
        rng: the generator.
        tensors: values by name.
        names: tensors that move.
        tied: whether equal values move together.
    """
    moves = {}
    for name in names:
        array = tensors[name]
        if tied:
            values, where = np.unique(array, return_inverse=True)
            moves[name] = _bounded(rng, values.shape)[where].reshape(array.shape) * scale_of(array)
        else:
            moves[name] = _bounded(rng, array.shape) * scale_of(array)
    return moves


def cotangent(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """A random cotangent: normal; for a scalar a factor of either sign away from 0 and 1."""
    if int(np.prod(shape)) == 1:
        return np.full(shape, rng.choice((-1.0, 1.0)) * rng.uniform(1.5, 3.0))
    return rng.standard_normal(shape)


def scale_of(array: Array) -> float:
    """The natural step of a tensor: a power of two near its spread, or near its size where all is equal.

    It is 1 for zeros.
    """
    flat = np.asarray(array, np.float64).ravel()
    if not flat.size:
        return 1.0
    square, mean = inner(flat, flat) / flat.size, float(flat.sum()) / flat.size
    spread = square - mean * mean
    size = math.sqrt(spread if spread > _SPREAD**2 * square else square)
    if size == 0.0 or not math.isfinite(size):
        return 1.0
    return float(2.0 ** min(max(round(math.log2(size)), -_SCALES), _SCALES))


def _bounded(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Random signs times uniform numbers between 0.5 and 1.5."""
    uniform = rng.uniform(-1.0, 1.0, shape)
    return uniform + np.copysign(0.5, uniform)


def _rows_like(rng: np.random.Generator, array: Array, batch: int) -> Array:
    """As many rows as asked for, drawn like those of the example."""
    shape = (batch, *array.shape[1:])
    if array.dtype.kind != "f":
        return array[rng.integers(0, len(array), batch)]
    domain = domain_of(array)
    if domain is Domain.SIMPLEX:
        drawn = np.exp(rng.standard_normal(shape))
        drawn = drawn / drawn.sum(axis=-1, keepdims=True)
    elif domain is Domain.POSITIVE:
        drawn = rng.choice(array.ravel(), shape) * rng.uniform(0.8, 1.25, shape)
    else:
        drawn = array.mean() + array.std() * rng.standard_normal(shape)
    return np.asarray(drawn, array.dtype)
