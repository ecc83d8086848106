"""Networks of the reference's layers. The module for training, TorchMLP, is in torch_mlp: it imports PyTorch."""

from __future__ import annotations

from reference.networks.chain import Step, chain_backward, chain_forward, chain_twin
from reference.networks.initialisation import (
    MLPParameters,
    generic_mlp,
    initial_mlp,
    kaiming_normal,
    kaiming_std,
)
from reference.networks.mlp import (
    ACTIVATIONS,
    BatchNorm,
    MLPGradients,
    mlp_backward,
    mlp_forward,
    mlp_steps,
    mlp_twin,
)

__all__ = [
    "ACTIVATIONS",
    "BatchNorm",
    "MLPGradients",
    "MLPParameters",
    "Step",
    "chain_backward",
    "chain_forward",
    "chain_twin",
    "generic_mlp",
    "initial_mlp",
    "kaiming_normal",
    "kaiming_std",
    "mlp_backward",
    "mlp_forward",
    "mlp_steps",
    "mlp_twin",
]
