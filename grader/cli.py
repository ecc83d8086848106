"""The programs ``grade`` and ``grader``: commands put together, errors turned into messages and exit codes."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from grader.commands.arguments import GRADED, OURS, UNUSABLE, Version
from grader.commands.batch import batch, similar
from grader.commands.check import check
from grader.commands.data import data_app
from grader.commands.grade import grade
from grader.commands.marks import marks_app
from grader.commands.package import package_app
from grader.commands.reference import reference_app
from grader.commands.report import explain, report
from grader.commands.rubric import rubric_app
from grader.errors import GraderError, IsolationError, UsageError

HELP = {"help_option_names": ["-h", "--help"]}

app = typer.Typer(
    name="grader",
    help="Grades deep-learning homework: layers, networks, training loops and written formulas.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings=HELP,
)


@app.callback()
def _program(version: Version = False) -> None:
    """Grades deep-learning homework: layers, networks, training loops and written formulas."""


for command in (grade, check, report, explain, batch, similar):
    app.command(command.__name__)(command)
for name, group in (
    ("rubric", rubric_app),
    ("data", data_app),
    ("package", package_app),
    ("marks", marks_app),
    ("reference", reference_app),
):
    app.add_typer(group, name=name)


def main() -> NoReturn:
    """Entry of `grader`."""
    run_program(app)


def grade_main() -> NoReturn:
    """Entry of `grade`: `grade SUBMISSION` is `grader grade SUBMISSION`."""
    single = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    single.command(name="grade")(grade)
    run_program(single)


def run_program(program: typer.Typer) -> NoReturn:
    """Run a command of the program; errors raised on purpose become one message and an exit code."""
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
