"""Curves as pictures."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from reference.experiments.result import Curve, Result, write_log

WIDTH, HEIGHT = 5.2, 3.6  # inches of one panel
MOST_COLUMNS = 3


def write(result: Result, folder: Path, *, formats: tuple[str, ...] = ("svg",)) -> list[Path]:
    """Write a result's JSON log, and a picture of its curves in each format ("svg", "png").

    Returns:
        The files, the log first.
    """
    paths = [write_log(result, folder)]
    if result.curves:
        import matplotlib as mpl

        with mpl.rc_context({"svg.hashsalt": result.name, "font.size": 9, "svg.fonttype": "none"}):
            figure = draw(result)
            for name in formats:
                paths.append(folder / f"{result.name}.{name}")
                metadata = {"Date": None} if name == "svg" else None  # the same curves give the same file
                figure.savefig(paths[-1], metadata=metadata, dpi=110)
    return paths


def draw(result: Result) -> Any:
    """A matplotlib figure with one panel for each panel of the curves."""
    from matplotlib.figure import Figure

    panels: dict[str, list[Curve]] = {}
    for curve in result.curves:
        panels.setdefault(curve.panel, []).append(curve)
    columns = min(len(panels), MOST_COLUMNS)
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(WIDTH * columns, HEIGHT * rows), layout="constrained")
    for number, (title, curves) in enumerate(panels.items(), start=1):
        axes = figure.add_subplot(rows, columns, number, title=title)
        _draw_panel(axes, curves)
    figure.suptitle(f"{result.title}: {result.data}")
    return figure


def _draw_panel(axes: Any, curves: list[Curve]) -> None:
    for curve in curves:
        points = [(x, y) for x, y in zip(curve.x, curve.y, strict=True) if math.isfinite(y)]
        marker = "." if len(points) <= 20 else ""
        axes.plot(
            [x for x, _ in points], [y for _, y in points], marker=marker, label=curve.name, linewidth=1.2
        )
    axes.set_xlabel(curves[0].x_label)
    axes.set_ylabel(curves[0].y_label)
    if curves[0].log_x:
        axes.set_xscale("log")
    if curves[0].log_y:
        axes.set_yscale("log")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7)
