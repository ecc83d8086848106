"""What a course gets at the end of a run: grades.csv, filled-in gradebooks, and the page of the class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from grader.batch.gradebooks import Filled, Scale, fill_canvas, fill_moodle
from grader.batch.request import BatchResult
from grader.batch.rows import Roll, grades_csv
from grader.batch.store import Store, write_file
from grader.errors import UsageError
from grader.report.class_page import ClassPage, to_class_html


@dataclass(frozen=True)
class Outputs:
    """Which files a teacher asked for besides grades.csv and class.html."""

    canvas: Path | None = None
    canvas_column: str = ""
    moodle: Path | None = None
    moodle_column: str = ""
    scale: Scale = field(default_factory=Scale)
    anonymous: bool = False
    seconds: bool = True  # times in class.html, the one thing that differs from run to run


@dataclass(frozen=True)
class Written:
    """Paths that were written, and what a teacher has to know."""

    paths: tuple[Path, ...]
    warnings: tuple[str, ...]


def write_outputs(result: BatchResult, store: Store, outputs: Outputs, groups: Mapping[str, str]) -> Written:
    """Write everything that is made of all rows. Gradebooks that cannot be filled in do not stop the others.

    Raises:
        StoreError: a file cannot be written.
    """
    paths, warnings = [], []
    table, page = store.root / "grades.csv", store.root / "class.html"
    write_file(table, grades_csv(result.rows, anonymous=outputs.anonymous))
    write_file(page, to_class_html(_page(result, outputs)))
    paths += [table, page]
    roll = Roll(result.rows, groups)
    for source, fill in _gradebooks(result.rubric.title, roll, outputs):
        try:
            filled = fill(source)
        except UsageError as error:
            warnings.append(f"not written: {error}")
            continue
        target = _beside(store.root, source)
        write_file(target, filled.text)
        paths.append(target)
        warnings += [f"{target.name}: {filled.count} grades filled in", *filled.warnings]
    warnings += result.warnings
    warnings += [f"{row.shown.name}: {row.remark}" for row in result.rows if row.remark]
    return Written(tuple(paths), tuple(dict.fromkeys(warnings)))


def check_gradebooks(outputs: Outputs, title: str) -> None:
    """Look before hours of grading whether the exports can be filled in.

    Raises:
        UsageError: a file cannot be read, is not such an export, or it is not clear which column is meant.
    """
    for source, fill in _gradebooks(title, Roll((), {}), outputs):
        fill(source)


def _gradebooks(title: str, roll: Roll, outputs: Outputs) -> list[tuple[Path, Callable[[Path], Filled]]]:
    """The exports to fill in, each with the function that does it."""
    scale = outputs.scale
    canvas = partial(fill_canvas, roll=roll, scale=scale, column=outputs.canvas_column, title=title)
    moodle = partial(fill_moodle, roll=roll, scale=scale, column=outputs.moodle_column)
    asked = ((outputs.canvas, canvas), (outputs.moodle, moodle))
    return [(path, fill) for path, fill in asked if path is not None]


def _beside(root: Path, source: Path) -> Path:
    """Where the filled-in copy goes: the export itself is left alone."""
    target = root / source.name
    return target.with_stem(f"{source.stem}-graded") if target.resolve() == source.resolve() else target


def _page(result: BatchResult, outputs: Outputs) -> ClassPage:
    rows = tuple(row.shown for row in result.rows)
    title = f"{result.rubric.course}: {result.rubric.title}" if result.rubric.course else result.rubric.title
    return ClassPage(
        title=title, rubric=result.rubric.id, seed=result.seed, rows=rows, seconds=outputs.seconds
    )
