"""Naming the fault behind a wrong gradient or a wrong output.

A hypothesis is a wrong formula written from the layer's own tensors. It is believed if it explains every probe at
rounding level, those that agree with the truth included; then comes the truth plus a multiple of something else, then
a short sum of the layer's terms read back from the numbers, and last a pattern of the wrong elements.

To add a fault: its text in ``faults/`` and one line in a table in ``hypotheses/``; a formula that is not there yet
goes to ``variants/``.
"""

from __future__ import annotations

from grader.diagnose.catalogue import CATALOGUE, FORWARD_HYPOTHESES, HYPOTHESES
from grader.diagnose.fault import Fault
from grader.diagnose.hypothesis import Hypothesis
from grader.diagnose.naming import diagnose_forward, diagnose_gradient
from grader.diagnose.observation import Event, EventKind, Observation

__all__ = [
    "CATALOGUE",
    "FORWARD_HYPOTHESES",
    "HYPOTHESES",
    "Event",
    "EventKind",
    "Fault",
    "Hypothesis",
    "Observation",
    "diagnose_forward",
    "diagnose_gradient",
]
