"""Fill in the teacher's own exports: the Canvas gradebook and the Moodle grading worksheet.

Rows and ids come from the file alone. Only cells of the grade column change; what cannot be matched is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from grader.batch.cells import Sheet, read_sheet
from grader.batch.lists import fold
from grader.batch.rows import Roll, Row, number
from grader.errors import UsageError

CANVAS_STUDENT = {"student", "id", "sis user id", "sis login id", "integration id", "root account", "section",
                  "lastname", "firstname"}  # fmt: skip
CANVAS_DROPPED = re.compile(r"(Current|Final|Override) (Score|Points|Grade|Status)", re.IGNORECASE)
MOODLE_IDENTIFIER = ("identifier", "identificatie", "id", "identificador", "identifiant", "id-nummer", "kennung",
                     "identifikator")  # fmt: skip
MOODLE_GRADE = (
    "grade",
    "cijfer",
    "beoordeling",
    "bewertung",
    "note",
    "calificación",
    "nota",
    "valutazione",
    "betyg",
)
MOODLE_MAXIMUM = ("maximum grade", "maximumcijfer", "maximale beoordeling", "beste bewertung", "bestwertung",
                  "note maximale", "calificación máxima", "maximale bewertung", "maximum cijfer")  # fmt: skip


@dataclass(frozen=True)
class Filled:
    """A gradebook with its grades.

    Attributes:
        text: the whole file.
        count: cells that were filled.
        warnings: what a teacher has to know, one sentence each.
    """

    text: str
    count: int
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Scale:
    """From points that count to the gradebook's points."""

    allowed: bool = False  # --scale: another maximum than the rubric's is meant
    final_only: bool = False  # leave out submissions with open points

    def grade(self, row: Row, maximum: float | None, path: Path) -> str | None:
        """The number to write; None where there is none yet."""
        if row.shown.outcome == "internal" or (self.final_only and row.score.open):
            return None
        worth = row.score.worth
        if maximum is None or abs(maximum - worth) < 1e-6:
            return number(row.score.final)
        if not self.allowed:
            raise _OtherWorthError(
                f"{path}: the column is worth {number(maximum)} points, the homework {number(worth)}; "
                "give --scale to convert, or change the column's maximum"
            )
        return number(row.score.final / worth * maximum) if worth else None


class _OtherWorthError(UsageError):
    """A column is worth another number of points than the homework is to one submission."""


def fill_canvas(path: Path, roll: Roll, scale: Scale, *, column: str = "", title: str = "") -> Filled:
    """Fill in one assignment column of a gradebook exported from Canvas.

    Args:
        path: the export.
        roll: who gets what.
        scale: how points are converted.
        column: header of the column; found if there is one assignment, or one with the homework's title.
        title: of the homework.

    Raises:
        UsageError: it is not such an export, the column is not clear, or its maximum is another.
    """
    sheet = read_sheet(path)
    header = _header(sheet)
    if "section" not in header or not {"student", "id"} & set(header):
        raise UsageError(f"{path}: not a Canvas gradebook: the columns Student, ID and Section are needed")
    target = _canvas_column(sheet, header, column, title)
    start, maximum = _canvas_points(sheet, target)
    place = {name: header.index(name) for name in CANVAS_STUDENT if name in header}

    def find(row: int) -> Row | None:
        text = {name: sheet.text(row, at) for name, at in place.items()}
        found = roll.by("canvas_id", text.get("id", ""))
        return found or roll.named(
            text.get("sis user id", ""), text.get("sis login id", ""), *spellings(text.get("student", ""))
        )

    def skip(row: int) -> bool:
        return sheet.text(row, target).upper() == "EX" or _canvas_no_student(sheet, row)

    return _fill(sheet, range(start, len(sheet.rows)), target, find, skip, roll, lambda row: maximum, scale)


def fill_moodle(path: Path, roll: Roll, scale: Scale, *, column: str = "") -> Filled:
    """Fill in the grade column of an offline grading worksheet from Moodle.

    Args:
        path: the worksheet.
        roll: who gets what.
        scale: how points are converted.
        column: header of the grade column, where the site's language is not known here.

    Raises:
        UsageError: it is not such a worksheet, or its maximum is another.
    """
    sheet = read_sheet(path)
    header = _header(sheet)
    target = _one_of(header, (fold(column),) if column else MOODLE_GRADE)
    identifier = _one_of(header, MOODLE_IDENTIFIER)
    if target is None or identifier is None:
        raise UsageError(
            f"{path}: not a Moodle grading worksheet: the columns Identifier and Grade are needed, found: "
            f"{', '.join(header)}; name the grade column with --moodle-column"
        )
    best = _one_of(header, MOODLE_MAXIMUM)
    names = [
        at
        for at, name in enumerate(header)
        if "@" in _sample(sheet, at) or name in ("full name", "volledige naam")
    ]

    def find(row: int) -> Row | None:
        number_of = re.search(r"(\d+)\s*$", sheet.text(row, identifier))
        found = roll.by("moodle_id", number_of[1]) if number_of else None
        return found or roll.named(*(name for at in names for name in spellings(sheet.text(row, at))))

    def maximum(row: int) -> float | None:
        return _number(sheet.text(row, best)) if best is not None else None

    comma = best is not None and "," in _sample(sheet, best)
    return _fill(
        sheet, range(1, len(sheet.rows)), target, find, lambda row: not any(c.text for c in sheet.rows[row]), roll,
        maximum, scale, spell=(lambda text: text.replace(".", ",")) if comma else str,
    )  # fmt: skip


