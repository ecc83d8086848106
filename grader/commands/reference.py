"""``grader reference``: the reference's own experiments."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from grader.commands.arguments import DataFolder
from grader.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.progress import Progress, TaskID

    from reference.experiments import Result, Setup

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
    png: Annotated[bool, typer.Option("--png", help="Pictures as PNG too.")] = False,
) -> None:
    """Run experiments: a table, curves as SVG, a JSON log, and a page beside the published figures."""
    from rich.console import Console
    from rich.progress import Progress

    from grader.grading import choose_device
    from reference.experiments import NAMES, run, write, write_page

    wanted = list(NAMES) if "all" in names else list(dict.fromkeys(names))
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        raise UsageError(
            f"reference run {unknown[0]}: no such experiment; there are: all, {', '.join(NAMES)}"
        )
    chosen = choose_device(device)
    folder = output or (page.parent / "results" if page else Path("reference-results"))
    for place in (folder, page.parent if page else folder):
        _try_to_write(place)
    setup = _setup(data, chosen, epochs)
    console = Console()
    formats = ("svg", "png") if png else ("svg",)
    results = []
    for number, name in enumerate(wanted, start=1):
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task(f"{number} of {len(wanted)}: {name}", total=None)
            setup.progress = _shown_in(progress, task)
            try:
                results.append(run(name, setup))
            except KeyboardInterrupt:
                done = ", ".join(result.name for result in results) or "nothing"
                print(f"stopped during {name}; written to {folder}: {done}", file=sys.stderr)
                raise
        write(results[-1], folder, formats=formats)  # at once: what is done stays, whatever comes after
        console.print(_table(results[-1]))
        console.print(Text(results[-1].answer + "\n"))
    if page is not None:
        write_page(results, page, pictures=folder)
    print(f"Logs and curves: {folder}" + (f"; page: {page}" if page else ""))


def _shown_in(progress: Progress, task: TaskID) -> Callable[[str, int, int], None]:
    """Tells a bar how far a run is."""
    return lambda what, done, total: progress.update(task, description=what, completed=done, total=total)


def _setup(data: Path | None, device: str, epochs: int | None) -> Setup:
    """The images, and how they are trained on."""
    from grader.data import load_data
    from reference.experiments import Setup
    from reference.training.images import split_images

    images = load_data(data)
    return Setup(
        split_images(images.train(), images.whole_test()),
        "CIFAR-10" if images.kind == "cifar10" else images.description,  # no path: logs are shared
        device=device,
        epochs=epochs,
    )


def _try_to_write(folder: Path) -> None:
    """Make a folder and write into it, before anything takes minutes.

    Raises:
        UsageError: that is not possible.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written: {error.strerror or error}; name a folder") from error


def _table(result: Result) -> Table:
    from reference.experiments.page import shown

    table = Table(title=f"{result.title}: {result.data}, {result.seconds:g} s", title_justify="left")
    for column in result.columns:
        table.add_column(column)
    for row in result.rows:
        table.add_row(*map(shown, row))
    return table


@reference_app.command("list")
def reference_list() -> None:
    """The experiments there are."""
    from reference.experiments import NAMES

    print("\n".join(NAMES))
