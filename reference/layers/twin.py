"""Evaluating the PyTorch twin of a layer: its output, and its gradients by autograd."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from reference.layers.layer import Array, Layer

if TYPE_CHECKING:
    import torch


def twin_forward(layer: Layer, point: Mapping[str, Array], options: Mapping[str, object]) -> Array:
    """Output of the layer's PyTorch twin at a point, in the dtype of the point."""
    import torch

    with torch.no_grad():
        output = layer.twin(**_to_torch(layer, point), **layer.settings(options))
    return output.numpy()


def twin_backward(
    layer: Layer, dout: Array, point: Mapping[str, Array], options: Mapping[str, object]
) -> dict[str, Array]:
    """Gradients of ``sum(dout * output)`` in every tensor of the layer, by autograd.

    Args:
        layer: the layer.
        dout: the loss gradient at the output, in the output's shape.
        point: tensors and constants by name.
        options: options by name; those not given keep their defaults.

    Returns:
        One array per name in ``layer.tensors``, in the shape of the tensor; zeros where the output does not
        depend on it.
    """
    import torch

    arguments = _to_torch(layer, point)
    leaves = [arguments[name].requires_grad_() for name in layer.tensors]
    output = layer.twin(**arguments, **layer.settings(options))
    cotangent = torch.from_numpy(np.array(dout)).to(output.dtype)
    grads = torch.autograd.grad(output, leaves, cotangent, allow_unused=True, materialize_grads=True)
    return {name: grad.numpy() for name, grad in zip(layer.tensors, grads, strict=True)}


def _to_torch(layer: Layer, point: Mapping[str, Array]) -> dict[str, torch.Tensor]:
    """Tensors and constants as PyTorch tensors that own their memory."""
    import torch

    names = layer.tensors + layer.constants
    return {name: torch.from_numpy(np.array(point[name])) for name in names if name in point}
