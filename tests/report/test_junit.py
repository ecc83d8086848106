"""JUnit XML is valid for Jenkins, unambiguous for GitLab and cannot be forged by a text."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
import xmlschema

from grader.model import PartResult, Report, Verdict
from grader.report import student_view, to_junit
from tests.report import samples

SCHEMA = xmlschema.XMLSchema(Path(__file__).with_name("junit-10.xsd"))
REPORTS = [
    pytest.param(samples.everything(), id="everything"),
    pytest.param(student_view(samples.everything()), id="student"),
    pytest.param(samples.full_marks(), id="full_marks"),
    *(pytest.param(samples.hostile(text), id=name) for name, text in samples.HOSTILE.items()),
]


@pytest.mark.parametrize("report", REPORTS)
def test_it_is_valid(report: Report) -> None:
    SCHEMA.validate(to_junit(report))


@pytest.mark.parametrize("report", REPORTS)
def test_classname_and_name_are_unique(report: Report) -> None:
    cases = ElementTree.fromstring(to_junit(report)).findall(".//testcase")
    assert len(cases) == len(report.checks)
    assert len({(case.get("classname"), case.get("name")) for case in cases}) == len(cases)


def test_two_students_differ_in_classname() -> None:
    one, two = (samples.everything().model_copy(update={"submission": name}) for name in ("ann", "bob"))
    names = [
        {case.get("classname") for case in ElementTree.fromstring(to_junit(report)).findall(".//testcase")}
        for report in (one, two)
    ]
    assert names[0].isdisjoint(names[1])


def test_every_verdict_has_its_element() -> None:
    root = ElementTree.fromstring(to_junit(samples.everything()))
    outcomes = {
        str(case.get("name")): [child.tag for child in case if child.tag != "system-out"]
        for case in root.iter("testcase")
    }
    assert outcomes == {
        "numpy.linear.forward": [],
        "numpy.linear.gradient": ["failure"],
        "numpy.linear.secret": ["failure"],
        "numpy.softmax.forward": ["error"],
        "numpy.softmax.gradient": ["skipped"],
        "numpy.elu": ["failure"],
        "training.numpy": ["failure"],
        "written.1a": ["failure"],
        "written.1b": ["skipped"],
        "written.1c": ["error"],
    }


def test_counts_agree_with_the_elements() -> None:
    root = ElementTree.fromstring(to_junit(samples.everything()))
    for suite in root.iter("testsuite"):
        for key, tag in (
            ("failures", "failure"),
            ("errors", "error"),
            ("skipped", "skipped"),
            ("tests", "testcase"),
        ):
            assert int(str(suite.get(key))) == len(list(suite.iter(tag))), key
    assert int(str(root.get("failures"))) == len(list(root.iter("failure")))


def test_points_stand_in_the_suites_properties() -> None:
    suite = ElementTree.fromstring(to_junit(samples.everything())).findall("testsuite")[2]
    properties = {p.get("name"): p.get("value") for p in suite.iter("property")}
    assert properties == {"points": "7", "earned": "0", "open": "5", "seed": "7"}


def test_a_check_that_was_not_asked_for_is_skipped() -> None:
    check = samples.check("a.b", "B", "forward", Verdict.FAILED, 1, asked=False)
    root = ElementTree.fromstring(to_junit(samples.report(PartResult(id="a", title="A", checks=(check,)))))
    assert [child.tag for child in root.iter("testcase").__next__()] == ["skipped"]


def test_a_long_run_keeps_three_decimals() -> None:
    check = samples.check("a.b", "B", "forward", Verdict.PASSED, 1, 1, seconds=1234567.891234)
    text = to_junit(samples.report(PartResult(id="a", title="A", checks=(check,))))
    SCHEMA.validate(text)
    assert 'time="1234567.891"' in text
