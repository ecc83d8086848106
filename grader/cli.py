"""The commands `grade` and `grader`: arguments to calls to exit code. No logic lives here."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from grader.batch.commands import batch, similar
from grader.cli_course import marks_app, reference_app
from grader.errors import GraderError, IsolationError, UsageError

GRADED, BELOW, UNUSABLE, OURS = 0, 1, 2, 3
_Command = TypeVar("_Command", bound=Callable[..., Any])

app = typer.Typer(
    name="grader",
    help="Grades deep-learning homework: layers, networks, training loops and written formulas.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
rubric_app = typer.Typer(help="Rubrics: list, show, lint, schema.", no_args_is_help=True)
data_app = typer.Typer(help="Data sets: what is there, and fetch CIFAR-10.", no_args_is_help=True)
app.add_typer(rubric_app, name="rubric")
package_app = typer.Typer(help="Files for Gradescope, GitHub Actions and GitLab.", no_args_is_help=True)
app.add_typer(data_app, name="data")
app.add_typer(package_app, name="package")
app.add_typer(marks_app, name="marks")
app.add_typer(reference_app, name="reference")
app.command("batch")(batch)
app.command("similar")(similar)

Submission = Annotated[Path, typer.Argument(help="Folder, zip, notebook or Python file.", show_default=False)]
RubricName = Annotated[str | None, typer.Option("--rubric", "-r", help="Built-in name or TOML file.")]


@app.command()
def grade(
    submission: Submission,
    rubric: RubricName = None,
    variant: Annotated[str | None, typer.Option(help="Year of the homework; found if left out.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder cifar-10-batches-py, or its tar.gz.")] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Only these checks: linear, linear.gradient, '*.forward'.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Repeat a run: the seed that it printed.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    json_path: Annotated[Path | None, typer.Option("--json", help="Write the record here.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write every report into this folder.")
    ] = None,
    formats: Annotated[
        list[str] | None, typer.Option("--format", help="Formats for -o; json is always written.")
    ] = None,
    audience: Annotated[str, typer.Option(help="student or instructor.")] = "student",
    annotate: Annotated[
        Path | None, typer.Option(help="Write the notebook with feedback cells here.")
    ] = None,
    fail_under: Annotated[
        float | None, typer.Option(min=0, max=100, help="Exit 1 below this percentage.")
    ] = None,
    isolation: Annotated[str | None, typer.Option(help="require=N: refuse to grade below level N.")] = None,
    allow_unconfined: Annotated[
        bool, typer.Option("--allow-unconfined", help="Grade even below isolation level 2.")
    ] = False,
    python: Annotated[str, typer.Option(help="Interpreter that runs the submission.")] = "",
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Every check with all evidence.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="The total alone.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="ASCII, no colour.")] = False,
) -> None:
    """Grade one submission and print the report."""
    from grader.grading import GradeRequest, choose_device, grade_submission
    from grader.report import Detail, for_audience, print_report
    from grader.report.progress import ProgressView
    from grader.sandbox import SandboxSettings

    if audience not in ("student", "instructor"):
        raise UsageError(f"--audience {audience}: student or instructor is allowed")
    settings = SandboxSettings(
        require=_required_level(isolation),
        allow_unconfined=allow_unconfined,
        python=python,
        device=choose_device(device),
    )
    request = GradeRequest(
        submission=submission, rubric=rubric, variant=variant, data=data, device=settings.device, seed=seed,
        only=tuple(only or ()), sandbox=settings,
    )  # fmt: skip
    with ProgressView(quiet=quiet) as view:
        report = grade_submission(request, on_event=view.on_event)
    saved = _save(report, json_path, output, formats, audience)
    if annotate is not None:
        saved.append(_annotate(submission, report, annotate, audience))
    detail = Detail.VERBOSE if verbose else Detail.QUIET if quiet else Detail.NORMAL
    print_report(for_audience(report, audience), detail=detail, plain=plain, saved=saved)  # type: ignore[arg-type]
    raise typer.Exit(_exit_code(report, fail_under))


def _required_level(text: str | None) -> int:
    if text is None:
        return 2
    match = re.fullmatch(r"(?:require=)?([0-3])", text)
    if not match:
        raise UsageError(f"--isolation {text}: require=1, require=2 or require=3 is allowed")
    return int(match[1])


def _save(
    report: Any, json_path: Path | None, output: Path | None, formats: list[str] | None, audience: str
) -> list[str]:
    """Write the files that were asked for; their paths."""
    from grader.report import REPORTERS, render, to_json
    from grader.session import write_text

    saved: list[str] = []
    if json_path is not None:
        write_text(json_path, to_json(report))
        saved.append(str(json_path))
    if output is not None:
        for name in dict.fromkeys(
            ["json", *(formats or [n for n in REPORTERS if n not in ("json", "terminal", "github")])]
        ):
            text = to_json(report) if name == "json" else render(report, name, audience=audience)  # type: ignore[arg-type]
            path = output / REPORTERS[name].file
            write_text(path, text)
            saved.append(str(path))
    return saved


def _annotate(submission: Path, report: Any, target: Path, audience: str) -> str:
    from grader.notebooks.annotate import annotate
    from grader.report import for_audience

    if submission.suffix != ".ipynb":
        raise UsageError(f"--annotate: {submission} is no notebook; feedback cells can only go into one")
    shown = for_audience(report, audience)  # type: ignore[arg-type]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(annotate(submission.read_bytes(), shown, name=submission.name))
    return str(target)


def _exit_code(report: Any, fail_under: float | None) -> int:
    from grader.model import Verdict
    from grader.score import percent

    if any(check.verdict is Verdict.INTERNAL for check in report.checks):
        return OURS
    if fail_under is not None and percent(report) < fail_under:
        return BELOW
    return GRADED


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="Your folder, notebook or answer file.")] = Path(),
    rubric: RubricName = None,
    only: Annotated[list[str] | None, typer.Option(help="Only these checks: linear, elu.gradient.")] = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Check again on every save.")] = False,
    training: Annotated[bool, typer.Option("--training", help="Train, too (a minute or two).")] = False,
    data: Annotated[Path | None, typer.Option(help="Folder cifar-10-batches-py, for --training.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Every check with all evidence.")] = False,
) -> None:
    """Check your own work before you hand it in: public checks only, no sandbox, no network."""
    from grader.grading import GradeRequest
    from grader.report import Detail, print_report
    from grader.report.progress import ProgressView
    from grader.sandbox import Sandbox
    from grader.selfcheck import own_code, self_check
    from grader.selfcheck import watch as watch_folder

    if path.suffix in (".toml", ".md") and path.is_file():
        _echo_answers(path, rubric)
        return
    settings = own_code()
    request = GradeRequest(
        submission=path, rubric=rubric, data=data, only=tuple(only or ()), sandbox=settings, device="cpu"
    )
    detail = Detail.VERBOSE if verbose else Detail.NORMAL
    with Sandbox(settings) as sandbox:
        if watch:
            watch_folder(request, sandbox, training=training, show=_show_run)
            return
        with ProgressView() as view:
            result = self_check(request, sandbox, training=training, on_event=view.on_event)
    print_report(result, detail=detail)
    raise typer.Exit(GRADED if result.earned + result.open_points >= result.points else BELOW)


def _show_run(result: Any, difference: Any) -> None:
    """One run of a watch: an error, or one line per check that is not right, and what the save changed."""
    from grader.report import Detail, print_report

    if isinstance(result, GraderError):
        print(result, file=sys.stderr)
        return
    print_report(result, detail=Detail.CONCISE)
    for word, checks in (("mended", difference.mended), ("broken", difference.broken)):
        for item in checks:
            print(f"{word}: {item.id}")
    print("Watching for the next save; Ctrl-C ends.")


def _echo_answers(path: Path, rubric: str | None) -> None:
    """How each written answer is read, with its shape; not whether it is right."""
    from grader.answers import find_answers
    from grader.formulas.echo import echo_answers
    from grader.grading import DEFAULT_RUBRIC
    from grader.rubric import FormulaSpec, load_rubric
    from grader.submission import submission_from_files
    from grader.text import one_line

    answers = find_answers(submission_from_files({path.name: path.read_bytes()}, name=path.stem))
    checks = [check for part in load_rubric(rubric or DEFAULT_RUBRIC).parts for check in part.checks]
    for echo in echo_answers(answers, [check.question for check in checks if isinstance(check, FormulaSpec)]):
        name = f"{echo.id} {echo.part}".strip()
        read = (
            f"read as {echo.read_as}" + (f", shape {echo.shape}" if echo.shape else "")
            if echo.read_as
            else ""
        )
        print(one_line(f"{name}: {read or echo.problem}", limit=300))
        for note in echo.notes:
            print(one_line(f"    {note}", limit=300))


@app.command()
def report(
    result: Annotated[Path, typer.Argument(help="report.json of an earlier run.", show_default=False)],
    form: Annotated[
        str,
        typer.Option(
            "--format", "-f", help="terminal, html, markdown, junit, gradescope, github, csv, json."
        ),
    ] = "terminal",
    audience: Annotated[str, typer.Option(help="student or instructor.")] = "student",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write here instead of printing.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v")] = False,
) -> None:
    """Make another view of a record, without grading again."""
    from grader.report import Detail, for_audience, from_json, print_report, render
    from grader.session import write_text

    record = from_json(_read_text(result))
    if form == "terminal" and output is None:
        shown = for_audience(record, audience)  # type: ignore[arg-type]
        print_report(shown, detail=Detail.VERBOSE if verbose else Detail.NORMAL)
        return
    text = render(record, form, audience=audience)  # type: ignore[arg-type]
    if output is None:
        sys.stdout.write(text)
    else:
        write_text(output, text)


@app.command()
def explain(
    name: Annotated[str, typer.Argument(help="Id of a diagnosis or a check: G103.", show_default=False)],
) -> None:
    """Explain a diagnosis: what it means, why it is wrong, an example, how to see it oneself."""
    from rich.console import Console

    from grader.explain import explain as explanation

    Console().print(explanation(name))


@rubric_app.command("list")
def rubric_list() -> None:
    """The built-in rubrics."""
    from grader.rubric import builtin_rubrics, load_rubric

    for name in builtin_rubrics():
        rubric = load_rubric(name)
        variants = ", ".join(variant.id for variant in rubric.variants)
        print(f"{name}: {rubric.course}: {rubric.title}" + (f" (variants {variants})" if variants else ""))


@rubric_app.command("show")
def rubric_show(
    rubric: Annotated[str, typer.Argument(help="Built-in name or TOML file.", show_default=False)],
    variant: Annotated[str | None, typer.Option(help="Only one variant.")] = None,
) -> None:
    """Parts, checks and points of a rubric."""
    from rich.console import Console

    from grader.rubric import load_rubric
    from grader.rubric_table import rubric_table

    loaded = load_rubric(rubric)
    Console().print(rubric_table(loaded.for_variant(loaded.variant(variant).id) if variant else loaded))


@rubric_app.command("lint")
def rubric_lint(
    rubrics: Annotated[list[str], typer.Argument(help="Built-in names or TOML files.", show_default=False)],
) -> None:
    """Check rubrics: they read, hold together, and their written questions accept and reject what they say."""
    from grader.lint import lint_rubric

    problems = [problem for name in rubrics for problem in lint_rubric(name)]
    for problem in problems:
        print(problem)
    if problems:
        raise typer.Exit(UNUSABLE)
    print(f"{len(rubrics)} rubric{'s' if len(rubrics) > 1 else ''}: no problem found")


@rubric_app.command("schema")
def rubric_schema() -> None:
    """JSON Schema of a rubric, for an editor to complete and check with."""
    from grader.rubric import Rubric

    print(json.dumps(Rubric.model_json_schema(by_alias=True), indent=2))


@rubric_app.command("selftest")
def rubric_selftest(
    rubric: Annotated[str, typer.Argument(help="Built-in name or TOML file.", show_default=False)],
    solution: Annotated[Path | None, typer.Option(help="Folder of a right solution of your own.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds under which right solutions are graded.")] = 10,
    training: Annotated[
        bool, typer.Option("--training", help="Try parts that train, too (minutes).")
    ] = False,
    mutants: Annotated[int | None, typer.Option(min=1, help="At most so many mutants.")] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Sandboxes side by side.")] = 1,
    data: Annotated[Path | None, typer.Option(help="Folder cifar-10-batches-py, for --training.")] = None,
    min_score: Annotated[
        float | None, typer.Option(min=0, max=100, help="Exit 1 below this mutation score.")
    ] = None,
    json_path: Annotated[Path | None, typer.Option("--json", help="Write the result here.")] = None,
) -> None:
    """Grade the rubric itself: right solutions pass, the template earns nothing, mutants are caught and named."""
    from rich.console import Console

    from grader.data import load_data
    from grader.rubric import load_rubric
    from grader.selftest import SelfTestSettings, as_record, selftest, selftest_table
    from grader.session import write_text

    settings = SelfTestSettings(
        solution=solution,
        seeds=seeds,
        training=training,
        most=mutants,
        jobs=jobs,
        load_data=lambda: load_data(data),
    )
    console = Console()
    with console.status("grading the rubric") as status:
        count = 0

        def done(_: str) -> None:
            nonlocal count
            count += 1
            status.update(f"grading the rubric: {count} gradings done")

        result = selftest(load_rubric(rubric), settings, on_done=done)
    console.print(selftest_table(result))
    if json_path is not None:
        write_text(json_path, json.dumps(as_record(result), indent=2))
    below = min_score is not None and 100 * result.score < min_score
    raise typer.Exit(BELOW if below or not result.ok else GRADED)


@data_app.command("info")
def data_info(data: Annotated[Path | None, typer.Option(help="Folder or tar.gz.")] = None) -> None:
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


@package_app.command("gradescope")
def package_gradescope_command(
    rubric: Annotated[str, typer.Argument(help="Built-in name or TOML file.", show_default=False)],
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
    fail_under: Annotated[
        float | None, typer.Option(min=0, max=100, help="Fail the job below this percentage.")
    ] = None,
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
    fail_under: Annotated[
        float | None, typer.Option(min=0, max=100, help="Fail the job below this percentage.")
    ] = None,
) -> None:
    """Print a GitLab job."""
    from grader.packaging import gitlab_pipeline

    print(gitlab_pipeline(rubric, submission=submission, fail_under=fail_under), end="")


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error


def main() -> NoReturn:
    """Entry of `grader`."""
    _run(app)


def grade_main() -> NoReturn:
    """Entry of `grade`: `grade SUBMISSION` is `grader grade SUBMISSION`."""
    single = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    single.command(name="grade")(grade)
    _run(single)


def _run(program: typer.Typer) -> NoReturn:
    """Run a command; errors raised on purpose become one message and an exit code."""
    try:
        program(standalone_mode=True)
    except UsageError as error:
        _stop(str(error), UNUSABLE)
    except IsolationError as error:
        _stop(str(error), OURS)
    except GraderError as error:
        _stop(str(error), OURS)
    except KeyboardInterrupt:
        _stop("stopped", 130)
    except BrokenPipeError:
        sys.exit(GRADED)
    except Exception:
        import traceback

        traceback.print_exc()
        _stop("gradmark failed here; please report the lines above. No points were lost.", OURS)
    sys.exit(GRADED)


def _stop(message: str, code: int) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
