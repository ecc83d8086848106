"""What a long run tells people: a progress bar with rate and time left, a line per submission, a log file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from grader.text import ascii_only, one_line

MAX_NAME = 48  # characters of a name in a line


class Watch:
    """Shows and logs a run; neither a lost terminal nor a full disk of the log costs a grade.

    Args:
        total: submissions of the class.
        lines: print one line per submission that ends.
        quiet: show nothing.
        log: file to append to; None for none.
    """

    def __init__(
        self, total: int, *, lines: bool = False, quiet: bool = False, log: Path | None = None,
        stream: TextIO | None = None,
    ) -> None:  # fmt: skip
        self._console = Console(file=stream or sys.stderr, markup=False, emoji=False, highlight=False)
        self._lines = lines and not quiet
        live = self._console.is_terminal and not quiet
        self._progress = _bar(self._console) if live else None
        self._task = self._progress.add_task("", total=total) if self._progress else None
        self._log = _open_log(log)
        self._done, self._total = 0, total

    def __enter__(self) -> Self:
        if self._progress:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress:
            self._progress.stop()
        if self._log:
            with _no_matter():
                self._log.close()

    def note(self, text: str) -> None:
        """Write a line to the log alone."""
        if self._log:
            with _no_matter():
                stamp = datetime.now().astimezone().isoformat(timespec="seconds")
                self._log.write(f"{stamp} {one_line(text, limit=2000)}\n")
                self._log.flush()

    def done(self, name: str, text: str) -> None:
        """A submission has ended; `text` says how."""
        self._done += 1
        self.note(f"{name}: {text}")
        with _no_matter():
            if self._lines:
                short = one_line(name, limit=MAX_NAME)
                line = f"{self._done:>{len(str(self._total))}}/{self._total} {short}: {one_line(text, limit=160)}"
                console = self._progress.console if self._progress else self._console
                console.print(_safe(self._console, line), soft_wrap=True)
            if self._progress and self._task is not None:
                self._progress.advance(self._task)


class _Rate(ProgressColumn):
    """Submissions per second, or per minute where they are slow."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        if not speed:
            return Text("")
        return Text(f"{speed:.1f}/s" if speed >= 1 else f"{60 * speed:.1f}/min", style="dim")


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("grading"), BarColumn(bar_width=24), MofNCompleteColumn(), _Rate(), TimeRemainingColumn(),
        TextColumn("left"), console=console, transient=True,
    )  # fmt: skip


def _safe(console: Console, line: str) -> Text:
    return Text(line if (console.encoding or "").lower().startswith("utf") else ascii_only(line))


def _open_log(path: Path | None) -> TextIO | None:
    if path is None:
        return None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a", encoding="utf-8")
    except OSError:
        return None


@contextmanager
def _no_matter() -> Iterator[None]:
    """What is only shown may fail."""
    try:
        yield
    except (OSError, ValueError):
        return
