"""``grader data``: what data set is there, and fetching CIFAR-10."""

from __future__ import annotations

from typing import Annotated

import typer

from grader.commands.arguments import DataFolder

data_app = typer.Typer(help="Data sets: what is there, and fetch CIFAR-10.", no_args_is_help=True)


@data_app.command("info")
def data_info(data: DataFolder = None) -> None:
    """What data set grading would use, and where it lies."""
    from grader.data import data_info as info

    for key, value in info(data).items():
        print(f"{key}: {_shown(value)}")


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (
        f"{value:.3f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
    )


@data_app.command("fetch")
def data_fetch(
    url: Annotated[
        str | None, typer.Option(help="A mirror of the release; its MD5 is checked all the same.")
    ] = None,
) -> None:
    """Download CIFAR-10 into the cache: checked, resumable."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    from grader.data import fetch
    from grader.data.fetch import ARCHIVE, URL

    bar = Progress(ARCHIVE, BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with bar:
        task = bar.add_task("", total=None)
        path = fetch(
            url=url or URL,
            progress=lambda done, total: bar.update(task, completed=done, total=total or None),
        )
    print(path)
