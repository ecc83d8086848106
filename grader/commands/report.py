"""``grader report`` and ``grader explain``: other views of what is known already."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from grader.commands.arguments import AudienceOption, Verbose, text_of


def report(
    result: Annotated[Path, typer.Argument(help="report.json of an earlier run.", show_default=False)],
    form: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            help="terminal, html, markdown, junit, gradescope, github, classroom, csv, json.",
        ),
    ] = "terminal",
    audience: AudienceOption = "student",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file instead of printing.")
    ] = None,
    verbose: Verbose = False,
) -> None:
    """Make another view of a record, without grading again."""
    from grader.files import write_text
    from grader.report import Detail, for_audience, from_json, print_report, render, write_github

    record = from_json(text_of(result))
    if form == "terminal" and output is None:
        shown = for_audience(record, audience)
        print_report(shown, detail=Detail.VERBOSE if verbose else Detail.NORMAL)
        return
    if form == "github" and output is None:  # in a workflow, the summary and the outputs of the step as well
        text = write_github(for_audience(record, audience), os.environ)
    else:
        text = render(record, form, audience=audience)
    if output is None:
        sys.stdout.write(text)
    else:
        write_text(output, text)


def explain(
    name: Annotated[
        str, typer.Argument(help="Id of a fault or a kind of check: G103, gradient.", show_default=False)
    ],
) -> None:
    """Explain an id of a report: what it means, why it is wrong, an example, how to see it yourself."""
    from rich.console import Console

    from grader.explain import explain as explanation

    Console().print(explanation(name))
