"""What is true: the one module of the host that imports the reference.

The reference's NumPy backward stands for its autograd: a test proves for every layer that both agree with each other
and with finite differences.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from grader.errors import RubricError
from grader.numerics import Array, Call, Outcome, Truth
from reference.layers import LAYERS, Case, Layer

__all__ = ["LAYERS", "Case", "Layer", "layer_called", "truth_of"]


def layer_called(name: str) -> Layer:
    """The reference's layer of that name.

    Raises:
        RubricError: there is none; the message lists those that are.
    """
    if name not in LAYERS:
        raise RubricError(f"no layer is called {name!r}; the reference has: {', '.join(LAYERS)}")
    return LAYERS[name]


def truth_of(name: str, options: Mapping[str, object] | None = None) -> Truth:
    """The right output of a layer at a call, and the right gradients where the call has a cotangent.

    Args:
        name: in the reference's table of layers.
        options: the layer's options; those left out have their defaults.

    Raises:
        RubricError: there is no such layer.
    """
    layer = layer_called(name)
    settings = layer.settings(dict(options or {}))

    def truth(call: Call) -> Outcome:
        point: dict[str, Array] = {**_wide(call.tensors), **call.constants}
        output = np.asarray(layer.forward(**point, **settings))
        if call.cotangent is None:
            return Outcome(output)
        cotangent = np.asarray(call.cotangent, np.float64)
        if cotangent.size == output.size == 1:  # a loss that came back as an array of one element
            cotangent = cotangent.reshape(output.shape)
        if cotangent.shape != output.shape:  # drawn in the shape of a wrong output: there is no gradient
            return Outcome(output)
        grads = layer.backward(cotangent, **point, **settings)
        return Outcome(output, dict(grads))

    return truth


def _wide(tensors: Mapping[str, Array]) -> dict[str, Array]:
    return {name: np.asarray(array, np.float64) for name, array in tensors.items()}
