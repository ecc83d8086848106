"""The commands as a program of their own, for tests that kill it: `python -m tests.batch.command batch ...`."""

from __future__ import annotations

import typer

from grader.cli import run_program
from grader.commands.batch import batch, similar

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(batch)
app.command()(similar)

if __name__ == "__main__":
    run_program(app)
