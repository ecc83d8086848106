"""Grade one submission of a class: what travels to a process of this or another machine, and what comes back.

Each process keeps one sandbox, whose zygote forks a worker per check, so that a submission costs its own work.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import re
import signal
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import IsolationError, SubmissionError
from grader.model import CheckResult, DataUsed, Isolation, PartResult, Report, Verdict
from grader.rubric import Rubric, check_id, check_title
from grader.sandbox import Sandbox, SandboxSettings
from grader.session import GradeSettings, Session, spelled, version
from grader.submission import Submission, submission_from_files
from grader.text import clean
from grader.variants import as_found

if TYPE_CHECKING:
    from grader.data import DataSet

THREADS = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
)
WATCH_SECONDS = 1.0
TRIES = 2
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,16}\b")  # of an object: another one in every run
_local = threading.local()


@dataclass(frozen=True)
class Task:
    """One submission and how to grade it; plain data that can be pickled.

    Attributes:
        key, name: of the submission; the name is what reports show.
        files: as handed in, by relative path.
        notes: of the intake.
        rubric: the whole rubric, so that a worker elsewhere needs no file of it.
        seed: of this submission.
        data: where the machine that grades finds the data set; None: its cache, else the stand-in.
        invocation: how to name submission, rubric and data to ``grade``.
        masked: words that must not appear in the report (anonymous marking).
    """

    key: str
    name: str
    files: Mapping[str, bytes]
    notes: tuple[str, ...]
    rubric: Rubric
    seed: int
    variant: str | None = None
    only: tuple[str, ...] = ()
    device: str = "cpu"
    data: str | None = None
    invocation: str = ""
    masked: tuple[str, ...] = ()
    sandbox: SandboxSettings = field(default_factory=SandboxSettings)


@dataclass(frozen=True)
class Graded:
    """What came out: the report as JSON, how long it took, where."""

    key: str
    record: str
    seconds: float
    process: int


def submission_seed(batch_seed: int, content_hash: str) -> int:
    """The seed of one submission: the same for the same files, whoever handed them in and in whatever order."""
    data = hashlib.sha256(f"{batch_seed}:{content_hash}".encode()).digest()
    return int.from_bytes(data[:4], "big") >> 1


def start_process(parent: int) -> None:
    """Prepare a process of the batch: no key stops it but its parent's end does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, args=(parent,), daemon=True).start()


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    os._exit(1)  # the zygote and its workers end when their socket closes


def grade_task(task: Task) -> Graded:
    """Grade a submission; a fault of ours is tried once more in a fresh sandbox.

    Raises:
        IsolationError: this machine cannot give the isolation required; nothing was loaded.
        UsageError: rubric, variant, ``only`` or data cannot be used.
    """
    clock = time.perf_counter()
    report = None
    for _ in range(TRIES):
        try:
            report = _grade(task, _sandbox(task.sandbox))
        except IsolationError:
            _close_sandbox()
            _sandbox(task.sandbox).isolation  # noqa: B018  raises again where the machine is the reason
            continue
        except BaseException:
            _close_sandbox()
            raise
        if not any(check.verdict is Verdict.INTERNAL for check in report.checks):
            break
        _close_sandbox()
    if report is None:
        raise IsolationError(
            "workers kept losing a layer of the sandbox; nothing of the submission was judged"
        )
    return Graded(task.key, _settled(report, task).model_dump_json(indent=2, by_alias=True) + "\n",
                  time.perf_counter() - clock, os.getpid())  # fmt: skip


def _grade(task: Task, sandbox: Sandbox) -> Report:
    settings = GradeSettings(
        seed=task.seed,
        variant=task.variant,
        device=task.device,
        only=task.only,
        stamp=False,
        load_data=lambda: _load(task.data),
        invocation=task.invocation,
    )
    submission = _submission(task)
    if task.only:
        settings = replace(settings, only=_only_there(task, submission))
        if not settings.only:
            return _empty_report(task, sandbox.isolation, ("no check asked for belongs to this variant",), ())
    return Session(submission, task.rubric, sandbox, settings).grade()


