"""The report in a terminal: header, one line per part, what went wrong and why, the total.

Everything is a Rich `Text` with explicit styles: text of a submission is never read as markup. Colour only
repeats what a word says already, so nothing is lost without it.
"""

from __future__ import annotations

import io
import os
import secrets
import sys
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.model import CheckResult, PartResult, Report, Verdict
from grader.report import phrases
from grader.report.prose import hints, message
from grader.text import ascii_only, clean, one_line

MAX_WIDTH = 100  # longer lines are hard to read
STYLES: dict[Verdict, str] = {
    Verdict.PASSED: "green",
    Verdict.PARTIAL: "yellow",
    Verdict.FAILED: "red",
    Verdict.ERRORED: "red",
    Verdict.MISSING: "magenta",
    Verdict.SKIPPED: "dim",
    Verdict.MANUAL: "cyan",
    Verdict.INTERNAL: "bold magenta",
}
LABEL_WIDTH = max(map(len, phrases.LABELS.values()))
MAX_EVIDENCE = 3
INDENT = 6
Row = tuple[str, Text]  # a label and what it labels


class Detail(IntEnum):
    """How much is shown. Between PARTS and NORMAL a report is made to fit its screen."""

    QUIET = 0  # the total alone
    PARTS = 1  # and a line or two for each part
    BRIEF = 2  # and a line for each check that is not right
    CONCISE = 3  # and its message and its fault or hint
    NORMAL = 4  # and its evidence, hint and the command that repeats it
    VERBOSE = 5  # every check, all evidence, output and timing


def to_terminal(
    report: Report,
    *,
    detail: Detail = Detail.NORMAL,
    width: int = 80,
    height: int | None = None,
    color: bool = False,
    plain: bool = False,
    saved: Sequence[str] = (),
) -> str:
    """Render a report for a terminal.

    Args:
        report: what to show; make a student's view of it first where students read it.
        detail: how much.
        width: columns; lines are never longer.
        height: lines of the screen. A taller NORMAL report is cut down to PARTS, step by step; None: no limit.
        color: write ANSI styles.
        plain: ASCII alone.
        saved: paths of the files that were written, for the last line.
    """
    levels = [detail]
    if height is not None and detail is Detail.NORMAL:
        levels = [Detail.NORMAL, Detail.CONCISE, Detail.BRIEF, Detail.PARTS]
    for level in levels:
        text = _render(_report(report, level, saved, plain), width, color=color)
        if height is None or text.count("\n") < height:
            break
    return ascii_only(text) if plain else text


