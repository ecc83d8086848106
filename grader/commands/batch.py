"""The commands `grader batch` and `grader similar`: arguments to calls to exit code."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from grader.errors import GraderError, UsageError

if TYPE_CHECKING:
    from grader.marks import Mark

Submissions = Annotated[
    Path, typer.Argument(help="Folder or zip of the class, or a bulk download.", show_default=False)
]
Results = Annotated[
    Path,
    typer.Option("--output", "-o", help="Folder of results; continued if it is there.", show_default=False),
]
DONE, INTERNAL, STOPPED = 0, 3, 130
WARNINGS_SHOWN = 30


def batch(
    submissions: Submissions,
    results: Results,
    rubric: Annotated[str, typer.Option("--rubric", "-r", help="Built-in name or TOML file.")] = "uva_dl1_a1",
    variant: Annotated[str | None, typer.Option(help="Year of the homework; found per submission if left out.")] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Processes; all cores if left out.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Grade everything again.")] = False,
    only: Annotated[list[str] | None, typer.Option(help="Only these checks: linear, linear.gradient, '*.forward'.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Repeat a batch: the seed that it printed.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder cifar-10-batches-py, where the grading machine has it.")] = None,
    device: Annotated[str, typer.Option(help="Where training runs: auto, cpu, cuda, mps.")] = "cpu",
    policy: Annotated[Path | None, typer.Option(help="TOML file: late penalty, extra credit.")] = None,
    late: Annotated[Path | None, typer.Option("--late", help="CSV of submission times, for the late penalty.")] = None,
    groups: Annotated[Path | None, typer.Option(help="CSV of groups: columns student and group.")] = None,
    marks: Annotated[
        Path | None, typer.Option(help="CSV or TOML of marks that people gave; RESULTS/marks.csv if it is there.")
    ] = None,
    anonymous: Annotated[bool, typer.Option("--anonymous", help="Codes instead of names in reports and grades.")] = False,
    canvas: Annotated[Path | None, typer.Option(help="Gradebook exported from Canvas, to be filled in.")] = None,
    canvas_column: Annotated[str, typer.Option(help="Assignment column of the gradebook.")] = "",
    moodle: Annotated[Path | None, typer.Option(help="Offline grading worksheet from Moodle, to be filled in.")] = None,
    moodle_column: Annotated[str, typer.Option(help="Grade column, where it is not found.")] = "",
    scale: Annotated[bool, typer.Option("--scale", help="Convert to the gradebook's maximum.")] = False,
    final_only: Annotated[bool, typer.Option("--final-only", help="Leave out grades with open points.")] = False,
    scheduler: Annotated[str, typer.Option(help="Address of a Dask scheduler: tcp://host:8786.")] = "",
    log: Annotated[Path | None, typer.Option(help="Log file; RESULTS/run/batch.log if left out.")] = None,
    lines: Annotated[bool, typer.Option("--lines", help="One line per finished submission.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
    patience: Annotated[float | None, typer.Option(min=1, help="Seconds for one submission before it is given up.")] = None,
    times: Annotated[bool, typer.Option("--times/--no-times", help="Seconds per submission in class.html.")] = True,
    isolation: Annotated[int, typer.Option("--isolation", min=1, max=3, help="Refuse to grade below this level, 1 to 3.")] = 2,
    allow_unconfined: Annotated[bool, typer.Option("--allow-unconfined", help="Grade even below level 2.")] = False,
    python: Annotated[str, typer.Option(help="Interpreter that runs submissions.")] = "",
) -> None:  # fmt: skip
    """Grade a whole class; run it again to continue or to grade what has changed."""
    from grader.batch.finish import Outputs, check_gradebooks, write_outputs
    from grader.batch.gradebooks import Scale
    from grader.batch.lists import Times, read_groups, read_times
    from grader.batch.policy import load_policy
    from grader.batch.request import BatchRequest
    from grader.batch.run import Batch
    from grader.batch.watch import Watch
    from grader.grading import choose_device
    from grader.sandbox import SandboxSettings

    device = choose_device(device)
    for path in (canvas, moodle):
        if path is not None and not path.is_file():
            raise UsageError(f"{path}: no such file")
    request = BatchRequest(
        submissions=submissions, results=results, rubric=rubric, variant=variant, only=tuple(only or ()), seed=seed,
        jobs=jobs or os.cpu_count() or 1, force=force, data=data, device=device, patience=patience,
        sandbox=SandboxSettings(require=isolation, allow_unconfined=allow_unconfined, python=python, device=device),
        scheduler=scheduler, policy=load_policy(policy) if policy else None,
        times=read_times(late) if late else Times(), groups=read_groups(groups) if groups else {}, anonymous=anonymous,
        marks=_marks(marks, results),
    )  # fmt: skip
    outputs = Outputs(
        canvas, canvas_column, moodle, moodle_column, Scale(scale, final_only), anonymous, times
    )
    work = Batch(request)
    check_gradebooks(outputs, work.rubric.title)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with (
            work.store.locked(),
            Watch(len(work.entries), lines=lines, quiet=quiet, log=log or work.store.log) as watch,
        ):
            result = work.run(watch)
            written = write_outputs(result, work.store, outputs, request.groups)
    except (KeyboardInterrupt, GraderError) as error:
        _stopped(work.finished, len(work.entries), error)
    if not quiet:
        _summary(result, [str(path) for path in written.paths])
    for warning in written.warnings[:WARNINGS_SHOWN]:
        print(warning, file=sys.stderr)
    if len(written.warnings) > WARNINGS_SHOWN:
        print(
            f"... and {len(written.warnings) - WARNINGS_SHOWN} more remarks; see grades.csv", file=sys.stderr
        )
    raise typer.Exit(INTERNAL if any(row.shown.outcome == "internal" for row in result.rows) else DONE)


def similar(
    submissions: Submissions,
    handout: Annotated[
        Path | None, typer.Option(help="What everybody was given; its code is subtracted.")
    ] = None,
    rubric: Annotated[
        str, typer.Option("--rubric", "-r", help="Which files belong to the homework.")
    ] = "uva_dl1_a1",
    at_least: Annotated[
        int, typer.Option(min=1, help="Shared fingerprints from which a pair is listed.")
    ] = 20,
    limit: Annotated[int, typer.Option(min=1, help="Pairs to show.")] = 50,
) -> None:
    """List pairs that share unusual code: where to look, not who did what."""
    from grader.batch.intake import find_entries
    from grader.batch.similar import python_files, similar_pairs
    from grader.rubric import load_rubric
    from grader.submission import load_submission
    from grader.text import one_line

    modules = load_rubric(rubric).modules
    sources = {entry.key: python_files(entry, modules) for entry in find_entries(submissions)}
    given = [data.decode("utf-8", "replace") for name, data in load_submission(handout).files.items()
             if name.endswith(".py")] if handout else []  # fmt: skip
    pairs = similar_pairs(sources, given, at_least=at_least)
    for pair in pairs[:limit]:
        print(f"{one_line(pair.first)} and {one_line(pair.second)}: {pair.shared} unusual fingerprints in common, "
              f"{100 * pair.share:.0f} % of the smaller")  # fmt: skip
        for place in pair.places:
            print(f"    {one_line(place.file)}:{place.lines[0]}-{place.lines[1]}  "
                  f"{one_line(place.other_file)}:{place.other_lines[0]}-{place.other_lines[1]}")  # fmt: skip
    shown = f", the first {limit} are shown" if len(pairs) > limit else ""
    print(
        f"{len(sources)} submissions, {len(pairs)} pairs{shown}. Code can be alike for many reasons; read before you judge."
    )


def _marks(path: Path | None, results: Path) -> tuple[Mark, ...]:
    """Marks of the file named, or of the one that lies in the results."""
    from grader.marks import read_marks

    beside = [results / "marks.csv", results / "marks.toml"]
    path = path or next((one for one in beside if one.is_file()), None)
    if path is None:
        return ()
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
    return tuple(read_marks(text, kind="toml" if path.suffix == ".toml" else "csv", name=str(path)))


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _stopped(done: int, total: int, error: BaseException) -> NoReturn:
    """Say what stands and how to go on."""
    if isinstance(error, GraderError):
        print(error, file=sys.stderr)
    if done or isinstance(error, KeyboardInterrupt):
        print(
            f"Stopped: {done} of {total} submissions are graded and kept. Run the same command again to continue.",
            file=sys.stderr,
        )
    code = (
        STOPPED if isinstance(error, KeyboardInterrupt) else 2 if isinstance(error, UsageError) else INTERNAL
    )
    raise SystemExit(code)


def _summary(result: object, paths: list[str]) -> None:
    """A few lines for people: outcomes, mean, where everything is."""
    from statistics import mean, median

    from grader.batch.request import BatchResult

    assert isinstance(result, BatchResult)
    outcomes: dict[str, int] = {}
    for row in result.rows:
        outcomes[row.shown.outcome] = outcomes.get(row.shown.outcome, 0) + 1
    told = ", ".join(f"{count} {name}" for name, count in sorted(outcomes.items()))
    finals = [row.score.final for row in result.rows]
    kept = f" ({result.kept} kept from an earlier run)" if result.kept else ""
    print(f"{len(result.rows)} submissions{kept}: {told}")
    print(
        f"points: mean {mean(finals):.2f}, median {median(finals):.2f}, lowest {min(finals):g}, highest {max(finals):g}"
    )
    print(f"seed {result.seed}")
    for path in paths:
        print(path)
