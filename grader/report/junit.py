"""JUnit XML, valid against the junit-10.xsd of Jenkins' xunit plugin and read the same way by GitLab.

A test suite is a part, a test case a check. `classname` holds the submission: of two cases with the same
`classname` and `name` GitLab counts only the first. Points stand in the suite's properties.
"""

from __future__ import annotations

from xml.etree import ElementTree

from grader.model import CheckResult, PartResult, Report, Verdict
from grader.report.phrases import LABELS, out_of, points
from grader.report.prose import explanation
from grader.text import clean, one_line

FAILURES = (Verdict.FAILED, Verdict.PARTIAL, Verdict.MISSING)
ERRORS = (Verdict.ERRORED, Verdict.INTERNAL)
SKIPS = (Verdict.SKIPPED, Verdict.MANUAL)


def to_junit(report: Report) -> str:
    """Render a report as one JUnit document."""
    root = ElementTree.Element(
        "testsuites", _counts(report.checks, False), name=one_line(report.rubric_title)
    )
    for part in report.parts:
        root.append(_suite(part, report))
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode", xml_declaration=False)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _counts(checks: tuple[CheckResult, ...], with_skipped: bool) -> dict[str, str]:
    counts = {
        "tests": str(len(checks)),
        "failures": str(sum(check.asked and check.verdict in FAILURES for check in checks)),
        "errors": str(sum(check.asked and check.verdict in ERRORS for check in checks)),
        "time": _seconds(sum(check.seconds for check in checks)),
    }
    if with_skipped:
        counts["skipped"] = str(sum(not check.asked or check.verdict in SKIPS for check in checks))
    return counts


def _seconds(value: float) -> str:
    """Seconds with at most three decimals, which is all that the schema's pattern allows."""
    return f"{max(value, 0.0):.3f}"


def _suite(part: PartResult, report: Report) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", _counts(part.checks, True), name=one_line(part.title or part.id))
    suite.set("id", one_line(part.id))
    if report.started:
        suite.set("timestamp", one_line(report.started))
    properties = ElementTree.SubElement(suite, "properties")
    facts = {
        "points": points(part.points),
        "earned": points(part.earned),
        "open": points(part.open_points),
        "seed": str(report.seed),
    }
    for name, value in facts.items():
        ElementTree.SubElement(properties, "property", name=name, value=value)
    for check in part.checks:
        suite.append(_case(check, part, report))
    return suite


def _case(check: CheckResult, part: PartResult, report: Report) -> ElementTree.Element:
    classname = f"{one_line(report.submission).replace('.', '_')}.{one_line(part.id)}"
    case = ElementTree.Element(
        "testcase", name=one_line(check.id), classname=classname, time=_seconds(check.seconds)
    )
    tag = _outcome(check)
    if tag:
        outcome = ElementTree.SubElement(case, tag, message=one_line(check.message or LABELS[check.verdict]))
        if tag != "skipped":
            outcome.set("type", check.verdict.value)
        worth = (
            f"{one_line(check.title)}: {LABELS[check.verdict]}, {out_of(check.earned, check.points)} points"
        )
        outcome.text = "\n".join([worth, *explanation(check)])
    if check.output:
        ElementTree.SubElement(case, "system-out").text = clean(check.output, ends=True)
    return case


def _outcome(check: CheckResult) -> str:
    if not check.asked or check.verdict in SKIPS:
        return "skipped"
    return "failure" if check.verdict in FAILURES else "error" if check.verdict in ERRORS else ""
