"""The order of the calls of one conversation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grader.numerics.points import cotangent
from grader.numerics.probes import ANOTHER, LARGER, Probe
from grader.numerics.subject import Array, Call, Outcome

FACTOR = -170.0  # of the cotangent in the test of linearity; no power of two, so that rounding shows


class Script:
    """The order of the calls of one conversation: the generic point in several ways, then the others."""

    def __init__(self, probes: Sequence[Probe], calls: Sequence[Call], rng: np.random.Generator) -> None:
        first = calls[0]
        self.probes, self.calls = probes, calls
        u = first.cotangent
        assert u is not None
        v = cotangent(rng, u.shape)
        self.second_factor = float(rng.uniform(0.5, 2.0))
        mixed = FACTOR * u + self.second_factor * v
        self.ordinary = [i for i, p in enumerate(probes) if i and (p.kind.ordinary or p.kind.slopes)]
        self.last = [i for i, p in enumerate(probes) if i and i not in self.ordinary]
        self.extra = [first, first, with_cotangent(first, v), with_cotangent(first, mixed)]
        self.order = [*self.extra, *(calls[i] for i in self.ordinary)]
        self.final = len(self.order)
        self.order += [first, Call(first.tensors, first.constants, u, backwards=2)]
        self.order += [calls[i] for i in self.last]

    def place(self, index: int) -> int:
        """Where the call of a probe stands in the order."""
        if index == 0:
            return 0
        if index in self.ordinary:
            return len(self.extra) + self.ordinary.index(index)
        return self.final + 2 + self.last.index(index)

    def answers(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """The outcomes in the order of the probes."""
        return [outcomes[self.place(i)] for i in range(len(self.calls))]

    def alone(self) -> list[int]:
        """Indices of the probes that are also asked on a new instance."""
        return [i for i, p in enumerate(self.probes) if p.kind.name in (LARGER, ANOTHER)]


def with_cotangent(call: Call, other: Array) -> Call:
    """The same call with another cotangent."""
    return Call(call.tensors, call.constants, other)
