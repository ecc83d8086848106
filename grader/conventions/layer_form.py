"""How a submission's layer is called, whatever its form: an object, functions, or torch code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from grader.conventions.arguments import Argument, one_hot, quantities, resolve, sources_of
from grader.conventions.lacking import lacking
from grader.conventions.layouts import Layout
from grader.conventions.members import Member
from grader.numerics import Array, Call
from grader.truth import Layer

Shape = Literal["object", "functions", "torch"]


@dataclass(frozen=True)
class LayerForm:
    """A layer of a submission: how it is made and called, and where its parameters and gradients are.

    Attributes:
        module: name of the module that defines it.
        name: of the class or of the forward function.
        layer: in the reference's table.
        shape: an object with methods, a function or a pair of them, or torch code, whose gradients are autograd's.
        construct: arguments of the constructor; None where there is nothing to construct.
        forward: name of the method or function; "" where the object itself, or the name itself, is called.
        takes: arguments of forward.
        backward: name of the method or function; "" where there is none.
        takes_back: arguments of backward.
        cached: whether forward returns its output with something for backward to use.
        joint: whether forward returns the gradients beside the output, as ``loss, dx = f(x, y)`` does.
        pair: whether forward returns the output's two parts as two values: hidden and cell state of an LSTM.
        parameters: by the reference's name, where an object keeps them.
        gradients: by the reference's name, where an object keeps them.
        returns: names of the gradients that are returned, in order; () if by name.
        layouts: how tensors, constants and the output are stored, by name.
        one_hot: whether class numbers are given as one-hot rows.
        options: of the reference's layer, as this submission has them.
        double: whether torch code runs in float64.
        without: parameters of the reference's layer that this one does not have.
    """

    module: str
    name: str
    layer: str
    shape: Shape
    construct: tuple[Argument, ...] | None = None
    forward: str = ""
    takes: tuple[Argument, ...] = ()
    backward: str = ""
    takes_back: tuple[Argument, ...] = ()
    cached: bool = False
    joint: bool = False
    pair: bool = False
    parameters: Mapping[str, Member] = field(default_factory=dict)
    gradients: Mapping[str, Member] = field(default_factory=dict)
    returns: tuple[str, ...] = ()
    layouts: Mapping[str, Layout] = field(default_factory=dict)
    one_hot: bool = False
    options: Mapping[str, object] = field(default_factory=dict)
    double: bool = True
    without: tuple[str, ...] = ()

    @property
    def reference(self) -> Layer:
        """The reference's layer."""
        return lacking(self.layer, self.without)

    @property
    def is_loss(self) -> bool:
        """Whether the output is one number for the whole batch."""
        return self.layer in LOSSES

    def stored(self, name: str, tensors: Mapping[str, Array], constants: Mapping[str, Array]) -> Array:
        """A tensor or constant as the submission takes it."""
        array = np.asarray(tensors[name] if name in tensors else constants[name])
        if name == "labels" and self.one_hot:
            array = one_hot(array, tensors["x"].shape[-1])
        return self.layouts.get(name, Layout()).stored(array)

    def stored_cotangent(self, call: Call) -> Array:
        """The cotangent of a call as the submission takes it."""
        return self.layouts.get("output", Layout()).stored(np.asarray(call.cotangent))

    def canonical(self, name: str, array: Array, like: Array) -> Array:
        """What came back for a tensor or for the output in the reference's order of axes, where that loses nothing."""
        return self.layouts.get(name, Layout()).canonical(array, like)

    @property
    def taken(self) -> frozenset[str]:
        """Options that the constructor or forward takes, so that other values can be tried."""
        found = self.sources | ({"p"} if "keep" in self.sources else set())
        return frozenset(found & set(self.reference.options)) - set(self.options) - {"training"}

    @property
    def sources(self) -> set[str]:
        """Quantities that the constructor or forward takes."""
        return sources_of((*(self.construct or ()), *self.takes))

    def gets(self, quantity: str) -> bool:
        """Whether forward takes a quantity."""
        return quantity in sources_of(self.takes)

    def possible(self, sizes: dict[str, int]) -> dict[str, int]:
        """Sizes as this layer can have them: a square kernel where the constructor takes one number for it."""
        if self.layer != "conv2d" or "kernel_size" not in sources_of(self.construct or ()):
            return sizes
        side = sizes.get("kernel_height", 3)
        larger = {name: max(sizes.get(name, least), side) for name, least in (("height", 5), ("width", 6))}
        return {**sizes, **larger, "kernel_height": side, "kernel_width": side}

    def settings(self) -> dict[str, object]:
        """All options of the reference's layer."""
        return self.reference.settings(dict(self.options))

    def constructor_call(self, tensors: Mapping[str, Array]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Arguments and keywords of the constructor for tensors of these shapes."""
        values = quantities(self.reference, tensors, self.settings())
        pairs = [(a.keyword, resolve(a.source, values)) for a in self.construct or ()]
        return tuple(value for keyword, value in pairs if not keyword), {k: v for k, v in pairs if k}


LOSSES = frozenset({"cross_entropy", "softmax_cross_entropy", "mse", "bce_with_logits", "hinge"})
"""Layers whose output is one number; tests compare it with the reference."""
