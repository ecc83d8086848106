"""``grader check``: a student looks at their own work."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.commands.arguments import BELOW, GRADED, DataFolder, RubricName, Verbose
from grader.errors import GraderError, UsageError

if TYPE_CHECKING:
    from grader.model import Report
    from grader.report import Detail
    from grader.selfcheck import Difference


def check(
    path: Annotated[
        Path, typer.Argument(help="Your folder, notebook, or answer file (.toml, .md).")
    ] = Path(),
    rubric: RubricName = None,
    only: Annotated[list[str] | None, typer.Option(help="Only these checks: linear, elu.gradient.")] = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Check again on every save.")] = False,
    training: Annotated[
        bool, typer.Option("--training", help="The checks that train, too (a minute or two).")
    ] = False,
    data: DataFolder = None,
    verbose: Verbose = False,
) -> None:
    """Check your own work before you hand it in: public checks only, no sandbox, no network.

    Of an answer file, it says how each answer is read, not whether it is right. Exit code 1: points are missing.
    """
    from grader.sandbox import Sandbox, SandboxSettings

    if path.suffix in (".toml", ".md") and path.is_file():
        _echo_answers(path, rubric)
        return
    settings = SandboxSettings.own_code()
    with Sandbox(settings) as sandbox:
        sandbox.warm((), ())  # the worker's interpreter starts while the host imports the rest
        from grader.grading import GradeRequest
        from grader.report import Detail, print_report
        from grader.report.progress import ProgressView
        from grader.selfcheck import self_check
        from grader.selfcheck import watch as watch_folder

        request = GradeRequest(
            submission=path, rubric=rubric, data=data, only=tuple(only or ()), sandbox=settings, device="cpu"
        )
        detail = Detail.VERBOSE if verbose else Detail.NORMAL
        if watch:
            watch_folder(
                request, sandbox, training=training, show=_Screen(detail if verbose else Detail.CONCISE).show
            )
            return
        with ProgressView() as view:
            result = self_check(request, sandbox, training=training, on_event=view.on_event)
    print_report(result, detail=detail)
    raise typer.Exit(GRADED if result.earned + result.open_points >= result.points else BELOW)


class _Screen:
    """What a watch prints: the whole report at first, then what each save changed."""

    def __init__(self, detail: Detail) -> None:
        self.detail = detail
        self.before: Report | None = None

    def show(self, result: Report | GraderError, difference: Difference) -> None:
        """One run of a watch, or the error that a save caused."""
        if isinstance(result, GraderError):
            print(result, file=sys.stderr)
            return
        if self.before is None:
            from grader.report import print_report

            print_report(result, detail=self.detail)
            print("Watching for the next save; Ctrl-C ends.", flush=True)
        else:
            print("\n".join(what_changed(self.before, result, difference)), flush=True)
        self.before = result


def what_changed(before: Report, now: Report, difference: Difference) -> list[str]:
    """Lines about one save: checks that are mended, broken, or wrong in another way, and the points."""
    old = {check.id: (check.verdict, check.message) for check in before.checks}
    moved = {check.id for check in (*difference.mended, *difference.broken)}
    other = [c for c in now.checks if c.id not in moved and old.get(c.id) != (c.verdict, c.message)]
    lines = [f"mended  {', '.join(check.id for check in difference.mended)}"] if difference.mended else []
    for word, checks in (("broken", difference.broken), ("now", other)):
        messages = dict.fromkeys(check.message for check in checks)
        for message in messages:
            alike = [check for check in checks if check.message == message]
            lines.append(f"{word:<6}  {', '.join(check.id for check in alike)}")
            lines += [f"        {line}" for line in (message or alike[0].verdict, alike[0].hint) if line]
    changed = f"(before: {before.earned:g})" if before.earned != now.earned else "(as before)"
    return [*lines, f"{datetime.now():%H:%M:%S}  {now.earned:g} of {now.points:g} points {changed}"]


def _echo_answers(path: Path, rubric: str | None) -> None:
    """How each written answer is read, with its shape; not whether it is right."""
    from grader.answers import NAMES, find_answers
    from grader.formulas.echo import echo_answers
    from grader.grading import DEFAULT_RUBRIC
    from grader.rubric import FormulaSpec, load_rubric
    from grader.submission import submission_from_files
    from grader.text import one_line

    answers = find_answers(submission_from_files({path.name: path.read_bytes()}, name=path.stem))
    for note in answers.notes:
        print(one_line(note, limit=300))
    if not answers.files and not answers.notes:
        raise UsageError(f"{path.name} is read by no grading; call it {' or '.join(NAMES[:2])}")
    checks = [check for part in load_rubric(rubric or DEFAULT_RUBRIC).parts for check in part.checks]
    for echo in echo_answers(answers, [check.question for check in checks if isinstance(check, FormulaSpec)]):
        name = f"{echo.id} {echo.part}".strip()
        read = (
            f"read as {echo.read_as}" + (f", shape {echo.shape}" if echo.shape else "")
            if echo.read_as
            else ""
        )
        print(one_line(f"{name}: {read or echo.problem}", limit=300))
        for note in echo.notes:
            print(one_line(f"    {note}", limit=300))
