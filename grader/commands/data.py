"""``grader data``: what data set is there, and fetching CIFAR-10."""

from __future__ import annotations

import typer

from grader.commands.arguments import DataFolder

data_app = typer.Typer(help="Data sets: what is there, and fetch CIFAR-10.", no_args_is_help=True)


@data_app.command("info")
def data_info(data: DataFolder = None) -> None:
    """What data set grading would use, and where it lies."""
    from grader.data import data_info as info

    for key, value in info(data).items():
        print(f"{key}: {value}")


@data_app.command("fetch")
def data_fetch() -> None:
    """Download CIFAR-10 into the cache: checked, resumable."""
    from rich.progress import Progress

    from grader.data import fetch

    with Progress() as progress:
        task = progress.add_task("cifar-10-python.tar.gz", total=None)
        path = fetch(progress=lambda done, total: progress.update(task, completed=done, total=total or None))
    print(path)
