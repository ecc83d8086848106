"""How exactly a whole layer computes: its noise at the generic point, and at any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from grader.numerics.conversation import Asked, Conversation
from grader.numerics.lines import Line
from grader.numerics.measure import noise_calls, noise_from
from grader.numerics.noise import Noise
from grader.numerics.points import Point
from grader.numerics.runner import Runner
from grader.numerics.screen import line_at
from grader.numerics.vectors import root_mean_square

EXACT = Noise(2.0**-53, False)
"""The noise of float64."""

_SATURATED = 4.0  # size of inputs above which a layer may be saturated


def noise_of_layer(talk: Conversation, runner: Runner, rng: np.random.Generator) -> Noise:
    """The noise at the generic point, and at a point of ordinary size if that one may be saturated.

    It is the least that there is anywhere; in float64, its rounding is.
    """
    noise = _measured(talk.asked[0], runner, rng)
    if any(array.dtype == np.float32 for array in talk.asked[0].call.tensors.values()):
        noise = noise.at_least_single()  # points between float32 numbers cannot be asked
    output = talk.asked[0].outcome.output
    size = root_mean_square(output) if output is not None else 0.0
    return replace(noise, least=(size or 1.0) * (noise.relative if noise.low_precision else 2.0**-53))


def noise_at(asked: Asked, runner: Runner, rng: np.random.Generator, noise: Noise) -> float:
    """The standard deviation of the outputs at one probe, measured there."""
    line = line_at(asked, tuple(asked.call.tensors), rng, noise)
    there = noise_from(line, runner.run(noise_calls(line))) if line is not None else None
    return (there or noise).sigma(asked.outcome.output) if asked.outcome.output is not None else 0.0


def _measured(asked: Asked, runner: Runner, rng: np.random.Generator) -> Noise:
    line = line_at(asked, tuple(asked.call.tensors), rng, EXACT)
    if line is None:
        return EXACT
    noise = noise_from(line, runner.run(noise_calls(line))) or EXACT
    ordinary = _of_ordinary_size(line.point, asked.setup.inputs)
    if ordinary is None or noise.low_precision:
        return noise
    middle = runner.run([ordinary.call()])[0].output
    if middle is None or middle.size != line.middle.size:
        return noise
    there = Line(ordinary, line.direction, np.asarray(middle, np.float64).ravel(), line.weights, EXACT)
    other = noise_from(there, runner.run(noise_calls(there)))
    return other if other is not None and other.low_precision else noise


def _of_ordinary_size(point: Point, inputs: Sequence[str]) -> Point | None:
    """The point with large inputs standardised; ``None`` if none is large."""
    large = [
        name
        for name in inputs
        if point.tensors[name].size > 1 and root_mean_square(point.tensors[name]) > _SATURATED
    ]
    moved = {
        name: (a - a.mean()) / max(float(a.std()), 1e-30)
        for name, a in point.tensors.items()
        if name in large
    }
    return Point({**point.tensors, **moved}, point.constants) if large else None
