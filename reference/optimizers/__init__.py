"""The optimizers, one per file: update function, PyTorch twin and cases."""

from __future__ import annotations

from reference.optimizers.adam import ADAM
from reference.optimizers.optimizer import Optimizer, State, trajectory
from reference.optimizers.sgd import SGD

__all__ = ["OPTIMIZERS", "Optimizer", "State", "trajectory"]

OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": SGD,
    "adam": ADAM,
}
