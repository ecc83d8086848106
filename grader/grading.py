"""From what a person asks for to one report: read the rubric and the submission, open the sandbox, grade.

The one entry that the command line, the pytest plugin and scripts share.
"""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from grader.answers import Answers, find_answers
from grader.errors import UsageError
from grader.events import Listener, ignore
from grader.model import Report
from grader.rubric import FormulaSpec, ManualSpec, Rubric, builtin_rubrics, load_rubric
from grader.sandbox import Sandbox, SandboxSettings
from grader.session import GradeSettings, Session, default_seed
from grader.submission import Submission, load_submission

if TYPE_CHECKING:
    from grader.data import DataSet

DEFAULT_RUBRIC = "uva_dl1_a1"
NAME_FILE = "homework.txt"  # a submission may say which homework it is: one line, a rubric's name


@dataclass(frozen=True)
class GradeRequest:
    """What a person asks for.

    Attributes:
        submission: folder, zip, notebook or Python file.
        rubric: built-in name or path; None: what the submission says, else the default.
        variant: of the rubric; None: found.
        data: folder or tar.gz with CIFAR-10; None: the cache, else the stand-in.
        device: "auto", "cpu", "cuda" or "mps".
        seed: None: drawn and printed.
        only: patterns of check ids.
        public_only: leave hidden checks out.
        stamp: write when and how long.
        sandbox: how the worker is confined.
    """

    submission: Path
    rubric: str | None = None
    variant: str | None = None
    data: Path | None = None
    device: str = "auto"
    seed: int | None = None
    only: tuple[str, ...] = ()
    public_only: bool = False
    stamp: bool = True
    sandbox: SandboxSettings = field(default_factory=SandboxSettings)


def grade_submission(
    request: GradeRequest,
    *,
    sandbox: Sandbox | None = None,
    on_event: Listener = ignore,
) -> Report:
    """Grade one submission.

    Args:
        request: what to grade and how.
        sandbox: one that is open already (a batch); otherwise one is opened and closed here.
        on_event: told about parts, checks and epochs as they happen.

    Raises:
        UsageError: submission, rubric, data or an option cannot be used (exit code 2).
        IsolationError: the machine cannot give the isolation required.
    """
    if sandbox is None:
        with Sandbox(_settings(request)) as own:
            return grade_submission(request, sandbox=own, on_event=on_event)
    session = open_session(request, sandbox, on_event=on_event)
    session.warm()
    return session.grade()


def _settings(request: GradeRequest) -> SandboxSettings:
    """The sandbox's settings, with the rubric's environment where none was asked for."""
    if request.sandbox.python or not request.rubric:
        return request.sandbox
    return replace(request.sandbox, python=load_rubric(request.rubric).environment)


def read_request(request: GradeRequest) -> tuple[Submission, Rubric]:
    """Read the submission and its rubric.

    Raises:
        UsageError: either cannot be read.
    """
    modules = load_rubric(request.rubric).modules if request.rubric else _all_modules()
    submission = load_submission(request.submission, modules=modules)
    if request.rubric:
        return submission, load_rubric(request.rubric)
    name = homework_of(submission)
    if name != DEFAULT_RUBRIC and not submission.text(NAME_FILE):
        note = f"No rubric was named; {name} fits the files and answers best. Another: --rubric NAME."
        submission = replace(submission, notes=(*submission.notes, note))
    return submission, load_rubric(name)


def homework_of(submission: Submission) -> str:
    """The rubric that a submission names in its ``homework.txt``, else the built-in one that fits it best.

    Raises:
        UsageError: it names one that does not exist.
    """
    text = (submission.text(NAME_FILE) or "").strip()
    if not text:
        answers = find_answers(submission)
        found = {name: _fit(submission, answers, load_rubric(name)) for name in builtin_rubrics()}
        return max(found, key=lambda name: (found[name], name == DEFAULT_RUBRIC))
    if text not in builtin_rubrics():
        raise UsageError(
            f"{NAME_FILE}: no built-in rubric is called {text[:60]!r} (built in: {', '.join(builtin_rubrics())})"
        )
    return text


def fits(submission: Submission, rubric: Rubric) -> bool:
    """Whether the submission says that it is this homework, or has any file or answer that it asks for."""
    if submission.text(NAME_FILE) or not submission.files.keys().isdisjoint(rubric.modules):
        return True
    return _fit(submission, find_answers(submission), rubric) > 0


def _fit(submission: Submission, answers: Answers, rubric: Rubric) -> int:
    """How many of the files and answers that a rubric asks for are there."""
    checks = [check for part in rubric.parts for check in part.checks]
    asked = {check.question.id for check in checks if isinstance(check, FormulaSpec)}
    asked |= {check.answer for check in checks if isinstance(check, ManualSpec) and check.answer}
    files = sum(name in submission.files for name in rubric.modules)
    return files + sum(answers.get(name) is not None for name in asked)


def choose_device(asked: str) -> str:
    """The device of training: what was asked for, or the best that is there.

    Raises:
        UsageError: the device asked for is not there.
    """
    if asked == "cpu" or (asked == "auto" and not _accelerator_possible()):
        return "cpu"
    import torch

    here = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if asked == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if here[name])
    if not here.get(asked, False):
        wrong = "not on this machine" if asked in here else "no such device; expected auto, cpu, cuda or mps"
        raise UsageError(
            f"--device {asked}: {wrong}; there is: {', '.join(n for n, ok in here.items() if ok)}"
        )
    return asked


def _accelerator_possible() -> bool:
    """Whether it is worth importing torch to look for an accelerator: seconds, on a machine that has none."""
    return sys.platform != "linux" or Path("/dev/nvidiactl").exists() or Path("/dev/kfd").exists()


def open_session(
    request: GradeRequest,
    sandbox: Sandbox,
    *,
    on_event: Listener = ignore,
    read: tuple[Submission, Rubric] | None = None,
) -> Session:
    """A session that is ready to grade.

    Args:
        request: what to grade and how.
        sandbox: an open one.
        on_event: told about parts, checks and epochs as they happen.
        read: what ``read_request`` gave, where that was called already.

    Raises:
        UsageError: submission or rubric cannot be read.
    """
    submission, rubric = read or read_request(request)
    settings = GradeSettings(
        seed=default_seed() if request.seed is None else request.seed,
        variant=request.variant,
        device=sandbox.settings.device,
        only=request.only,
        public_only=request.public_only,
        stamp=request.stamp,
        load_data=lambda: _load(request.data),
        invocation=invocation(request.submission, request.rubric, request.variant, request.data),
    )
    return Session(submission, rubric, sandbox, settings, on_event)


def invocation(submission: Path | str, rubric: str | None, variant: str | None, data: Path | None) -> str:
    """The arguments of ``grade`` that say what is graded: words of a shell, what was not given left out."""
    options = (("--rubric", rubric), ("--variant", variant), ("--data", data))
    given = [word for option, value in options if value is not None for word in (option, str(value))]
    return shlex.join([str(submission), *given])


def _load(path: Path | None) -> DataSet:
    from grader.data import load_data

    return load_data(path)


def _all_modules() -> tuple[str, ...]:
    return tuple({name: None for rubric in builtin_rubrics() for name in load_rubric(rubric).modules})
