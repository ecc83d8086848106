"""``grader check``: a student looks at their own work."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from grader.commands.arguments import BELOW, GRADED, DataFolder, RubricName, Verbose
from grader.errors import GraderError


def check(
    path: Annotated[Path, typer.Argument(help="Your folder, notebook or answer file.")] = Path(),
    rubric: RubricName = None,
    only: Annotated[list[str] | None, typer.Option(help="Only these checks: linear, elu.gradient.")] = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Check again on every save.")] = False,
    training: Annotated[bool, typer.Option("--training", help="Train, too (a minute or two).")] = False,
    data: DataFolder = None,
    verbose: Verbose = False,
) -> None:
    """Check your own work before you hand it in: public checks only, no sandbox, no network."""
    from grader.grading import GradeRequest
    from grader.report import Detail, print_report
    from grader.report.progress import ProgressView
    from grader.sandbox import Sandbox
    from grader.selfcheck import own_code, self_check
    from grader.selfcheck import watch as watch_folder

    if path.suffix in (".toml", ".md") and path.is_file():
        _echo_answers(path, rubric)
        return
    settings = own_code()
    request = GradeRequest(
        submission=path, rubric=rubric, data=data, only=tuple(only or ()), sandbox=settings, device="cpu"
    )
    detail = Detail.VERBOSE if verbose else Detail.NORMAL
    with Sandbox(settings) as sandbox:
        if watch:
            watch_folder(request, sandbox, training=training, show=_show_run)
            return
        with ProgressView() as view:
            result = self_check(request, sandbox, training=training, on_event=view.on_event)
    print_report(result, detail=detail)
    raise typer.Exit(GRADED if result.earned + result.open_points >= result.points else BELOW)


def _show_run(result: Any, difference: Any) -> None:
    """One run of a watch: an error, or one line per check that is not right, and what the save changed."""
    from grader.report import Detail, print_report

    if isinstance(result, GraderError):
        print(result, file=sys.stderr)
        return
    print_report(result, detail=Detail.CONCISE)
    for word, checks in (("mended", difference.mended), ("broken", difference.broken)):
        for item in checks:
            print(f"{word}: {item.id}")
    print("Watching for the next save; Ctrl-C ends.")


def _echo_answers(path: Path, rubric: str | None) -> None:
    """How each written answer is read, with its shape; not whether it is right."""
    from grader.answers import find_answers
    from grader.formulas.echo import echo_answers
    from grader.grading import DEFAULT_RUBRIC
    from grader.rubric import FormulaSpec, load_rubric
    from grader.submission import submission_from_files
    from grader.text import one_line

    answers = find_answers(submission_from_files({path.name: path.read_bytes()}, name=path.stem))
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
