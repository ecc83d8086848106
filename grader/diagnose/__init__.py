"""Naming the fault behind a wrong gradient or a wrong output.

A hypothesis is a wrong formula written from the layer's own tensors. It is believed if it explains every probe at
rounding level, those that agree with the truth included; then comes the truth plus a multiple of something else, then
a short sum of the layer's terms read back from the numbers, and last a pattern of the wrong elements.

To add a fault: its text in ``faults/`` and one line in a table in ``hypotheses/``; a formula that is not there yet
goes to ``variants/``.

The catalogue is large and imported when its names are first asked for: a right layer does without.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from grader.diagnose.fault import Fault
from grader.diagnose.given import name_fault
from grader.diagnose.hypothesis import Hypothesis
from grader.diagnose.observation import Event, EventKind, Observation

if TYPE_CHECKING:
    from grader.diagnose.catalogue import CATALOGUE, FORWARD_HYPOTHESES, HYPOTHESES
    from grader.diagnose.naming import diagnose_forward, diagnose_gradient
    from grader.diagnose.updates import Updates, diagnose_updates

__all__ = [
    "CATALOGUE",
    "FORWARD_HYPOTHESES",
    "HYPOTHESES",
    "Event",
    "EventKind",
    "Fault",
    "Hypothesis",
    "Observation",
    "Updates",
    "diagnose_forward",
    "diagnose_gradient",
    "diagnose_updates",
    "name_fault",
]

_LATE = {
    "Updates": "updates",
    "CATALOGUE": "catalogue",
    "FORWARD_HYPOTHESES": "catalogue",
    "HYPOTHESES": "catalogue",
    "diagnose_forward": "naming",
    "diagnose_gradient": "naming",
    "diagnose_updates": "updates",
}


def __getattr__(name: str) -> Any:
    if name in _LATE:
        return getattr(import_module(f"grader.diagnose.{_LATE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
