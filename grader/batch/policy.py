"""Late penalties and extra credit: from points earned to points that count. Pure.

A rubric says them in a ``[policy]`` table:

    [policy]
    deadline = 2025-11-14T23:59:00+01:00
    grace_minutes = 15
    per_day = 0.1           # of the points earned, for every day begun
    days = 3                # after that nothing counts
    extra = ["bonus"]       # parts or checks whose points are on top
    cap = 1.1               # at most 110 % of the regular points
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator

from grader.errors import RubricError
from grader.model import CheckResult, Frozen, Report

DAY = 86_400.0


class LateStep(Frozen):
    """From so many hours after the deadline on, this share is taken off."""

    hours: float = Field(ge=0, description="after the deadline")
    off: float = Field(ge=0, le=1, description="share of the points, 0 to 1")


class Policy(Frozen):
    """How lateness and extra credit change a score."""

    deadline: datetime | None = Field(default=None, description="with its offset: 2025-11-14T23:59:00+01:00")
    grace_minutes: float = Field(default=0.0, ge=0, description="late by no more than this is not late")
    per_day: float = Field(default=0.0, ge=0, le=1, description="share taken off for every day begun")
    steps: tuple[LateStep, ...] = Field(default=(), description="instead of per_day: a table of shares")
    of: Literal["earned", "worth"] = Field(default="earned", description="what the share is a share of")
    days: float | None = Field(default=None, gt=0, description="after so many days nothing counts")
    extra: tuple[str, ...] = Field(default=(), description="ids of parts or checks that are extra credit")
    cap: float | None = Field(
        default=None, gt=0, description="largest share of the regular points that counts"
    )

    @field_validator("deadline")
    @classmethod
    def _has_an_offset(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a deadline needs its offset from UTC, such as 2025-11-14T23:59:00+01:00")
        return value


@dataclass(frozen=True)
class Score:
    """What a submission gets.

    Attributes:
        earned: points earned, extra credit included, before any penalty.
        worth: regular points of the homework, without extra credit.
        extra: points of ``earned`` that are extra credit.
        open: points that nobody decided yet.
        hours_late: beyond the deadline; 0 if in time, None if nobody knows.
        penalty: points taken off.
        final: what counts.
        note: the arithmetic in one sentence; empty if nothing was changed.
    """

    earned: float
    worth: float
    extra: float
    open: float
    hours_late: float | None
    penalty: float
    final: float
    note: str


def apply_policy(
    report: Report, policy: Policy | None, submitted: datetime | None, *, extension_hours: float = 0.0
) -> Score:
    """The points that count.

    Args:
        report: what was earned.
        policy: None: nothing changes.
        submitted: when; None: not known, which costs nothing and is said.
        extension_hours: granted to this student.
    """
    policy = policy or Policy()
    extra = sum(check.earned for check in _extra_checks(report, policy.extra))
    worth = report.points - sum(check.points for check in _extra_checks(report, policy.extra))
    counted = report.earned if policy.cap is None else min(report.earned, policy.cap * worth)
    hours = _hours_late(policy, submitted, extension_hours)
    share = late_share(policy, hours or 0.0)
    penalty = min(counted, share * (counted if policy.of == "earned" else worth))
    final = round(counted - penalty, 4)
    return Score(
        round(report.earned, 4), worth, extra, report.open_points, hours, round(penalty, 4), final,
        _note(policy, report.earned, counted, penalty, share, hours, final),
    )  # fmt: skip


def late_share(policy: Policy, hours: float) -> float:
    """The share that is taken off for so many hours after the deadline, 0 to 1."""
    if hours * 60 <= policy.grace_minutes:
        return 0.0
    if policy.days is not None and hours > 24 * policy.days:
        return 1.0
    if policy.steps:
        return max((step.off for step in policy.steps if hours >= step.hours), default=0.0)
    return min(1.0, policy.per_day * math.ceil(hours / 24))


def load_policy(path: Path) -> Policy:
    """Read a policy from a TOML file: its ``[policy]`` table, or the whole file.

    Raises:
        RubricError: it cannot be read or says something that is not allowed.
    """
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RubricError(f"policy {path}: cannot be read: {error}") from error
    try:
        return Policy.model_validate(table.get("policy", table))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise RubricError(f"policy {path}: {place}: {first['msg'].removeprefix('Value error, ')}") from error


def unknown_extra(policy: Policy, ids: Iterable[str]) -> list[str]:
    """Ids of extra credit that are neither a part nor a check."""
    known = set(ids)
    return [name for name in policy.extra if name not in known]


def _extra_checks(report: Report, extra: tuple[str, ...]) -> list[CheckResult]:
    return [check for part in report.parts for check in part.checks if part.id in extra or check.id in extra]


def _hours_late(policy: Policy, submitted: datetime | None, extension: float) -> float | None:
    if policy.deadline is None:
        return 0.0
    if submitted is None:
        return None
    seconds = (submitted.astimezone(UTC) - policy.deadline.astimezone(UTC)).total_seconds()
    return max(0.0, round(seconds / 3600 - extension, 4))


def _note(
    policy: Policy,
    earned: float,
    counted: float,
    penalty: float,
    share: float,
    hours: float | None,
    final: float,
) -> str:
    words = []
    if counted < earned - 1e-9:
        words.append(
            f"No more than {100 * (policy.cap or 1):g} % of the regular points count, so {_points(counted)}."
        )
    if hours is None:
        words.append("When it was handed in is not known, so nothing was taken off.")
    elif share >= 1 and penalty:
        words.append(f"Handed in {_hours(hours)} late: too late to count.")
    elif penalty:
        of = "points earned" if policy.of == "earned" else "points of the homework"
        words.append(
            f"Handed in {_hours(hours)} late: {100 * share:g} % of the {of} are taken off ({_points(penalty)}); "
            f"{_points(final)} count."
        )
    return " ".join(words)


def _points(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _hours(value: float) -> str:
    return f"{value:.1f} h" if value < 48 else f"{value / 24:.1f} days"
