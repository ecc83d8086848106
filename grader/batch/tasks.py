"""From an entry of the class to the task that grades it, and the hash over everything that decides its record."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from grader.batch.anonymous import masked_words
from grader.batch.intake import Contents, Entry, digest, read_entry
from grader.batch.job import Task, submission_seed
from grader.batch.request import BatchRequest
from grader.batch.store import fingerprint
from grader.errors import SubmissionError
from grader.grading import invocation
from grader.rubric import Rubric
from grader.session import version


class Tasks:
    """Makes the tasks of one batch."""

    def __init__(self, request: BatchRequest, rubric: Rubric, seed: int, entries: Iterable[Entry]) -> None:
        self._request = request
        self._rubric = rubric
        self._seed = seed
        names = Counter(entry.identity.name for entry in entries)
        self._shared = {name for name, count in names.items() if count > 1}

    def name(self, entry: Entry) -> str:
        """What reports and marks call a submission: its student's name; its key where two have that name."""
        shared = entry.identity.name in self._shared
        return entry.key if self._request.anonymous or shared else entry.identity.name

    def task(self, entry: Entry) -> Task:
        """The entry as a task; one that cannot be read is graded as what is there, nothing, and says why."""
        request = self._request
        contents = _contents(entry)
        return Task(
            key=entry.key,
            name=self.name(entry),
            files=dict(contents.files),
            notes=contents.notes,
            rubric=self._rubric,
            seed=submission_seed(self._seed, contents.hash),
            variant=request.variant,
            only=request.only,
            device=request.device,
            data=str(request.data) if request.data else None,
            invocation=self._invocation(entry),
            masked=masked_words(entry) if request.anonymous else (),
            sandbox=request.sandbox,
        )

    def _invocation(self, entry: Entry) -> str:
        request = self._request
        if request.anonymous or not entry.where:
            return ""
        return invocation(entry.where, request.rubric, request.variant, request.data)


def stamp_of(task: Task) -> str:
    """Hash over everything that decides the record."""
    return fingerprint(
        digest(task.files), task.notes, task.name, task.rubric.source_hash, version(), source_digest(), task.seed,
        task.variant, task.only, task.device, task.data, task.invocation, task.masked, task.sandbox.require,
        task.sandbox.python,
    )  # fmt: skip


@functools.cache
def source_digest() -> str:
    """Digest of this package's own source, so that records of another state of it are not kept."""
    total = hashlib.sha256()
    for package in ("grader", "reference"):
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            for path in sorted(Path(folder).rglob("*.py")):
                total.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return total.hexdigest()


def _contents(entry: Entry) -> Contents:
    try:
        return read_entry(entry)
    except SubmissionError as error:
        why = str(error)
    except Exception as error:  # whatever a hostile archive makes of the reader
        why = f"{type(error).__name__}: {error}"
    return Contents({}, (f"The submission could not be read: {why}",), digest({}))
