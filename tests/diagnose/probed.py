"""Observations of a planted fault as the gradient check makes them: all probes, zeros and ties and overflow too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from grader.diagnose import Event, EventKind, Observation
from grader.numerics import Against, Call, Outcome, Point, Setup, check_setups
from grader.truth import truth_of
from reference.layers import LAYERS


class Planted:
    """A layer of the reference with one part exchanged, as a subject."""

    def __init__(self, layer: str, options: dict[str, object], tensor: str, code: Callable[..., Any]) -> None:
        self.layer, self.options, self.tensor, self.code = LAYERS[layer], options, tensor, code

    def run(self, calls: Sequence[Call], *, fresh: bool = False, freeze_seeds: bool = False) -> list[Outcome]:
        with np.errstate(all="ignore"):
            return [self._one(call) for call in calls]

    def _one(self, call: Call) -> Outcome:
        point = {name: np.array(value) for name, value in {**call.tensors, **call.constants}.items()}
        try:
            forward = self.layer.forward if self.tensor else self.code
            output = np.asarray(forward(**point, **self.options))
            if call.cotangent is None:
                return Outcome(output)
            grads: dict[str, Any] = dict(self.layer.backward(call.cotangent, **point, **self.options))
            if self.tensor:
                made = self.code(dout=np.array(call.cotangent), **point, **self.options)
                grads[self.tensor] = None if made is None else np.asarray(made)
            return Outcome(output, grads)
        except ValueError as error:
            return Outcome(None, error=str(error))


def probed(
    layer_name: str, tensor: str, code: Callable[..., Any], *, seed: int = 0
) -> tuple[list[Observation], list[Event]]:
    """Observations and events of one faulty layer, at the sizes and options of its cases."""
    layer = LAYERS[layer_name]
    groups: dict[str, list[Any]] = {}
    for case in layer.cases:
        groups.setdefault(repr(dict(case.options)), []).append(case)
    observations: list[Observation] = []
    events: list[Event] = []
    for cases in groups.values():
        report = check_setups([_setup(layer_name, tensor, code, case) for case in cases], seed=seed)
        observations += [
            Observation(
                probe=record.probe,
                layer=layer_name,
                tensors=record.tensors,
                constants=record.constants,
                options=record.options,
                cotangent=record.cotangent,
                output_got=record.output_got,
                output_want=record.output_want,
                grads_got=record.grads_got,
                grads_want=record.grads_want,
            )
            for record in report.records
            if record.want_by is Against.REFERENCE
        ]
        events += [
            Event(EventKind(event.kind), event.tensor, event.probe, event.detail, event.got, event.want)
            for event in report.events
            if event.fault
        ]
    return observations, events


def _setup(layer_name: str, tensor: str, code: Callable[..., Any], case: Any) -> Setup:
    layer = LAYERS[layer_name]
    options = layer.settings(case.options)
    sizes = {name: size for name, size in case.sizes.items() if name != "n"}

    def draw(rng: np.random.Generator, batch: int) -> Point:
        point = layer.draw(rng, n=batch, **sizes, **options)
        return Point({n: point[n] for n in layer.tensors}, {n: point[n] for n in layer.constants})

    return Setup(
        Planted(layer_name, dict(options), tensor, code),
        draw,
        inputs=tuple(name for name in layer.tensors if name not in layer.parameters),
        truth=truth_of(layer_name, options),
        name=case.name,
        batch=int(case.sizes.get("n", 5)),
        options=options,
    )
