"""Lists that a course keeps: submission times and groups, as CSV with a header. Read with care for what people write."""

from __future__ import annotations

import contextlib
import csv
import io
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from grader.batch.intake import Entry
from grader.errors import UsageError
from grader.submission.file_names import without_suffix

WHO = ("submission", "key", "student", "name", "full name", "email", "email address", "id", "student id", "sid",
       "user id", "canvas_user_id", "login_id", "participant", "identifier")  # fmt: skip
WHEN = (
    "submitted",
    "submitted at",
    "submission time",
    "time",
    "submitted_at",
    "created_at",
    "last modified (submission)",
)
GROUP = ("group", "group name", "group_name", "team")
EXTENSION = ("extension hours", "extension_hours", "extension")
FORMATS = ("%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%d-%m-%Y %H:%M", "%d/%m/%Y %H:%M",
           "%d.%m.%Y %H:%M", "%A, %d %B %Y, %I:%M %p", "%b %d, %Y %I:%M%p")  # fmt: skip
ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d\S*)?", re.ASCII)  # a bare number may be anybody's id
YEARS = range(2000, 2101)  # others are what a system writes where it knows no time: 0001-01-01, 1970-01-01


@dataclass(frozen=True)
class Times:
    """When things were handed in, by what identifies a student."""

    submitted: Mapping[str, datetime] = field(default_factory=dict)
    extension: Mapping[str, float] = field(default_factory=dict)  # hours
    listed: tuple[tuple[str, ...], ...] = ()  # what each line calls its student

    def of(self, entry: Entry, zone: tzinfo = UTC) -> tuple[datetime | None, float]:
        """Time and extension of a submission; the time falls back to what the download says.

        Args:
            entry: the submission.
            zone: of times that say none.
        """
        names = identifiers(entry)
        time = next((self.submitted[name] for name in names if name in self.submitted), None)
        extension = next((self.extension[name] for name in names if name in self.extension), 0.0)
        if time is None and entry.identity.submitted:
            with contextlib.suppress(ValueError):
                time = read_time(entry.identity.submitted)
        return time if time is None or time.tzinfo else time.replace(tzinfo=zone), extension

    def unmatched(self, entries: Iterable[Entry]) -> list[str]:
        """The lines that speak of none of these submissions, by the first name that they give."""
        known = {name for entry in entries for name in identifiers(entry)}
        return [names[0] for names in self.listed if known.isdisjoint(names)]


def identifiers(entry: Entry) -> list[str]:
    """What a list may call a submission, folded."""
    who = entry.identity
    names = [entry.key, entry.source, re.sub(r"\.(ipynb|py)$", "", without_suffix(entry.source)), who.name, who.email,
             who.student_id, who.canvas_id, who.moodle_id, who.gradescope_id,
             *(text for member in who.members for text in member)]  # fmt: skip
    return list(dict.fromkeys(fold(name) for name in names if name))


def fold(name: str) -> str:
    """A name as lists are searched for it."""
    return " ".join(name.casefold().split())


def read_times(path: Path) -> Times:
    """Read a CSV of submission times.

    Raises:
        UsageError: it cannot be read, a column is missing, or a time cannot be understood (with its line).
    """
    submitted: dict[str, datetime] = {}
    extension: dict[str, float] = {}
    listed: list[tuple[str, ...]] = []
    for line, row in _rows(path, who=True, also=(WHEN, EXTENSION), need=1):
        when, more = _cell(row, WHEN), _cell(row, EXTENSION)
        names = [fold(_participant(row[name])) for name in WHO if row.get(name, "").strip()]
        when = "" if when == "-" else when
        if names and (when or more):
            listed.append(tuple(names))
        if when:
            try:
                time = read_time(when)
            except ValueError:
                raise UsageError(
                    f"{path}, line {line}: {when!r} is not a time; write 2025-11-14T23:59:00+01:00"
                ) from None
            submitted.update(dict.fromkeys(names, time))
        if more:
            try:
                hours = float(more)
            except ValueError:
                hours = math.nan
            if not 0 <= hours < math.inf:
                raise UsageError(f"{path}, line {line}: {more!r} is not a number of hours")
            extension.update(dict.fromkeys(names, hours))
    return Times(submitted, extension, tuple(listed))


def read_time(text: str) -> datetime:
    """A point in time, with its offset from UTC where the text says one.

    Raises:
        ValueError: it is none, or none of a year in which somebody can have handed in.
    """
    text = re.sub(r"(\.\d{6})\d+", r"\1", text.strip())
    text = re.sub(r" ?UTC$", "+00:00", text)
    found = _as_iso(text) or next(filter(None, (_in_form(text, form) for form in FORMATS)), None)
    if found is None or found.year not in YEARS:
        raise ValueError(f"{text!r} is not a time")
    return found


def _as_iso(text: str) -> datetime | None:
    if not ISO.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _in_form(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)
    except ValueError:
        return None


def read_groups(path: Path) -> dict[str, str]:
    """Read a CSV of groups: folded name of a student -> name of the group.

    Raises:
        UsageError: it cannot be read, a column is missing, or a student is in two groups.
    """
    groups: dict[str, str] = {}
    for line, row in _rows(path, who=True, also=(GROUP,), need=1):
        group = _cell(row, GROUP)
        if not group:
            continue
        for name in (fold(_participant(row[name])) for name in WHO if row.get(name, "").strip()):
            if groups.setdefault(name, group) != group:
                raise UsageError(
                    f"{path}, line {line}: {name!r} is in two groups, {groups[name]!r} and {group!r}"
                )
    return groups


def group_of(entry: Entry, groups: Mapping[str, str]) -> str:
    """The group of a submission; the name of a group may be the name of the submission."""
    names = identifiers(entry)
    found = next((groups[name] for name in names if name in groups), "")
    return found or next((group for group in groups.values() if fold(group) in names), "")


def _participant(text: str) -> str:
    match = re.fullmatch(r"\D*?(\d+)", text.strip())
    return match[1] if match and not text.strip().isdigit() and " " in text.strip() else text


def _cell(row: Mapping[str, str], names: Iterable[str]) -> str:
    return next((row[name].strip() for name in names if row.get(name, "").strip()), "")


def _rows(
    path: Path, *, who: bool, also: tuple[tuple[str, ...], ...], need: int
) -> list[tuple[int, dict[str, str]]]:
    """Rows by folded column name, with their line."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
    delimiter = ";" if text.split("\n", 1)[0].count(";") > text.split("\n", 1)[0].count(",") else ","
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    header = [fold(name) for name in next(reader, [])]
    if who and not set(header) & set(WHO):
        raise UsageError(f"{path}: no column says who; name one of: {', '.join(WHO)}")
    if sum(bool(set(header) & set(names)) for names in also) < need:
        raise UsageError(
            f"{path}: no column {' or '.join(names[0] for names in also)}; found: {', '.join(header)}"
        )
    return [(reader.line_num, dict(zip(header, row, strict=False))) for row in reader if any(row)]
