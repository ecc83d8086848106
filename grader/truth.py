"""What is true: the one module of the host that imports the reference.

The reference's NumPy backward stands for its autograd: a test proves for every layer that both agree with each other
and with finite differences.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from grader.errors import RubricError
from grader.numerics import Array, Call, Outcome, Truth
from reference.layers import LAYERS, Case, Layer

if TYPE_CHECKING:
    from reference.training.loop import Run

    TrainingRun = Run

__all__ = [
    "LAYERS",
    "Case",
    "Layer",
    "Parameters",
    "layer_called",
    "mlp_gradients",
    "mlp_output",
    "training_run",
    "truth_of",
]

Parameters = Sequence[tuple[Array, Array]]  # weight (out, in) and bias (out,) of each linear layer, in order
ImagesAndLabels = tuple[NDArray[np.uint8], NDArray[np.int64]]


def layer_called(name: str) -> Layer:
    """The reference's layer of that name.

    Raises:
        RubricError: there is none; the message lists those that are.
    """
    if name not in LAYERS:
        raise RubricError(f"no layer is called {name!r}; the reference has: {', '.join(LAYERS)}")
    return LAYERS[name]


def truth_of(layer: str | Layer, options: Mapping[str, object] | None = None) -> Truth:
    """The right output of a layer at a call, and the right gradients where the call has a cotangent.

    Args:
        layer: one of the reference's, or its name in the table of layers.
        options: the layer's options; those left out have their defaults.

    Raises:
        RubricError: there is no such layer.
    """
    known = layer_called(layer) if isinstance(layer, str) else layer
    settings = known.settings(dict(options or {}))

    def truth(call: Call) -> Outcome:
        point: dict[str, Array] = {**_wide(call.tensors), **call.constants}
        output = np.asarray(known.forward(**point, **settings))
        if call.cotangent is None:
            return Outcome(output)
        cotangent = np.asarray(call.cotangent, np.float64)
        if cotangent.size == output.size == 1:  # a loss that came back as an array of one element
            cotangent = cotangent.reshape(output.shape)
        if cotangent.shape != output.shape:  # drawn in the shape of a wrong output: there is no gradient
            return Outcome(output)
        grads = known.backward(cotangent, **point, **settings)
        return Outcome(output, dict(grads))

    return truth


def mlp_output(
    x: Array, parameters: Parameters, activation: str, alpha: float, *, softmax: bool = False
) -> Array:
    """The output of the reference's MLP.

    Args:
        x: (N, D).
        parameters: of its linear layers.
        activation: name of the layer between them.
        alpha: the activation's, where it has one.
        softmax: whether a softmax follows the last linear layer.

    Returns:
        (N, C) logits, or probabilities with ``softmax``.
    """
    from reference.networks.mlp import mlp_forward

    if not parameters:  # what a network computes that called no layer at all
        return LAYERS["softmax"].forward(x=x) if softmax else x
    weights, biases = zip(*parameters, strict=True)
    return mlp_forward(x, weights, biases, activation=activation, alpha=alpha, softmax=softmax)


def mlp_gradients(
    dout: Array, x: Array, parameters: Parameters, activation: str, alpha: float, *, softmax: bool = False
) -> list[tuple[Array, Array]]:
    """The gradient of each weight and bias of the reference's MLP; ``dout`` is the one at the output, the others as in
    ``mlp_output``.
    """
    from reference.networks.mlp import mlp_backward

    if not parameters:
        return []
    weights, biases = zip(*parameters, strict=True)
    found = mlp_backward(dout, x, weights, biases, activation=activation, alpha=alpha, softmax=softmax)
    return list(zip(found.weights, found.biases, strict=True))


def training_run(
    training: ImagesAndLabels,
    validation: ImagesAndLabels,
    *,
    hidden: Sequence[int],
    rate: float,
    batch_norm: bool,
    batch_size: int,
    epochs: int,
) -> TrainingRun:
    """How the reference's MLP trains: losses of every step and validation accuracies after every epoch.

    Args:
        training: images (N, 3, 32, 32) uint8 and labels (N,).
        validation: images and labels.
        hidden: sizes of the hidden layers.
        rate: learning rate.
        batch_norm: between linear and activation; trained in torch then, in NumPy otherwise.
        batch_size: images per step; a last, smaller batch is left out.
        epochs: passes over the training images.
    """
    from reference.training.images import Images, normalised_rows
    from reference.training.loop import Settings, train

    x, held = normalised_rows(training[0]), normalised_rows(validation[0])
    images = Images(x, training[1], held, validation[1], held[:1], validation[1][:1])
    settings = Settings(
        hidden=tuple(hidden),
        rate=rate,
        batch_norm=batch_norm,
        batch_size=batch_size,
        epochs=epochs,
        backend="torch" if batch_norm else "numpy",
        device="cpu",
    )
    return train(images, settings)


def _wide(tensors: Mapping[str, Array]) -> dict[str, Array]:
    return {name: np.asarray(array, np.float64) for name, array in tensors.items()}
