"""Answer files as students write them, with what the formats do to formulas undone and said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader.answers import find_answers, normal_id, split_id
from grader.answers_markdown import answers_in_markdown
from grader.answers_toml import REQUOTED, RESTORED
from grader.commands.check import check
from grader.errors import UsageError
from grader.submission import submission_from_files


def answers(**files: str | bytes):
    names = {"toml": "answers.toml", "md": "answers.md", "nb": "written.ipynb"}
    data = {names.get(k, k): v.encode() if isinstance(v, str) else v for k, v in files.items()}
    return find_answers(submission_from_files(data, name="made"))


def notebook(*cells: dict) -> str:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)})


def test_toml():
    found = answers(
        toml="[q1a]\nanswer = 'dY^T X'\nwork = 'chain rule'\n[q1e]\nalpha = '1/S'\nM = 'Y - T'\n[q5b]\nanswer = 920\n"
    )
    assert found.get("q1a").text == "dY^T X"
    assert found.get("q1a").work == "chain rule"
    assert dict(found.get("q1e").parts) == {"alpha": "1/S", "M": "Y - T"}
    assert found.get("q5b").text == "920"
    assert found.files == ("answers.toml",)
    assert found.get("q9") is None


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"\frac{\partial L}{\partial Y}^\top X", None),
        (r"\beta \nabla \rho \text{x} \bar{x} \theta \times \neq \right", None),
        (r"\partial \gamma \sum", None),
        (r"\unknown \Upsilon", None),
        (r"\\frac{1}{S}", r"\frac{1}{S}"),
    ],
)
def test_double_quotes_lose_no_backslash(written, meant):
    found = answers(toml=f'[q1a]\nanswer = "{written}"\n').get("q1a")
    assert found.text == (meant or written)
    assert (RESTORED in found.notes) == (meant is None)


def test_a_newline_escape_that_is_meant_stays():
    found = answers(toml='[q1a]\nanswer = "dY^T X"\nwork = "first\\nsecond\\tthird"\n').get("q1a")
    assert found.work == "first\nsecond\tthird"
    assert found.notes == ()


@pytest.mark.parametrize("text", ["dY \\circ h'(X)", "h'", "h'(X)' + W'"])
def test_a_prime_does_not_end_the_answer(text):
    found = answers(toml=f"[q1d]\nanswer = '{text}'\n[q1e]\nM = 'Y'\n")
    assert found.get("q1d").text.strip() == text
    assert REQUOTED in found.get("q1d").notes
    assert found.get("q1e").parts["M"] == "Y"


def test_one_broken_table_does_not_take_the_others_with_it():
    found = answers(toml="[q1a]\nanswer = dY^T X\n[q1b]\nanswer = '1_S dY'\n")
    assert "not valid TOML" in found.get("q1a").broken
    assert "dY^T X" in found.get("q1a").text
    assert found.get("q1b").text == "1_S dY"


def test_markdown_takes_the_last_formula_below_a_heading():
    found = answers(
        md="## q1a\nWe have $$A = B$$ so\n\n$$\\frac{dL}{dW} = dY^T X$$\n\nas asked.\n\n"
        "### Question 1 b)\n```python\ndY.sum(axis=0)\n```\n## q4a\nonly words\n"
    )
    assert found.get("q1a").text == "so\n$$\\frac{dL}{dW} = dY^T X$$\nas asked."
    assert "as asked" in str(found.get("q1a"))
    assert (found.get("q1b").text, found.get("q1b").language) == ("dY.sum(axis=0)", "code")
    assert found.get("q4a").text == "only words"


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ("This is the transpose of\n\n$$X^T dY$$\n", "This is the transpose of\n$$X^T dY$$"),
        ("Done.\n$$dY^T X$$ divided by S", "$$dY^T X$$\ndivided by S"),
        ("With $G = dY$ it is -\n$$G^T X$$\n\nThe rest.", "it is -\n$$G^T X$$"),
    ],
)
def test_the_words_of_its_sentence_stay_with_a_formula(section, text):
    assert answers(md=f"## q1a\n{section}").get("q1a").text == text


def test_a_heading_inside_a_fence_is_no_heading():
    found = answers(md="## q1a\n```answer\n# q1b\ndY^T X\n```\n")
    assert found.get("q1b") is None
    assert "dY^T X" in found.get("q1a").text


def test_notebook_cells_by_tag_and_by_first_line():
    found = answers(
        nb=notebook(
            {"cell_type": "markdown", "metadata": {"tags": ["answer:q1a"]}, "source": ["$dY^T X$"]},
            {"cell_type": "markdown", "metadata": {}, "source": "<!-- answer: q1b -->\n$1_S dY$"},
            {"cell_type": "code", "metadata": {}, "source": "# answer: q1c\ndY @ W", "outputs": []},
            {"cell_type": "markdown", "metadata": {}, "source": "<!-- answer: q1e.alpha -->\n$1/S$"},
            {"cell_type": "markdown", "metadata": {"tags": ["answer:q1e.M"]}, "source": "$Y - T$"},
            {"cell_type": "code", "metadata": {}, "source": "raise SystemExit", "outputs": []},
        )
    )
    assert found.get("q1a").text == "$dY^T X$"
    assert found.get("q1b").text == "$1_S dY$"
    assert (found.get("q1c").text, found.get("q1c").language) == ("dY @ W", "code")
    assert dict(found.get("q1e").parts) == {"alpha": "$1/S$", "M": "$Y - T$"}
    assert found.get("q1a").file == "written.ipynb"


def test_toml_is_believed_before_markdown_and_that_is_said():
    found = answers(toml="[q1a]\nanswer = 'dY^T X'\n", md="## q1a\n$$X$$\n## q1b\n$$1_S dY$$\n")
    assert found.get("q1a").text == "dY^T X"
    assert found.get("q1a").notes == ("also answered in answers.md; answers.toml was read",)
    assert found.get("q1b").file == "answers.md"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("q1a", ("q1a", "")), ("1a", ("q1a", "")), ("Q1.a", ("q1a", "")), ("Question 1 a)", ("q1a", "")),
        ("2.a.i", ("q2ai", "")), ("q2a_ii", ("q2aii", "")), ("q1e.alpha", ("q1e", "alpha")), ("q1e.M", ("q1e", "M")),
        ("5", ("q5", "")),
    ],
)  # fmt: skip
def test_ids(name, expected):
    assert split_id(name) == expected
    assert normal_id(name) == expected[0]


@pytest.mark.parametrize(
    "files",
    [
        {"toml": b"\xff\xfe\x00\x01"},
        {"toml": "[" * 5000},
        {"toml": "answer = '" + "x" * 600_000},
        {"nb": "not json"},
        {"nb": '{"cells": 3}'},
        {"nb": '{"cells": [1, null, {"cell_type": "code", "source": 5, "metadata": {"tags": 7}}]}'},
        {"nb": "[" * 100_000},
        {"md": "#" * 5000 + "\n" + "```" * 999},
        {"toml": "[a.b.c.d]\nx = [1, 2]\n[[q1a]]\nanswer = 'x'\n"},
    ],
)
def test_a_broken_file_raises_nothing(files):
    assert (
        find_answers(
            submission_from_files(
                {
                    {"toml": "answers.toml", "md": "answers.md", "nb": "a.ipynb"}[k]: v.encode()
                    if isinstance(v, str)
                    else v
                    for k, v in files.items()
                },
                name="made",
            )
        ).get("q1z")
        is None
    )


def test_a_check_of_an_answer_file_says_what_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken, other = tmp_path / "answers.toml", tmp_path / "my_answers.toml"
    broken.write_text('q1a = "dY^T X\n', "utf-8")
    other.write_text("q1a = 'dY^T X'\n", "utf-8")
    check(broken, rubric="uva_dl1_a1_written")
    assert "answers.toml: lines before the first answer are not valid TOML" in capsys.readouterr().out
    with pytest.raises(UsageError, match=r"my_answers\.toml is read by no grading; call it answers\.toml or"):
        check(other, rubric="uva_dl1_a1_written")


@pytest.mark.parametrize(
    "opening", ["\\[", "<!--", "$$ \\[", "```\n", "\\begin{align}", "# 1" + " " * 5_000 + "!\n"]
)
def test_what_is_opened_and_never_closed_is_read_once(opening: str) -> None:
    text = "# q1\n$$dY^T X$$\n\n" + opening * (100_000 // len(opening))
    assert [section.id for section in answers_in_markdown(text)] == ["q1"]
