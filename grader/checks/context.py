"""What a check is given, and how it answers.

A check is a function ``run(spec, context) -> Finding``. The session turns a finding into a ``CheckResult``: it adds
id, title, points, audience and the command that repeats it, so that a check never handles points.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from grader.errors import DataError
from grader.events import Listener, ignore
from grader.model import Band, CheckResult, Curve, Diagnosis, Evidence, FormulaReading, Verdict
from grader.rubric import CheckBase, PartSpec, Rubric
from grader.submission import Submission
from grader.submission.outline import Outline

if TYPE_CHECKING:
    from grader.data import DataSet
    from grader.sandbox import Sandbox, Worker


T = TypeVar("T")
SECOND_CHANCE = 4.0  # seconds for a target that has run out of time before


@dataclass(frozen=True)
class Finding:
    """What a check found out: a verdict and the numbers behind it.

    ``share`` counts only for ``partial``: the share of the points that is earned, 0 to 1.
    """

    verdict: Verdict
    message: str = ""
    share: float = 0.0
    detail: str = ""
    hint: str = ""
    evidence: tuple[Evidence, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    curves: tuple[Curve, ...] = ()
    bands: tuple[Band, ...] = ()
    formula: FormulaReading | None = None
    output: str = ""
    work: str = ""


class CannotJudge(Exception):
    """A check cannot go on: the target is missing, unfilled, raises or has another form. ``finding`` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


@dataclass
class PartWorker:
    """The worker that the checks of one part share; a context manager that ends it."""

    worker: Worker | None = None

    def __enter__(self) -> PartWorker:
        return self

    def __exit__(self, *_: object) -> None:
        if self.worker is not None:
            self.worker.close()


@dataclass
class Context:
    """Everything that a check may use. One per check; ``facts`` is shared by all checks of a submission, ``kept`` by those
    of a part."""

    rubric: Rubric
    part: PartSpec
    spec: CheckBase
    submission: Submission
    sandbox: Sandbox
    seed: int
    variant: str = ""
    device: str = "cpu"
    earlier: Mapping[str, CheckResult] = field(default_factory=dict)
    facts: MutableMapping[str, Any] = field(default_factory=dict)
    load_data: Callable[[], DataSet] | None = None
    on_event: Listener = ignore
    output: list[str] = field(default_factory=list)
    kept: PartWorker = field(default_factory=lambda: PartWorker())

    @property
    def id(self) -> str:
        """The check's id: ``linear.gradient``."""
        return f"{self.part.id}.{self.spec.id or self.spec.kind}"  # type: ignore[attr-defined]

    @property
    def rng(self) -> np.random.Generator:
        """A fresh generator for this check: the same for the same seed, whatever ran before."""
        return self.generator("")

    def generator(self, purpose: str) -> np.random.Generator:
        """A generator of its own for one purpose within this check."""
        return np.random.default_rng([self.seed, zlib.crc32(self.id.encode()), zlib.crc32(purpose.encode())])

    @property
    def target(self) -> tuple[str, str]:
        """Module and name that the check is about.

        Raises:
            RubricError: neither the check nor its part names a target.
        """
        from grader.errors import RubricError

        target = self.spec.target or self.part.target
        if target is None:
            raise RubricError(
                f"rubric {self.rubric.id}: {self.id}: no target; give the check or its part a target"
            )
        module, _, name = target.partition(":")
        return module, name

    @property
    def module(self) -> str:
        """Module of the target; "" where there is no target."""
        return (self.spec.target or self.part.target or "").partition(":")[0]

    def once(self, key: str, make: Callable[[], T]) -> T:
        """What ``make`` gives, made once for all checks of the submission that ask for this key.

        Raises:
            CannotJudge: ``make`` raised it, now or when it was first asked.
        """
        if key not in self.facts:
            try:
                self.facts[key] = make()
            except CannotJudge as reason:
                self.facts[key] = reason
        found: T | CannotJudge = self.facts[key]
        if isinstance(found, CannotJudge):
            raise found
        return found

    @property
    def seconds(self) -> float:
        """Time limit of one request to the worker, in seconds; short once this target has run out of it."""
        limit = self.spec.seconds or self.rubric.limits.seconds
        return min(limit, SECOND_CHANCE) if self.facts.get(self._hung) else limit

    @property
    def _hung(self) -> str:
        return f"hung:{self.spec.target or self.part.target}"

    def hung(self) -> None:
        """The target has run out of its time: from now on it gets less."""
        self.facts[self._hung] = True

    def outline(self, module: str) -> Outline | None:
        """What the submission's file of a module defines, or None if there is no such file."""
        return self.submission.sources.outline(module)

    def data(self) -> DataSet:
        """The data set (loaded on first use).

        Raises:
            DataError: there is no data set for this run.
        """
        if self.load_data is None:
            raise DataError("this run has no data set")
        return self.load_data()

    @contextmanager
    def worker(self, *, readonly: Sequence[Path] = (), **limits: int) -> Iterator[Worker]:
        """A fresh worker that holds the submission's files, gone when the block ends."""
        from grader.checks.support import open_worker

        with open_worker(self, readonly, limits) as worker:
            yield worker

    @contextmanager
    def part_worker(self) -> Iterator[Worker]:
        """The worker that the checks of this part share; a fresh one at first, and after the last one has died."""
        from grader.checks.support import open_worker

        if self.kept.worker is None or not self.kept.worker.alive:
            self.kept.worker = open_worker(self, (), {})
        yield self.kept.worker