def print_report(
    report: Report,
    *,
    detail: Detail = Detail.NORMAL,
    plain: bool = False,
    saved: Sequence[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Print a report to a stream in the way the stream can show it: width, height, colour and encoding."""
    stream = sys.stdout if stream is None else stream
    console = Console(file=stream)
    encoding = stream.encoding or "utf-8"
    narrow = plain or not _encodes("█░✓…", encoding)
    text = to_terminal(
        report,
        detail=detail,
        width=console.width if console.is_terminal else 80,
        height=console.height - 2 if console.is_terminal else None,
        color=console.is_terminal and console.color_system is not None and not (console.no_color or plain),
        plain=narrow,
        saved=saved,
    )
    stream.write(_fenced(text if narrow else text.encode(encoding, "replace").decode(encoding)))
    stream.flush()


def _fenced(text: str) -> str:
    """The text where the log of a GitHub step would take a line that begins with ``::`` for a command, indented or not."""
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return text
    token = secrets.token_hex(16)
    return f"::stop-commands::{token}\n{text}::{token}::\n"


def _encodes(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _render(renderable: RenderableType, width: int, *, color: bool) -> str:
    console = Console(
        file=io.StringIO(),
        width=max(40, min(width, MAX_WIDTH)),
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
    )
    with console.capture() as capture:
        console.print(renderable)
    return "".join(line.rstrip() + "\n" for line in capture.get().splitlines())


def _report(report: Report, detail: Detail, saved: Sequence[str], plain: bool) -> RenderableType:
    if detail is Detail.QUIET:
        return _total(report, saved, detail)
    parts = [_part(part, detail, plain) for part in report.parts]
    return Group(_header(report, detail), Text(), *parts, Text(), _total(report, saved, detail))


def _header(report: Report, detail: Detail) -> RenderableType:
    rows = [
        ("Submission", one_line(report.submission)),
        ("Rubric", phrases.rubric(report)),
        ("Data", one_line(report.data.description or report.data.kind)),
        ("Device", f"{one_line(report.device)}, seed {report.seed}, gradmark {one_line(report.gradmark)}"),
        ("Isolation", phrases.isolation(report)),
    ]
    if report.variant_reason:
        rows.insert(2, ("Variant", one_line(report.variant_reason)))
    rows += [("Note", one_line(note)) for note in report.notes]
    if detail is Detail.VERBOSE:
        rows += [("Files", f"sha256 {one_line(report.submission_hash)}")] if report.submission_hash else []
        layers = [
            f"{layer.name} {'on' if layer.on else f'off: {layer.reason}'}"
            for layer in report.isolation.layers
        ]
        rows += [("Sandbox", one_line("; ".join(layers)))] if layers else []
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(Text(name), Text(value))
    return table


def _part(part: PartResult, detail: Detail, plain: bool) -> RenderableType:
    asked = [check for check in part.checks if check.asked]
    line = Table.grid(expand=True, padding=(0, 1))
    line.add_column(ratio=1, overflow="ellipsis", no_wrap=True)
    line.add_column(width=20, no_wrap=True)
    line.add_column(width=13, justify="right", no_wrap=True)
    worth = sum(check.points for check in asked)
    line.add_row(
        Text(one_line(part.title or part.id), style="bold"),
        _bar(
            part.earned, worth, sum(check.points for check in asked if check.verdict in phrases.OPEN), plain
        ),
        Text(phrases.out_of(part.earned, worth) if asked else "not run", style="bold" if asked else "dim"),
    )
    wrong = [check for check in asked if check.verdict in phrases.NOT_RIGHT]
    shown = asked if detail is Detail.VERBOSE else [] if detail is Detail.PARTS else wrong
    rest = [] if detail is Detail.VERBOSE else [check for check in asked if check not in shown]
    lines = [_check(check, detail) for check in shown]
    return Group(line, *lines, *([Padding(_rest(rest), (0, 0, 0, 2))] if rest else []))


def _bar(earned: float, worth: float, undecided: float, plain: bool, width: int = 20) -> Text:
    """A bar of earned points; open points are hatched."""
    full, half, empty = ("#", "?", ".") if plain else ("█", "▒", "░")
    if not worth:
        return Text(" " * width)
    done = min(width, int(width * earned / worth + 1e-9))  # a record may have been edited
    hatched = min(width - done, round(width * undecided / worth))
    style = "green" if earned >= worth - 1e-9 else "yellow" if earned else "red"
    return Text.assemble(
        (full * done, style), (half * hatched, "cyan"), (empty * (width - done - hatched), "dim"), end=""
    )


def _rest(checks: Sequence[CheckResult]) -> Text:
    """One line for the checks that need no words: how many passed, were skipped, wait for a person."""
    text = Text(style="dim")
    for verdict in phrases.LABELS:
        group = [check for check in checks if check.verdict is verdict]
        if group:
            worth = phrases.points(sum(check.points for check in group))
            text.append(f"{', ' if text.plain else ''}{len(group)} {phrases.LABELS[verdict]}")
            if verdict in (Verdict.MANUAL, Verdict.SKIPPED, Verdict.INTERNAL):
                text.append(f" ({worth} points)")
    return text


def _check(check: CheckResult, detail: Detail) -> RenderableType:
    line = Table.grid(expand=True, padding=(0, 1))
    line.add_column(width=LABEL_WIDTH + 2, no_wrap=True)
    narrow = detail <= Detail.BRIEF
    brief = narrow or (check.verdict is Verdict.MISSING and detail < Detail.VERBOSE)
    line.add_column(ratio=1, overflow="ellipsis" if narrow else "fold", no_wrap=narrow)
    line.add_column(width=13, justify="right", no_wrap=True)
    said = message(check)
    name = Text(one_line(check.id))
    aside = said if brief and said else one_line(check.title)
    if aside and aside != name.plain:
        name.append(f"  {aside}", style="dim")
    line.add_row(
        Text(f"  {phrases.LABELS[check.verdict]}", style=STYLES[check.verdict]),
        name,
        Text(phrases.out_of(check.earned, check.points), style="dim"),
    )
    if brief:
        return line
    above: list[RenderableType] = [line, Padding(Text(said), (0, 0, 0, INDENT))] if said else [line]
    rows = _rows(check, detail)
    if not rows:
        return Group(*above)
    body = Table.grid(padding=(0, 2, 0, 0))
    body.add_column(style="dim", no_wrap=True, min_width=7)
    body.add_column(overflow="fold")
    for label, value in rows:
        body.add_row(Text(label), value)
    return Group(*above, Padding(body, (0, 0, 0, INDENT)))


def _rows(check: CheckResult, detail: Detail) -> list[Row]:
    """What stands under a check: a label and its text."""
    rows: list[Row] = []
    if detail >= Detail.NORMAL:
        rows += _evidence_rows(check, detail)
    if detail >= Detail.CONCISE:
        rows += [("fault", Text(phrases.fault(item), style="bold")) for item in check.diagnoses]
    if detail >= Detail.NORMAL or (detail >= Detail.CONCISE and not check.diagnoses):
        rows += [("hint", Text(hint)) for hint in hints(check)]
    if detail >= Detail.VERBOSE:
        rows += _verbose_rows(check)
    if detail >= Detail.NORMAL and check.repeat and check.verdict in phrases.NOT_RIGHT:
        rows.append(("repeat", Text(one_line(check.repeat), style="cyan")))
    return rows


def _evidence_rows(check: CheckResult, detail: Detail) -> list[Row]:
    chosen = check.evidence if detail >= Detail.VERBOSE else phrases.telling(check)
    limit = len(chosen) if detail >= Detail.VERBOSE else MAX_EVIDENCE
    rows: list[Row] = []
    for evidence in chosen[:limit]:
        size, allowed = phrases.error(evidence), phrases.tolerance(evidence)
        lines = [
            phrases.subject(evidence),
            one_line(evidence.detail),
            phrases.worst(evidence),
            f"error {size}" if size else "",
            f"tolerance {allowed}" if allowed else "",
        ]
        rows.append(("agrees" if evidence.agreed else "off", Text("\n".join(line for line in lines if line))))
    if len(chosen) > limit:
        rows.append(("", Text(f"and {len(chosen) - limit} more (-v shows them)", style="dim")))
    return rows


def _verbose_rows(check: CheckResult) -> list[Row]:
    rows = [
        ("kind", f"{one_line(check.kind)}, {check.seconds:.2f} s"),
        ("needs", one_line(", ".join(check.needs))),
    ]
    if check.formula is not None:
        rows += [
            ("read as", one_line(check.formula.read_as)),
            ("written", one_line(check.formula.source)),
            ("note", one_line(check.formula.note)),
        ]
    rows += [
        ("handed in", _block(check.work)),
        ("detail", _block(check.detail)),
        ("printed", _block(check.output)),
    ]
    return [(label, Text(value)) for label, value in rows if value]


def _block(text: str, limit: int = 2000) -> str:
    """Several lines of text, each behind a bar, so that none can pass for a line of the report."""
    body = clean(text, limit=limit, ends=True).strip("\n").expandtabs(4)
    return "\n".join(f"| {line}" for line in body.split("\n")) if body.strip() else ""


def _total(report: Report, saved: Sequence[str], detail: Detail) -> RenderableType:
    worth = sum(check.points for check in report.checks if check.asked)
    share = phrases.percent(report.earned, worth)
    text = Text.assemble(
        ("Total ", "bold"), (phrases.out_of(report.earned, worth), "bold"), f" points ({share})"
    )
    lines = [text]
    sentences: list[Callable[[Report], str]] = [phrases.open_sentence, phrases.unasked_sentence]
    if detail > Detail.QUIET:
        lines += [Text(sentence(report)) for sentence in sentences if sentence(report)]
    if Detail.QUIET < detail < Detail.NORMAL:
        lines.append(Text("-v shows the numbers, the hints and how to repeat a check", style="dim"))
    lines += [Text(f"written: {one_line(path, limit=1000)}", style="dim") for path in saved]
    return Group(*lines)
