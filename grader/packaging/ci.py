"""Workflow files for a course's repository: GitHub Actions and GitLab."""

from __future__ import annotations

from importlib.resources import files as resources


def github_workflow(rubric: str, *, submission: str = ".", fail_under: float | None = None) -> str:
    """A GitHub Actions workflow that grades the repository at every push, at isolation level 3.

    Args:
        rubric: built-in name, or path in the repository.
        submission: folder of the submission in the repository.
        fail_under: percentage below which the job fails; None: only where nothing could be graded.
    """
    return _filled("github.yml", rubric, submission, fail_under)


def gitlab_pipeline(rubric: str, *, submission: str = ".", fail_under: float | None = None) -> str:
    """A GitLab job that grades the repository and shows its checks as test results; arguments as above."""
    return _filled("gitlab.yml", rubric, submission, fail_under)


def _filled(name: str, rubric: str, submission: str, fail_under: float | None) -> str:
    text = (resources("grader.packaging") / "templates" / name).read_text("utf-8")
    limit = f" --fail-under {fail_under:g}" if fail_under is not None else ""
    return text.replace("@RUBRIC@", rubric).replace("@SUBMISSION@", submission).replace("@LIMIT@", limit)
