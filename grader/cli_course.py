"""Commands around a course: marks that people give, the reference's experiments, pictures of it all."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table
from rich.text import Text

from grader.errors import UsageError

if TYPE_CHECKING:
    from reference.experiments import Result

marks_app = typer.Typer(help="Marks that people give: make a template, apply them.", no_args_is_help=True)
reference_app = typer.Typer(help="The reference's own experiments.", no_args_is_help=True)

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


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error


@marks_app.command("template")
def marks_template(
    results: Results,
    output: Annotated[Path, typer.Option("--output", "-o", help="A .csv or .toml file.")] = Path("marks.csv"),
    everything: Annotated[
        bool, typer.Option("--all", help="Rows for checks that were decided, too.")
    ] = False,
) -> None:
    """List what a person has to mark, with the submission's text."""
    from grader.marks import template, to_csv, to_toml
    from grader.report import from_json
    from grader.session import write_text

    kind = _kind(output)
    rows = template([from_json(_text(path)) for path in _records(results)], everything=everything)
    write_text(output, to_toml(rows) if kind == "toml" else to_csv(rows))
    print(f"{output}: {len(rows)} rows; fill in the column marks, then: grader marks apply {output} ...")


@marks_app.command("apply")
def marks_apply(
    marks: Annotated[Path, typer.Argument(help="The filled-in .csv or .toml file.", show_default=False)],
    results: Results,
) -> None:
    """Lay the marks over the records; views made of them afterwards show the marks."""
    from grader.marks import apply_marks, read_marks
    from grader.report import from_json, to_json
    from grader.session import write_text

    given = read_marks(_text(marks), kind=_kind(marks), name=str(marks))
    for path in _records(results):
        record, warnings = apply_marks(from_json(_text(path)), given)
        write_text(path, to_json(record))
        for warning in warnings:
            print(warning, file=sys.stderr)
        print(f"{path}: {record.earned:g} of {record.points:g} points, {record.open_points:g} open")


@reference_app.command("run")
def reference_run(
    names: Annotated[list[str], typer.Argument(help="Experiments, or all.", show_default=False)],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for logs and pictures.")
    ] = None,
    page: Annotated[
        Path | None, typer.Option(help="Write a page that sets the results beside the seeds' figures.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder cifar-10-batches-py, or its tar.gz.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Instead of each experiment's own number.")
    ] = None,
) -> None:
    """Run experiments: a table, curves as SVG, a JSON log, and a page that sets them beside the seeds' figures."""
    from rich.console import Console
    from rich.progress import Progress

    from grader.data import load_data
    from grader.grading import choose_device
    from reference.experiments import NAMES, Setup, run, write, write_page
    from reference.training.images import split_images

    wanted = list(NAMES) if names == ["all"] else names
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        raise UsageError(
            f"reference run {unknown[0]}: no such experiment; there are: all, {', '.join(NAMES)}"
        )
    images = load_data(data)
    console = Console()
    with Progress(console=console) as progress:
        task = progress.add_task("", total=None)
        setup = Setup(
            split_images(images.train(), images.whole_test()),
            images.description,
            device=choose_device(device),
            epochs=epochs,
            progress=lambda what, done, total: progress.update(
                task, description=what, completed=done, total=total
            ),
        )
        results = [run(name, setup) for name in wanted]
    folder = output or (page.parent / "results" if page else Path("reference-results"))
    for result in results:
        write(result, folder)
        console.print(_table(result))
        console.print(Text(result.answer + "\n"))
    if page is not None:
        write_page(results, page, pictures=folder)
    print(f"Logs and curves: {folder}" + (f"; page: {page}" if page else ""))


def _table(result: Result) -> Table:
    table = Table(title=f"{result.title} ({result.data}, {result.seconds:g} s)", title_justify="left")
    for column in result.columns:
        table.add_column(column)
    for row in result.rows:
        table.add_row(*(f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row))
    return table


@reference_app.command("list")
def reference_list() -> None:
    """The experiments there are."""
    from reference.experiments import NAMES

    print("\n".join(NAMES))
