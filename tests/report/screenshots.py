"""`python -m tests.report.screenshots REPORT.json FOLDER`: the pictures of README, from a real report.

The terminal's is an SVG drawn by Rich, the page's are PNGs taken in headless Chromium.
"""

from __future__ import annotations

import argparse
import io
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from grader.model import Report
from grader.report import Detail, for_audience, from_json, to_html, to_terminal
from tests.report import browser

VIEWS = ((1280, False), (375, True))
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def terminal_svg(report: Report, *, command: str, width: int = 88) -> str:
    """The terminal report as an SVG that loads no font from elsewhere."""
    console = Console(
        record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    console.print(Text(f"$ {command}\n", style="bold"))
    console.print(Text.from_ansi(to_terminal(report, width=width, detail=Detail.NORMAL, color=True)))
    svg = console.export_svg(title="gradmark")
    svg = re.sub(r"@font-face\s*\{[^}]*\}", "", svg)
    return re.sub(r"font-family:\s*[^;]*Fira Code[^;]*;", f"font-family: {FONT};", svg)


def write(report: Report, folder: Path, *, command: str) -> list[Path]:
    """Write all pictures into a folder; without a browser only the SVG."""
    folder.mkdir(parents=True, exist_ok=True)
    svg = folder / "terminal.svg"
    svg.write_text(terminal_svg(report, command=command), encoding="utf-8")
    written = [svg]
    reason = browser.missing()
    if reason:
        print(f"no pictures of the page: {reason}")
        return written
    with tempfile.TemporaryDirectory() as scratch, browser.chromium() as driver:
        page = Path(scratch) / "report.html"
        page.write_text(to_html(report), encoding="utf-8")
        for width, dark in VIEWS:
            browser.look(driver, width=width, dark=dark)
            driver.get(page.as_uri())
            written.append(folder / f"page-{width}-{'dark' if dark else 'light'}.png")
            browser.screenshot(driver, written[-1], height=1900)
    return written


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path, help="report.json of a run")
    parser.add_argument("folder", type=Path, nargs="?", default=Path("docs/screenshots"))
    parser.add_argument("--command", default="", help="shown above the terminal report")
    chosen = parser.parse_args(arguments)
    report = for_audience(from_json(chosen.report.read_bytes(), name=str(chosen.report)), "student")
    for path in write(report, chosen.folder, command=chosen.command or f"grade {report.submission}"):
        print(f"written: {path}")


if __name__ == "__main__":
    main()
