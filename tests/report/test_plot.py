"""Curves: drawn to scale, described in words, with the bands that earn points."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.model import Band, Curve
from grader.report.plot import HEIGHT, WIDTH, plots

ACCURACY = Curve(name="submission: accuracy", x=(1, 2, 3), y=(0.1, 0.3, 0.4), y_label="accuracy")
LOSS = Curve(name="reference: loss", x=(1, 2, 3), y=(2.0, 1.5, 1.0), y_label="loss")
BANDS = (Band(at_least=0.3, share=0.5), Band(at_least=0.5, share=1.0))


def _lines(svg: str) -> list[list[tuple[float, float]]]:
    found = [line.get("points") or "" for line in ElementTree.fromstring(svg).iter("polyline")]
    return [[(float(x), float(y)) for x, y in (pair.split(",") for pair in line.split())] for line in found]


def test_one_chart_for_each_label() -> None:
    charts = plots((ACCURACY, LOSS), BANDS, 4, name="p")
    assert [chart.title for chart in charts] == ["accuracy", "loss"]
    assert len({ElementTree.fromstring(chart.svg).get("aria-labelledby") for chart in charts}) == 2


def test_bands_are_drawn_where_accuracies_are() -> None:
    accuracy, loss = plots((ACCURACY, LOSS), BANDS, 4, name="p")
    assert "30 % earns 2 of 4 points" in accuracy.svg
    assert "50 % earns 4 of 4 points" in accuracy.words
    assert "earns" not in loss.svg


def test_bands_follow_curves_in_percent() -> None:
    percent = Curve(name="submission", x=(1, 2), y=(10.0, 40.0), y_label="accuracy in %")
    (chart,) = plots((percent,), BANDS, 4, name="p")
    heights = [
        float(line.get("y1") or 0)
        for line in ElementTree.fromstring(chart.svg).iter("line")
        if line.get("class") == "band"
    ]
    (line,) = _lines(chart.svg)
    assert line[1][1] < heights[0] < line[0][1]  # 30 % lies between 10 and 40


def test_higher_is_drawn_higher_and_later_further_right() -> None:
    (line,) = _lines(plots((ACCURACY,), (), 1, name="p")[0].svg)
    assert line == sorted(line)
    assert [y for _, y in line] == sorted((y for _, y in line), reverse=True)


def test_a_reference_is_dashed_and_words_say_what_eyes_see() -> None:
    (chart,) = plots((LOSS,), (), 1, name="p")
    assert chart.keys[0].css == "curve s0 reference"
    assert chart.words == "loss over epoch. reference: loss: from 2 to 1."


def test_a_gap_where_a_value_is_not_finite() -> None:
    curve = Curve(name="c", x=(1, 2, 3, 4, 5), y=(1, 2, math.nan, 4, 5), y_label="loss")
    assert [len(line) for line in _lines(plots((curve,), (), 1, name="p")[0].svg)] == [2, 2]


def test_a_single_point_is_a_dot() -> None:
    (chart,) = plots((Curve(name="c", x=(1,), y=(0.5,)),), (), 1, name="p")
    assert "<circle" in chart.svg


def test_many_points_are_thinned_and_the_last_one_stays() -> None:
    curve = Curve(name="c", x=tuple(range(100_001)), y=tuple(float(k) for k in range(100_001)))
    (chart,) = plots((curve,), (), 1, name="p")
    (line,) = _lines(chart.svg)
    assert len(line) <= 402
    assert line[-1][0] == pytest.approx(WIDTH - 12)


NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=8), st.lists(NUMBERS, max_size=3))
def test_any_numbers_give_a_chart_inside_its_frame(
    points: list[tuple[float, float]], bands: list[float]
) -> None:
    x, y = tuple(p[0] for p in points), tuple(p[1] for p in points)
    curve = Curve(name="c", x=x, y=y, y_label="accuracy")
    (chart,) = plots((curve,), tuple(Band(at_least=b, share=1) for b in bands), 1, name="p")
    for line in _lines(chart.svg):
        for left, top in line:
            assert -1 <= left <= WIDTH + 1
            assert -1 <= top <= HEIGHT + 1
