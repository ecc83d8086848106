"""In which order of axes a submission stores a tensor, and how to get from the reference's order there and back."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grader.numerics import Array

MATRIX = ((0, 1), (1, 0))
KERNEL = ((0, 1, 2, 3), (2, 3, 1, 0), (0, 2, 3, 1), (1, 0, 2, 3))  # OIHW, HWIO, OHWI, IOHW
VECTOR_SHAPES = (
    (0, 1),
    (1, 2),
    (0, 2),
    (3, 4),
    (1, 4),
    (0, 3),
)  # (axis, axes): (C,), (1, C), (C, 1), (1, 1, 1, C) ...
IMAGE_AXES = {"channels_last": (0, 2, 3, 1)}
ROW_AXES = {"columns": (1, 0)}


@dataclass(frozen=True)
class Layout:
    """How a tensor is stored: the reference's axes in the submission's order; a vector at one axis of several.

    Attributes:
        order: the reference's axes in the stored order; empty: as they are.
        vector: (axis, number of axes) of a stored vector; axis 0 of 1 is (C,).
        gates: the reference's blocks of rows in the stored order; empty: as they are.
    """

    order: tuple[int, ...] = ()
    vector: tuple[int, int] = (0, 1)
    gates: tuple[int, ...] = ()

    def stored(self, array: Array) -> Array:
        """The reference's array as the submission stores it."""
        array = in_blocks(array, self.gates)
        if array.ndim == 1 and self.vector != (0, 1):
            axis, axes = self.vector
            return array.reshape([array.size if i == axis else 1 for i in range(axes)])
        if self.order and len(self.order) == array.ndim and self.order != tuple(range(array.ndim)):
            return np.ascontiguousarray(array.transpose(self.order))
        return array

    def canonical(self, array: Array, like: Array) -> Array:
        """What came back in the reference's order where that loses nothing; otherwise as it came."""
        if like.ndim == 1:
            alone = sum(size != 1 for size in array.shape) <= 1
            if array.size != like.size or not alone:
                return array
            array = array.reshape(like.shape)
        elif self.order and len(self.order) == array.ndim:
            array = array.transpose(np.argsort(self.order))
        return in_blocks(array, tuple(np.argsort(self.gates))) if array.shape == like.shape else array


def in_blocks(array: Array, order: tuple[int, ...]) -> Array:
    """The array with its equal blocks of rows in another order; as it is where none is given."""
    if not order:
        return array
    blocks = np.split(array, len(order))
    return np.concatenate([blocks[number] for number in order])


def parameter_layouts(
    parameters: Mapping[str, Array], stored: Mapping[str, Sequence[int]]
) -> Iterator[dict[str, Layout]]:
    """Every way in which parameters may be stored, the reference's first; where shapes are known, only what fits.

    Matrices share one order and vectors share one shape.

    Args:
        parameters: by name, in the reference's order of axes.
        stored: shapes in the submission by name, as far as they are known.
    """
    weights = [name for name, array in parameters.items() if array.ndim > 1]
    vectors = [name for name, array in parameters.items() if array.ndim == 1]
    axes = max((parameters[name].ndim for name in weights), default=0)
    orders = MATRIX if axes == 2 else KERNEL if axes == 4 else ((),)
    for order, vector in itertools.product(orders, VECTOR_SHAPES if vectors else ((0, 1),)):
        found = {name: Layout(order) for name in weights} | {name: Layout((), vector) for name in vectors}
        if all(
            found[name].stored(parameters[name]).shape == tuple(shape)
            for name, shape in stored.items()
            if name in found
        ):
            yield found


def data_layout(name: str, array: Array) -> Layout:
    """The layout of an input or output that a rubric declares: ``channels_last`` or ``columns``."""
    if array.ndim == 4:
        return Layout(IMAGE_AXES.get(name, ()))
    return Layout(ROW_AXES.get(name, ()) if array.ndim == 2 else ())
