"""From slopes and gradients to verdicts: screen in one direction, then locate what disagrees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from grader.numerics.compare import Comparison, compare_within
from grader.numerics.conversation import Asked, Conversation, same_outcome
from grader.numerics.events import Events, gradient_shape_fault
from grader.numerics.locate import ALL, Located, locate
from grader.numerics.measure import Line, Measured, measure, noise_calls, noise_from
from grader.numerics.noise import Noise
from grader.numerics.points import Point, direction
from grader.numerics.probes import GENERIC
from grader.numerics.report import Against, Evidence, Judgement
from grader.numerics.rounding import Rounding, measure_rounding
from grader.numerics.runner import Runner
from grader.numerics.subject import Array, Call
from grader.numerics.vectors import norm, root_mean_square

_LOCATED = 2  # probes at which elements are located, for each tensor, beside a reference
_EXACT = Noise(2.0**-53, False)
_SATURATED = 4.0  # size of inputs above which a layer may be saturated
_SCREEN_BAND = 0.1  # of the band: what is looked at closely
_ROUNDING_FLOOR = 1e-9  # of a gradient's size: rounding of the layer's own sums
_KINK_REASON = "between the one-sided slopes at a kink, and twice the estimated error of the difference"
_CLOSE_ENOUGH = 2e-2  # a tolerance above this share of the scale decides nothing


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


@dataclass(frozen=True, eq=False)
class _Screened:
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
        return bool(self.off > self.tolerance and self.measured.trusted)

    @property
    def decides(self) -> bool:
        """Whether agreement here means anything."""
        return bool(self.tolerance <= _CLOSE_ENOUGH * max(self.measured.scale, 1e-300))


class Judge:
    """Judges the gradients of one setup against finite differences of its own forward."""

    def __init__(
        self,
        talk: Conversation,
        runner: Runner,
        rng: np.random.Generator,
        events: Events,
        *,
        noise: Noise | None = None,
    ) -> None:
        self.talk, self.runner, self.rng, self.events = talk, runner, rng, events
        self._replayed: dict[str, Asked] = {}
        self.findings = Findings()
        self._times_located: dict[str, int] = {}
        self.noise = noise if noise is not None else self._with_least(self._noise())

    def judge(self) -> Findings:
        """Screen all probes, look closer at those that disagree."""
        questions: list[tuple[Asked, tuple[str, ...]]] = []
        for asked in self.talk.asked:
            names = usable_tensors(asked) if asked.probe.kind.slopes else ()
            if asked.probe.kind.name == GENERIC:
                questions += [(asked, (name,)) for name in names]
            elif names:
                questions.append((asked, names))
        for screened in self._screen(questions):
            self._take(screened)
        return self.findings

    def _with_least(self, noise: Noise) -> Noise:
        """The noise at the generic point is the least that there is anywhere; in float64, its rounding."""
        output = self.talk.asked[0].outcome.output
        size = root_mean_square(output) if output is not None else 0.0
        return replace(noise, least=(size or 1.0) * (noise.relative if noise.low_precision else 2.0**-53))

    def _noise(self) -> Noise:
        """The noise at the generic point, and at a point of ordinary size if that one may be saturated."""
        asked = self.talk.asked[0]
        line = _line(asked, tuple(asked.call.tensors), self.rng, _EXACT)
        if line is None:
            return _EXACT
        noise = noise_from(line, self.runner.run(noise_calls(line))) or _EXACT
        ordinary = _of_ordinary_size(line.point, asked.setup.inputs)
        if ordinary is None or noise.low_precision:
            return noise
        middle = self.runner.run([ordinary.call()])[0].output
        if middle is None or middle.size != line.middle.size:
            return noise
        there = Line(ordinary, line.direction, np.asarray(middle, np.float64).ravel(), line.weights, _EXACT)
        other = noise_from(there, self.runner.run(noise_calls(there)))
        return other if other is not None and other.low_precision else noise

    def noise_at(self, asked: Asked) -> float:
        """The standard deviation of the outputs at one probe, measured there."""
        line = _line(asked, tuple(asked.call.tensors), self.rng, self.noise)
        noise = noise_from(line, self.runner.run(noise_calls(line))) if line is not None else None
        return (noise or self.noise).sigma(asked.outcome.output) if asked.outcome.output is not None else 0.0

    def _screen(
        self, questions: Sequence[tuple[Asked, tuple[str, ...]]], *, tied: bool = False
    ) -> list[_Screened]:
        pairs = [(q, _line(*q, self.rng, self.noise, tied=tied)) for q in questions]
        asked = [(question, line) for question, line in pairs if line is not None]
        answers = measure(self.runner, [line for _, line in asked], noise_here=self.noise.low_precision)
        return [
            self._compare(question[0], question[1], measured)
            for (question, _), measured in zip(asked, answers, strict=True)
        ]

    def _compare(self, asked: Asked, names: tuple[str, ...], measured: Measured) -> _Screened:
        got, size, rounding = 0.0, 0.0, 0.0
        local = self.findings.rounding.get(asked.name)
        for name in names:
            grad, move = gradient_of(asked, name), measured.line.direction[name]
            terms = grad * move
            got += float(terms.sum())
            size += norm(terms)
            rounding += self._rounding_along(name, grad, move, local)
        band = _SCREEN_BAND * self.noise.band * abs(measured.value) if measured.slope else 0.0
        tolerance = 2.0 * measured.error + band + _ROUNDING_FLOOR * size + rounding
        self.findings.slopes.setdefault(asked.name, {})["+".join(names)] = (got, measured.value, tolerance)
        return _Screened(asked, names, measured, got, tolerance)

    def _rounding_along(self, name: str, grad: Array, move: Array, local: Rounding | None) -> float:
        """Rounding of the layer's own gradient along a line."""
        if local is not None and name in local.spread:
            return local.along(name, move)
        share = min(self.talk.precision.get(name, 0.0), self.noise.worst_rounding)
        share = max(share, _dtype_rounding(grad, self.noise))
        return 4.0 * share * float(np.abs(grad).max(initial=0.0)) * norm(move)

    def _take(self, screened: _Screened) -> None:
        """Accept a line that agrees; look closer at one that does not, or that sits on a kink."""
        if screened.measured.kinked:
            self.findings.kinked.add(screened.asked.name)
            alone = [screened] if len(screened.names) == 1 else self._one_by_one(screened)
            for one in alone:
                self._take_at_kink(one) if one.measured.kinked else self._take(one)
        elif not screened.disagrees and screened.decides:
            self._accept(screened)
        elif not screened.disagrees and self._below_noise(screened):
            self.findings.vanishing |= {(screened.asked.name, name) for name in screened.names}
        else:
            for name in screened.names:
                self._look_closer(screened.asked, name)

    def _one_by_one(self, screened: _Screened) -> list[_Screened]:
        return self._screen([(screened.asked, (name,)) for name in screened.names])

    def _below_noise(self, screened: _Screened) -> bool:
        """Whether both slopes vanish in the noise: consistent, and nothing is resolved."""
        size = abs(screened.measured.value) + abs(screened.got)
        small = screened.tolerance <= 1e-3 * max(_output_size(screened), 1e-300)
        return small and size <= 3.0 * screened.tolerance

    def _accept(self, screened: _Screened) -> None:
        for name in screened.names:
            self.findings.accepted.add((screened.asked.name, name))
            if screened.asked.probe.kind.name == GENERIC and screened.measured.slope is not None:
                self._note(screened, name, Judgement.CONSISTENT, _line_comparison(screened))

    def rounding_at(self, asked: Asked) -> Rounding:
        """The rounding of the layer's gradients at one probe, measured once."""
        if asked.name not in self.findings.rounding:
            self.findings.rounding[asked.name] = measure_rounding(self.runner, asked, self.rng, self.noise)
        return self.findings.rounding[asked.name]

    def _look_closer(self, asked: Asked, name: str) -> None:
        """One tensor at one probe again, on a new instance, with the rounding measured; then its elements."""
        asked = self._replay(asked)
        if name not in usable_tensors(asked):
            return
        self.rounding_at(asked)
        screened = self._screen([(asked, (name,))])[0]
        if screened.measured.kinked:
            self.findings.kinked.add(asked.name)
            self._take_at_kink(screened)
        elif screened.disagrees and name in self.rounding_at(asked).lost:
            self._leave_open(asked, name, "the gradient there is all rounding")
        elif screened.disagrees:
            self._locate(screened, name)
        elif screened.decides:
            self._accept(screened)
        elif self._below_noise(screened):
            self.findings.vanishing.add((asked.name, name))
        elif not self._without_kinks(screened, name):
            self._leave_open(asked, name, "the derivative cannot be resolved there")

    def _replay(self, asked: Asked) -> Asked:
        """The probe on a new instance. If the answer is another one there, earlier calls had spoiled it."""
        if asked.name in self._replayed:
            return self._replayed[asked.name]
        alone = self.runner.alone(asked.call)
        fresh = replace(asked, outcome=alone)
        if not same_outcome(alone, asked.outcome):
            detail = f"at {asked.name}, after other calls: other values than on a new instance"
            self.events.add("state", "", asked.probe.kind.name, detail)
            place = self.talk.asked.index(asked)
            before = self.talk.asked[max(place - 1, 0)]
            self.talk.before.append((fresh, asked.outcome, before.call, before.outcome))
            self.talk.asked[place] = fresh
            self.runner.fresh_each = True
        else:
            fresh = asked
        self._replayed[asked.name] = fresh
        return fresh

    def _leave_open(self, asked: Asked, name: str, why: str) -> None:
        self.findings.open.setdefault(name, []).append(f"{asked.name}: {why}")

    def _locate(self, screened: _Screened, name: str) -> None:
        """Find the elements that are off; at a few probes only where a reference has them all or they are many."""
        known = self._times_located.get(name, 0)
        many = screened.asked.truth is not None or screened.asked.call.tensors[name].size > ALL
        if many and known >= _LOCATED and self._still_off(screened.asked, name):
            self._note(screened, name, Judgement.INCONSISTENT, _line_comparison(screened))
            return
        located = self._located(screened, name)
        self._times_located[name] = known + 1
        if located.wrong:
            self._note(screened, name, Judgement.INCONSISTENT, located.comparison, located.detail)
        elif located.open or self._still_off(screened.asked, name):
            self._leave_open(screened.asked, name, "off along lines, but no single element is")
        else:
            self._accept(screened)

    def _located(self, screened: _Screened, name: str) -> Located:
        asked = screened.asked
        line = _line(asked, (), self.rng, screened.measured.noise)
        assert line is not None
        rounding = self.rounding_at(asked)
        located = locate(self.runner, name, gradient_of(asked, name), line, self.rng, rounding=rounding)
        if located.numeric is not None:
            self.findings.located[asked.name, name] = located.numeric
        return located

    def _still_off(self, asked: Asked, name: str) -> bool:
        """Whether other lines disagree too, by more than the band."""
        lines = self._screen([(asked, (name,))] * 3)
        return all(s.off > s.tolerance + self.noise.band * s.measured.scale for s in lines)

    def _note(
        self, screened: _Screened, name: str, judgement: Judgement, comparison: Comparison, detail: str = ""
    ) -> None:
        evidence = Evidence(screened.asked.name, name, Against.OWN_FORWARD, judgement, comparison, detail)
        self.findings.evidence.setdefault(name, []).append(evidence)

    def _take_at_kink(self, screened: _Screened) -> None:
        """At a kink: element by element where each has its own output, else equal values moved together."""
        asked, name = screened.asked, screened.names[0]
        if self._acts_alone(screened, name):
            comparison = _compare_ranges(screened, gradient_of(asked, name), self.noise)
            if comparison.agreed:
                self._accept(screened)
            else:
                self._disagree_at_kink(screened, name, comparison)
            return
        tied = self._screen([(asked, (name,))], tied=True)[0]
        if not tied.measured.kinked and tied.decides:
            if tied.disagrees:
                self._disagree_when_tied(tied, name)
            else:
                self._accept(tied)
        elif not screened.disagrees and screened.decides:
            self._accept(screened)
        elif not self._without_kinks(screened, name):
            self._leave_open(asked, name, "the point sits on a kink")

    def _disagree_at_kink(self, screened: _Screened, name: str, comparison: Comparison) -> None:
        """Write it down, unless a new instance answers otherwise: then judge that answer."""
        fresh = self._replay(screened.asked)
        if fresh is screened.asked:
            self._note(screened, name, Judgement.INCONSISTENT, comparison)
        else:
            self._look_closer(fresh, name)

    def _disagree_when_tied(self, tied: _Screened, name: str) -> None:
        """Off although equal values moved together: look at the rounding there once more before it counts."""
        self.rounding_at(tied.asked)
        again = self._screen([(tied.asked, (name,))] * 2, tied=True)
        if all(one.disagrees and one.off > self.noise.band * one.measured.scale for one in again):
            self._disagree_at_kink(again[0], name, _line_comparison(again[0]))
        else:
            self._leave_open(tied.asked, name, "the point sits on a tie")

    def _acts_alone(self, screened: _Screened, name: str) -> bool:
        """Whether each element moves its own output alone: move half of them, and see which outputs change."""
        asked, line = screened.asked, screened.measured.line
        output = asked.outcome.output
        value = asked.call.tensors[name]
        if output is None or output.shape != value.shape or screened.measured.slope is None:
            return False
        half = self.rng.integers(0, 2, value.shape).astype(bool)
        move = np.where(half, line.direction[name], 0.0)
        moved = self.runner.run(
            [Line(line.point, {name: move}, line.middle, line.weights, line.noise).call_at(0.25)]
        )
        after = moved[0].output
        return after is not None and after.shape == output.shape and bool(np.all((after == output) | half))

    def _without_kinks(self, screened: _Screened, name: str) -> bool:
        """Judge again with a cotangent that leaves out the outputs at a kink; whether that decided."""
        slope, asked = screened.measured.slope, screened.asked
        output = asked.outcome.output
        if slope is None or output is None or asked.call.cotangent is None:
            return False
        clean = ~slope.kinked()
        if clean.all() or clean.sum() < 0.25 * clean.size:
            return False
        masked = np.where(clean.reshape(output.shape), asked.call.cotangent, 0.0)
        call = Call(asked.call.tensors, asked.call.constants, masked)
        again = Asked(asked.probe, call, self.runner.run([call])[0], None, asked.setup)
        if name not in usable_tensors(again):
            return False
        line = screened.measured.line
        weights = masked.astype(np.float64).ravel()
        moved = Line(line.point, line.direction, line.middle, weights, line.noise)
        smooth = Measured(moved, slope, False, screened.measured.noise)
        result = self._compare(again, (name,), smooth)
        if result.decides and not result.disagrees:
            self._accept(result)
            return True
        return False


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


