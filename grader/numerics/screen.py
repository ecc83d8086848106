"""Screening: one random line at a probe, compared with what the gradients say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grader.numerics.compare import Comparison
from grader.numerics.conversation import Asked, Conversation
from grader.numerics.findings import Findings, gradient_of
from grader.numerics.lines import Expected, Line, Measured
from grader.numerics.measure import measure
from grader.numerics.noise import Noise
from grader.numerics.points import direction
from grader.numerics.rounding import Rounding
from grader.numerics.runner import Runner
from grader.numerics.subject import Array
from grader.numerics.vectors import norm, real, root_mean_square

Question = tuple[Asked, tuple[str, ...]]
"""A probe, and the tensors that move."""

_SCREEN_BAND = 0.1  # of the band: what is looked at closely
_ROUNDING_FLOOR = 1e-9  # of a gradient's size: rounding of the layer's own sums
_DTYPE_ROUNDING = {False: 2.0**-50, True: 2.0**-22}
_CLOSE_ENOUGH = 2e-2  # a tolerance above this share of the scale decides nothing


@dataclass(frozen=True, eq=False)
class Screened:
    """One line at one probe, compared."""

    asked: Asked
    names: tuple[str, ...]
    measured: Measured
    got: float
    tolerance: float

    @property
    def off(self) -> float:
        """How far the gradient lies outside of what is right there, 0 inside."""
        low, high = self.measured.bounds
        return max(low - self.got, self.got - high, 0.0)

    @property
    def disagrees(self) -> bool:
        """Whether the gradient is off by more than the estimated errors."""
        return bool(self.off > self.tolerance and self.measured.trusted)

    @property
    def decides(self) -> bool:
        """Whether agreement here means anything."""
        return bool(self.tolerance <= _CLOSE_ENOUGH * max(self.measured.scale, 1e-300))

    @property
    def below_noise(self) -> bool:
        """Whether both slopes vanish in the noise: consistent, and nothing is resolved."""
        line = self.measured.line
        output = norm(line.weights) * root_mean_square(line.middle)
        size = abs(self.measured.value) + abs(self.got)
        return bool(self.tolerance <= 1e-3 * max(output, 1e-300) and size <= 3.0 * self.tolerance)

    def comparison(self) -> Comparison:
        """A comparison of two numbers, the derivatives along the line."""
        low, high = self.measured.bounds
        want = min(max(self.got, low), high)
        return Comparison(
            agreed=not self.disagrees,
            fault="values" if self.disagrees else "",
            detail=f"along a line: got {self.got:.8g}, want {want:.8g}",
            got_shape=(),
            want_shape=(),
            worst_index=(),
            got=self.got,
            want=want,
            abs_error=abs(self.got - want),
            rel_error=abs(self.got - want) / max(abs(want), 1e-300),
            rel_to="|want|",
            off=int(self.disagrees),
            total=1,
            tolerance=self.tolerance,
            tolerance_reason="twice the estimated error of the difference + rounding of the gradient",
        )


class Screen:
    """Asks lines at probes and compares them with what the gradients say."""

    def __init__(
        self, talk: Conversation, runner: Runner, rng: np.random.Generator, noise: Noise, findings: Findings
    ) -> None:
        self.talk, self.runner, self.rng, self.noise, self.findings = talk, runner, rng, noise, findings

    def ask(
        self, questions: Sequence[Question], *, tied: bool = False, quick: bool = False
    ) -> list[Screened]:
        """One line for each question.

        Args:
            questions: probes, each with the tensors that move.
            tied: equal values move together.
            quick: two points are enough where they agree with the gradient.
        """
        pairs = [(q, line_at(*q, self.rng, self.noise, tied=tied)) for q in questions]
        asked = [(*question, line) for question, line in pairs if line is not None]
        expected = [self._expected(*one) for one in asked] if quick else ()
        lines = [line for _, _, line in asked]
        low = self.noise.low_precision
        answers = measure(self.runner, lines, expected=expected, noise_here=low)
        return [
            self.compare(at, names, measured) for (at, names, _), measured in zip(asked, answers, strict=True)
        ]

    def compare(self, asked: Asked, names: tuple[str, ...], measured: Measured) -> Screened:
        """A measured line beside what the gradients say."""
        expected = self._expected(asked, names, measured.line)
        band = _SCREEN_BAND * self.noise.band * abs(measured.value) if measured.slope else 0.0
        tolerance = 2.0 * measured.error + band + expected.slack
        slopes = self.findings.slopes.setdefault(asked.name, {})
        slopes["+".join(names)] = (expected.value, measured.value, tolerance)
        return Screened(asked, names, measured, expected.value, tolerance)

    def _expected(self, asked: Asked, names: tuple[str, ...], line: Line) -> Expected:
        """What the gradients say about a line, and their own rounding along it."""
        value, size, rounding = 0.0, 0.0, 0.0
        local = self.findings.rounding.get(asked.name)
        for name in names:
            grad, move = gradient_of(asked, name), line.direction[name]
            terms = grad * move
            value += float(terms.sum())
            size += norm(terms)
            rounding += self._rounding_along(name, grad, move, local)
        return Expected(value, _ROUNDING_FLOOR * size + rounding)

    def _rounding_along(self, name: str, grad: Array, move: Array, local: Rounding | None) -> float:
        if local is not None and name in local.spread:
            return local.along(name, move)
        share = min(self.talk.precision.get(name, 0.0), self.noise.worst_rounding)
        share = max(share, _DTYPE_ROUNDING[self.noise.low_precision])
        return 4.0 * share * float(np.abs(grad).max(initial=0.0)) * norm(move)


def line_at(
    asked: Asked, names: Sequence[str], rng: np.random.Generator, noise: Noise, *, tied: bool = False
) -> Line | None:
    """A random line through a probe's point; ``None`` where its output cannot be judged."""
    output, weights = asked.outcome.output, asked.call.cotangent
    if output is None or weights is None or output.size != weights.size:
        return None
    moves = direction(rng, asked.call.tensors, names, tied=tied)
    flat = real(output).ravel()
    return Line(asked.probe.point, moves, flat, np.asarray(weights, np.float64).ravel(), noise)
