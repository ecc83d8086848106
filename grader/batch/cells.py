"""A CSV file whose cells can be filled in while every other byte stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.errors import UsageError

BOM = "\ufeff"


@dataclass(frozen=True)
class Cell:
    """One cell: its text and where its raw form, quotes included, lies in the file."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Sheet:
    """A CSV file as it was exported.

    Attributes:
        path: for messages.
        raw: the whole text, byte-order mark and line ends included.
        delimiter: comma, semicolon or tab.
        rows: of cells; empty lines are rows without cells.
    """

    path: Path
    raw: str
    delimiter: str
    rows: tuple[tuple[Cell, ...], ...]

    def text(self, row: int, column: int) -> str:
        """Text of a cell; empty where the row is shorter."""
        cells = self.rows[row]
        return cells[column].text.strip() if column < len(cells) else ""

    def filled(self, changes: Mapping[tuple[int, int], str]) -> str:
        """The file with new texts in some cells, by row and column."""
        raw = self.raw
        for row, column in sorted(changes, reverse=True):
            cells, text = self.rows[row], changes[row, column]
            if column < len(cells):
                cell = cells[column]
                quoted = self.raw[cell.start : cell.end].startswith('"')
                raw = raw[: cell.start] + self._spelled(text, quoted=quoted) + raw[cell.end :]
            else:
                end = cells[-1].end if cells else 0
                missing = self.delimiter * (column - len(cells) + 1)
                raw = raw[:end] + missing + self._spelled(text, quoted=False) + raw[end:]
        return raw

    def _spelled(self, text: str, *, quoted: bool) -> str:
        if quoted or any(char in text for char in (self.delimiter, '"', "\n", "\r")):
            return '"' + text.replace('"', '""') + '"'
        return text


def read_sheet(path: Path) -> Sheet:
    """Read an exported CSV file (UTF-8, with or without byte-order mark).

    Raises:
        UsageError: it cannot be read, or is not UTF-8.
    """
    try:
        raw = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8 (byte {error.start}); export it again as UTF-8") from error
    head = "\n".join(raw.splitlines()[:3])
    delimiter = max(",;\t", key=head.count)
    return Sheet(path, raw, delimiter, tuple(_rows(raw, delimiter)))


def _rows(raw: str, delimiter: str) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    cells: list[Cell] = []
    place = len(BOM) if raw.startswith(BOM) else 0
    while place < len(raw):
        cell = _cell(raw, place, delimiter)
        cells.append(cell)
        place = cell.end
        if place < len(raw) and raw[place] == delimiter:
            place += 1
            if place == len(raw):
                cells.append(Cell("", place, place))
            continue
        rows.append(tuple(cells))
        cells = []
        place += 2 if raw.startswith("\r\n", place) else 1
    if cells:
        rows.append(tuple(cells))
    return rows


def _cell(raw: str, start: int, delimiter: str) -> Cell:
    place = start
    if raw[place] == '"':
        place += 1
        while place < len(raw):
            if raw[place] == '"' and not raw.startswith('""', place):
                break
            place += 2 if raw.startswith('""', place) else 1
        text = raw[start + 1 : place].replace('""', '"')
        place += 1
        rest = _unquoted_end(raw, min(place, len(raw)), delimiter)
        return Cell(text + raw[place:rest], start, rest)
    end = _unquoted_end(raw, place, delimiter)
    return Cell(raw[start:end], start, end)


def _unquoted_end(raw: str, place: int, delimiter: str) -> int:
    while place < len(raw) and raw[place] not in (delimiter, "\r", "\n"):
        place += 1
    return place