def _line(
    asked: Asked, names: Sequence[str], rng: np.random.Generator, noise: Noise, *, tied: bool = False
) -> Line | None:
    output, weights = asked.outcome.output, asked.call.cotangent
    if output is None or weights is None or output.size != weights.size:
        return None
    moves = direction(rng, asked.call.tensors, names, tied=tied)
    flat = np.asarray(output, np.float64).ravel()
    return Line(asked.probe.point, moves, flat, np.asarray(weights, np.float64).ravel(), noise)


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


def _dtype_rounding(grad: Array, noise: Noise) -> float:
    return 2.0**-22 if noise.low_precision else 2.0**-50


def _output_size(screened: _Screened) -> float:
    line = screened.measured.line
    return float(norm(line.weights) * root_mean_square(line.middle))


def _compare_ranges(screened: _Screened, gradient: Array, noise: Noise) -> Comparison:
    """Element by element, where each has its own output: any value between the one-sided slopes is right."""
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


def _line_comparison(screened: _Screened) -> Comparison:
    """A comparison of two numbers, the derivatives along a line."""
    low, high = screened.measured.bounds
    want = min(max(screened.got, low), high)
    return Comparison(
        agreed=not screened.disagrees,
        fault="values" if screened.disagrees else "",
        detail=f"along a line: got {screened.got:.8g}, want {want:.8g}",
        got_shape=(),
        want_shape=(),
        worst_index=(),
        got=screened.got,
        want=want,
        abs_error=abs(screened.got - want),
        rel_error=abs(screened.got - want) / max(abs(want), 1e-300),
        rel_to="|want|",
        off=int(screened.disagrees),
        total=1,
        tolerance=screened.tolerance,
        tolerance_reason="twice the estimated error of the difference + rounding of the gradient",
    )
