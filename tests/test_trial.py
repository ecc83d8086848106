"""Files that a parser chokes on cost the host neither its time nor its memory."""

from __future__ import annotations

import pytest

from grader.answers import find_answers
from grader.submission import submission_from_files
from grader.submission.outline import read_outline
from grader.trial import SMALL, read_apart, why_unreadable

LARGE = b"x = 1\n" * (SMALL // 6 + 1)


@pytest.mark.parametrize(
    ("reader", "name", "data"),
    [
        ("sources", "m.py", b"# coding: punycode\n" + b"x" * 600_000 + b"-" + b"a" * 600_000),
        ("sources", "m.py", b"a\n" * 900_000),
    ],
    ids=["codec", "statements"],
)
def test_what_takes_too_long_or_too_much_is_given_up(reader: str, name: str, data: bytes) -> None:
    why, _ = read_apart(reader, {name: data}, seconds=1)
    assert "too much time or memory" in why or "MemoryError" in why


def test_a_large_file_is_read_like_a_small_one() -> None:
    assert why_unreadable("sources", {"m.py": LARGE}) == ""
    assert read_outline("m.py", LARGE + b"def f(): return 1\n").defines("f")


def test_the_fault_of_a_file_is_said() -> None:
    broken = read_outline("m.py", b"x = " + b"-" * (2 * SMALL) + b"1").broken
    assert broken is not None
    assert broken.message


@pytest.mark.parametrize(
    "text",
    ["[q1a]\nanswer = " + "[" * 9_000, "[q1a]\nanswer = " + "9" * 5_000, "[q1a]\n" + "a." * 5_000 + "a = 1"],
    ids=["nesting", "digits", "key"],
)
def test_answers_that_a_parser_refuses_are_said_and_raise_nothing(text: str) -> None:
    found = find_answers(submission_from_files({"answers.toml": text.encode()}, name="s"))
    assert found.notes or found.answers["q1a"].broken
