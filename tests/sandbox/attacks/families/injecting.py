"""Texts of a submission that want to be more than text in a report."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

TEXTS: dict[str, str] = {
    "clears_the_screen": "evil\x1b[2J\x1b[H10/10",
    "sets_the_title": "\x1b]0;evil\x07",
    "terminal_link": "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "eight_bit_escape": "\x9b2Jevil",
    "rich_markup": "[link=http://evil.example]evil[/link] [/nope] [bold]evil",
    "html_script": "<script>evil()</script>",
    "html_attribute": '" onmouseover="evil()" x=\'',
    "html_image": "<img src=http://evil.example/x onerror=evil()>",
    "markdown_image": "![evil](http://evil.example/x.png) [evil](javascript:evil())",
    "markdown_heading_and_fence": "```\n# evil 10/10\n<img src=http://evil.example/x>\n~~~\n<script>evil()</script>",
    "spreadsheet_formula": '=HYPERLINK("http://evil.example","evil")',
    "spreadsheet_command": "+evil|' /C calc'!A0",
    "spreadsheet_at": "@SUM(evil)",
    "xml_end": "]]></failure></testcase></testsuite><evil/>",
    "xml_control_characters": "evil\x00\x01\x0b\ufffe",
    "xml_entity": "&evil;<!DOCTYPE x [<!ENTITY evil SYSTEM 'file:///etc/passwd'>]>",
    "workflow_command": "\n::set-output name=points::10evil\n::add-mask::evil\n##[set-env name=evil]x",
    "workflow_command_after_return": "x\r::stop-commands::evil",
    "direction_override": "evil\u202e01/01\u2066",
    "half_a_character": "evil\ud800",
    "forged_line": "\nTotal  10 / 10\nPASSED everything evil",
}


class _Tags(HTMLParser):
    """Collects what a browser would run or load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.in_script = tag in ("script", "style")
        for name, value in attrs:
            if "evil" in (value or "") and name in ("href", "src", "action", "style"):
                self.found.append(f"<{tag} {name}={value}>")
            if name.startswith("on") and "evil" in (value or ""):
                self.found.append(f"<{tag} {name}>")

    def handle_data(self, data: str) -> None:
        if self.in_script and "evil()" in data:
            self.found.append("script runs evil()")

    def handle_endtag(self, tag: str) -> None:
        self.in_script = False


def html_harm(text: str) -> str:
    """What of a page would be run or loaded."""
    parser = _Tags()
    parser.feed(text)
    return ", ".join(parser.found)


def markdown_harm(text: str) -> str:
    """The same, of what a Markdown reader makes of a text."""
    from markdown_it import MarkdownIt

    return html_harm(MarkdownIt("commonmark", {"html": True}).render(text))


def terminal_harm(text: str) -> str:
    """Whether a text moves a cursor, sets a title, links, reorders or hides."""
    found = re.search("\x1b[^\\[]|\x1b\\[[0-9;]*[A-HJKf]|\x9b|\x07|[\u202a-\u202e\u2066-\u2069]|\ud800", text)
    return f"the sequence {found.group()!r}" if found else ""


def csv_harm(text: str) -> str:
    """Whether a cell is a formula."""
    for row in csv.reader(io.StringIO(text)):
        for cell in row:
            if "evil" in cell and cell.lstrip().startswith(("=", "+", "-", "@")):
                return f"the cell {cell[:40]!r}"
    return ""


def xml_harm(text: str) -> str:
    """Whether a document is broken or has an element of the submission's."""
    try:
        root = ElementTree.fromstring(text.encode())
    except (ElementTree.ParseError, UnicodeEncodeError) as error:
        return f"not well-formed: {error}"
    return "an element <evil>" if root.find(".//evil") is not None else ""


def json_harm(text: str) -> str:
    """Whether a document cannot be read or sent."""
    try:
        json.loads(text)
        text.encode()
    except ValueError as error:
        return f"not JSON: {error}"
    return ""


def log_harm(text: str) -> str:
    """Whether a line of a log is a command of the submission's to the CI system.

    Between ``::stop-commands::TOKEN`` and ``::TOKEN::`` the system takes no commands; the token is the report's own.
    """
    text = re.sub(r"^::stop-commands::([0-9a-f]{32})\n.*?^::\1::$", "", text, flags=re.MULTILINE | re.DOTALL)
    found = re.search(
        r"^\s*(?:::|##\[)(?:set-output|add-mask|stop-commands|set-env)",
        text.replace("\r", "\n"),
        re.MULTILINE,
    )
    return f"the command {found.group()!r}" if found else ""


HARM = {
    "terminal": terminal_harm,
    "html": html_harm,
    "markdown": markdown_harm,
    "csv": csv_harm,
    "junit": xml_harm,
    "json": json_harm,
    "gradescope": json_harm,
    "classroom": json_harm,
    "github": log_harm,
}


def naive_views(text: str) -> dict[str, str]:
    """Reports of the usual kind: the text is put where it goes."""
    return {
        "terminal": f"linear: {text}\n",
        "html": f'<p title="{text}">{text}</p>',
        "markdown": f"* linear: {text}\n",
        "csv": f'linear,"{text}"\n' if '"' not in text else f"linear,{text}\n",
        "junit": f"<testsuite><failure>{text}</failure></testsuite>",
        "json": '{"message": "' + text + '"}',
        "gradescope": '{"output": "' + text + '"}',
        "github": f"{text}\n",
    }
