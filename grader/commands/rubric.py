"""``grader rubric``: new, list, show, lint, fields, schema, selftest."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from grader.commands.arguments import BELOW, GRADED, UNUSABLE, DataFolder, RubricArgument

rubric_app = typer.Typer(
    help="Rubrics: new, list, show, lint, fields, schema, selftest.", no_args_is_help=True
)


@rubric_app.command("new")
def rubric_new(
    solution: Annotated[
        Path, typer.Argument(help="Folder of a right solution of yours.", show_default=False)
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="New file to write; printed if left out.")
    ] = None,
) -> None:
    """Draft a rubric from a right solution: layers that are recognised are tried before they are written down."""
    from rich.console import Console

    from grader.errors import UsageError
    from grader.files import write_text
    from grader.rubric.drafting import draft_rubric
    from grader.sandbox import Sandbox

    if output is not None and output.exists():
        raise UsageError(f"{output} is there already; give another name with -o")
    with Sandbox() as sandbox, Console(stderr=True).status("trying") as status:
        text = draft_rubric(
            solution, sandbox, beside=output, on_tried=lambda name: status.update(f"trying {name}")
        )
    if output is None:
        print(text, end="")
    else:
        write_text(output, text)
        print(f"{output} is written; next: grader rubric lint {output}")


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
    rubric: RubricArgument,
    variant: Annotated[str | None, typer.Option(help="Only one variant.")] = None,
) -> None:
    """Parts, checks and points of a rubric."""
    from rich.console import Console

    from grader.rubric import load_rubric
    from grader.rubric.table import rubric_table

    loaded = load_rubric(rubric)
    Console().print(rubric_table(loaded.for_variant(loaded.variant(variant).id) if variant else loaded))


@rubric_app.command("lint")
def rubric_lint(
    rubrics: Annotated[list[str], typer.Argument(help="Built-in names or TOML files.", show_default=False)],
) -> None:
    """Find mistakes in rubrics; written questions must accept and reject the answers that they list."""
    from grader.rubric.lint import lint_rubric

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


@rubric_app.command("fields")
def rubric_fields(
    page: Annotated[Path | None, typer.Option(help="Write them between the marks of this page.")] = None,
) -> None:
    """Every table and field of a rubric, an example of every kind of check, and the layers, as Markdown."""
    from grader.rubric.reference import rubric_reference, write_reference

    if page is not None:
        write_reference(page)
    else:
        print(rubric_reference())


@rubric_app.command("selftest")
def rubric_selftest(
    rubric: RubricArgument,
    solution: Annotated[Path | None, typer.Option(help="Folder of a right solution of your own.")] = None,
    template: Annotated[
        Path | None, typer.Option(help="Folder of the unfilled template: it must earn nothing.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds under which right solutions are graded.")] = 10,
    training: Annotated[
        bool, typer.Option("--training", help="Try parts that train, too (minutes).")
    ] = False,
    mutants: Annotated[
        int | None, typer.Option(min=1, help="At most so many mutants; 60 where no mutants.toml lists them.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Gradings side by side.")] = 1,
    data: DataFolder = None,
    min_score: Annotated[
        float | None,
        typer.Option(min=0, max=100, help="Exit 1 if less than this percentage of the mutants is caught."),
    ] = None,
    json_path: Annotated[Path | None, typer.Option("--json", help="Write the result here.")] = None,
) -> None:
    """Grade the rubric itself: a right solution passes, the template earns nothing, planted faults lose points.

    A mutant is the solution with a single fault planted in it. Exit code 1: the solution lost a point, the
    template earned one, or --min-score is not reached.
    """
    from rich.console import Console

    from grader.data import load_data
    from grader.files import write_text
    from grader.rubric import load_rubric
    from grader.selftest import SelfTestSettings, as_record, selftest, selftest_table

    settings = SelfTestSettings(
        solution=solution,
        template=template,
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
            if not console.is_terminal and count % 20 == 0:
                print(f"{count} gradings done", file=sys.stderr, flush=True)

        result = selftest(load_rubric(rubric), settings, on_done=done)
    console.print(selftest_table(result))
    if json_path is not None:
        write_text(json_path, json.dumps(as_record(result), indent=2))
    below = min_score is not None and 100 * result.score < min_score
    raise typer.Exit(BELOW if below or not result.ok else GRADED)
