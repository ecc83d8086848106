"""The page is one file that loads nothing, and a text in it stays a text."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser

import pytest

from grader.model import Audience, Evidence, Matrix, PartResult, Report, Verdict
from grader.report import student_view, to_html
from tests.report import samples

VOID = frozenset(("meta", "link", "rect", "line", "br"))


class _Outline(HTMLParser):
    """Tags with their attributes, and texts, of a document whose elements must nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def _harmless(*, drawn: bool) -> Report:
    """The hostile report with a harmless text, whose formula is drawn or not."""
    text = samples.hostile("harmless").model_dump_json(by_alias=True)
    return Report.model_validate_json(text if drawn else text.replace('"latex":"harmless"', '"latex":"$"'))


@pytest.mark.parametrize("name", sorted(set(samples.HOSTILE) - {"lines"}))
def test_a_text_adds_no_element_and_no_attribute(name: str) -> None:
    page = to_html(samples.hostile(samples.HOSTILE[name]))
    outline = _Outline(page)
    assert outline.open == []
    harmless = _Outline(to_html(_harmless(drawn="<math" in page)))
    formula = ("mrow", "mi", "mo", "mn", "msup", "msub", "msubsup", "mfrac", "munder", "mover", "munderover")
    kept, wanted = (
        sorted((tag, sorted(attributes)) for tag, attributes in one.tags if tag not in formula)
        for one in (outline, harmless)
    )
    assert kept == wanted


@pytest.mark.parametrize(
    "report", [samples.everything(), samples.hostile(samples.HTML)], ids=["everything", "hostile"]
)
def test_nothing_is_loaded_from_anywhere(report) -> None:  # type: ignore[no-untyped-def]
    tags = _Outline(to_html(report)).tags
    for tag, attributes in tags:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name != "style", (tag, value)
            if name in ("href", "src", "action", "data", "xlink:href"):
                assert value == "data:," or re.fullmatch(r"#part-\d+", value), (tag, name, value)
    assert {tag for tag, _ in tags} & {"iframe", "object", "embed", "base", "form", "img", "a:link"} == set()


def test_the_policy_allows_exactly_the_style_and_the_script_of_the_page() -> None:
    text = to_html(samples.everything())
    policy = next(
        a["content"] for tag, a in _Outline(text).tags if a.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert policy.count("sha256-") == 2
    assert text.count("<script") == text.count("<style") == 1


def test_ids_are_unique_and_labels_point_to_one() -> None:
    tags = _Outline(to_html(samples.everything())).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    assert {a["aria-labelledby"] for _, a in tags if "aria-labelledby" in a} <= set(ids)
    assert {a["href"][1:] for _, a in tags if a.get("href", "").startswith("#")} <= set(ids)


def test_headings_go_down_one_level_at_a_time() -> None:
    levels = [
        int(tag[1]) for tag, _ in _Outline(to_html(samples.everything())).tags if re.fullmatch(r"h[1-6]", tag)
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_the_page_says_what_happened() -> None:
    words = " ".join("".join(_Outline(to_html(samples.everything())).texts).split())
    for text in (
        "8 / 29 points, 27 %",
        "offline stand-in (generated; not CIFAR-10)",
        "level 3 (namespaced); gaps: disk_over_limit",
        "5 points are open: 4 to be marked by a person, 1 because of a fault of the grader.",
        "G103 bias gradient is not summed over the batch",
        "What shape has db for a batch of one",
        "[2, 2]: got 1.484, want 0.4947",
        "0.9894 absolute, 2 relative to max |want|",
        "1e-07 (float64, 60 roundings)",
        "grade submission/ --only numpy.linear.gradient --seed 7",
        "45 % earns 10 of 10 points",
        "submission: validation accuracy (last 0.38)",
        "Since Y = XW + b",
        "numpy.linear.secret , contract, hidden from students".replace(" ,", ","),
    ):
        assert text in words, text


def test_a_students_page_has_no_trace_of_a_hidden_check() -> None:
    text = to_html(student_view(samples.everything()))
    assert samples.SECRET not in text
    assert "hidden check" in text


def test_a_check_with_nothing_to_unfold_is_not_folded() -> None:
    tags = _Outline(to_html(samples.full_marks())).tags
    assert [a for tag, a in tags if tag == "details" and a.get("class") == "check"] == []
    assert [a for tag, a in tags if tag == "div" and a.get("class") == "check"] != []


def test_an_excerpt_says_so_and_counts_from_its_origin() -> None:
    rows = ((1.0, 2.0), (3.0, 9.0))
    matrix = Matrix(shape=(100, 50), rows=rows, origin=(30, 40))
    evidence = Evidence(what="dW", agreed=False, worst_index=(31, 41), got_matrix=matrix, want_matrix=matrix)
    check = samples.check(
        "a.b", "B", "gradient", Verdict.FAILED, 1, evidence=(evidence,), audience=Audience.PUBLIC
    )
    text = to_html(samples.report(PartResult(id="a", title="A", checks=(check,))))
    assert "an excerpt of an array of shape 100 x 50" in text
    assert '<th scope="col">41</th>' in text
    assert '<th scope="row">31</th>' in text
    assert text.count('worst">') == 3
