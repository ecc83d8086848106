"""Curves as inline SVG.

Lines carry classes that the page's style sheet colours; the drawing is built as a tree, so that every
text in it is escaped, and is described in words for those who do not see it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from grader.model import Band, Curve
from grader.report.phrases import number
from grader.text import one_line

WIDTH, HEIGHT = 440, 270
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 12, 40
MAX_POINTS = 400  # of one curve; more cannot be told apart
MAX_CURVES = 8
LARGEST = 1e100
Point = tuple[float, float]


@dataclass(frozen=True)
class Key:
    """A line of the legend."""

    css: str
    text: str


@dataclass(frozen=True)
class Plot:
    """A chart: SVG markup that is safe to insert, what it shows in words, its legend and its numbers."""

    title: str
    svg: str
    words: str
    keys: tuple[Key, ...]
    x_label: str
    curves: tuple[Curve, ...]


def plots(curves: Sequence[Curve], bands: Sequence[Band], points: float, *, name: str) -> tuple[Plot, ...]:
    """One chart for each label of the y axis; bands are drawn where accuracies are.

    Args:
        curves: all curves of a check.
        bands: thresholds that earn shares of its points.
        points: what the check is worth.
        name: prefix of the ids inside the SVG, unique in the page.
    """
    groups: dict[str, list[Curve]] = {}
    for curve in curves:
        groups.setdefault(curve.y_label, []).append(curve)
    return tuple(
        _plot(label, group[:MAX_CURVES], bands if "accuracy" in label.lower() else (), points, f"{name}-{k}")
        for k, (label, group) in enumerate(groups.items())
    )


def _plot(label: str, curves: list[Curve], bands: Sequence[Band], points: float, name: str) -> Plot:
    series = [_points(curve) for curve in curves]
    marks = _thresholds(bands, series, points)
    finite = [point for line in series for point in line if _drawable(*point)]
    x_range = _range([x for x, _ in finite], pad=0.0)
    y_range = _range([y for _, y in finite] + [height for height, _ in marks], pad=0.05)
    title = one_line(label) or "curves"
    words = f"{title} over {one_line(curves[0].x_label)}. {' '.join(_in_words(curve) for curve in curves)}"
    words += "".join(f" Threshold {number(height)}: {text}." for height, text in marks)
    svg = ElementTree.Element(
        "svg",
        {"viewBox": f"0 0 {WIDTH} {HEIGHT}", "role": "img", "aria-labelledby": f"{name}-t", "class": "plot"},
    )
    ElementTree.SubElement(svg, "title", id=f"{name}-t").text = words
    _axes(svg, x_range, y_range, one_line(curves[0].x_label, limit=40))
    for height, text in marks:
        _threshold(svg, _y(height, y_range), text)
    for curve, line, css in zip(curves, series, _classes(curves), strict=True):
        del curve
        _line(svg, line, x_range, y_range, css)
    keys = tuple(Key(css, _legend(curve)) for curve, css in zip(curves, _classes(curves), strict=True))
    markup = ElementTree.tostring(svg, encoding="unicode")
    return Plot(title, markup, words, keys, one_line(curves[0].x_label), tuple(curves))


def _points(curve: Curve) -> list[Point]:
    pairs = list(zip(curve.x, curve.y, strict=False))
    step = max(1, math.ceil(len(pairs) / MAX_POINTS))
    kept = pairs[::step]
    return kept if not pairs or kept[-1] == pairs[-1] else [*kept, pairs[-1]]


def _thresholds(
    bands: Sequence[Band], series: Sequence[list[Point]], points: float
) -> list[tuple[float, str]]:
    """Height and words of each band; in percent where the curves are."""
    heights = [y for line in series for _, y in line if _drawable(y)]
    factor = 100.0 if heights and max(heights) > 1.5 and all(band.at_least <= 1 for band in bands) else 1.0
    return [
        (
            band.at_least * factor,
            f"{100 * band.at_least:g} % earns {points * band.share:g} of {points:g} points",
        )
        for band in bands
        if _drawable(band.at_least)
    ]


def _drawable(*values: float) -> bool:
    """Whether numbers have a place on an axis: finite, and not so large that arithmetic on them overflows."""
    return all(abs(value) < LARGEST for value in values)


def _range(values: Sequence[float], *, pad: float) -> tuple[float, float]:
    """Lowest and highest value, apart from each other, with a margin."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if high - low <= 1e-9 * max(abs(low), abs(high), 1e-9):  # one value, or none to tell apart
        apart = max(0.5, 1e-3 * abs(low))
        low, high = low - apart, high + apart
    margin = pad * (high - low)
    return low - margin, high + margin


