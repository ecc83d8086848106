"""The terminal report is readable at 80 columns, without colour and when piped, and takes no orders from a text."""

from __future__ import annotations

import io
import re

import pytest
from rich.cells import cell_len

from grader.model import PartResult, Report, Verdict
from grader.report import Detail, print_report, to_terminal
from tests.report import samples

EVERY = [pytest.param(samples.hostile(text), id=name) for name, text in samples.HOSTILE.items()]


@pytest.mark.parametrize("report", [*EVERY, pytest.param(samples.everything(), id="everything")])
@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("detail", list(Detail))
def test_no_line_is_wider_than_the_screen(report: Report, width: int, detail: Detail) -> None:
    text = to_terminal(report, width=width, detail=detail)
    assert max(cell_len(line) for line in text.split("\n")) <= min(width, 100)


@pytest.mark.parametrize("report", EVERY)
def test_no_text_of_a_submission_reaches_the_terminal_as_a_command(report: Report) -> None:
    text = to_terminal(report, detail=Detail.VERBOSE)
    assert [char for char in text if (ord(char) < 32 and char != "\n") or 0x7F <= ord(char) < 0xA0] == []


@pytest.mark.parametrize("report", EVERY)
def test_in_colour_only_our_own_styles_are_written(report: Report) -> None:
    text = to_terminal(report, detail=Detail.VERBOSE, color=True)
    assert "\x1b[" in text
    bare = [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", text).split("\n")]
    assert bare == to_terminal(report, detail=Detail.VERBOSE).split("\n")


def test_markup_is_shown_as_it_stands() -> None:
    text = to_terminal(samples.hostile(samples.MARKUP), detail=Detail.VERBOSE)
    assert "[bold red]FULL MARKS[/bold red]" in text


def test_plain_is_ascii() -> None:
    for report in (samples.everything(), samples.hostile(samples.BIDI), samples.hostile("…→∂é€")):
        assert to_terminal(report, plain=True, detail=Detail.VERBOSE).isascii()


def test_nothing_is_said_by_colour_alone() -> None:
    text = to_terminal(samples.everything())
    for label in (
        "wrong",
        "error",
        "missing",
        "partly right",
        "grader fault",
        "1 passed",
        "1 skipped",
        "1 to be marked",
    ):
        assert label in text


def test_every_failed_check_shows_its_evidence_hint_and_command() -> None:
    text = to_terminal(samples.everything())
    for words in (
        "dL/db against autograd (batch of 3): 3 of 12 elements off",
        "worst at [2, 2]: got 1.484, want 0.4947",
        "error 0.9894 absolute, 2 relative to max |want|",
        "tolerance 1e-07 (float64, 60 roundings)",
        "G103 bias gradient is not summed over the batch",
        "What shape has db for a batch of one",
        "grade submission/ --only numpy.linear.gradient --seed 7",
    ):
        assert words in text


@pytest.mark.parametrize(("height", "lines"), [(200, 60), (34, 34), (26, 26), (20, 20)])
def test_a_summary_fits_its_screen(height: int, lines: int) -> None:
    text = to_terminal(samples.everything(), height=height)
    assert text.count("\n") <= lines
    assert "Total 8 / 29 points (27 %)" in text


def test_what_was_cut_to_fit_is_said() -> None:
    assert "-v shows the numbers" in to_terminal(samples.everything(), height=34)
    assert "-v shows the numbers" not in to_terminal(samples.everything())


def test_quiet_is_the_total() -> None:
    assert to_terminal(samples.everything(), detail=Detail.QUIET) == "Total 8 / 29 points (27 %)\n"


def test_checks_that_were_not_asked_for_do_not_count() -> None:
    asked = samples.check("a.b", "B", "forward", Verdict.PASSED, 2, 2)
    other = samples.check("a.c", "C", "forward", Verdict.SKIPPED, 5, asked=False)
    text = to_terminal(samples.report(PartResult(id="a", title="A", checks=(asked, other))))
    assert "Total 2 / 2 points (100 %)" in text
    assert "not part of this run: 1 check worth 5 points" in text


def test_not_quite_all_points_are_not_100_percent() -> None:
    check = samples.check("a.b", "B", "forward", Verdict.PARTIAL, 1000, 999)
    assert "(99 %)" in to_terminal(samples.report(PartResult(id="a", title="A", checks=(check,))))


def test_numbers_that_differ_are_never_shown_alike() -> None:
    text = to_terminal(samples.hostile("x"))
    assert "got" not in text
    from grader.report.phrases import pair

    assert pair(0.1, 0.1 + 1e-12) == ("0.1", "0.100000000001")
    assert pair(0.4524, 0.4524) == ("0.4524", "0.4524")


class _Ascii(io.StringIO):
    encoding = "ascii"  # type: ignore[assignment]


def test_a_stream_that_knows_only_ascii_gets_ascii() -> None:
    stream = _Ascii()
    print_report(samples.hostile("é→"), stream=stream)
    assert stream.getvalue().isascii()


def test_a_pipe_gets_no_colour_and_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("LINES", "10")
    stream = io.StringIO()
    print_report(samples.everything(), stream=stream, saved=("out/report.json",))
    assert "\x1b" not in stream.getvalue()
    assert "worst at [2, 2]" in stream.getvalue()
    assert stream.getvalue().endswith("written: out/report.json\n")


def test_a_line_of_the_log_of_a_github_step_is_no_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    stream = io.StringIO()
    print_report(samples.hostile("::error::pwned"), stream=stream)
    first, *lines, last = stream.getvalue().splitlines()
    assert first.startswith("::stop-commands::")
    assert last == f"::{first.rpartition(':')[2]}::"
    assert any(line.strip().startswith("::error") for line in lines)
