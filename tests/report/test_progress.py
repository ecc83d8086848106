"""Progress: a live line on a terminal, nothing on a pipe, and never a reason to fail."""

from __future__ import annotations

import io

from rich.console import Console

from grader.events import CheckDone, CheckStarted, EpochDone, Event, PartStarted, RunStarted
from grader.model import Verdict
from grader.report.progress import ProgressView
from tests.report import samples

RUN: tuple[Event, ...] = (
    RunStarted("submission", 2),
    PartStarted("numpy", "NumPy [bold]modules[/bold]"),
    CheckStarted("numpy.a", "A"),
    CheckDone(samples.check("numpy.a", "A", "forward", Verdict.PASSED, 2, 2)),
    CheckStarted("training.b", "B\x1b[2J"),
    EpochDone("training.b", 1, 3, "loss 2.1"),
    EpochDone("training.b", 2, 3, "loss 1.9"),
    CheckDone(samples.check("training.b", "B", "training", Verdict.FAILED, 3)),
)


class _Terminal(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


def test_a_pipe_stays_silent() -> None:
    stream = io.StringIO()
    with ProgressView(stream=stream) as view:
        for event in RUN:
            view.on_event(event)
    assert stream.getvalue() == ""


def test_lines_tell_what_was_done() -> None:
    stream = io.StringIO()
    with ProgressView(stream=stream, lines=True) as view:
        for event in RUN:
            view.on_event(event)
    assert stream.getvalue().splitlines() == [
        "NumPy [bold]modules[/bold]",
        "passed numpy.a 2 / 2",
        "training.b: epoch 1 of 3 loss 2.1",
        "training.b: epoch 2 of 3 loss 1.9",
        "wrong training.b 0 / 3",
    ]


def test_quiet_is_quiet() -> None:
    stream = _Terminal()
    with ProgressView(stream=stream, quiet=True, lines=True) as view:
        for event in RUN:
            view.on_event(event)
    assert stream.getvalue() == ""


def test_a_terminal_shows_check_and_epoch_and_is_left_clean(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = _Terminal()
    seen = []
    with ProgressView(stream=stream) as view:
        assert view._progress is not None
        for event in RUN:
            view.on_event(event)
            console = Console(width=100, file=io.StringIO(), markup=False)
            with console.capture() as capture:
                console.print(view._progress.get_renderable())
            seen.append(capture.get())
    assert "0/2" in seen[0]
    assert "NumPy [bold]modules[/bold] numpy.a" in seen[2]
    assert "epoch 2 of 3  loss 1.9" in seen[6]
    assert "epoch" not in seen[7]
    assert "2/2" in seen[7]
    assert "\x1b[2J" not in stream.getvalue()


class _Gone(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError("gone")


def test_a_terminal_that_goes_away_costs_nothing() -> None:
    view = ProgressView(stream=_Gone(), lines=True)
    with view:
        for event in RUN:
            view.on_event(event)
