"""The page of a whole class: one self-contained HTML file that sorts and searches without a network.

It shares style, escaping and content security policy with the page of one report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, median, pstdev
from typing import Any
from urllib.parse import quote

from grader.model import Verdict
from grader.report import phrases
from grader.report.class_record import CheckFigures, ClassRow
from grader.report.page import MARKS, asset, environment, source_hash
from grader.text import one_line

BINS = 10
FULL = 1e-9
OUTCOMES = {
    "graded": ("passed", "graded"),
    "open": ("manual", "to be marked"),
    "nothing": ("missing", "nothing to grade"),
    "internal": ("internal", "grader fault"),
}


@dataclass(frozen=True)
class ClassPage:
    """What the page shows: the homework, and a row per submission."""

    title: str
    rubric: str
    seed: int
    rows: tuple[ClassRow, ...]
    seconds: bool = True


def to_class_html(page: ClassPage) -> str:
    """Render the page of a class."""
    style = asset("report.css") + asset("class.css")
    script = asset("class.js")
    checks = _checks(page.rows)
    return (
        environment()
        .get_template("class.html.j2")
        .render(
            style=style,
            style_hash=source_hash(style),
            script=script,
            script_hash=source_hash(script),
            title=one_line(page.title),
            rubric=one_line(page.rubric),
            seed=page.seed,
            count=len(page.rows),
            figures=_figures(page.rows),
            bins=_bins(page.rows),
            parts=_parts(page.rows),
            checks=checks,
            everybody=[check for check in checks if check["passed"] == check["count"]],
            nobody=[check for check in checks if not check["passed"] and check["judged"]],
            faults=_faults(page.rows),
            rows=[_row(row, page) for row in page.rows],
            variants=len({row.variant for row in page.rows}) > 1,
            seconds=page.seconds and any(row.seconds is not None for row in page.rows),
            groups=any(row.group for row in page.rows),
            late=any(row.hours_late or row.penalty for row in page.rows),
        )
        + "\n"
    )


def _share(row: ClassRow) -> float:
    return row.final / row.worth if row.worth else 0.0


def _figures(rows: Sequence[ClassRow]) -> list[tuple[str, str]]:
    """The class in numbers."""
    if not rows:
        return []
    finals = [row.final for row in rows]
    outcomes = {name: sum(row.outcome == name for row in rows) for name in OUTCOMES}
    figures = [
        ("mean", phrases.points(mean(finals))),
        ("median", phrases.points(median(finals))),
        ("standard deviation", phrases.points(pstdev(finals))),
        ("lowest and highest", f"{phrases.points(min(finals))} and {phrases.points(max(finals))}"),
        ("full marks", str(sum(_share(row) >= 1 - FULL for row in rows))),
        *((OUTCOMES[name][1], str(count)) for name, count in outcomes.items() if count),
    ]
    open_rows = sum(row.open > 0 for row in rows)
    return figures + ([("with open points", str(open_rows))] if open_rows else [])


def _bins(rows: Sequence[ClassRow]) -> list[dict[str, Any]]:
    """Submissions per tenth of the points; the last one holds full marks and more."""
    counts = [0] * BINS
    for row in rows:
        counts[min(BINS - 1, max(0, int(_share(row) * BINS + FULL)))] += 1
    top = max(counts, default=0) or 1
    return [
        {
            "label": f"{100 * k // BINS} to {100 * (k + 1) // BINS} %",
            "short": f"{100 * k // BINS}",
            "count": count,
            "height": round(100 * count / top, 2),
            "x": round(k * 100 / BINS + 0.6, 2),
            "width": round(100 / BINS - 1.2, 2),
            "middle": round((k + 0.5) * 100 / BINS, 2),
        }
        for k, count in enumerate(counts)
    ]


def _parts(rows: Sequence[ClassRow]) -> list[dict[str, Any]]:
    """Mean points of each part over the submissions that have it."""
    titles = {name: title for row in rows for name, title in row.parts}
    parts = []
    for name, title in titles.items():
        having = [[check for check in row.checks if check.part == name] for row in rows]
        having = [checks for checks in having if checks]
        earned = mean(sum(check.earned for check in checks) for checks in having) if having else 0.0
        worth = mean(sum(check.points for check in checks) for checks in having) if having else 0.0
        parts.append(
            {
                "title": one_line(title),
                "earned": min(earned, worth),
                "worth": worth,
                "points": phrases.out_of(earned, worth),
                "percent": phrases.percent(earned, worth),
                "count": len(having),
            }
        )
    return parts


def _checks(rows: Sequence[ClassRow]) -> list[dict[str, Any]]:
    """Checks, the hardest first: by the share of points earned."""
    found: dict[str, list[tuple[ClassRow, CheckFigures]]] = {}
    for row in rows:
        for check in row.checks:
            found.setdefault(check.id, []).append((row, check))
    checks = [_check(name, results) for name, results in found.items()]
    return sorted(checks, key=lambda check: (check["share"], check["id"]))


def _check(name: str, results: Sequence[tuple[ClassRow, CheckFigures]]) -> dict[str, Any]:
    figures = [check for _, check in results]
    judged = [check for check in figures if check.verdict not in phrases.OPEN]
    worth = sum(check.points for check in judged)
    passed = sum(check.verdict is Verdict.PASSED for check in judged)
    verdicts = [(verdict, sum(check.verdict is verdict for check in figures)) for verdict in Verdict]
    return {
        "id": one_line(name),
        "title": one_line(figures[0].title),
        "count": len(figures),
        "judged": len(judged),
        "passed": passed,
        "share": sum(check.earned for check in judged) / worth if worth else 1.0,
        "percent": phrases.percent(sum(check.earned for check in judged), worth) or "open",
        "verdicts": [
            {"css": verdict.value, "text": f"{MARKS[verdict]} {count} {phrases.LABELS[verdict]}"}
            for verdict, count in verdicts
            if count
        ],
        "students": [_student(row) for row, check in results if check.verdict in phrases.NOT_RIGHT],
    }


def _faults(rows: Sequence[ClassRow]) -> list[dict[str, Any]]:
    """Diagnoses by how many submissions have them."""
    found: dict[tuple[str, str], dict[str, ClassRow]] = {}
    where: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        for check in row.checks:
            for fault in check.faults:
                found.setdefault(fault, {})[row.key] = row
                where.setdefault(fault, set()).add(check.id)
    ordered = sorted(found, key=lambda fault: (-len(found[fault]), fault))
    return [
        {
            "id": one_line(fault[0]),
            "title": one_line(fault[1]),
            "count": len(found[fault]),
            "checks": ", ".join(sorted(map(one_line, where[fault]))),
            "students": [_student(row) for row in found[fault].values()],
        }
        for fault in ordered
    ]


def _student(row: ClassRow) -> dict[str, str]:
    return {"name": one_line(row.name, limit=80), "href": f"reports/{quote(row.key)}/report.html"}


def _row(row: ClassRow, page: ClassPage) -> dict[str, Any]:
    css, label = OUTCOMES[row.outcome]
    wrong = [check for check in row.checks if check.verdict in phrases.NOT_RIGHT]
    seconds = row.seconds if page.seconds and row.seconds is not None else None
    return _student(row) | {
        "group": one_line(row.group, limit=60),
        "variant": one_line(row.variant, limit=30),
        "css": css,
        "label": label,
        "message": one_line(row.message, limit=240),
        "final": row.final,
        "points": phrases.out_of(row.final, row.worth),
        "percent": phrases.percent(row.final, row.worth),
        "open": phrases.points(row.open) if row.open else "",
        "wrong": len(wrong),
        "find": " ".join(
            [*(check.id for check in wrong), *(fault[0] for check in wrong for fault in check.faults)]
        ),
        "late": "" if not row.hours_late else f"{row.hours_late:.1f}",
        "penalty": phrases.points(row.penalty) if row.penalty else "",
        "seconds": "" if seconds is None else f"{seconds:.1f}",
    }
