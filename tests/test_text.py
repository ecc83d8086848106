"""One `clean` for every text from outside, and the escapes that formats need beyond it."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.text import (
    LIMIT,
    ascii_only,
    clean,
    csv_cell,
    markdown_code,
    markdown_fence,
    markdown_inline,
    one_line,
    shorten,
    workflow_message,
    workflow_property,
)

ANY = st.text(st.characters(), max_size=300)  # lone surrogates included
NASTY = st.lists(
    st.sampled_from(
        ["\x1b[31m", "\x1b]0;t\x07", "\x1b]8;;u\x1b\\", "\x9b2J", "\x1b", "[", "m", "\r", "\n", "\x00", "\u202e",
         "\u2028", "\ud800", "\U000e0041", "a", "\x1bP", "\x07", "\x1b(", "B", "\u0301" * 6, "\x85", "\x0b"]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@given(st.one_of(ANY, NASTY))
def test_what_is_clean_is_harmless_and_stays_so(text: str) -> None:
    out = clean(text)
    assert [c for c in out if (ord(c) < 32 and c not in "\n\t") or 0x7F <= ord(c) < 0xA0] == []
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u2028\u2029\ufffe\uffff\ud800-\udfff]", out)
    assert clean(out) == out
    out.encode()
    json.dumps(out, allow_nan=False)
    element = ElementTree.Element("a")
    element.text = out
    assert ElementTree.fromstring(ElementTree.tostring(element)).text == (out or None)


@given(st.one_of(ANY, NASTY), st.integers(44, 400), st.booleans())
def test_a_cut_text_is_within_its_limit_and_is_not_cut_again(text: str, limit: int, ends: bool) -> None:
    out = clean(text * 10, limit=limit, ends=ends)
    assert len(out) <= limit
    assert clean(out, limit=limit, ends=ends) == out


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;title\x07after", "after"),
        ("\x9b31mred", "red"),
        ("a\x1b(Bb", "ab"),
        ("\x1b]unterminated stays", "unterminated stays"),
        ("10%\r50%\r100%", "100%"),
        ("100%\r", "100%"),
        ("a\r\nb", "a\nb"),
        ("a\x00b", "a\ufffdb"),
        ("gpj\u202eexe", "gpj\ufffdexe"),
        ("line\u2028next", "line\nnext"),
        ("tab\tstays", "tab\tstays"),
        ("e" + "\u0301" * 40, "e" + "\u0301" * 4),
        ("é→漢字👩‍💻", "é→漢字👩‍💻"),
    ],
)
def test_clean(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_what_is_no_text_is_shown_as_one() -> None:
    assert clean(3.5) == "3.5"
    assert clean(None) == "None"


def test_a_flood_is_cut_and_says_so() -> None:
    out = clean("x" * 10_000_000)
    assert len(out) <= LIMIT
    assert out.endswith("[... 9,980,044 characters left out ...]")


def test_a_log_keeps_both_ends() -> None:
    out = shorten("start" + "x" * 1000 + "end", limit=200, ends=True)
    assert out.startswith("startx")
    assert out.endswith("xend")
    assert "[... 852 characters left out ...]" in out


def test_cleaning_is_linear() -> None:
    for piece in ("\x1b[", "\x1b]", "\x1b", "\r", "\x1b[" + "0" * 64, "\x9b", "\x1bP" + "a" * 2000):
        clean(piece * (200_000 // len(piece)), limit=1_000_000)


@given(st.one_of(ANY, NASTY), st.integers(10, 300))
def test_one_line_is_one_line(text: str, limit: int) -> None:
    out = one_line(text, limit=limit)
    assert len(out.splitlines()) <= 1
    assert len(out) <= limit
    assert out == out.strip()


@given(st.one_of(ANY, NASTY))
def test_ascii_only(text: str) -> None:
    assert ascii_only(text).isascii()


def test_ascii_spells_the_signs_of_the_field() -> None:
    assert ascii_only("∂L/∂Y ᵀ ≤ 1 × 2…") == "dL/dY ^T <= 1 x 2..."


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+a", "'+a"),
        ("-a", "'-a"),
        ("@a", "'@a"),
        ("  =1", "'=1"),
        ("a=1", "a=1"),
        ("", ""),
    ],
)
def test_csv_cell(text: str, cell: str) -> None:
    assert csv_cell(text) == cell


def test_workflow_escapes_are_those_of_the_toolkit() -> None:
    assert workflow_message("50%\na:b,c") == "50%25%0Aa:b,c"
    assert workflow_property("a:b,c%") == "a%3Ab%2Cc%25"


@given(st.one_of(ANY, NASTY))
def test_workflow_texts_stay_on_their_line(text: str) -> None:
    for out in (workflow_message(text), workflow_property(text)):
        assert len(out.splitlines()) <= 1


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a_b*c", r"a\_b\*c"),
        ("[x](javascript:1)", r"\[x\](javascript:1)"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("modules.py:57", "modules.py:57"),
        ("<b>", r"&lt;b\>"),
        ("a | b", r"a \| b"),
        ("@me", "@<!-- -->me"),
        ("http://x", "http:<!-- -->//x"),
        ("www.x.y", "www<!-- -->.x.y"),
    ],
)
def test_markdown_inline(text: str, escaped: str) -> None:
    assert markdown_inline(text) == escaped


def test_markdown_code_and_fences_are_longer_than_what_they_hold() -> None:
    assert markdown_code("a`b") == "`` a`b ``"
    assert markdown_code("plain") == "`plain`"
    assert markdown_fence("```\nx\n````") == "`````text\n```\nx\n````\n`````"
