"""Workflow files for a course's repository: GitHub Actions and GitLab."""

from __future__ import annotations

import shlex
from importlib.resources import files as resources
from pathlib import Path

from grader.errors import UsageError
from grader.rubric import builtin_rubrics


def github_workflow(rubric: str, *, submission: str = ".", fail_under: float | None = None) -> str:
    """A GitHub Actions workflow that grades the repository at every push, at isolation level 3.

    Args:
        rubric: built-in name, or path: of a file here, or as it will be in the repository.
        submission: folder of the submission in the repository.
        fail_under: percentage below which the job fails; None: only where nothing could be graded.

    Raises:
        UsageError: the rubric is no built-in one, and no path that a repository can have.
    """
    return _filled("github.yml", rubric, submission, fail_under)


def gitlab_pipeline(rubric: str, *, submission: str = ".", fail_under: float | None = None) -> str:
    """A GitLab job that grades the repository and shows its checks as test results; arguments as above."""
    return _filled("gitlab.yml", rubric, submission, fail_under)


def _filled(name: str, rubric: str, submission: str, fail_under: float | None) -> str:
    text = (resources("grader.packaging") / "templates" / name).read_text("utf-8")
    rubric, submission = shlex.quote(in_repository(rubric)), shlex.quote(submission)
    limit = f" --fail-under {fail_under:g}" if fail_under is not None else ""
    return text.replace("@RUBRIC@", rubric).replace("@SUBMISSION@", submission).replace("@LIMIT@", limit)


def in_repository(rubric: str) -> str:
    """A rubric as a job names it: a built-in name, or a path from the repository's root, where jobs start.

    Raises:
        UsageError: it lies outside the repository, or is neither a built-in rubric nor a TOML file.
    """
    if rubric in builtin_rubrics():
        return rubric
    path = Path(rubric)
    if path.is_file():
        path = path.resolve()
        root = next((folder for folder in path.parents if (folder / ".git").exists()), Path.cwd().resolve())
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    elif path.suffix == ".toml" and not path.is_absolute() and ".." not in path.parts:
        return path.as_posix()
    raise UsageError(
        f"rubric {rubric}: no built-in rubric, and no TOML file below a repository (folder with .git) or this folder; "
        "put it into the repository whose jobs use it"
    )
