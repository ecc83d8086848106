"""What a grading run tells those who watch it: plain records handed to one callable, in their order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from grader.model import CheckResult


@dataclass(frozen=True)
class RunStarted:
    """Grading begins; `checks` counts those that will run."""

    submission: str
    checks: int


@dataclass(frozen=True)
class PartStarted:
    """A part begins."""

    id: str
    title: str


@dataclass(frozen=True)
class CheckStarted:
    """A check begins."""

    id: str
    title: str


@dataclass(frozen=True)
class EpochDone:
    """Training inside a check reached an epoch."""

    check: str
    epoch: int  # from 1
    epochs: int
    note: str = ""  # "loss 1.73, accuracy 38.1 %"


@dataclass(frozen=True)
class CheckDone:
    """A check has its result."""

    result: CheckResult


Event = RunStarted | PartStarted | CheckStarted | EpochDone | CheckDone
Listener = Callable[[Event], None]


def ignore(event: Event) -> None:
    """The listener of a run that nobody watches."""