def _only_there(task: Task, submission: Submission) -> tuple[str, ...]:
    """The patterns that checks of this submission's variant match: a class may have several variants."""
    _, rubric = as_found(task.rubric, submission.sources.outline, asked=task.variant)
    names = [check_id(part, spec) for part in rubric.parts for spec in part.checks]
    return tuple(only for only in task.only if fnmatch.filter(names, spelled(only)))


def _submission(task: Task) -> Submission:
    """The submission; one that cannot be put together is graded as what it is, nothing."""
    try:
        return submission_from_files(
            task.files, name=task.name, notes=task.notes, modules=task.rubric.modules
        )
    except (SubmissionError, RecursionError, MemoryError) as error:
        note = f"The submission could not be read: {str(error) or type(error).__name__}"
        return submission_from_files({}, name=task.name, notes=(*task.notes, note))


def _load(path: str | None) -> DataSet:
    from grader.data import load_data

    return load_data(Path(path) if path else None)


def _sandbox(settings: SandboxSettings) -> Sandbox:
    """This thread's sandbox, started at its first use."""
    found: Sandbox | None = getattr(_local, "sandbox", None)
    if found is None or found.settings != settings:
        _close_sandbox()
        found = _local.sandbox = Sandbox(settings)
    return found


def _close_sandbox() -> None:
    found: Sandbox | None = getattr(_local, "sandbox", None)
    _local.sandbox = None
    if found is not None:
        found.close()


def _settled(report: Report, task: Task) -> Report:
    """The report without what differs from run to run (addresses) and without names that are to be hidden."""
    words = sorted({word for word in task.masked if len(word) > 2}, key=len, reverse=True)
    names = re.compile("|".join(map(re.escape, words)), re.IGNORECASE) if words else None

    def settle(text: str) -> str:
        text = _ADDRESS.sub("0x…", text)
        return names.sub(task.name, text) if names else text

    def check(result: CheckResult) -> CheckResult:
        return result.model_copy(
            update={
                name: settle(getattr(result, name))
                for name in ("message", "detail", "output", "where", "work")
            }
        )

    parts = tuple(
        part.model_copy(update={"checks": tuple(check(result) for result in part.checks)})
        for part in report.parts
    )
    return report.model_copy(update={"parts": parts, "notes": tuple(map(settle, report.notes))})


def internal_report(task: Task, reason: str) -> Report:
    """The report of a submission that we failed to grade: every check is our fault, and its points stay open."""
    rubric = task.rubric
    if rubric.variants:
        rubric = rubric.for_variant(rubric.variant(task.variant or rubric.variants[0].id).id)
    parts = []
    for part in rubric.parts:
        named = [(check_id(part, spec), spec) for spec in part.checks]
        checks = tuple(
            CheckResult(
                id=name,
                title=check_title(part, spec),
                kind=spec.kind,
                verdict=Verdict.INTERNAL,
                points=spec.points,
                message=reason,
                audience=spec.audience,
            )
            for name, spec in named
            if not task.only or any(fnmatch.fnmatch(name, spelled(only)) for only in task.only)
        )
        if checks:
            parts.append(PartResult(id=part.id, title=part.title, checks=checks))
    return _empty_report(task, Isolation(level=0, name="not graded"), (reason,), tuple(parts))


def _empty_report(
    task: Task, isolation: Isolation, notes: tuple[str, ...], parts: tuple[PartResult, ...]
) -> Report:
    return Report(
        gradmark=version(),
        submission=clean(task.name, limit=120),
        rubric=task.rubric.id,
        rubric_title=task.rubric.title,
        rubric_hash=task.rubric.source_hash,
        data=DataUsed(kind="none", description="none was needed"),
        device=task.device,
        isolation=isolation,
        seed=task.seed,
        notes=notes,
        parts=parts,
    )


def failure_text(error: BaseException) -> str:
    """An exception in one line, with the last place in our code."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"
