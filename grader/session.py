"""Grade ONE submission: which checks, in which order, and what came out of each."""

from __future__ import annotations

import difflib
import fnmatch
import importlib.metadata
import time
from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from grader.checks.context import Context, Finding, PartWorker
from grader.checks.running import run_check
from grader.checks.support import needed_packages
from grader.errors import UsageError
from grader.events import CheckDone, CheckStarted, Listener, PartStarted, RunStarted, ignore
from grader.model import Audience, CheckResult, DataUsed, Isolation, PartResult, Report, Verdict
from grader.outcome import Asked, outcome
from grader.rubric import CheckBase, CheckSpec, PartSpec, Rubric, check_id, check_title
from grader.submission import Submission
from grader.text import clean
from grader.variants import FoundVariant, as_found

if TYPE_CHECKING:
    from grader.data import DataSet
    from grader.sandbox import Sandbox

DATA_KINDS = frozenset({"training", "experiment", "claim"})
PAPER_KINDS = frozenset({"formula", "manual"})  # read by the host, never run


@dataclass(frozen=True)
class GradeSettings:
    """How one submission is graded.

    Attributes:
        seed: every number drawn follows from it; it is printed, and the worker does not learn it.
        variant: id of the rubric's variant, or None to find it.
        device: "cpu", "cuda", "mps": where training runs.
        only: patterns of check ids (``linear.*``); checks that match none are left out of the report.
        public_only: leave hidden checks out (a student's self-check).
        stamp: write when and how long; off where results must repeat byte for byte.
        load_data: gives the data set, called at most once and only if a check needs it.
        invocation: how the user named submission, rubric and data, for the command that repeats a check.
    """

    seed: int = 0
    variant: str | None = None
    device: str = "cpu"
    only: tuple[str, ...] = ()
    public_only: bool = False
    stamp: bool = True
    load_data: Callable[[], DataSet] | None = None
    invocation: str = ""


