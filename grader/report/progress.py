"""What is going on, while it goes on: a live line on a terminal, nothing that disturbs a pipe."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column
from rich.text import Text

from grader.events import CheckDone, CheckStarted, EpochDone, Event, PartStarted, RunStarted
from grader.report.phrases import LABELS, out_of
from grader.text import ascii_only, one_line


class ProgressView:
    """Shows events of a run: `with ProgressView() as view: grade(..., on_event=view.on_event)`.

    On a terminal one line names the check and, in training, the epoch; it vanishes at the end. Elsewhere
    nothing is written, or one line per finished check with `lines`. It writes to stderr.
    """

    def __init__(self, *, stream: TextIO | None = None, quiet: bool = False, lines: bool = False) -> None:
        self._stream = sys.stderr if stream is None else stream
        console = Console(file=self._stream, markup=False, emoji=False, highlight=False)
        self._lines = lines and not quiet
        self._progress = _live(console) if console.is_terminal and not quiet and not lines else None
        self._run: TaskID | None = None
        self._training: TaskID | None = None
        self._part = ""

    def __enter__(self) -> Self:
        if self._progress is not None:
            self._progress.start()
            self._run = self._progress.add_task("", total=None, words=Text("starting"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def on_event(self, event: Event) -> None:
        """Take one event of the run; a display that fails must not cost a grade, so OSError ends it."""
        try:
            if self._progress is not None:
                self._show(self._progress, event)
            elif self._lines:
                self._write(event)
        except OSError:  # the terminal went away
            self._progress, self._lines = None, False

    def _show(self, progress: Progress, event: Event) -> None:
        assert self._run is not None
        match event:
            case RunStarted(checks=checks):
                progress.update(self._run, total=checks, completed=0)
            case PartStarted(title=title):
                self._part = one_line(title, limit=40)
                progress.update(self._run, words=Text(self._part))
            case CheckStarted(id=name):
                progress.update(
                    self._run, words=Text.assemble((self._part, "dim"), " ", one_line(name, limit=40))
                )
            case EpochDone(epoch=epoch, epochs=epochs, note=note):
                words = Text(f"epoch {epoch} of {epochs}  {one_line(note, limit=40)}")
                if self._training is None:
                    self._training = progress.add_task("", total=epochs, words=words)
                progress.update(self._training, completed=epoch, total=epochs, words=words)
            case CheckDone():
                progress.advance(self._run)
                if self._training is not None:
                    progress.remove_task(self._training)
                    self._training = None

    def _write(self, event: Event) -> None:
        line = ""
        match event:
            case PartStarted(title=title):
                line = one_line(title)
            case EpochDone(check=check, epoch=epoch, epochs=epochs, note=note):
                line = f"  {check}: epoch {epoch} of {epochs}  {note}"
            case CheckDone(result=result):
                line = f"  {LABELS[result.verdict]}  {result.id}  {out_of(result.earned, result.points)}"
        if line:
            self._stream.write(ascii_only(one_line(line)) + "\n")
            self._stream.flush()


def _live(console: Console) -> Progress:
    ascii_terminal = not (console.encoding or "").lower().startswith("utf")
    return Progress(
        SpinnerColumn("line" if ascii_terminal else "dots", table_column=Column(width=1)),
        BarColumn(bar_width=16),
        MofNCompleteColumn(),
        _Words(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )


class _Words(TextColumn):
    """The words of a task as they are: a `Text`, never markup."""

    def __init__(self) -> None:
        super().__init__("", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"))

    def render(self, task: object) -> Text:
        words = getattr(task, "fields", {}).get("words")
        return words if isinstance(words, Text) else Text()
