"""``grader package``: files for Gradescope, GitHub Actions and GitLab."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.commands.arguments import FailUnder, RubricArgument

package_app = typer.Typer(help="Files for Gradescope, GitHub Actions and GitLab.", no_args_is_help=True)


@package_app.command("gradescope")
def package_gradescope_command(
    rubric: RubricArgument,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the zip goes.")] = Path(
        "autograder.zip"
    ),
    variant: Annotated[str | None, typer.Option(help="Year of the homework; found if left out.")] = None,
    allow_unconfined: Annotated[
        bool, typer.Option("--allow-unconfined", help="Grade even below isolation level 2.")
    ] = False,
) -> None:
    """Write autograder.zip for Gradescope."""
    from grader.packaging import package_gradescope

    print(package_gradescope(rubric, output, variant=variant, allow_unconfined=allow_unconfined))


@package_app.command("github")
def package_github(
    rubric: Annotated[
        str, typer.Argument(help="Built-in name, or path in the course's repository.", show_default=False)
    ],
    submission: Annotated[str, typer.Option(help="Folder of the submission in the repository.")] = ".",
    fail_under: FailUnder = None,
) -> None:
    """Print a GitHub Actions workflow."""
    from grader.packaging import github_workflow

    print(github_workflow(rubric, submission=submission, fail_under=fail_under), end="")


@package_app.command("gitlab")
def package_gitlab(
    rubric: Annotated[
        str, typer.Argument(help="Built-in name, or path in the course's repository.", show_default=False)
    ],
    submission: Annotated[str, typer.Option(help="Folder of the submission in the repository.")] = ".",
    fail_under: FailUnder = None,
) -> None:
    """Print a GitLab job."""
    from grader.packaging import gitlab_pipeline

    print(gitlab_pipeline(rubric, submission=submission, fail_under=fail_under), end="")
