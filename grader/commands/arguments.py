"""Arguments and exit codes that several commands share, and reading a file that a user named."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from grader.errors import UsageError

GRADED, BELOW, UNUSABLE, OURS = 0, 1, 2, 3

Audience = Literal["student", "instructor"]
Submission = Annotated[
    Path, typer.Argument(help="Folder, zip, tar, notebook or Python file.", show_default=False)
]
RubricName = Annotated[
    str | None, typer.Option("--rubric", "-r", help="Built-in name or TOML file; found if left out.")
]
RubricArgument = Annotated[str, typer.Argument(help="Built-in name or TOML file.", show_default=False)]
AudienceOption = Annotated[
    Audience, typer.Option(help="Who reads it; the instructor sees hidden checks and all evidence.")
]
FailUnder = Annotated[float | None, typer.Option(min=0, max=100, help="Exit 1 below this percentage.")]
DataFolder = Annotated[Path | None, typer.Option(help="Folder cifar-10-batches-py, or its tar.gz.")]


def _print_version(asked: bool) -> None:
    if asked:
        from grader.session import version

        print(f"gradmark {version()}")
        raise typer.Exit(GRADED)


Version = Annotated[
    bool,
    typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Every check with all evidence.")]


def text_of(path: Path) -> str:
    """A file's text.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
