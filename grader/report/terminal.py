"""The report in a terminal: header, one line per part, what went wrong and why, the total.

Everything is a Rich `Text` with explicit styles: text of a submission is never read as markup. Colour only
repeats what a word says already, so nothing is lost without it.
"""

from __future__ import annotations

import io
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


class Detail(IntEnum):
    """How much is shown. Between BRIEF and NORMAL a report is made to fit its screen."""

    QUIET = 0  # the total alone
    BRIEF = 1  # a line for each check that is not right
    CONCISE = 2  # and the fault or the hint
    NORMAL = 3  # and its evidence, hint and the command that repeats it
    VERBOSE = 4  # every check, all evidence, output and timing


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
        height: lines of the screen. A taller NORMAL report is cut down, to BRIEF at most; None: no limit.
        color: write ANSI styles.
        plain: ASCII alone.
        saved: paths of the files that were written, for the last line.
    """
    levels = [detail]
    if height is not None and detail is Detail.NORMAL:
        levels = [Detail.NORMAL, Detail.CONCISE, Detail.BRIEF]
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
    stream.write(text if narrow else text.encode(encoding, "replace").decode(encoding))
    stream.flush()


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
    shown = [check for check in asked if detail is Detail.VERBOSE or check.verdict in phrases.NOT_RIGHT]
    rest = [] if detail is Detail.VERBOSE else [check for check in asked if check not in shown]
    lines = [_check(check, detail) for check in shown]
    return Group(line, *lines, *([Padding(_rest(rest), (0, 0, 0, 2))] if rest else []))


def _bar(earned: float, worth: float, undecided: float, plain: bool, width: int = 20) -> Text:
    """A bar of earned points; open points are hatched."""
    full, half, empty = ("#", "?", ".") if plain else ("█", "▒", "░")
    if not worth:
        return Text(" " * width)
    done = int(width * earned / worth + 1e-9)
    hatched = min(width - done, round(width * undecided / worth))
    style = "green" if earned >= worth - 1e-9 else "yellow" if earned else "red"
    return Text.assemble(
        (full * done, style), (half * hatched, "cyan"), (empty * (width - done - hatched), "dim"), end=""
    )


def _rest(checks: Sequence[CheckResult]) -> Text:
    """One line for the checks that need no words: how many passed, were skipped, wait for a person."""
    text = Text(style="dim")
    for verdict in (Verdict.PASSED, Verdict.MANUAL, Verdict.SKIPPED):
        group = [check for check in checks if check.verdict is verdict]
        if group:
            worth = phrases.points(sum(check.points for check in group))
            text.append(f"{', ' if text.plain else ''}{len(group)} {phrases.LABELS[verdict]}")
            if verdict is not Verdict.PASSED:
                text.append(f" ({worth} points)")
    return text


def _check(check: CheckResult, detail: Detail) -> RenderableType:
    line = Table.grid(expand=True, padding=(0, 1))
    line.add_column(width=LABEL_WIDTH + 2, no_wrap=True)
    line.add_column(ratio=1, overflow="fold")
    line.add_column(width=13, justify="right", no_wrap=True)
    name = Text(one_line(check.id))
    if one_line(check.title) and check.title != check.id:
        name.append(f"  {one_line(check.title)}", style="dim")
    line.add_row(
        Text(f"  {phrases.LABELS[check.verdict]}", style=STYLES[check.verdict]),
        name,
        Text(phrases.out_of(check.earned, check.points), style="dim"),
    )
    body = [Padding(text, (0, 0, 0, 6)) for text in _body(check, detail)]
    return Group(line, *body)


def _body(check: CheckResult, detail: Detail) -> list[Text]:
    """The lines under a check."""
    lines: list[Text] = []
    message = one_line(check.message)
    if check.where and check.where not in message:
        message = f"{message} ({one_line(check.where)})" if message else one_line(check.where)
    if message:
        lines.append(Text(message))
    if detail >= Detail.NORMAL:
        lines += _evidence_lines(check, detail)
    if detail >= Detail.CONCISE:
        lines += [_labelled("fault", phrases.fault(item), "bold") for item in check.diagnoses]
    hints = [check.hint, *(item.hint for item in check.diagnoses)]
    if detail >= Detail.NORMAL or (detail >= Detail.CONCISE and not check.diagnoses):
        lines += [_labelled("hint", one_line(hint, limit=600), "") for hint in dict.fromkeys(hints) if hint]
    if detail >= Detail.VERBOSE:
        lines += _verbose_lines(check)
    if detail >= Detail.NORMAL and check.repeat and check.verdict in phrases.NOT_RIGHT:
        lines.append(_labelled("repeat", one_line(check.repeat), "cyan"))
    return lines


def _labelled(label: str, value: str, style: str) -> Text:
    return Text.assemble((f"{label}: ", "dim"), (value, style))


def _evidence_lines(check: CheckResult, detail: Detail) -> list[Text]:
    chosen = check.evidence if detail >= Detail.VERBOSE else phrases.telling(check)
    limit = len(chosen) if detail >= Detail.VERBOSE else MAX_EVIDENCE
    lines = []
    for evidence in chosen[:limit]:
        lines.append(
            Text.assemble((f"{'ok  ' if evidence.agreed else 'off '}", "dim"), phrases.subject(evidence))
        )
        figures = [text for text in (phrases.worst(evidence), phrases.errors(evidence)) if text]
        lines += [Text(f"    {one_line(evidence.detail)}")] if evidence.detail else []
        lines += [Text(f"    {text}") for text in figures]
    if len(chosen) > limit:
        lines.append(Text(f"and {len(chosen) - limit} more (-v shows them)", style="dim"))
    return lines


def _verbose_lines(check: CheckResult) -> list[Text]:
    lines = [_labelled("kind", f"{one_line(check.kind)}, {check.seconds:.2f} s", "")]
    lines += [_labelled("needs", ", ".join(map(one_line, check.needs)), "")] if check.needs else []
    if check.formula is not None:
        lines.append(_labelled("read as", one_line(check.formula.read_as), "bold"))
        lines += [_labelled("written", one_line(check.formula.source), "")]
        lines += [_labelled("note", one_line(check.formula.note), "")] if check.formula.note else []
    lines += _block("detail", check.detail)
    lines += _block("printed", check.output)
    return lines


def _block(label: str, text: str, limit: int = 2000) -> list[Text]:
    body = clean(text, limit=limit, ends=True).strip("\n").expandtabs(4)
    if not body.strip():
        return []
    return [Text(f"{label}:", style="dim"), *(Text(f"  | {line}") for line in body.split("\n"))]


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
