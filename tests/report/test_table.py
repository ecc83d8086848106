"""CSV is one row per check, and no cell is a formula."""

from __future__ import annotations

import csv
import io

import pytest

from grader.report import to_csv
from grader.report.table import COLUMNS
from tests.report import samples


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_one_row_per_check_with_plain_numbers() -> None:
    rows = _rows(to_csv(samples.everything()))
    assert len(rows) == 10
    assert tuple(rows[0]) == COLUMNS
    assert sum(float(row["points"]) for row in rows) == 29
    assert sum(float(row["earned"]) for row in rows) == 8
    assert rows[1]["faults"] == "G103 bias gradient is not summed over the batch"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "\uff1d1", samples.SHEET])
def test_no_cell_starts_a_formula(text: str) -> None:
    rows = list(csv.reader(io.StringIO(to_csv(samples.hostile(text)), newline="")))
    cells = [cell for row in rows for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\uff1d"))] == []
    assert any(cell.startswith("'") for cell in cells)


@pytest.mark.parametrize("name", sorted(samples.HOSTILE))
def test_a_text_adds_no_row_or_column(name: str) -> None:
    rows = list(csv.reader(io.StringIO(to_csv(samples.hostile(samples.HOSTILE[name])), newline="")))
    assert [len(row) for row in rows] == [len(COLUMNS)] * 4
