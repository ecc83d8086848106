"""The files that a rubric consists of: itself, the rubrics that it names, and the course's solution."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from grader.errors import RubricError
from grader.rubric import find_rubric, load_rubric
from grader.submission import load_submission

RUBRIC = "rubric.toml"


def course_files(rubric: str) -> dict[str, bytes]:
    """Everything that grading with a rubric reads, by its path beside ``rubric.toml``.

    Raises:
        RubricError: the rubric cannot be read, or names something that does not lie below its folder.
    """
    loaded = load_rubric(rubric)
    path = find_rubric(rubric)
    files = {RUBRIC: path.read_bytes(), **dict(_named(path, PurePosixPath()))}
    if loaded.solution:
        solution = Path(loaded.solution)
        if not solution.is_dir():
            raise RubricError(f"rubric {path}: solution: {solution} is no folder")
        name = os.path.relpath(solution, path.parent.resolve())
        root = _below(path, PurePosixPath(), Path(name).as_posix())
        for inner, content in load_submission(solution, modules=loaded.modules).files.items():
            files[str(root / inner)] = content
    return files


def _named(path: Path, folder: PurePosixPath) -> Iterator[tuple[str, bytes]]:
    """The rubrics that one extends or includes, and those that they do; ``folder`` is where it lies in the package."""
    table = tomllib.loads(path.read_text("utf-8"))
    for name in (*table.get("include", []), *([table["extends"]] if "extends" in table else [])):
        beside = path.parent / str(name)
        other = beside if beside.is_file() else find_rubric(str(name))
        place = _below(path, folder, str(name))
        yield str(place), other.read_bytes()
        yield from _named(other, place.parent)


def _below(path: Path, folder: PurePosixPath, name: str) -> PurePosixPath:
    place = folder / name
    if place.is_absolute() or ".." in place.parts:
        raise RubricError(
            f"rubric {path}: {name} lies outside the rubric's folder, and cannot be packed with it"
        )
    return place
