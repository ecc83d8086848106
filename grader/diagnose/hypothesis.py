"""A hypothesis: a wrong formula written from the layer's own tensors, and the fault that it stands for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from grader.diagnose.observation import Array, Observation

OUTPUT = "output"  # the target of a forward diagnosis, beside the names of tensors

Predict = Callable[[Observation, str], Array | None]


@dataclass(frozen=True)
class Hypothesis:
    """What a submission with one fault would return.

    Args:
        fault: its id in the catalogue.
        predict: from an observation and the name of a tensor (or OUTPUT) to what the faulty code returns;
            None where the fault cannot be made there (a transpose that does not fit).
        layers: the layers that it is about; empty for all.
        tensors: the tensors that it is about; empty for all.
        note: completes the fault's title: "of tanh".
        alone: it is a fault by itself and is not tried with a factor in front.
    """

    fault: str
    predict: Predict
    layers: tuple[str, ...] = ()
    tensors: tuple[str, ...] = ()
    note: str = ""
    alone: bool = False

    def concerns(self, layer: str, tensor: str) -> bool:
        """Is it about this tensor of this layer?"""
        return (not self.layers or layer in self.layers) and (not self.tensors or tensor in self.tensors)
