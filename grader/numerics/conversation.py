"""Asking a layer at every probe, and what happens meanwhile beside the values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from grader.numerics.events import (
    Events,
    look_at_call,
    look_at_copy,
    look_at_linearity,
    look_at_shape,
    why_absent,
)
from grader.numerics.points import Setup, cotangent, scale_of
from grader.numerics.probes import GENERIC, Probe
from grader.numerics.runner import Runner
from grader.numerics.sameness import differs, doubled, same, same_outcome
from grader.numerics.script import FACTOR, Script, with_cotangent
from grader.numerics.subject import Call, Outcome


@dataclass(frozen=True, eq=False)
class Asked:
    """One probe with the layer's answer, and the reference's."""

    probe: Probe
    call: Call
    outcome: Outcome
    truth: Outcome | None
    setup: Setup

    @property
    def name(self) -> str:
        """The probe's name, with the setup's where it has one."""
        return f"{self.probe.kind.name}, {self.setup.name}" if self.setup.name else self.probe.kind.name


@dataclass(eq=False)
class Conversation:
    """All that was asked of one setup.

    Attributes:
        setup: the layer.
        tensors: names of its tensors.
        asked: the probes that could be asked, in order.
        precision: by tensor, how far backward was from linear in the cotangent, as a share of its
            largest value.
        before: outcomes that differ from what the same call gives on a new instance, with the call
            before them: ``(asked, outcome, call before, outcome before)``.
        random: whether the layer is random and repeats with frozen seeds.
        unsteady: tensors whose gradient differs from one new instance to the next, seeds frozen or not.
        failed: why nothing can be judged, ``""`` if something can.
    """

    setup: Setup
    tensors: tuple[str, ...]
    asked: list[Asked] = field(default_factory=list)
    precision: dict[str, float] = field(default_factory=dict)
    before: list[tuple[Asked, Outcome, Call, Outcome]] = field(default_factory=list)
    random: bool = False
    unsteady: frozenset[str] = frozenset()
    failed: str = ""


def converse(
    setup: Setup, probes: Sequence[Probe], runner: Runner, rng: np.random.Generator, events: Events
) -> Conversation:
    """Ask a layer at every probe on one instance, and find out in which mode it repeats.

    Args:
        setup: the layer.
        probes: the generic point first.
        runner: its mode is set here: seeds frozen for a random layer, fresh instances for one that keeps
            state.
        rng: the generator.
        events: where what happens is written down.
    """
    talk = Conversation(setup, tuple(probes[0].point.tensors))
    shapes = _output_shapes(setup, probes, runner, events, talk)
    if talk.failed:
        return talk
    scalar = int(np.prod(shapes[probes[0].point.shapes()])) == 1
    usable = [probe for probe in probes if probe.point.shapes() in shapes]
    usable = [probe for probe in usable if not (scalar and probe.kind.vectors_only)]
    calls = [probe.point.call(cotangent(rng, shapes[probe.point.shapes()])) for probe in usable]
    calls = [_like_generic(probe, call, calls[0]) for probe, call in zip(usable, calls, strict=True)]
    script = Script(usable, calls, rng)
    outcomes = _settle(script, runner, events, talk)
    for probe, call, outcome in zip(usable, calls, script.answers(outcomes), strict=True):
        truth = setup.truth(call) if setup.truth is not None else None
        talk.asked.append(Asked(probe, call, outcome, truth, setup))
    _look(script, outcomes, events, talk)
    return talk


def _like_generic(probe: Probe, call: Call, generic: Call) -> Call:
    """A copy of the generic point in another memory layout gets its cotangent too."""
    return (
        with_cotangent(call, generic.cotangent)
        if probe.kind.copies and generic.cotangent is not None
        else call
    )


def _output_shapes(
    setup: Setup, probes: Sequence[Probe], runner: Runner, events: Events, talk: Conversation
) -> dict[tuple[tuple[int, ...], ...], tuple[int, ...]]:
    """The shape of the output for each combination of input shapes, from one forward each."""
    distinct = {probe.point.shapes(): probe for probe in reversed(probes)}
    distinct = {shapes: distinct[shapes] for shapes in dict.fromkeys(p.point.shapes() for p in probes)}
    outcomes = runner.run([probe.point.call() for probe in distinct.values()], fresh=True)
    found: dict[tuple[tuple[int, ...], ...], tuple[int, ...]] = {}
    generic: tuple[int, ...] | None = None
    for (shapes, probe), outcome in zip(distinct.items(), outcomes, strict=True):
        if outcome.output is None:
            events.raised(probe.kind.name, outcome, guessed=setup.guessed and probe.kind.name != GENERIC)
            if generic is None:
                talk.failed = why_absent(outcome)
                break
            continue
        if generic is None:
            generic = outcome.output.shape
        found[shapes] = outcome.output.shape
        look_at_shape(events, setup, probe, outcome.output.shape, generic)
    return found


def _settle(script: Script, runner: Runner, events: Events, talk: Conversation) -> list[Outcome]:
    """Make the calls in the mode in which the layer repeats: plain, seeds frozen, or each on a new instance."""
    outcomes = runner.run(script.order, fresh=True)
    if not same(outcomes[0].output, outcomes[1].output):
        runner.frozen = True
        frozen = runner.run(script.order, fresh=True)
        if same(frozen[0].output, frozen[1].output):
            talk.random = True
            events.add(
                "random", "", GENERIC, "the layer is random; it repeats with frozen seeds", fault=False
            )
            outcomes = frozen
    if not _keeps_state(script, outcomes, runner, events, talk):
        return outcomes
    runner.fresh_each = True
    alone = runner.run(script.order)
    if not same_outcome(alone[0], alone[1]):
        detail = "the same call on new instances gives other values, frozen seeds or not"
        events.add("non_deterministic", "", GENERIC, detail)
        pairs = {name: (alone[0].grads.get(name), alone[1].grads.get(name)) for name in alone[0].grads}
        talk.unsteady = frozenset(name for name, pair in pairs.items() if not same(*pair))
    _remember(script, outcomes, alone, talk)
    return alone


def _keeps_state(
    script: Script, outcomes: Sequence[Outcome], runner: Runner, events: Events, talk: Conversation
) -> bool:
    """Whether earlier calls changed what later ones gave; writes down how."""
    first, again, final = outcomes[0], outcomes[1], outcomes[script.final]
    twice = [name for name in first.grads if doubled(first.grads[name], again.grads.get(name))]
    for name in twice:
        events.add(
            "accumulation", name, GENERIC, f"the gradient of {name} doubles when the same call is made twice"
        )
    if twice:
        return True
    if not same(first.output, again.output):
        events.add("state", "output", GENERIC, "the same forward called again gives another output")
        return True
    if not same_outcome(first, again):
        events.add("state", differs(first, again), GENERIC, "the same call made twice gives other gradients")
        return True
    if not same_outcome(first, final):
        detail = "the first call repeated after others gives other values"
        events.add("state", differs(first, final), GENERIC, detail)
        return True
    for index in script.alone():
        name = script.probes[index].kind.name
        alone = runner.run([script.calls[index]], fresh=True)[0]
        polluted = outcomes[script.place(index)]
        if not same_outcome(alone, polluted) and not alone.error:
            detail = f"at {name}, after other calls: " + (
                polluted.error or "other values than on a new instance"
            )
            events.add("state", differs(alone, polluted), name, detail)
            return True
    return False


def _remember(
    script: Script, polluted: Sequence[Outcome], alone: Sequence[Outcome], talk: Conversation
) -> None:
    """Keep the polluted answers beside the call before them, for a diagnosis."""
    probes = {0: 0, 1: 0, script.final: 0} | {script.place(i): i for i in range(len(script.calls))}
    for place, index in probes.items():
        if place and not same_outcome(polluted[place], alone[place]):
            asked = Asked(script.probes[index], script.calls[index], alone[place], None, talk.setup)
            talk.before.append((asked, polluted[place], script.order[place - 1], polluted[place - 1]))


def _look(script: Script, outcomes: Sequence[Outcome], events: Events, talk: Conversation) -> None:
    """Write down what happened in every call, and test linearity."""
    generic = talk.asked[0]
    for asked in talk.asked:
        look_at_call(events, asked.probe, asked.call, asked.outcome, asked.truth, talk.setup)
        if asked.probe.kind.copies and not asked.outcome.error:
            look_at_copy(events, asked.probe, same_outcome(asked.outcome, generic.outcome))
    for outcome in outcomes:
        events.aliases(GENERIC, outcome)
    twice = outcomes[script.final + 1]
    if twice.error and not generic.outcome.error:
        events.add("cache", "", GENERIC, f"backward cannot be called twice: {twice.error}", fault=False)
    elif not twice.error and not same_outcome(twice, generic.outcome):
        _look_at_backward_twice(events, twice, generic.outcome)
    talk.precision = look_at_linearity(
        events, [outcomes[0], outcomes[2], outcomes[3]], (FACTOR, script.second_factor), _natural_sizes(talk)
    )


def _look_at_backward_twice(events: Events, twice: Outcome, once: Outcome) -> None:
    twofold: Mapping[str, bool] = {
        name: doubled(once.grads[name], twice.grads.get(name)) for name in once.grads
    }
    for name in [name for name, is_doubled in twofold.items() if is_doubled]:
        detail = f"the gradient of {name} doubles when backward is called twice after one forward"
        events.add("accumulation", name, GENERIC, detail, fault=False)
    if not any(twofold.values()):
        detail = "backward called twice after one forward gives other values: it changes what forward kept"
        events.add("cache", differs(once, twice), GENERIC, detail, fault=False)


def natural_size(asked: Asked, name: str) -> float:
    """How large a gradient is if the output changes as much as the tensor does; 0 where nothing is known.

    Rounding is a share of this, however small the gradient itself is where its terms cancel.
    """
    output, u = asked.outcome.output, asked.call.cotangent
    if output is None or u is None or not np.isfinite(output).all():
        return 0.0
    size = float(np.abs(u).max(initial=0.0)) * float(np.abs(output).max(initial=0.0))
    return size / min(scale_of(asked.call.tensors[name]), 1.0)


def _natural_sizes(talk: Conversation) -> dict[str, float]:
    """By tensor that is judged, at the generic point; empty where the output is not finite."""
    generic = talk.asked[0]
    output = generic.outcome.output
    if output is None or not np.isfinite(output).all():
        return {}
    return {name: natural_size(generic, name) for name in talk.setup.wrt or talk.tensors}
