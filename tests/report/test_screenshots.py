"""README's pictures come from a command, and load nothing from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from grader.report import to_json
from tests.report import browser, samples, screenshots


def test_the_terminals_picture_is_an_svg_of_its_own() -> None:
    svg = screenshots.terminal_svg(samples.everything(), command="grade submission/")
    ElementTree.fromstring(svg)
    links = re.findall(r"https?://[^\s\"')]+", svg)
    assert set(links) <= {"http://www.w3.org/2000/svg", "https://www.textualize.io"}
    assert "G103" in svg


@pytest.mark.skipif(bool(browser.missing()), reason=browser.missing())
def test_the_command_writes_every_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = tmp_path / "report.json"
    record.write_text(to_json(samples.full_marks()), encoding="utf-8")
    screenshots.main([str(record), str(tmp_path / "pictures")])
    names = {path.name for path in (tmp_path / "pictures").iterdir()}
    assert names == {"terminal.svg"} | {
        f"page-{width}-{'dark' if dark else 'light'}.png" for width, dark in screenshots.VIEWS
    }
    with Image.open(tmp_path / "pictures" / "page-375-dark.png") as picture:
        assert picture.width == 375
        assert sum(picture.convert("RGB").getpixel((2, 2))) < 100  # type: ignore[arg-type]
    assert capsys.readouterr().out.count("written:") == len(names)