def spellings(name: str) -> tuple[str, ...]:
    """A name as it stands, and "Doe, Jane" the other way round and as Canvas writes it into file names."""
    family, comma, given = name.partition(",")
    if not comma:
        words = name.split()
        joined = (
            "".join(re.findall(r"\w", "".join([words[-1], *words[:-1]]).lower())) if len(words) > 1 else ""
        )
        return (name, joined)
    return (name, f"{given.strip()} {family.strip()}", "".join(re.findall(r"\w", f"{family}{given}".lower())))


def _fill(
    sheet: Sheet,
    numbers: Iterable[int],
    target: int,
    find: Callable[[int], Row | None],
    skip: Callable[[int], bool],
    roll: Roll,
    maximum: Callable[[int], float | None],
    scale: Scale,
    *,
    spell: Callable[[str], str] = str,
) -> Filled:
    changes: dict[tuple[int, int], str] = {}
    used: set[str] = set()
    other: dict[str, _OtherWorthError] = {}
    unfinished = 0
    for row in numbers:
        found = find(row)
        if found is None:
            continue
        used |= {
            other.entry.key
            for other in roll.rows
            if other is found or (found.group and other.group == found.group)
        }
        if skip(row):
            continue
        try:
            text = scale.grade(found, maximum(row), sheet.path)
        except _OtherWorthError as error:
            other[found.shown.name] = error
            continue
        unfinished += bool(found.score.open)
        if text is not None:
            changes[row, target] = spell(text)
    if other and not changes:
        raise next(iter(other.values()))
    lost = [row.shown.name for row in roll.rows if row.entry.key not in used]
    warnings = []
    if lost:
        warnings.append(f"{sheet.path.name}: no row for {_listed(lost)}")
    if other:
        warnings.append(
            f"{next(iter(other.values()))}. Left as they were: {_listed(other)} (another variant? --variant says which)"
        )
    if unfinished:
        what = "left as they were" if scale.final_only else "written without them"
        warnings.append(f"{sheet.path.name}: {unfinished} submissions have open points and were {what}")
    return Filled(sheet.filled(changes), len(changes), tuple(warnings))


def _listed(names: Iterable[str]) -> str:
    """The first names in order."""
    ordered = sorted(names)
    return ", ".join(ordered[:20]) + (" ..." if len(ordered) > 20 else "")


def _header(sheet: Sheet) -> list[str]:
    return [fold(cell.text) for cell in sheet.rows[0]] if sheet.rows else []


def _one_of(header: list[str], names: Iterable[str]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def _sample(sheet: Sheet, column: int) -> str:
    return next((sheet.text(row, column) for row in range(1, len(sheet.rows)) if sheet.text(row, column)), "")


def _canvas_column(sheet: Sheet, header: list[str], column: str, title: str) -> int:
    """The assignment's column."""
    points = next((row for row in (1, 2) if row < len(sheet.rows) and _is_points(sheet, row)), None)
    candidates = [
        at
        for at, name in enumerate(header)
        if name
        and name not in CANVAS_STUDENT
        and not CANVAS_DROPPED.search(name)
        and not (points is not None and "read only" in sheet.text(points, at).lower())
    ]
    named = (
        [at for at in candidates if fold(column) in (header[at], re.sub(r" \(\d+\)$", "", header[at]))]
        if column
        else []
    )
    titled = [at for at in candidates if title and fold(title) == re.sub(r" \(\d+\)$", "", header[at])]
    chosen = named if column else titled or candidates
    if len(chosen) == 1:
        return chosen[0]
    shown = "; ".join(sheet.rows[0][at].text for at in candidates) or "none"
    wanted = f"no assignment {column!r}" if column else "which assignment is not clear"
    raise UsageError(f"{sheet.path}: {wanted}; name one with --canvas-column. Assignments: {shown}")


def _is_points(sheet: Sheet, row: int) -> bool:
    return bool(sheet.rows[row]) and "points possible" in sheet.rows[row][0].text.lower()


def _canvas_points(sheet: Sheet, column: int) -> tuple[int, float | None]:
    """First row after the header rows, and the column's maximum."""
    for row in range(1, min(4, len(sheet.rows))):
        if _is_points(sheet, row):
            return row + 1, _number(sheet.text(row, column))
    return 1, None


def _canvas_no_student(sheet: Sheet, row: int) -> bool:
    """Blank rows, and rows that say how grades are posted."""
    return not sheet.text(row, 0) and not sheet.text(row, 1)


def _number(text: str) -> float | None:
    try:
        return float(text.replace(" ", "").replace(",", "."))
    except ValueError:
        return None
