"""Grade files that a test holds in memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from grader.model import CheckResult, Report
from grader.rubric import Rubric, load_rubric
from grader.sandbox import Sandbox
from grader.session import GradeSettings, Session
from grader.submission import load_submission, submission_from_files

FULL = Path(__file__).parent.parent / "submissions_example" / "uva_dl1_a1" / "full_marks"


def full_marks_with(**changes: tuple[str, str]) -> dict[str, bytes]:
    """The files of full_marks, each named file (without .py) with one text replaced by another.

    Raises:
        ValueError: the text to replace does not occur, so that the change would be none.
    """
    files = dict(load_submission(FULL).files)
    for name, (old, new) in changes.items():
        source = files[f"{name}.py"].decode()
        if old not in source:
            raise ValueError(f"{name}.py does not contain {old!r}")
        files[f"{name}.py"] = source.replace(old, new).encode()
    return files


def grade_files(
    sandbox: Sandbox,
    files: Mapping[str, bytes],
    *only: str,
    seed: int = 1,
    variant: str | None = None,
    rubric: Rubric | None = None,
) -> Report:
    """The report on files, for some checks of a rubric, the built-in one for UvA by default."""
    rubric = rubric or load_rubric("uva_dl1_a1")
    submission = submission_from_files(files, name="made", modules=rubric.modules)
    return Session(
        submission, rubric, sandbox, GradeSettings(seed=seed, only=only, variant=variant, stamp=False)
    ).grade()


def check(
    sandbox: Sandbox, files: Mapping[str, bytes], name: str, *before: str, seed: int = 1
) -> CheckResult:
    """The result of one check, after others where it depends on them."""
    report = grade_files(sandbox, files, name, *before, seed=seed)
    return next(result for result in report.checks if result.id == name)