def _ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers in a range: multiples of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / count
    if not (math.isfinite(rough) and rough > 0):
        return []
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((k * power for k in (1, 2, 5) if k * power >= rough), 10 * power)
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, first + 2 * count + 2) if k * step <= high + 1e-9 * step]


def _x(value: float, span: tuple[float, float]) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (value - span[0]) / (span[1] - span[0])


def _y(value: float, span: tuple[float, float]) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - span[0]) / (span[1] - span[0])


def _axes(
    svg: ElementTree.Element, x_range: tuple[float, float], y_range: tuple[float, float], label: str
) -> None:
    for value in _ticks(*y_range):
        height = f"{_y(value, y_range):.1f}"
        _draw(svg, "line", "grid", x1=str(LEFT), x2=str(WIDTH - RIGHT), y1=height, y2=height)
        _write(svg, f"{value:.4g}", LEFT - 6, float(height) + 4, "end")
    for value in _ticks(*x_range):
        _write(svg, f"{value:.6g}", _x(value, x_range), HEIGHT - BOTTOM + 16, "middle")
    base = str(HEIGHT - BOTTOM)
    _draw(svg, "line", "axis", x1=str(LEFT), x2=str(WIDTH - RIGHT), y1=base, y2=base)
    _write(svg, label, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, "middle")


def _threshold(svg: ElementTree.Element, height: float, text: str) -> None:
    _draw(svg, "line", "band", x1=str(LEFT), x2=str(WIDTH - RIGHT), y1=f"{height:.1f}", y2=f"{height:.1f}")
    _write(svg, text, WIDTH - RIGHT - 2, height - 4, "end", css="band-text")


def _line(
    svg: ElementTree.Element,
    points: list[Point],
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    css: str,
) -> None:
    """A polyline for each run of finite points; a single point is a dot."""
    run: list[str] = []
    for x, y in [*points, (math.nan, math.nan)]:
        if _drawable(x, y):
            run.append(f"{_x(x, x_range):.1f},{_y(y, y_range):.1f}")
            continue
        if len(run) == 1:
            left, top = run[0].split(",")
            _draw(svg, "circle", css, cx=left, cy=top, r="3")
        elif run:
            _draw(svg, "polyline", css, points=" ".join(run))
        run = []


def _draw(svg: ElementTree.Element, tag: str, css: str, **attributes: str) -> None:
    ElementTree.SubElement(svg, tag, {"class": css, **attributes})


def _write(
    svg: ElementTree.Element, text: str, x: float, y: float, anchor: str, *, css: str = "tick"
) -> None:
    attributes = {"class": css, "x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}
    ElementTree.SubElement(svg, "text", attributes).text = text


def _classes(curves: Sequence[Curve]) -> list[str]:
    """A colour for each curve; reference curves are dashed."""
    return [
        f"curve s{k}{' reference' if curve.name.lower().startswith('reference') else ''}"
        for k, curve in enumerate(curves)
    ]


def _legend(curve: Curve) -> str:
    return f"{one_line(curve.name, limit=80)}{f' (last {number(curve.y[-1])})' if curve.y else ''}"


def _in_words(curve: Curve) -> str:
    if not curve.y:
        return f"{one_line(curve.name, limit=80)}: no values."
    return f"{one_line(curve.name, limit=80)}: from {number(curve.y[0])} to {number(curve.y[-1])}."
