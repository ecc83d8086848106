"""The page of a class: figures worked out by hand, nothing of a submission's text that runs, sortable in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader.model import Verdict
from grader.report.class_page import ClassPage, to_class_html
from tests.batch.rows import row
from tests.report import browser

P, F, M, E = Verdict.PASSED, Verdict.FAILED, Verdict.MANUAL, Verdict.ERRORED
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\u202e{{7*7}}"


def page(**changes: Any) -> ClassPage:
    """Six submissions: full marks, half, none, open points, ours, and one that is hostile."""
    rows = [
        row("alice", P, P), row("bob", P, F), row("carol", F, F), row("dave", P, M),
        row("erin", Verdict.INTERNAL, Verdict.INTERNAL), row("zoe", P, E, email="z"),
    ]  # fmt: skip
    shown = tuple(one.shown for one in rows)
    return ClassPage(**{"title": "Homework", "rubric": "r", "seed": 7, "rows": shown, **changes})


def _text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_figures() -> None:
    text = _text(to_class_html(page()))
    assert "6 submissions, rubric r , seed 7" in text
    assert "mean 4.17" in text
    assert "median 5" in text
    assert "full marks 1" in text
    assert "grader fault 1" in text
    assert "with open points 2" in text
    assert "90 to 100 % 1" in text
    assert "50 to 60 % 3" in text
    assert "G103 bias gradient is not summed over the batch 2 of 6" in text
    assert re.search(r"Part 0 4 / 5", text) is None  # 4 of 5 passed, one is ours: mean over six is 3.33
    assert "Part 0 3.33 / 5" in text


def test_hardest_first_and_what_tells_nobody_apart() -> None:
    html = to_class_html(page(rows=tuple(one.shown for one in (row("a", P, F), row("b", P, E)))))
    assert html.index("check &lt;1&gt;") < html.index("check &lt;0&gt;")
    everybody, _, nobody = html.partition("Nobody passes")
    assert "part0.check0" in everybody.partition("Everybody passes")[2]
    assert "part1.check1" in nobody


def test_texts_of_a_submission_stay_text() -> None:
    hostile = row(HOSTILE, P, F)
    html = to_class_html(page(title=HOSTILE, rows=(hostile.shown,)))
    assert html.count("<script>") == 1
    assert "<img" not in html
    assert "\u202e" not in html
    assert "{{7*7}}" in html
    assert "http://" not in html
    assert "https://" not in html


def test_seconds_can_be_left_out_so_that_the_page_repeats() -> None:
    assert ">1.5<" in to_class_html(page())
    assert ">1.5<" not in to_class_html(page(seconds=False))


def test_an_empty_class_has_a_page() -> None:
    assert "0 submissions" in to_class_html(page(rows=()))


REASON = browser.missing()
in_browser = pytest.mark.skipif(bool(REASON), reason=REASON)


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with browser.chromium() as one:
        yield one


@pytest.fixture
def opened(driver: Any, tmp_path: Path) -> Any:
    rows = [
        row(name, P, *([F] * (k % 2)), P) for k, name in enumerate(("zoe", "Bób", "anna", "x" * 300, HOSTILE))
    ]
    rows[0] = replace(rows[0], shown=replace(rows[0].shown, message="z" * 240))
    (tmp_path / "class.html").write_text(to_class_html(page(rows=tuple(one.shown for one in rows))), "utf-8")
    driver.get_log("browser")
    driver.get((tmp_path / "class.html").as_uri())
    return driver


@in_browser
@pytest.mark.parametrize("width", browser.WIDTHS)
def test_it_fits_every_screen_without_an_error(opened: Any, width: int) -> None:
    browser.look(opened, width=width)
    assert opened.execute_script("return document.documentElement.scrollWidth") <= width
    if width > 1000:  # the points are in sight beside the longest message
        assert (
            opened.execute_script(
                "const s = document.querySelector('.scroll'); return s.scrollWidth - s.clientWidth"
            )
            == 0
        )
    assert opened.get_log("browser") == []
    assert opened.execute_script("return performance.getEntriesByType('resource').length") == 0


ROWS = "[...document.querySelectorAll('#submissions tbody tr')]"
NAMES = f"return {ROWS}.filter(r => !r.hidden).map(r => r.cells[0].innerText.slice(0, 4))"


@in_browser
def test_it_sorts_and_searches(opened: Any) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    browser.look(opened, width=1280)
    heads = opened.find_elements(By.CSS_SELECTOR, "#submissions thead button")
    heads[0].click()
    assert opened.execute_script(NAMES)[1:4] == ["anna", "Bób", "xxxx"]
    assert opened.execute_script("return document.querySelector('#submissions th').ariaSort") == "ascending"
    heads[2].send_keys(Keys.ENTER)  # points, the largest first
    points = f"return {ROWS}.map(r => +r.cells[2].dataset.value)"
    found = opened.execute_script(points)
    assert found == sorted(found, reverse=True)
    search = opened.find_element(By.ID, "search")
    search.send_keys("g103")
    assert sorted(opened.execute_script(NAMES)) == ["Bób", "xxxx"]
    assert opened.find_element(By.ID, "found").text == "2 of 5 submissions"
    search.send_keys(" bob")
    assert opened.execute_script(NAMES) == ["Bób"]  # accents do not matter
