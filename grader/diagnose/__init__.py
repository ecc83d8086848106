"""Naming the fault behind a wrong gradient or a wrong output."""

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
