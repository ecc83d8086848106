"""Heat maps of got, want and difference: tables of numbers whose cells carry a colour class.

The number stands in every cell, so colour only repeats it; the classes n5 (most negative) to p5 (most
positive) are coloured by the page's style sheet, for light, dark and print.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from grader.model import Evidence, Matrix

STEPS = 5  # colours on each side of zero
MAX_SIDE = 16
Rows = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Cell:
    """One element: its text, its colour class, whether it is the worst one."""

    text: str
    css: str
    worst: bool


@dataclass(frozen=True)
class HeatMap:
    """One table: what it shows, its indices and cells, and what the darkest colour stands for."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    scale: str


def heat_maps(evidence: Evidence) -> tuple[HeatMap, ...]:
    """Got, want and their difference, as far as the evidence has them; got and want share a scale."""
    matrices = [("got", evidence.got_matrix), ("want", evidence.want_matrix)]
    given = [
        (name, matrix, _square(matrix.rows))
        for name, matrix in matrices
        if matrix is not None and matrix.rows
    ]
    largest = max((_largest(rows) for _, _, rows in given), default=0.0)
    maps = [_heat_map(name, matrix, rows, largest, evidence) for name, matrix, rows in given]
    if len(given) == 2 and _extent(given[0][2]) == _extent(given[1][2]):
        difference = [
            [a - b for a, b in zip(row_got, row_want, strict=True)]
            for row_got, row_want in zip(given[0][2], given[1][2], strict=True)
        ]
        maps.append(_heat_map("got - want", given[0][1], difference, _largest(difference), evidence))
    return tuple(maps)


def _square(rows: Rows) -> Rows:
    """At most 16 x 16, every row as long as the shortest."""
    width = min(MAX_SIDE, min(map(len, rows)))
    return [row[:width] for row in rows[:MAX_SIDE]]


def _extent(rows: Rows) -> tuple[int, int]:
    return len(rows), len(rows[0]) if rows else 0


def _largest(rows: Rows) -> float:
    return max((abs(value) for row in rows for value in row if math.isfinite(value)), default=0.0)


def _heat_map(name: str, matrix: Matrix, rows: Rows, largest: float, evidence: Evidence) -> HeatMap:
    top, left = _origin(matrix, rows)
    worst = _worst_cell(evidence, top, left)
    known = top is not None
    return HeatMap(
        caption=name,
        columns=tuple(str((left or 0) + j) if known else "" for j in range(_extent(rows)[1])),
        rows=tuple(
            (
                str((top or 0) + i) if known else "",
                tuple(
                    Cell(_text(value, largest), _css(value, largest), (i, j) == worst)
                    for j, value in enumerate(row)
                ),
            )
            for i, row in enumerate(rows)
        ),
        scale=f"darkest: {largest:.3g}" if largest else "all zero",
    )


def _origin(matrix: Matrix, rows: Rows) -> tuple[int | None, int | None]:
    """Row and column of the excerpt in the whole array; None where they are not known."""
    if len(matrix.origin) >= 2:
        return matrix.origin[-2], matrix.origin[-1]
    if len(matrix.origin) == 1:
        return 0, matrix.origin[0]
    whole = (1, *matrix.shape)[-2:] if matrix.shape else (1, 1)
    return (0, 0) if tuple(whole) == _extent(rows) else (None, None)


def _worst_cell(evidence: Evidence, top: int | None, left: int | None) -> tuple[int, int] | None:
    if evidence.worst_index is None or top is None or left is None or len(evidence.worst_index) > 2:
        return None
    row, column = (0, 0, *evidence.worst_index)[-2:]
    return row - top, column - left


def _text(value: float, largest: float) -> str:
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    if 1e-3 <= largest < 1e4:
        text = f"{value:.3f}" if largest < 10 else f"{value:.1f}"
        return "~0" if float(text) == 0 else text.replace("-", "\u2212")
    return f"{value:.1e}".replace("-", "\u2212")


def _css(value: float, largest: float) -> str:
    if not math.isfinite(value):
        return "bad"
    step = math.ceil(STEPS * abs(value) / largest - 1e-9) if largest else 0
    return f"{'n' if value < 0 else 'p'}{min(step, STEPS)}" if step else "zero"
