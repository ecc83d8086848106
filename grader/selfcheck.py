"""A student's self-check: public checks of one's own code, quickly, offline, and again on every save.

It is the student's own code on the student's own machine, so no sandbox is asked for. Points are not the point: it
says what is right, what is not, and how to look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread

from grader.errors import GraderError, UsageError
from grader.events import Listener, ignore
from grader.grading import GradeRequest, fits, open_session, read_request
from grader.model import CheckResult, Report, Verdict
from grader.rubric import Rubric, check_id
from grader.sandbox import Sandbox
from grader.submission import Submission
from grader.variants import as_found

QUICK_KINDS = frozenset(
    {
        "forward",
        "gradient",
        "contract",
        "init",
        "network",
        "metrics",
        "formula",
        "manual",
        "torch_module",
        "script",
    }
)
CHECK_SEED = 1  # a self-check draws the same numbers each time, so that a change of outcome is the code's


@dataclass(frozen=True)
class Difference:
    """What a save changed: checks by how they went before and now."""

    mended: tuple[CheckResult, ...]
    broken: tuple[CheckResult, ...]

    @property
    def any(self) -> bool:
        """Whether anything changed."""
        return bool(self.mended or self.broken)


def checks_to_run(submission: Submission, rubric: Rubric, *, training: bool) -> tuple[str, ...]:
    """Ids of the public checks of the variant; those that train only where asked for."""

    _, view = as_found(rubric, submission.sources.outline)
    return tuple(
        check_id(part, check)
        for part in view.parts
        for check in part.checks
        if check.audience == "public" and (training or check.kind in QUICK_KINDS)
    )


def affected(submission: Submission, rubric: Rubric, changed: Set[str]) -> tuple[str, ...]:
    """Ids of the checks whose target reads a changed file, itself or through its imports.

    Args:
        submission: the files as they are now.
        rubric: the rubric.
        changed: names of changed files, as in ``submission.files``.
    """
    found = []
    for part in as_found(rubric, submission.sources.outline)[1].parts:
        for check in part.checks:
            target = check.target or part.target
            files = submission.sources.reach(target.partition(":")[0]).files if target else changed
            if changed & files:
                found.append(check_id(part, check))
    return tuple(found)


def merged(before: Report, now: Report) -> Report:
    """The earlier report with the results of checks that ran again in their places."""
    fresh = {check.id: check for check in now.checks}
    parts = tuple(
        part.model_copy(update={"checks": tuple(fresh.get(check.id, check) for check in part.checks)})
        for part in before.parts
    )
    return now.model_copy(update={"parts": parts})


def self_check(
    request: GradeRequest, sandbox: Sandbox, *, training: bool = False, on_event: Listener = ignore
) -> Report:
    """Run the public checks once.

    Raises:
        UsageError: submission, rubric or a pattern cannot be used.
    """
    read = read_request(request)
    if request.rubric is None and not fits(*read):
        raise UsageError(
            f"{request.submission}: none of the files that a built-in homework asks for is here ({', '.join(read[1].modules)} "
            f"for {read[1].id}); run this in the folder of your files, or name the homework: --rubric FILE"
        )
    only = request.only or checks_to_run(*read, training=training)
    asked = replace(
        request, only=only, public_only=True, seed=CHECK_SEED if request.seed is None else request.seed
    )
    session = open_session(asked, sandbox, on_event=on_event, read=read)
    session.warm()
    return session.grade()


def compare_runs(before: Report | None, now: Report) -> Difference:
    """Checks that pass now and did not before, and the reverse."""
    if before is None:
        return Difference((), ())
    old: Mapping[str, CheckResult] = {check.id: check for check in before.checks}
    passed = {check.id for check in before.checks if check.verdict is Verdict.PASSED}
    return Difference(
        tuple(c for c in now.checks if c.verdict is Verdict.PASSED and c.id in old and c.id not in passed),
        tuple(c for c in now.checks if c.verdict is not Verdict.PASSED and c.id in passed),
    )


def watch(
    request: GradeRequest,
    sandbox: Sandbox,
    *,
    training: bool = False,
    changes: Iterator[Set[str]] | None = None,
    show: Callable[[Report | GraderError, Difference], None],
) -> None:
    """Check now, and again whenever a file is saved, until the user stops it.

    Only checks whose part reads a changed file run again; the others keep their results.

    Args:
        request: what to check.
        sandbox: stays open between runs.
        training: also parts that train.
        changes: yields once per save; by default the folder is watched.
        show: is given each report and what changed, or the error that a save caused.
    """
    before: Report | None = None
    only: tuple[str, ...] | None = None
    source = _saves(request.submission) if changes is None else changes
    while True:
        try:
            now = _again(request, sandbox, before, only, training=training)
        except GraderError as error:
            show(error, Difference((), ()))
        else:
            show(now, compare_runs(before, now))
            before = now
        saved = next(source, None)
        if saved is None:
            return
        only = _concerned(request, saved) if before is not None else None


def _again(
    request: GradeRequest,
    sandbox: Sandbox,
    before: Report | None,
    only: tuple[str, ...] | None,
    *,
    training: bool,
) -> Report:
    """Everything at first; later the checks that a save concerns, and the earlier results of the others."""
    if before is None or only is None:
        return self_check(request, sandbox, training=training)
    known = {check.id for check in before.checks}
    again = tuple(name for name in only if name in known)
    if not again:
        return before
    return merged(before, self_check(replace(request, only=again), sandbox, training=training))


def _concerned(request: GradeRequest, saved: Set[str]) -> tuple[str, ...] | None:
    """Checks that the saved files concern; None for all of them (new files, files that cannot be read)."""
    try:
        submission, rubric = read_request(request)
    except GraderError:
        return None
    names = {name for name in submission.files if any(path.endswith(name) for path in saved)}
    return affected(submission, rubric, names) if names else None


def _saves(path: Path) -> Iterator[Set[str]]:
    """Sets of changed files below a path, as they are saved, from this call on: also those during the first check.

    Raises:
        UsageError: there is no such path.
    """
    from watchfiles import PythonFilter
    from watchfiles import watch as watched

    class Saved(PythonFilter):
        def __init__(self) -> None:
            super().__init__(extra_extensions=(".ipynb", ".toml", ".md"))

    if not path.exists():
        raise UsageError(f"{path}: no such file or folder")
    saves = SimpleQueue[Set[str]]()

    def listen() -> None:
        for changes in watched(path, watch_filter=Saved(), stop_event=ended):
            saves.put({name for _, name in changes})

    ended = Event()
    Thread(target=listen, daemon=True).start()
    return _in_one(saves, ended)


def _in_one(saves: SimpleQueue[Set[str]], ended: Event) -> Iterator[Set[str]]:
    """What was saved since the last question as one set, until the user stops it."""
    try:
        while True:
            changed = saves.get()
            while not saves.empty():
                changed |= saves.get()
            yield changed
    except KeyboardInterrupt:
        return
    finally:
        ended.set()
