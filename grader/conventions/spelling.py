"""How one submission spells one layer: found once, then used by every check of that layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from grader.numerics import Array

BiasShape = Literal["(C,)", "(1, C)", "(C, 1)"]
PARAMETERISED = {
    "linear": ("weight", "bias"),
    "batch_norm": ("gamma", "beta"),
    "layer_norm": ("gamma", "beta"),
}
LOSSES = frozenset({"cross_entropy", "softmax_cross_entropy", "mse", "hinge"})


@dataclass(frozen=True)
class Parameter:
    """Where a parameter lives and in which shape: the reference's name, the submission's key, the stored shape."""

    name: str
    key: str
    transposed: bool = False
    shape: BiasShape = "(C,)"
    dtype: str = "float64"

    def stored(self, array: Array) -> Array:
        """The reference's array in the shape that the submission stores."""
        if array.ndim == 2:
            return np.ascontiguousarray(array.T) if self.transposed else array
        if self.shape == "(1, C)":
            return array.reshape(1, -1)
        return array.reshape(-1, 1) if self.shape == "(C, 1)" else array

    def canonical(self, array: Array, like: Array) -> Array:
        """A gradient in the reference's shape where that loses nothing; otherwise as it came.

        Args:
            array: as it came back.
            like: the parameter in the reference's shape.
        """
        if like.ndim == 2:
            return array.T if self.transposed and array.ndim == 2 else array
        if array.size == like.size and sum(size != 1 for size in array.shape) <= 1:
            return array.reshape(like.shape)
        return array


@dataclass(frozen=True)
class Spelling:
    """How to construct and call a layer, and where its parameters and gradients are.

    Attributes:
        module: name of the module that defines it.
        name: of the class.
        layer: in the reference's table.
        takes_alpha: whether the constructor takes the activation's alpha.
        input_layer: keyword of the constructor that marks the input layer, or "".
        extra: further positional arguments that the constructor insists on.
        parameters: by the reference's name.
        mode: whether parameters are assigned or written into the array that is there.
        labels: what a loss takes: class numbers or one-hot rows.
        options: of the reference's layer, as this submission has them (``alpha`` fixed to 1).
    """

    module: str
    name: str
    layer: str
    takes_alpha: bool = False
    input_layer: str = ""
    extra: tuple[bool | int | float, ...] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    mode: Literal["assign", "inplace"] = "assign"
    labels: Literal["integers", "one-hot"] = "integers"
    options: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_loss(self) -> bool:
        """Whether forward and backward take labels and there is no upstream gradient."""
        return self.layer in LOSSES

    def arguments(self, tensors: Mapping[str, Array]) -> tuple[object, ...]:
        """Arguments of the constructor for tensors of these shapes: plain Python ints."""
        if self.layer == "linear":
            out_features, in_features = tensors["weight"].shape
            return (int(in_features), int(out_features), *self.extra)
        if self.layer in PARAMETERISED:
            return (int(tensors["gamma"].shape[0]), *self.extra)
        return (float(str(self.options["alpha"])),) if self.takes_alpha else self.extra
