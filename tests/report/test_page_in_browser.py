"""The page in a real browser: it opens, folds, prints, fits a phone, and passes an accessibility check."""

from __future__ import annotations

import base64
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.report import student_view, to_html
from tests.report import browser, samples

REASON = browser.missing()
pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON)
HOSTILE = "".join(samples.HOSTILE[name] for name in ("html", "bidi", "jinja"))
PAGES = {
    "everything": samples.everything(),
    "student": student_view(samples.everything()),
    "full_marks": samples.full_marks(),
    "hostile": samples.hostile(HOSTILE),
    "long": samples.hostile("A" * 3000),
}
SHOWN = "return [...document.querySelectorAll('table.map, figure, pre')].map(e => e.checkVisibility())"
UNFOLD = "document.querySelectorAll('details').forEach(one => { one.open = true; })"


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with browser.chromium() as one:
        one.set_script_timeout(120)
        yield one


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages")
    for name, report in PAGES.items():
        (path / f"{name}.html").write_text(to_html(report), encoding="utf-8")
    return path


def _open(driver: Any, path: Path, *, width: int = 1280, dark: bool = False, media: str = "screen") -> None:
    browser.look(driver, width=width, dark=dark, media=media)
    driver.get(path.as_uri())


@pytest.mark.parametrize("name", sorted(PAGES))
def test_it_opens_without_an_error_and_loads_nothing(driver: Any, folder: Path, name: str) -> None:
    driver.get_log("browser")
    _open(driver, folder / f"{name}.html")
    assert driver.get_log("browser") == []
    assert driver.execute_script("return document.readyState") == "complete"
    assert driver.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert driver.execute_script("return document.querySelectorAll('script').length") == 1


@pytest.mark.parametrize("width", browser.WIDTHS)
@pytest.mark.parametrize("name", ["everything", "hostile", "long"])
def test_nothing_sticks_out_of_the_screen(driver: Any, folder: Path, name: str, width: int) -> None:
    _open(driver, folder / f"{name}.html", width=width)
    driver.execute_script(UNFOLD)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width


def test_checks_fold_by_click_and_by_key(driver: Any, folder: Path) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    _open(driver, folder / "everything.html")
    summary = driver.find_elements(By.CSS_SELECTOR, "details.check > summary")[0]
    state = "return arguments[0].parentElement.open"
    before = driver.execute_script(state, summary)
    summary.click()
    assert driver.execute_script(state, summary) is not before
    summary.send_keys(Keys.ENTER)
    assert driver.execute_script(state, summary) is before


def test_all_unfold_and_fold_at_once(driver: Any, folder: Path) -> None:
    from selenium.webdriver.common.by import By

    _open(driver, folder / "everything.html")
    count = "return [...document.querySelectorAll('details')].filter(one => one.open).length"
    total = driver.execute_script("return document.querySelectorAll('details').length")
    assert 0 < driver.execute_script(count) < total
    button = driver.find_element(By.ID, "unfold")
    button.click()
    assert driver.execute_script(count) == total
    assert button.text == "Fold all"
    button.click()
    assert driver.execute_script(count) == 0


def test_a_link_to_a_part_unfolds_it(driver: Any, folder: Path) -> None:
    from selenium.webdriver.common.by import By

    _open(driver, folder / "everything.html")
    driver.execute_script("document.querySelectorAll('details').forEach(one => { one.open = false; })")
    driver.find_element(By.LINK_TEXT, "Training").click()
    assert driver.execute_script("return document.getElementById('part-2').open")


def test_print_shows_what_is_folded_without_any_script(driver: Any, folder: Path) -> None:
    _open(driver, folder / "everything.html", width=800)
    assert not all(driver.execute_script(SHOWN))
    _open(driver, folder / "everything.html", width=800, media="print")
    assert all(driver.execute_script(SHOWN))
    assert (
        driver.execute_script("return getComputedStyle(document.querySelector('.tools')).display") == "none"
    )


def test_it_prints(driver: Any, folder: Path) -> None:
    _open(driver, folder / "everything.html")
    pdf = base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": False})["data"])
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") >= 2


def test_dark_is_dark_and_light_is_light(driver: Any, folder: Path) -> None:
    colours = []
    for dark in (False, True):
        _open(driver, folder / "everything.html", dark=dark)
        colour = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
        colours.append(sum(int(part) for part in colour[4:-1].split(",")))
    assert colours[0] == 3 * 255
    assert colours[1] < 100


def test_formulas_are_typeset(driver: Any, folder: Path) -> None:
    _open(driver, folder / "everything.html")
    driver.execute_script(UNFOLD)
    fraction = driver.execute_script("return document.querySelector('mfrac').getBoundingClientRect().height")
    letter = driver.execute_script(
        "return document.querySelector('math > mrow > msup').getBoundingClientRect().height"
    )
    assert fraction > 1.3 * letter


def test_no_text_of_a_submission_runs(driver: Any, folder: Path) -> None:
    _open(driver, folder / "hostile.html")
    driver.execute_script(UNFOLD)
    assert (
        driver.execute_script(
            "return document.querySelectorAll('img, iframe, form, a[href^=javascript]').length"
        )
        == 0
    )
    assert "<script>alert(1)</script>" in driver.execute_script("return document.body.innerText")


@pytest.mark.skipif(
    importlib.util.find_spec("axe_core_python") is None, reason="axe-core-python is not installed"
)
@pytest.mark.parametrize(
    ("name", "width", "dark"),
    [
        ("everything", 375, False),
        ("everything", 1280, True),
        ("student", 1280, False),
        ("hostile", 375, True),
    ],
)
def test_axe_finds_nothing(driver: Any, folder: Path, name: str, width: int, dark: bool) -> None:
    _open(driver, folder / f"{name}.html", width=width, dark=dark)
    driver.execute_script(UNFOLD)
    assert _axe(driver) == []


@pytest.mark.skipif(
    importlib.util.find_spec("axe_core_python") is None, reason="axe-core-python is not installed"
)
@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        ("document.querySelector('svg.plot title').remove()", "svg-img-alt"),
        ("document.querySelector('.soft').style.color = '#ccc'", "color-contrast"),
        ("document.getElementById('unfold').textContent = ''", "button-name"),
    ],
)
def test_axe_would_find_it(driver: Any, folder: Path, damage: str, rule: str) -> None:
    (folder / "damaged.html").write_text(
        (folder / "everything.html")
        .read_text(encoding="utf-8")
        .replace("default-src 'none'", "default-src *", 1),
        encoding="utf-8",
    )
    _open(driver, folder / "damaged.html")
    driver.execute_script(UNFOLD)
    driver.execute_script(damage)
    assert rule in _axe(driver)


def _axe(driver: Any) -> list[str]:
    """The rules that the page breaks."""
    spec = importlib.util.find_spec("axe_core_python")
    assert spec
    assert spec.submodule_search_locations
    source = (Path(spec.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8")
    driver.execute_script(source)
    run = "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then(r => done(r.violations))"
    return [violation["id"] for violation in driver.execute_async_script(run)]
