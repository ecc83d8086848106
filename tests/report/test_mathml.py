"""Normal forms become MathML; nothing else comes out, whatever goes in."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.report.mathml import to_mathml

CHILDREN = {"mfrac": 2, "msup": 2, "msub": 2, "msubsup": 3, "munder": 2, "mover": 2, "munderover": 3}
ALLOWED = {"math", "mrow", "mi", "mo", "mn", "msqrt", *CHILDREN}


def _check(text: str) -> ElementTree.Element:
    root = ElementTree.fromstring(text)
    for element in root.iter():
        assert element.tag in ALLOWED
        assert set(element.attrib) <= {"display", "alttext", "mathvariant", "accent"}
        assert len(element) == CHILDREN.get(element.tag, len(element))
    return root


@pytest.mark.parametrize(
    ("latex", "shown"),
    [
        (r"X^{\mathsf{T}} \frac{\partial L}{\partial Y}", "XT∂L∂Y"),
        (r"\left(Y - T\right) \odot \sigma'(X)", "(Y−T)⊙σ′(X)"),
        (r"\sum_{i=1}^{N} x_i^2", "∑i=1Nxi2"),
        (r"\mathbb{E}[\mathbf{w}]", "𝔼[𝐰]"),
        (r"\exp(-\alpha x)", "exp\u2061(−αx)"),
        (r"\sqrt{d_{k}}", "dk"),
        (r"\operatorname{diag}(x)", "diag(x)"),
        (r"\max_{j} x_{ij}", "max\u2061jxij"),
        (r"\hat{y}", "y^"),
        (r"\{a \mid b\}", "{a|b}"),
        (r"a < b", "a<b"),
        ("0.5 x", "0.5x"),
    ],
)
def test_what_is_drawn(latex: str, shown: str) -> None:
    assert "".join(_check(to_mathml(latex)).itertext()) == shown


def test_an_argument_that_draws_nothing_is_an_empty_row() -> None:
    assert '<mover accent="true"><mrow></mrow><mo>^</mo></mover>' in to_mathml(r"\hat\left.")


def test_sums_carry_their_limits_above_and_below() -> None:
    assert "<munderover><mo>∑</mo>" in to_mathml(r"\sum_{i}^{N} x")


@pytest.mark.parametrize(
    "latex",
    ["", " ", "{", "}", "a}", r"\unknown", r"\frac{a}", "x^", "a_b_c", r"\begin{matrix}a\end{matrix}", r"\mathbf{a_b}",
     r"\href{javascript:alert(1)}{x}", "{" * 500, r"\hat" * 500, r"\sqrt" * 500 + "x", "x" * 5000, "a & b", "$x$"],
)  # fmt: skip
def test_what_is_not_known_is_left_to_the_plain_reading(latex: str) -> None:
    assert to_mathml(latex) == ""


@given(
    st.lists(
        st.sampled_from(
            [r"\frac", r"\hat", r"\mathbf", r"\sum", r"\left(", r"\right)", r"\left.", "{", "}", "^", "_", "'", "x", "12",
             " ", "<", "&", '"', r"\max", r"\,", r"\partial", "∂", r"\text", "-", r"\|", "\ufffd", r"\sqrt"]
        ),
        max_size=25,
    ),
    st.text(max_size=20),
)  # fmt: skip
def test_anything_gives_nothing_or_well_formed_mathml(tokens: list[str], spoken: str) -> None:
    text = to_mathml("".join(tokens), spoken=spoken)
    if text and spoken.isprintable():
        _check(text)


def test_the_reading_is_spoken() -> None:
    assert _check(to_mathml("x", spoken='<"x"&>')).get("alttext") == '<"x"&>'
