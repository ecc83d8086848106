"""The catalogue: every named fault by its id."""

from __future__ import annotations

from grader.diagnose.fault import Fault
from grader.diagnose.faults import FAULTS
from grader.diagnose.hypotheses import FORWARD_HYPOTHESES, HYPOTHESES

__all__ = ["CATALOGUE", "FORWARD_HYPOTHESES", "HYPOTHESES"]

CATALOGUE: dict[str, Fault] = {fault.id: fault for fault in FAULTS}
