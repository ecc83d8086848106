"""``grade SUBMISSION``: grade one submission and print the report."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from grader.commands.arguments import (
    BELOW,
    GRADED,
    OURS,
    Audience,
    AudienceOption,
    FailUnder,
    RubricName,
    Submission,
    Verbose,
    Version,
)
from grader.errors import UsageError


def grade(
    submission: Submission,
    rubric: RubricName = None,
    variant: Annotated[str | None, typer.Option(help="Year of the homework; found if left out.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder cifar-10-batches-py, or its tar.gz.")] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Only these checks: linear, linear.gradient, '*.forward'.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Repeat a run: the seed that it printed.")] = None,
    device: Annotated[str, typer.Option(help="Where training runs: auto, cpu, cuda, mps.")] = "auto",
    json_path: Annotated[Path | None, typer.Option("--json", help="Write the record to this file.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the record and its views into this folder.")
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option("--format", help="For -o: html, markdown, junit ...; json is always written."),
    ] = None,
    audience: AudienceOption = "student",
    annotate: Annotated[
        Path | None, typer.Option(help="Of a notebook: write a copy with feedback cells to this file.")
    ] = None,
    fail_under: FailUnder = None,
    isolation: Annotated[
        str | None, typer.Option(help="Refuse to grade below this level, 1 to 3; 2 if left out.")
    ] = None,
    allow_unconfined: Annotated[
        bool, typer.Option("--allow-unconfined", help="Grade even below isolation level 2.")
    ] = False,
    python: Annotated[str, typer.Option(help="Interpreter that runs the submission.")] = "",
    verbose: Verbose = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the total alone.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="ASCII, no colour.")] = False,
    version: Version = False,
) -> None:
    """Grade one submission and print the report.

    Exit codes: 0 graded, 1 below --fail-under, 2 something that you named cannot be read, 3 our fault.
    """
    from grader.grading import GradeRequest, choose_device, grade_submission
    from grader.report import Detail, for_audience, print_report
    from grader.report.progress import ProgressView
    from grader.sandbox import SandboxSettings

    settings = SandboxSettings(
        require=_required_level(isolation),
        allow_unconfined=allow_unconfined,
        python=python,
        device=choose_device(device),
    )
    request = GradeRequest(
        submission=submission, rubric=rubric, variant=variant, data=data, device=settings.device, seed=seed,
        only=tuple(only or ()), sandbox=settings,
    )  # fmt: skip
    with ProgressView(quiet=quiet) as view:
        report = grade_submission(request, on_event=view.on_event)
    detail = Detail.VERBOSE if verbose else Detail.QUIET if quiet else Detail.NORMAL
    saved: list[str] = []
    try:
        _save(report, json_path, output, formats, audience, saved)
        if annotate is not None:
            saved.append(_annotate(submission, report, annotate, audience))
    finally:  # where a file cannot be written, the grading is not lost
        print_report(for_audience(report, audience), detail=detail, plain=plain, saved=saved)
    raise typer.Exit(_exit_code(report, fail_under))


def _required_level(text: str | None) -> int:
    if text is None:
        return 2
    match = re.fullmatch(r"(?:require=)?([0-3])", text)
    if not match:
        raise UsageError(f"--isolation {text}: 1, 2 or 3 is allowed")
    return int(match[1])


def _save(
    report: Any,
    json_path: Path | None,
    output: Path | None,
    formats: list[str] | None,
    audience: Audience,
    saved: list[str],
) -> None:
    """Write the files that were asked for, and add their paths to ``saved``."""
    from grader.files import write_text
    from grader.report import REPORTERS, render, to_json

    if json_path is not None:
        write_text(json_path, to_json(report))
        saved.append(str(json_path))
    if output is not None:
        for name in dict.fromkeys(
            ["json", *(formats or [n for n in REPORTERS if n not in ("json", "terminal", "github")])]
        ):
            text = to_json(report) if name == "json" else render(report, name, audience=audience)
            path = output / REPORTERS[name].file
            write_text(path, text)
            saved.append(str(path))


def _annotate(submission: Path, report: Any, target: Path, audience: Audience) -> str:
    from grader.notebooks.annotate import annotate
    from grader.report import for_audience

    if submission.suffix != ".ipynb":
        raise UsageError(f"--annotate: {submission} is no notebook; feedback cells can only go into one")
    shown = for_audience(report, audience)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(annotate(submission.read_bytes(), shown, name=submission.name))
    return str(target)


def _exit_code(report: Any, fail_under: float | None) -> int:
    from grader.model import Verdict
    from grader.score import percent

    if any(check.verdict is Verdict.INTERNAL for check in report.checks):
        return OURS
    if fail_under is not None and percent(report) < fail_under:
        return BELOW
    return GRADED
