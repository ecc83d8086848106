"""What a gradient check saw, as a diagnosis takes it."""

from __future__ import annotations

from grader.checks.layer import LayerUnderTest
from grader.conventions.lacking import completed
from grader.diagnose import Event, EventKind, Observation
from grader.numerics import Against, GradientReport, Record
from grader.truth import layer_called


def observations_of(under: LayerUnderTest, report: GradientReport) -> list[Observation]:
    """The probes that have a reference's answer."""
    layer = under.spelling.layer
    return [_observation(layer, record) for record in report.records if record.want_by is Against.REFERENCE]


def _observation(layer: str, record: Record) -> Observation:
    return Observation(
        probe=record.probe,
        layer=layer,
        tensors=completed(layer_called(layer), record.tensors),
        constants=record.constants,
        options=record.options,
        cotangent=record.cotangent,
        output_got=record.output_got,
        output_want=record.output_want,
        grads_got=record.grads_got,
        grads_want=record.grads_want,
        before=_observation(layer, record.before) if record.before is not None else None,
    )


def events_of(report: GradientReport) -> list[Event]:
    """The faults among the events, those that a diagnosis knows."""
    known = {kind.value for kind in EventKind}
    return [
        Event(EventKind(event.kind), event.tensor, event.probe, event.detail, event.got, event.want)
        for event in report.events
        if event.kind in known and event.fault
    ]
