"""The folder of results: what is in it, how it is written, and what of an earlier run still holds.

    RESULTS/
      grades.csv  class.html              made from the records at the end of every run
      reports/KEY/report.json             the record, with the marks that people gave
      reports/KEY/report.html  report.md  the student's view of it
      run/records/KEY.json                the record as graded; written as it comes, whole or not at all
      run/batch.json                      seed and options of the batch
      run/state/KEY.json                  which files, rubric, version and seed the record was made of; seconds
      run/batch.log

Everything outside ``run/`` (and the seconds in class.html) repeats byte for byte.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from grader.errors import GraderError, UsageError

FORMAT = 1


class StoreError(GraderError):
    """The results cannot be written (disk full, no permission); what was written before is whole."""


@dataclass(frozen=True)
class State:
    """What a record was made of.

    Attributes:
        stamp: hash over everything that decides the record.
        record: sha256 of report.json.
        views: hash over everything that decides the student's reports.
        seconds: how long grading took.
        outcome: "graded" or "internal".
    """

    stamp: str
    record: str
    views: str = ""
    seconds: float = 0.0
    outcome: str = "graded"


class Store:
    """Reads and writes one folder of results."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.run = root / "run"

    @property
    def log(self) -> Path:
        """Where the log goes unless told otherwise."""
        return self.run / "batch.log"

    def report_folder(self, key: str) -> Path:
        """Where the reports of one submission lie."""
        return self.root / "reports" / key

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep a second batch out of this folder.

        Raises:
            UsageError: one is at work here.
            StoreError: the folder cannot be made.
        """
        try:
            self.run.mkdir(parents=True, exist_ok=True)
            file = (self.run / "lock").open("a")
        except OSError as error:
            raise StoreError(f"{self.run}: cannot be made: {error.strerror}") from error
        with file:
            _lock(file, self.root)
            yield

    def settings(self) -> dict[str, Any]:
        """What the batch was started with, or nothing on the first run."""
        found = _read_json(self.run / "batch.json")
        return found if found.get("format") == FORMAT else {}

    def save_settings(self, settings: dict[str, Any]) -> None:
        """Remember what the batch was started with."""
        text = json.dumps({"format": FORMAT, **settings}, indent=2, sort_keys=True) + "\n"
        if _read(self.run / "batch.json") != text.encode():
            write_file(self.run / "batch.json", text)

    def state(self, key: str) -> State | None:
        """What is known of a record; None if there is none, or if it was not made by this program."""
        try:
            return State(**_read_json(self.run / "state" / f"{key}.json"))
        except TypeError:
            return None

    def kept(self, key: str, stamp: str) -> bytes | None:
        """The record of an earlier run, if it was made of the same and is whole."""
        state = self.state(key)
        if state is None or state.stamp != stamp or state.outcome != "graded":
            return None
        record = _read(self._record(key))
        return record if record is not None and sha256(record) == state.record else None

    def save(self, key: str, record: str, state: State) -> None:
        """Write a record, then what it was made of: a record without its state is graded again."""
        write_file(self._record(key), record)
        self.save_state(key, state)

    def strangers(self, keys: Iterable[str]) -> list[str]:
        """Folders of reports of submissions that are no longer there."""
        reports = self.root / "reports"
        return sorted({path.name for path in reports.iterdir()} - set(keys)) if reports.is_dir() else []

    def holds(self, key: str, file: str, content: str) -> bool:
        """Whether a file of a submission's reports is exactly this."""
        return _read(self.report_folder(key) / file) == content.encode("utf-8")

    def _record(self, key: str) -> Path:
        return self.run / "records" / f"{key}.json"

    def save_state(self, key: str, state: State) -> None:
        """Write what a record was made of."""
        write_file(self.run / "state" / f"{key}.json", json.dumps(asdict(state), indent=1) + "\n")


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file: all of it under its name, or nothing.

    Raises:
        StoreError: the disk is full or the file may not be written; nothing of it is left.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error


def sha256(data: bytes) -> str:
    """Digest of bytes in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def fingerprint(*facts: object) -> str:
    """Digest of plain facts."""
    return sha256(json.dumps(facts, sort_keys=True, default=str).encode())


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _read_json(path: Path) -> dict[str, Any]:
    """A JSON object; empty if the file is not there or not one."""
    try:
        found = json.loads(_read(path) or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _lock(file: Any, root: Path) -> None:
    try:
        import fcntl
    except ImportError:  # no such locks on Windows
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise UsageError(
            f"{root}: another batch is writing its results here; wait for it or stop it"
        ) from None
