"""Judging at a kink: any value between the one-sided slopes is right, for each output by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from grader.numerics.compare import Comparison, compare_within
from grader.numerics.conversation import Asked
from grader.numerics.findings import gradient_of, usable_tensors
from grader.numerics.lines import Measured
from grader.numerics.noise import Noise
from grader.numerics.screen import Screen, Screened
from grader.numerics.subject import Array, Call

_KINK_REASON = "between the one-sided slopes at a kink, and twice the estimated error of the difference"
_ENOUGH = 0.25  # share of the outputs that must be without a kink to be judged alone


def acts_alone(screen: Screen, screened: Screened, name: str) -> bool:
    """Whether each element moves its own output alone: move half of them, and see which outputs change."""
    asked, line = screened.asked, screened.measured.line
    output = asked.outcome.output
    value = asked.call.tensors[name]
    if output is None or output.shape != value.shape or screened.measured.slope is None:
        return False
    half = screen.rng.integers(0, 2, value.shape).astype(bool)
    move = np.where(half, line.direction[name], 0.0)
    moved = screen.runner.run([replace(line, direction={name: move}).call_at(0.25)])
    after = moved[0].output
    return after is not None and after.shape == output.shape and bool(np.all((after == output) | half))


def without_kinks(screen: Screen, screened: Screened, name: str) -> Screened | None:
    """The same line with a cotangent that leaves out the outputs at a kink; ``None`` if few are left."""
    slope, asked = screened.measured.slope, screened.asked
    output = asked.outcome.output
    if slope is None or output is None or asked.call.cotangent is None:
        return None
    clean = ~slope.kinked()
    if clean.all() or clean.sum() < _ENOUGH * clean.size:
        return None
    masked = np.where(clean.reshape(output.shape), asked.call.cotangent, 0.0)
    call = Call(asked.call.tensors, asked.call.constants, masked)
    again = Asked(asked.probe, call, screen.runner.run([call])[0], None, asked.setup)
    if name not in usable_tensors(again):
        return None
    line = replace(screened.measured.line, weights=masked.astype(np.float64).ravel())
    return screen.compare(again, (name,), Measured(line, slope, False, screened.measured.noise))


def compare_ranges(screened: Screened, noise: Noise) -> Comparison:
    """Element by element, where each has its own output: any value between the one-sided slopes is right."""
    gradient: Array = gradient_of(screened.asked, screened.names[0])
    slope, line = screened.measured.slope, screened.measured.line
    assert slope is not None
    move = line.direction[screened.names[0]].ravel()
    kinked = slope.kinked()
    ends = np.stack([np.where(kinked, end, slope.value) for end in (slope.left, slope.right)])
    ends = ends * line.weights / move
    low, high = ends.min(axis=0), ends.max(axis=0)
    error = (slope.errors() + 9.0 * slope.sigma / slope.step) * np.abs(line.weights / move)
    got = gradient.ravel()
    want = np.clip(got, low, high)
    allowed = 2.0 * error + noise.band * np.maximum(np.abs(low), np.abs(high))
    shape = gradient.shape
    return compare_within(
        got.reshape(shape), want.reshape(shape), allowed.reshape(shape), reason=_KINK_REASON
    )
