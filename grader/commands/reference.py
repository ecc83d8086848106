"""``grader reference``: the reference's own experiments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from grader.commands.arguments import DataFolder
from grader.errors import UsageError

if TYPE_CHECKING:
    from reference.experiments import Result

reference_app = typer.Typer(help="The reference's own experiments.", no_args_is_help=True)


@reference_app.command("run")
def reference_run(
    names: Annotated[list[str], typer.Argument(help="Experiments, or all.", show_default=False)],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for logs and pictures.")
    ] = None,
    page: Annotated[
        Path | None, typer.Option(help="Write a page with the results beside the published figures.")
    ] = None,
    data: DataFolder = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Instead of each experiment's own number.")
    ] = None,
) -> None:
    """Run experiments: a table, curves as SVG, a JSON log, and a page beside the published figures."""
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
            "CIFAR-10" if images.kind == "cifar10" else images.description,  # no path: logs are shared
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