@dataclass
class Session:
    """One submission on its way to a report."""

    submission: Submission
    rubric: Rubric
    sandbox: Sandbox
    settings: GradeSettings = field(default_factory=GradeSettings)
    on_event: Listener = ignore
    facts: MutableMapping[str, Any] = field(default_factory=dict)
    results: dict[str, CheckResult] = field(default_factory=dict)
    variant: FoundVariant = field(default_factory=lambda: FoundVariant("", ""))
    _data: DataSet | None = None
    _data_error: UsageError | None = None

    def grade(self) -> Report:
        """Run every check that was asked for and return the report.

        Raises:
            UsageError: the variant or a pattern of ``only`` does not exist.
            IsolationError: the machine cannot give the isolation required.
        """
        started, clock = datetime.now(UTC), time.perf_counter()
        rubric = self.prepare()
        variant = self.variant
        refuse_unknown(rubric, self.settings.only)
        isolation = self._isolation(rubric)
        names = [check_id(part, spec) for part in rubric.parts for spec in part.checks]
        self.on_event(RunStarted(self.submission.name, sum(map(self._asked_for, names))))
        parts = tuple(self._part(rubric, part) for part in rubric.parts)
        return Report(
            gradmark=version(),
            submission=clean(self.submission.name, limit=120),
            submission_hash=self.submission.hash,
            rubric=rubric.id,
            rubric_title=f"{rubric.course}: {rubric.title}" if rubric.course else rubric.title,
            rubric_hash=rubric.source_hash,
            variant=variant.id,
            variant_reason=variant.reason,
            data=self._data_used(),
            device=self.settings.device,
            isolation=isolation,
            seed=self.settings.seed,
            started=started.isoformat(timespec="seconds") if self.settings.stamp else "",
            seconds=round(time.perf_counter() - clock, 3) if self.settings.stamp else 0.0,
            notes=tuple(clean(note, limit=300) for note in self.submission.notes),
            parts=tuple(part for part in parts if part.checks),
        )

    def warm(self) -> None:
        """Start the warm interpreter beside the host's own work; one serves layers and training.

        Raises:
            UsageError: the data set cannot be read, the variant does not exist.
        """
        asked = self._to_run(self.prepare())
        if not asked:
            return
        needs_data = (
            any(check.kind in DATA_KINDS for _, check in asked) and self.settings.load_data is not None
        )
        modules = {(check.target or part.target or "").partition(":")[0] for part, check in asked}
        packages = set[str]().union(*(needed_packages(self.submission.sources, name) for name in modules))
        self.sandbox.warm([self._load_data().root] if needs_data else [], packages)

    def _to_run(self, rubric: Rubric) -> list[tuple[PartSpec, CheckSpec]]:
        """The checks that were asked for and that run the submission."""
        return [
            (part, check)
            for part in rubric.parts
            for check in part.checks
            if check.kind not in PAPER_KINDS and self._asked_for(check_id(part, check))
        ]

    def _isolation(self, rubric: Rubric) -> Isolation:
        """What the sandbox gives; it refuses here, before a byte of the submission is loaded.

        Written answers alone need no worker: none is started then.
        """
        if not self._to_run(rubric):
            return Isolation(level=0, name="nothing was run")
        return self.sandbox.isolation

    def prepare(self) -> Rubric:
        """The rubric as it is for this submission's variant, which is found here.

        Raises:
            UsageError: the variant asked for does not exist.
        """
        outline = self.submission.sources.outline
        self.variant, rubric = as_found(self.rubric, outline, asked=self.settings.variant)
        return rubric

    def check_one(self, part: PartSpec, spec: CheckBase) -> CheckResult:
        """Run one check of the prepared rubric; later checks see its result."""
        with PartWorker() as kept:
            result = self._check(self.prepare(), part, spec, kept)
        self.results[result.id] = result
        return result

    def _part(self, rubric: Rubric, part: PartSpec) -> PartResult:
        self.on_event(PartStarted(part.id, part.title))
        results = []
        with PartWorker() as kept:
            for spec in part.checks:
                if self.settings.public_only and spec.audience is Audience.HIDDEN:
                    continue
                if not self._asked_for(check_id(part, spec)):
                    continue
                self.on_event(CheckStarted(check_id(part, spec), check_title(part, spec)))
                result = self._check(rubric, part, spec, kept)
                self.results[result.id] = result
                results.append(result)
                self.on_event(CheckDone(result))
        return PartResult(id=part.id, title=part.title, checks=tuple(results))

    def _check(self, rubric: Rubric, part: PartSpec, spec: CheckBase, kept: PartWorker) -> CheckResult:
        clock = time.perf_counter()
        name = check_id(part, spec)
        finding = self._reason_to_skip(name, spec)
        if finding is None:
            context = Context(
                rubric=rubric,
                part=part,
                spec=spec,
                submission=self.submission,
                sandbox=self.sandbox,
                seed=self.settings.seed,
                variant=self.variant.id,
                device=self.settings.device,
                earlier=self.results,
                facts=self.facts,
                load_data=self._load_data,
                on_event=self.on_event,
                kept=kept,
            )
            finding = run_check(spec, context)
        seconds = time.perf_counter() - clock if self.settings.stamp else 0.0
        return outcome(part, spec, finding, self._asked_how(rubric, seconds))

    def _asked_how(self, rubric: Rubric, seconds: float) -> Asked:
        settings = self.settings
        return Asked(self.submission, settings.seed, settings.invocation, rubric.hint_level, seconds)

    def _reason_to_skip(self, name: str, spec: CheckBase) -> Finding | None:
        for need in spec.needs:
            before = self.results.get(need)
            if before is not None and before.verdict not in (Verdict.PASSED, Verdict.PARTIAL):
                return Finding(Verdict.SKIPPED, f"needs {need}, which did not pass")
        return None

    def _asked_for(self, name: str) -> bool:
        only = self.settings.only
        return not only or any(fnmatch.fnmatch(name, spelled(pattern)) for pattern in only)

    def _load_data(self) -> DataSet:
        if self._data_error is not None:
            raise self._data_error
        if self._data is None:
            if self.settings.load_data is None:
                raise UsageError("this run was given no data set")
            try:
                self._data = self.settings.load_data()
            except UsageError as error:
                self._data_error = error
                raise
        return self._data

    def _data_used(self) -> DataUsed:
        if self._data is None:
            return DataUsed(kind="none", description="none was needed")
        return DataUsed(kind=self._data.kind, description=self._data.description)


def version() -> str:
    """Version of this package."""
    try:
        return importlib.metadata.version("gradmark")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def spelled(pattern: str) -> str:
    """A pattern of check ids: the name of a part means all of its checks."""
    return pattern if "." in pattern or "*" in pattern else f"{pattern}.*"


def refuse_unknown(rubric: Rubric, only: Iterable[str]) -> None:
    """Patterns of check ids that name no check are a mistake of whoever typed them.

    Raises:
        UsageError: one matches nothing; the message names the nearest check, and the parts.
    """
    names = [check_id(part, spec) for part in rubric.parts for spec in part.checks]
    parts = [part.id for part in rubric.parts]
    for pattern in only:
        if not fnmatch.filter(names, spelled(pattern)):
            near = difflib.get_close_matches(pattern, [*parts, *names], n=1)
            guess = f"did you mean {near[0]!r}? " if near else ""
            raise UsageError(
                f"--only {pattern}: no check of that name; {guess}The parts are: {', '.join(parts)} "
                f"(grader rubric show {rubric.id} lists their checks)"
            )


def default_seed() -> int:
    """A fresh seed, drawn from the system's entropy; printed in the report so that the run can be repeated."""
    import secrets

    return secrets.randbelow(2**31)


def first_needed(rubric: Rubric, kinds: Iterable[str] = DATA_KINDS) -> bool:
    """Whether any check of the rubric needs a data set."""
    return any(spec.kind in kinds for part in rubric.parts for spec in part.checks)
