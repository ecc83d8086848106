"""What finite differences say about one setup."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from grader.numerics.compare import Comparison
from grader.numerics.conversation import Asked
from grader.numerics.events import gradient_shape_fault
from grader.numerics.report import Against, Evidence, Judgement
from grader.numerics.rounding import Rounding
from grader.numerics.subject import Array


@dataclass(eq=False)
class Findings:
    """What finite differences say about one setup.

    Attributes:
        evidence: the comparisons, by tensor.
        accepted: (probe, tensor) where the gradient was confirmed.
        vanishing: (probe, tensor) where derivative and gradient both vanish in the noise.
        open: probes that decided nothing, by tensor, with the reason.
        kinked: names of probes at which the point sits on a kink.
        located: full numerical gradients where they were taken, by (probe, tensor).
        slopes: by probe, what was compared along a line.
        rounding: own rounding of the gradients where it was measured, by probe.
    """

    evidence: dict[str, list[Evidence]] = field(default_factory=dict)
    accepted: set[tuple[str, str]] = field(default_factory=set)
    vanishing: set[tuple[str, str]] = field(default_factory=set)
    open: dict[str, list[str]] = field(default_factory=dict)
    kinked: set[str] = field(default_factory=set)
    located: dict[tuple[str, str], Array] = field(default_factory=dict)
    slopes: dict[str, dict[str, tuple[float, float, float]]] = field(default_factory=dict)
    rounding: dict[str, Rounding] = field(default_factory=dict)

    def note(
        self, probe: str, name: str, judgement: Judgement, comparison: Comparison, detail: str = ""
    ) -> None:
        """Write a comparison down."""
        evidence = Evidence(probe, name, Against.OWN_FORWARD, judgement, comparison, detail)
        self.evidence.setdefault(name, []).append(evidence)

    def leave_open(self, probe: str, name: str, why: str) -> None:
        """Write down that a probe decided nothing about a tensor."""
        self.open.setdefault(name, []).append(f"{probe}: {why}")


def usable_tensors(asked: Asked) -> tuple[str, ...]:
    """Tensors whose gradients came back in a shape that can be judged, where the output is finite."""
    output = asked.outcome.output
    if output is None or asked.outcome.error or not np.isfinite(output).all():
        return ()
    names = []
    for name in asked.setup.wrt or tuple(asked.call.tensors):
        grad, value = asked.outcome.grads.get(name), asked.call.tensors[name]
        if grad is None or grad.dtype.kind not in "fiu" or value.size == 0:
            continue
        fault, _ = gradient_shape_fault(name, grad.shape, value.shape, asked.setup.inputs)
        if not fault and np.isfinite(grad).all():
            names.append(name)
    return tuple(names)


def gradient_of(asked: Asked, name: str) -> Array:
    """A gradient that came back, in float64 and in the shape of its tensor."""
    grad = asked.outcome.grads[name]
    assert grad is not None
    return np.asarray(grad, np.float64).reshape(asked.call.tensors[name].shape)
