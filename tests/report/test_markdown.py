"""Markdown holds no markup of a submission's making, judged by a CommonMark parser."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from grader.report import to_markdown
from tests.report import samples

PARSER = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable(["table", "strikethrough"])
OURS = (
    "<details>",
    "</details>",
    "<summary>Details</summary>",
    "<summary>Printed by the submission</summary>",
)


@pytest.mark.parametrize("name", sorted(samples.HOSTILE))
def test_a_text_makes_no_link_image_heading_or_html(name: str) -> None:
    tokens = PARSER.parse(to_markdown(samples.hostile(samples.HOSTILE[name])))
    inline = [child for token in tokens for child in token.children or ()]
    assert {token.type for token in inline} & {"link_open", "image"} == set()
    html = [token.content for token in inline if token.type == "html_inline"]
    assert set(html) <= {"<!-- -->"}
    blocks = [line for token in tokens if token.type == "html_block" for line in token.content.split()]
    assert set(" ".join(blocks).replace("> <", ">|<").split("|")) <= {*OURS, ""}
    assert [token.tag for token in tokens if token.type == "heading_open"].count("h1") == 1


@pytest.mark.parametrize("name", sorted(samples.HOSTILE))
def test_a_text_adds_no_row_or_column(name: str) -> None:
    tokens = PARSER.parse(to_markdown(samples.hostile(samples.HOSTILE[name])))
    rows: list[int] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append(0)
        elif token.type in ("td_open", "th_open"):
            rows[-1] += 1
    assert rows == [3] * len(rows)
    assert len(rows) == 2 + 2 * 3  # the table of parts; evidence of three checks


def test_github_makes_no_mention_of_a_name() -> None:
    text = to_markdown(samples.hostile("@everyone https://evil.example www.evil.example"))
    outside = [
        line
        for line in text.split("\n")
        if "`" not in line and line != "@everyone https://evil.example www.evil.example"
    ]
    joined = "\n".join(outside)
    assert "@everyone" not in joined
    assert "https://evil" not in joined
    assert "www.evil" not in joined


def test_what_was_printed_stays_inside_its_fence() -> None:
    text = to_markdown(samples.hostile("```\n</details>\n# out\n````"))
    fences = [token for token in PARSER.parse(text) if token.type == "fence"]
    assert fences
    assert all("# out" in token.content for token in fences)
