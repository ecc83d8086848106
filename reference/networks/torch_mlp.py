"""The MLP as a PyTorch module, for training."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import nn

from reference.layers import Array
from reference.networks.initialisation import MLPParameters, kaiming_std
from reference.networks.mlp import BatchNorm, activation_called


class Activation(nn.Module):
    """One of the reference's activations as a module."""

    def __init__(self, name: str, *, alpha: float | None = None) -> None:
        super().__init__()
        self.layer = activation_called(name)
        self.options = {} if alpha is None or "alpha" not in self.layer.options else {"alpha": alpha}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Elementwise; any shape."""
        return self.layer.twin(x, **self.options)


class TorchMLP(nn.Module):
    """linear, (batch norm,) activation, ..., linear, giving logits; Kaiming weights and zero biases."""

    def __init__(
        self,
        n_inputs: int,
        n_hidden: Sequence[int],
        n_classes: int,
        *,
        activation: str = "relu",
        alpha: float | None = None,
        use_batch_norm: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Flatten()]
        for index, (fan_in, fan_out) in enumerate(pairwise([n_inputs, *n_hidden, n_classes])):
            layers.append(_linear(fan_in, fan_out, index == 0, generator))
            if index < len(n_hidden):
                layers += [nn.BatchNorm1d(fan_out)] if use_batch_norm else []
                layers.append(Activation(activation, alpha=alpha))
        self.layers = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, C) logits of x (N, ...)."""
        logits: torch.Tensor = self.layers(x)
        return logits

    def parameters_as_arrays(self) -> MLPParameters:
        """Copies of all parameters and running statistics, for mlp_forward."""
        linear = [layer for layer in self.layers if isinstance(layer, nn.Linear)]
        norms = [layer for layer in self.layers if isinstance(layer, nn.BatchNorm1d)]
        return MLPParameters(
            weights=[_array(layer.weight) for layer in linear],
            biases=[_array(layer.bias) for layer in linear],
            batch_norm=[
                BatchNorm(*map(_array, (norm.weight, norm.bias, norm.running_mean, norm.running_var)))
                for norm in norms
            ],
        )


def _linear(fan_in: int, fan_out: int, input_layer: bool, generator: torch.Generator | None) -> nn.Linear:
    """A linear layer at its Kaiming initialisation."""
    layer = nn.Linear(fan_in, fan_out, device="meta").to_empty(device="cpu")  # leaves the global seed alone
    nn.init.normal_(layer.weight, 0.0, kaiming_std(fan_in, input_layer=input_layer), generator=generator)
    nn.init.zeros_(layer.bias)
    return layer


def _array(tensor: torch.Tensor | None) -> Array:
    """A copy in NumPy."""
    return np.array([]) if tensor is None else tensor.detach().cpu().numpy().copy()
