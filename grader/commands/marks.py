"""``grader marks``: marks that people give."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from grader.commands.arguments import text_of
from grader.errors import UsageError

marks_app = typer.Typer(help="Marks that people give: make a template, apply them.", no_args_is_help=True)

Results = Annotated[
    list[Path], typer.Argument(help="report.json files, or folders that hold some.", show_default=False)
]


def _kind(path: Path) -> Literal["csv", "toml"]:
    if path.suffix not in (".csv", ".toml"):
        raise UsageError(f"{path}: marks are kept in a .csv or a .toml file")
    return "toml" if path.suffix == ".toml" else "csv"


def _records(paths: list[Path]) -> list[Path]:
    found = [
        file for path in paths for file in (sorted(path.rglob("report.json")) if path.is_dir() else [path])
    ]
    if not found:
        raise UsageError(f"{', '.join(map(str, paths))}: no report.json there")
    return found


@marks_app.command("template")
def marks_template(
    results: Results,
    output: Annotated[Path, typer.Option("--output", "-o", help="A .csv or .toml file.")] = Path("marks.csv"),
    everything: Annotated[
        bool, typer.Option("--all", help="Rows for checks that were decided, too.")
    ] = False,
) -> None:
    """List what a person has to mark, with the submission's text."""
    from grader.files import write_text
    from grader.marks import template, to_csv, to_toml
    from grader.report import from_json

    kind = _kind(output)
    rows = template([from_json(text_of(path)) for path in _records(results)], everything=everything)
    write_text(output, to_toml(rows) if kind == "toml" else to_csv(rows))
    print(f"{output}: {len(rows)} rows; fill in the column marks, then: grader marks apply {output} ...")


@marks_app.command("apply")
def marks_apply(
    marks: Annotated[Path, typer.Argument(help="The filled-in .csv or .toml file.", show_default=False)],
    results: Results,
) -> None:
    """Put the marks into the records (report.json); reports made from them afterwards show the marks."""
    from grader.files import write_text
    from grader.marks import apply_marks, read_marks
    from grader.report import from_json, to_json

    given = read_marks(text_of(marks), kind=_kind(marks), name=str(marks))
    for path in _records(results):
        record, warnings = apply_marks(from_json(text_of(path)), given)
        write_text(path, to_json(record))
        for warning in warnings:
            print(warning, file=sys.stderr)
        print(f"{path}: {record.earned:g} of {record.points:g} points, {record.open_points:g} open")
