"""How exactly a layer computes a gradient at one point: how it moves when inputs move by their own rounding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from grader.numerics.conversation import Asked
from grader.numerics.noise import Noise
from grader.numerics.points import cotangent
from grader.numerics.runner import Runner
from grader.numerics.subject import Array, Call
from grader.numerics.vectors import inner, norm, root_mean_square

_PERTURBED = 3
_FACTOR = -170.0
_SAFETY = 8.0
_LOST = {False: 1e-4, True: 2e-2}  # share of the largest value beyond which nothing can be said


@dataclass(frozen=True, eq=False)
class Rounding:
    """The spread of gradients under changes of the size of rounding.

    Attributes:
        spread: by tensor, in its shape: how far elements moved, at most.
        moves: by tensor: the differences themselves, which may all point one way.
        lost: tensors whose gradient moves so much that nothing can be said.
    """

    spread: Mapping[str, Array] = field(default_factory=dict)
    moves: Mapping[str, list[Array]] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()

    def along(self, name: str, direction: Array) -> float:
        """A bound on the rounding of the gradient along a direction."""
        terms = self.spread[name] * direction
        coherent = max((abs(inner(move, direction)) for move in self.moves[name]), default=0.0)
        return _SAFETY * coherent + _SAFETY * norm(terms)

    def of(self, name: str, shape: tuple[int, ...]) -> Array:
        """A bound for each element, 0 where it was not measured."""
        return _SAFETY * self.spread[name] if name in self.spread else np.zeros(shape)


def measure_rounding(runner: Runner, asked: Asked, rng: np.random.Generator, noise: Noise) -> Rounding:
    """Measure it with a handful of backward calls.

    Inputs are multiplied by 1 plus or minus about the rounding unit (equal values alike, so that ties stay
    ties and zeros stay zeros), and the cotangent is scaled and mixed with another.

    Args:
        runner: the layer.
        asked: the point, its cotangent and the gradients there.
        rng: the generator.
        noise: whether the layer computes in float32.
    """
    unit = 2.0**-23 if noise.low_precision else 2.0**-52
    u = asked.call.cotangent
    assert u is not None
    v = cotangent(rng, u.shape)
    calls = [_perturbed(asked.call, unit, rng) for _ in range(_PERTURBED)]
    calls.append(Call(asked.call.tensors, asked.call.constants, v))
    calls.append(Call(asked.call.tensors, asked.call.constants, _FACTOR * u + v))
    outcomes = runner.run(calls)
    spread: dict[str, Array] = {}
    moves: dict[str, list[Array]] = {}
    lost: set[str] = set()
    for name, first in asked.outcome.grads.items():
        others = [outcome.grads.get(name) for outcome in outcomes]
        if (
            first is None
            or name not in asked.call.tensors
            or any(g is None or g.shape != first.shape for g in others)
        ):
            continue
        base, *rest = (np.asarray(g, np.float64) for g in (first, *others))
        if base.size != asked.call.tensors[name].size:
            continue
        size = float(np.abs(base).max(initial=0.0))
        differences = [g - base for g in rest[:_PERTURBED]]
        mixed = (rest[-1] - rest[-2]) / _FACTOR - base
        if np.abs(mixed).max(initial=0.0) <= noise.worst_rounding * size:
            differences.append(mixed)
        largest = np.max(np.abs(differences), axis=0)
        if not np.isfinite(largest).all():
            continue
        if largest.max(initial=0.0) > _LOST[noise.low_precision] * size:
            lost.add(name)
        shape = asked.call.tensors[name].shape
        usual = root_mean_square(largest)  # an element may by chance have hardly moved in so few trials
        spread[name] = np.maximum(largest, max(usual, unit * size)).reshape(shape)
        moves[name] = [d.reshape(shape) for d in differences]
    return Rounding(spread, moves, frozenset(lost))


def _perturbed(call: Call, unit: float, rng: np.random.Generator) -> Call:
    tensors = {}
    for name, array in call.tensors.items():
        values, where = np.unique(array, return_inverse=True)
        uniform = rng.uniform(
            -1.0, 1.0, values.shape
        )  # no whole units: what float32 cuts off would stay the same
        moves = unit * (uniform + np.copysign(0.5, uniform))[where].reshape(array.shape)
        tensors[name] = np.asarray(array * (1.0 + moves), array.dtype)
    return Call(tensors, call.constants, call.cotangent)
