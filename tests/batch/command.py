"""The commands as a program of their own, for tests that kill it: `python -m tests.batch.command batch ...`."""

from __future__ import annotations

import typer

from grader.batch.commands import batch, similar
from grader.cli import _run

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(batch)
app.command()(similar)

if __name__ == "__main__":
    _run(app)
