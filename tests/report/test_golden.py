"""Every format, for both audiences, is what it was when it was last read."""

from __future__ import annotations

import secrets

import pytest

from grader.errors import UsageError
from grader.report import REPORTERS, Detail, render, to_terminal
from tests.report import samples
from tests.report.golden import assert_golden


@pytest.fixture(autouse=True)
def fixed_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "token_hex", lambda n: "c0ffee" * 6)


@pytest.mark.parametrize("audience", ["student", "instructor"])
@pytest.mark.parametrize("name", sorted(REPORTERS))
def test_every_format_is_as_it_was_read(name: str, audience: str) -> None:
    text = render(samples.everything(), name, audience=audience)  # type: ignore[arg-type]
    assert_golden(f"{audience}.{REPORTERS[name].file}", text)


@pytest.mark.parametrize("detail", list(Detail))
def test_every_level_of_detail_is_as_it_was_read(detail: Detail) -> None:
    text = to_terminal(samples.everything(), detail=detail, width=72, plain=True, saved=("report.json",))
    assert_golden(f"terminal.{detail.name.lower()}.txt", text)


def test_full_marks_are_as_they_were_read() -> None:
    assert_golden("full_marks.txt", to_terminal(samples.full_marks()))


@pytest.mark.parametrize("name", sorted(REPORTERS))
def test_a_format_is_a_pure_function_of_the_record(name: str) -> None:
    assert render(samples.everything(), name) == render(samples.everything(), name)


def test_an_unknown_format_names_those_that_there_are() -> None:
    with pytest.raises(
        UsageError, match=r"--format pdf: no such format; there are classroom, csv, github, gradescope, html"
    ):
        render(samples.everything(), "pdf")
