"""Views of one record: every format is a pure function of `grader.model.Report`.

`REPORTERS` is the table of formats. `render` applies the audience first, then the format.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from grader.errors import UsageError
from grader.model import Report
from grader.report.audience import for_audience, student_view
from grader.report.github import to_classroom, to_github, write_github
from grader.report.gradescope import to_gradescope
from grader.report.junit import to_junit
from grader.report.markdown import to_markdown
from grader.report.page import to_html
from grader.report.record import from_json, to_json
from grader.report.table import to_csv
from grader.report.terminal import Detail, print_report, to_terminal


@dataclass(frozen=True)
class Reporter:
    """One format: its file name in a folder of reports, and the function that writes it."""

    file: str
    about: str
    render: Callable[[Report], str]


REPORTERS: Mapping[str, Reporter] = MappingProxyType(
    {
        "terminal": Reporter("report.txt", "for people, 80 columns", to_terminal),
        "json": Reporter("report.json", "the record; every other format is made from it", to_json),
        "html": Reporter("report.html", "one self-contained page", to_html),
        "markdown": Reporter("report.md", "GitHub-flavoured Markdown", to_markdown),
        "junit": Reporter("junit.xml", "JUnit XML for GitLab, Jenkins and the like", to_junit),
        "gradescope": Reporter("results.json", "Gradescope's results, visibility per check", to_gradescope),
        "github": Reporter("github.txt", "workflow commands for a GitHub Actions log", to_github),
        "classroom": Reporter("classroom.json", "GitHub Classroom's result, before base64", to_classroom),
        "csv": Reporter("report.csv", "one row per check, for a spreadsheet", to_csv),
    }
)


def render(report: Report, name: str, *, audience: Literal["student", "instructor"] = "student") -> str:
    """Write a report in the format `name`, as `audience` may see it.

    Raises:
        UsageError: where there is no such format.
    """
    if name not in REPORTERS:
        raise UsageError(f"--format {name}: no such format; there are {', '.join(sorted(REPORTERS))}")
    return REPORTERS[name].render(for_audience(report, audience))


__all__ = [
    "REPORTERS",
    "Detail",
    "Reporter",
    "for_audience",
    "from_json",
    "print_report",
    "render",
    "student_view",
    "to_classroom",
    "to_csv",
    "to_github",
    "to_gradescope",
    "to_html",
    "to_json",
    "to_junit",
    "to_markdown",
    "to_terminal",
    "write_github",
]
