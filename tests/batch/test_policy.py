"""Late penalties and extra credit, worked out by hand."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from grader.batch.lists import Times, group_of, read_groups, read_time, read_times
from grader.batch.policy import LateStep, Policy, apply_policy, late_share, load_policy, unknown_extra
from grader.batch.rows import settle_groups
from grader.errors import RubricError, UsageError
from grader.model import Verdict
from tests.batch.rows import entry, report, row

P, F = Verdict.PASSED, Verdict.FAILED
DEADLINE = datetime(2025, 11, 14, 22, 59, tzinfo=UTC)
DAILY = Policy(deadline=DEADLINE, per_day=0.1, grace_minutes=15, days=3)


@pytest.mark.parametrize(
    ("hours", "share"), [(0, 0), (0.25, 0), (0.26, 0.1), (24, 0.1), (24.1, 0.2), (72, 0.3), (72.1, 1.0)]
)
def test_a_penalty_for_every_day_begun(hours: float, share: float) -> None:
    assert late_share(DAILY, hours) == pytest.approx(share)


def test_steps_instead_of_days() -> None:
    steps = Policy(deadline=DEADLINE, steps=(LateStep(hours=1, off=0.05), LateStep(hours=48, off=0.5)))
    assert [late_share(steps, hours) for hours in (0.5, 1, 47, 48, 500)] == [0, 0.05, 0.05, 0.5, 0.5]


def test_what_is_taken_off_is_a_share_of_what_was_earned_or_of_all() -> None:
    late = DEADLINE + timedelta(hours=30)
    score = apply_policy(report(P, P, F, F), DAILY, late)
    assert (score.earned, score.penalty, score.final, score.hours_late) == (10, 2, 8, 30)
    assert score.note == "Handed in 30.0 h late: 20 % of the points earned are taken off (2); 8 count."
    score = apply_policy(report(P, P, F, F), DAILY.model_copy(update={"of": "worth"}), late)
    assert (score.penalty, score.final) == (4, 6)
    score = apply_policy(report(P, F, F, F), DAILY.model_copy(update={"of": "worth", "per_day": 0.9}), late)
    assert (score.penalty, score.final) == (5, 0)


def test_no_time_no_penalty_and_it_is_said() -> None:
    score = apply_policy(report(P, P), DAILY, None)
    assert (score.final, score.hours_late) == (10, None)
    assert "not known, so nothing was taken off" in score.note


def test_an_extension_and_no_policy() -> None:
    late = DEADLINE + timedelta(hours=30)
    assert apply_policy(report(P, P), DAILY, late, extension_hours=48).penalty == 0
    assert apply_policy(report(P, P), DAILY, late, extension_hours=10).penalty == 1
    assert apply_policy(report(P, F), None, late).final == 5


def test_extra_credit_is_on_top_and_capped() -> None:
    extra = Policy(extra=("part1",))
    score = apply_policy(report(P, P, F, P), extra, None)
    assert (score.worth, score.extra, score.final) == (10, 10, 15)
    capped = apply_policy(report(P, P, P, P), Policy(extra=("part1",), cap=1.2), None)
    assert (capped.earned, capped.final) == (20, 12)
    assert "No more than 120 %" in capped.note
    assert apply_policy(report(P, P), Policy(extra=("part1.check1",)), None).worth == 5
    assert unknown_extra(Policy(extra=("part1", "nope")), ["part0", "part1"]) == ["nope"]


def test_a_policy_file(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("[policy]\ndeadline = 2025-11-14T23:59:00+01:00\nper_day = 0.1\n")
    assert load_policy(path).deadline == DEADLINE
    path.write_text("deadline = 2025-11-14T23:59:00\n")
    with pytest.raises(RubricError, match=r"policy .*: deadline: a deadline needs its offset"):
        load_policy(path)
    path.write_text("per_day = 10\n")
    with pytest.raises(RubricError, match="per_day"):
        load_policy(path)
    with pytest.raises(ValidationError):
        Policy(per_dya=0.1)  # type: ignore[call-arg]


def test_times_from_a_list(tmp_path: Path) -> None:
    path = tmp_path / "late.csv"
    path.write_text("Student,Submitted,Extension hours\nJane  DOE,2025-11-15T10:00:00+01:00,\nbo@x.org,,12\n")
    times = read_times(path)
    assert times.of(entry("jane doe")) == (datetime(2025, 11, 15, 9, tzinfo=UTC), 0.0)
    assert times.of(entry("x", email="bo@x.org")) == (None, 12.0)
    assert times.unmatched([entry("Jane Doe"), entry("z")]) == ["bo@x.org"]
    assert times.of(entry("y", submitted="2025-11-15T10:00:00Z"))[0] == datetime(2025, 11, 15, 10, tzinfo=UTC)
    assert times.of(entry("y", submitted="0001-01-01T00:00:00+01:00"))[0] is None
    for time in ("yesterday", "20251114", "2025W10", "0001-01-01", "1970-01-01T00:00:00Z", "9999-12-31 23:59",
                 "2025-02-29 10:00", "31/11/2025 10:00", "2025-11-14T23:59+25:00"):  # fmt: skip
        path.write_text(f"id,time\n900,{time}\n")
        with pytest.raises(UsageError, match=f"line 2: {re.escape(repr(time))} is not a time"):
            read_times(path)
    for hours in ("nan", "inf", "-1", "soon"):
        path.write_text(f"id,extension\n900,{hours}\n")
        with pytest.raises(UsageError, match=f"line 2: '{hours}' is not a number of hours"):
            read_times(path)
    path.write_text("foo,time\n1,2\n")
    with pytest.raises(UsageError, match="no column says who"):
        read_times(path)
    with pytest.raises(UsageError, match="cannot be read"):
        read_times(tmp_path / "none.csv")


@pytest.mark.parametrize(
    "text", ["2025-11-15 10:00:00 UTC", "2025-11-15 10:00", "15/11/2025 10:00", "2025-11-15T10:00:00.123456789Z",
             "Saturday, 15 November 2025, 10:00 AM"],
)  # fmt: skip
def test_ways_to_write_a_time(text: str) -> None:
    found = read_time(text).replace(microsecond=0)
    assert found.replace(tzinfo=UTC) == datetime(2025, 11, 15, 10, tzinfo=UTC)
    assert (found.tzinfo is None) == (not text.endswith(("UTC", "Z")))


def test_a_time_without_an_offset_is_in_the_zone_of_the_deadline() -> None:
    policy = Policy(deadline=datetime.fromisoformat("2025-11-14T23:59:00+05:00"), per_day=0.1)
    local = datetime(2025, 11, 14, 23, 30)
    elsewhere = datetime(2025, 11, 14, 18, 45, tzinfo=UTC)  # 23:45 there
    first = row("a", policy=policy, submitted=local, groups={"a": "G", "b": "G"})
    second = row("b", policy=policy, submitted=elsewhere, groups={"a": "G", "b": "G"})
    assert (first.score.hours_late, second.score.hours_late) == (0, 0)
    assert [one.counts for one in settle_groups([first, second])] == [False, True]


def test_no_times_at_all_cost_nothing() -> None:
    assert Times().of(entry("a")) == (None, 0.0)


def test_groups(tmp_path: Path) -> None:
    path = tmp_path / "groups.csv"
    path.write_text("name,email,group_name\nJane Doe,jane@x.org,Team 1\nBo Li,bo@x.org,Team 1\nSolo,,\n")
    groups = read_groups(path)
    assert group_of(entry("x", email="BO@x.org"), groups) == "Team 1"
    assert group_of(entry("team 1"), groups) == "Team 1"
    assert group_of(entry("Solo"), groups) == ""
    path.write_text("name,group\nJane,1\njane,2\n")
    with pytest.raises(UsageError, match="in two groups"):
        read_groups(path)
