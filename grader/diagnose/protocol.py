"""From events to diagnoses: what happened apart from the values."""

from __future__ import annotations

from collections.abc import Sequence

from grader.diagnose.hypothesis import OUTPUT
from grader.diagnose.observation import Event, EventKind, Observation
from grader.diagnose.wording import diagnosis
from grader.model import Diagnosis

FAULTS: dict[EventKind, str] = {
    EventKind.ACCUMULATION: "G120",
    EventKind.STALE_CACHE: "G121",
    EventKind.STATE: "P101",
    EventKind.ALIAS: "P102",
    EventKind.MUTATION: "P103",
    EventKind.NON_DETERMINISTIC: "P104",
    EventKind.RAISED: "P105",
    EventKind.MISSING_GRADIENT: "G116",
    EventKind.SHAPE: "P106",
    EventKind.DTYPE: "P107",
    EventKind.NON_FINITE: "P108",
    EventKind.PRECISION: "G128",
    EventKind.IGNORED_COTANGENT: "G111",
    EventKind.NOT_LINEAR: "P109",
    EventKind.READ_ONLY: "P110",
    EventKind.CLEARED_CACHE: "P111",
}
"""What each kind of event is called, in the order in which they are believed."""

FORWARD_FAULTS: dict[EventKind, str] = {EventKind.PRECISION: "F128", EventKind.MISSING_GRADIENT: "F116"}

SYMPTOMS = ("P108", "P109", "G154")
"""What follows from a wrong formula, and is no name of its own where there is another."""

EXPLAINED = ("P106",)
"""What an exact explanation of the numbers explains with them: their shape as well."""

ONLY_BACKWARD = (EventKind.ACCUMULATION, EventKind.IGNORED_COTANGENT, EventKind.NOT_LINEAR)


def of_events(target: str, events: Sequence[Event]) -> list[Diagnosis]:
    """One diagnosis per kind of event that concerns this target, in the order of FAULTS."""
    found = []
    for kind, fault in FAULTS.items():
        concerned = [event for event in events if event.kind == kind and _concerns(event, target)]
        if not concerned:
            continue
        event = concerned[0]
        name = FORWARD_FAULTS.get(kind, fault) if target == OUTPUT else fault
        found.append(diagnosis(name, target, note=_note(event)))
    return found


def _concerns(event: Event, target: str) -> bool:
    if target == OUTPUT:
        return event.tensor in ("", OUTPUT) and event.kind not in ONLY_BACKWARD
    if event.kind in (EventKind.MUTATION, EventKind.READ_ONLY):
        return True
    return event.tensor in ("", target)


def _note(event: Event) -> str:
    if event.got is not None and event.want is not None:
        return f"{_shown(event.got)}, expected {_shown(event.want)}"
    if event.kind in (EventKind.RAISED, EventKind.MUTATION, EventKind.NON_FINITE):
        return event.detail or event.tensor
    return ""


def _shown(value: tuple[int, ...] | str) -> str:
    return value if isinstance(value, str) else str(tuple(value))


def of_absence(target: str, observations: Sequence[Observation]) -> list[Diagnosis]:
    """No value ever came back although one was due."""
    if target == OUTPUT:
        due = [o for o in observations if o.output_want is not None]
        absent = bool(due) and all(o.output_got is None for o in due)
        return [diagnosis("F116", target)] if absent else []
    due = [o for o in observations if target in o.grads_want]
    absent = bool(due) and all(o.grads_got.get(target) is None for o in due)
    return [diagnosis("G116", target)] if absent else []
