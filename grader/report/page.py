"""One self-contained HTML page: no network, readable on a phone, on paper and by a screen reader.

Jinja escapes every text; what is inserted as markup (style, script, the drawings of `plot` and the
formulas of `mathml`) is ours. A content security policy with hashes lets nothing else run or load,
whatever gets in.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.model import Audience, CheckResult, Curve, Evidence, PartResult, Report, Verdict
from grader.report import phrases
from grader.report.heatmap import heat_maps
from grader.report.mathml import to_mathml
from grader.report.plot import Plot, plots
from grader.report.prose import hints, message
from grader.text import clean, one_line

if TYPE_CHECKING:
    import jinja2

TEMPLATES = Path(__file__).with_name("templates")
MARKS: dict[Verdict, str] = {
    Verdict.PASSED: "✓",
    Verdict.PARTIAL: "◐",
    Verdict.FAILED: "✗",
    Verdict.ERRORED: "✗",
    Verdict.MISSING: "○",
    Verdict.SKIPPED: "–",
    Verdict.MANUAL: "✎",
    Verdict.INTERNAL: "!",
}
UNFOLDED = 3  # checks that start unfolded: the first that are not right
MAX_ROWS = 60  # of a curve's table of numbers
MAX_TEXT = 12_000


def to_html(report: Report) -> str:
    """Render a report as one HTML document."""
    style, script = asset("report.css"), asset("report.js")
    asked = [check for check in report.checks if check.asked]
    worth = sum(check.points for check in asked)
    open_points = sum(check.points for check in asked if check.verdict in phrases.OPEN)
    first = [check.id for check in asked if check.verdict in phrases.NOT_RIGHT][:UNFOLDED]
    sentences = [phrases.open_sentence(report), phrases.unasked_sentence(report)]
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            style=style,
            style_hash=source_hash(style),
            script=script,
            script_hash=source_hash(script),
            gradmark=one_line(report.gradmark),
            submission=one_line(report.submission),
            rubric=phrases.rubric(report),
            total=phrases.out_of(report.earned, worth),
            percent=phrases.percent(report.earned, worth),
            worth=worth,
            earned=min(report.earned, worth),
            open=open_points,
            earned_text=phrases.points(report.earned),
            open_text=phrases.points(open_points),
            lost_text=phrases.points(max(worth - report.earned - open_points, 0.0)),
            sentences=[sentence[0].upper() + sentence[1:] for sentence in sentences if sentence],
            parts=[_part(part, k, first) for k, part in enumerate(report.parts)],
            about=_about(report),
            facts=_facts(report),
        )
        + "\n"
    )


@functools.cache
def environment() -> jinja2.Environment:
    import jinja2  # here, since most runs write no page and should start quickly

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES, encoding="utf-8"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@functools.cache
def asset(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def source_hash(text: str) -> str:
    """The source expression of a content security policy that allows exactly this inline text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _part(part: PartResult, index: int, first: list[str]) -> dict[str, Any]:
    asked = [check for check in part.checks if check.asked]
    worth = sum(check.points for check in asked)
    return {
        "title": one_line(part.title or part.id),
        "points": phrases.out_of(part.earned, worth) if asked else "not run",
        "worth": worth,
        "earned": min(part.earned, worth),
        "open_points": sum(check.points for check in asked if check.verdict in phrases.OPEN),
        "unfold": any(check.verdict is not Verdict.PASSED for check in asked),
        "checks": [_check(check, f"p{index}c{k}", first) for k, check in enumerate(part.checks)],
    }


def _check(check: CheckResult, name: str, first: list[str]) -> dict[str, Any]:
    formula = check.formula
    view = {
        "id": one_line(check.id),
        "kind": one_line(check.kind),
        "title": one_line(check.title or check.id),
        "verdict": check.verdict.value if check.asked else "skipped",
        "label": phrases.LABELS[check.verdict] if check.asked else "not run",
        "mark": MARKS[check.verdict] if check.asked else "–",
        "points": phrases.out_of(check.earned, check.points),
        "message": message(check),
        "hidden": check.audience is Audience.HIDDEN,
        "seconds": f"{check.seconds:.1f}" if check.seconds >= 0.05 else "",
        "faults": [_fault(check, k) for k in range(len(check.diagnoses))],
        "hints": hints(check),
        "formula": formula,
        "mathml": to_mathml(formula.latex, spoken=one_line(formula.read_as)) if formula else "",
        "evidence": [_evidence(evidence) for evidence in check.evidence if not evidence.agreed],
        "agreed": [_agreed(evidence) for evidence in check.evidence if evidence.agreed],
        "plots": [_with_tables(plot) for plot in plots(check.curves, check.bands, check.points, name=name)],
        "bands": _bands(check),
        "repeat": one_line(check.repeat) if check.verdict in phrases.NOT_RIGHT else "",
        "detail": clean(check.detail, limit=MAX_TEXT, ends=True),
        "output": clean(check.output, limit=MAX_TEXT, ends=True),
        "work": clean(check.work, limit=MAX_TEXT),
        "unfold": check.id in first or (bool(check.curves) and check.verdict in phrases.NOT_RIGHT),
    }
    contents = (
        "faults",
        "hints",
        "formula",
        "evidence",
        "agreed",
        "plots",
        "repeat",
        "detail",
        "output",
        "work",
    )
    return view | {"has_body": any(view[key] for key in contents)}


def _fault(check: CheckResult, index: int) -> dict[str, str]:
    diagnosis = check.diagnoses[index]
    doubt = "" if diagnosis.certain else "This is one of several faults that would give such numbers."
    if diagnosis.explains is not None and diagnosis.explains < 0.995:
        doubt = f"{doubt} It explains {int(100 * diagnosis.explains)} % of the discrepancy.".strip()
    return {"id": one_line(diagnosis.id), "title": phrases.fault(diagnosis), "doubt": doubt}


def _evidence(evidence: Evidence) -> dict[str, Any]:
    facts = [
        ("worst element" if evidence.worst_index else "measured", phrases.worst(evidence, lead="")),
        ("error", phrases.error(evidence)),
        ("tolerance", phrases.tolerance(evidence)),
        ("shape", " x ".join(map(str, evidence.shape)) if evidence.shape else ""),
    ]
    matrix = evidence.got_matrix or evidence.want_matrix
    whole = " x ".join(map(str, matrix.shape)) if matrix is not None else ""
    cut = (
        matrix is not None
        and bool(matrix.rows)
        and _is_cut(matrix.shape, len(matrix.rows), len(matrix.rows[0]))
    )
    maps = heat_maps(evidence)
    return {
        "subject": phrases.subject(evidence),
        "detail": one_line(evidence.detail),
        "facts": [(name, text) for name, text in facts if text],
        "maps": maps,
        "framed": any(cell.worst for one in maps for _, cells in one.rows for cell in cells),
        "excerpt": f"an excerpt of an array of shape {whole}" if cut else "",
    }


def _agreed(evidence: Evidence) -> str:
    figures = (one_line(evidence.detail), phrases.worst(evidence), phrases.errors(evidence))
    told = "; ".join(text for text in figures if text)
    return f"{phrases.subject(evidence)}{f': {told}' if told else ''}"


def _is_cut(shape: tuple[int, ...], rows: int, columns: int) -> bool:
    size = 1
    for length in shape:
        size *= length
    return size > rows * columns


def _with_tables(plot: Plot) -> dict[str, Any]:
    """The chart's view with the numbers behind it."""
    return {
        "title": plot.title[:1].upper() + plot.title[1:],
        "svg": plot.svg,
        "legend": plot.keys,
        "x_label": plot.x_label,
        "tables": [_numbers(curve) for curve in plot.curves],
    }


def _numbers(curve: Curve) -> dict[str, Any]:
    pairs = list(zip(curve.x, curve.y, strict=False))
    step = max(1, -(-len(pairs) // MAX_ROWS))
    rows = [(f"{x:g}", phrases.number(y)) for x, y in pairs[::step]]
    return {"name": one_line(curve.name, limit=80), "rows": rows}


def _bands(check: CheckResult) -> list[str]:
    """The bands in words, where no chart shows them."""
    if any("accuracy" in curve.y_label.lower() for curve in check.curves):
        return []
    return [f"{band.at_least:g} or more earns {100 * band.share:g} % of the points" for band in check.bands]


def _about(report: Report) -> list[tuple[str, str]]:
    """What a reader has to know before the score: the data, the machine, how well the run was isolated."""
    return [
        ("data", one_line(report.data.description or report.data.kind)),
        ("device", one_line(report.device)),
        ("isolation", phrases.isolation(report)),
        *(("note", one_line(note)) for note in report.notes),
    ]


def _facts(report: Report) -> list[tuple[str, str]]:
    layers = [
        f"{layer.name} {'on' if layer.on else f'off ({layer.reason})' if layer.reason else 'off'}"
        for layer in report.isolation.layers
    ]
    facts = [
        (
            "variant",
            f"{report.variant}: {report.variant_reason}" if report.variant_reason else report.variant,
        ),
        ("sandbox", "; ".join(layers)),
        ("seed", str(report.seed)),
        ("files", f"sha256 {report.submission_hash}" if report.submission_hash else ""),
        ("started", report.started),
        ("seconds", f"{report.seconds:.1f}" if report.seconds else ""),
        ("grader", f"gradmark {report.gradmark}"),
    ]
    return [(name, one_line(value)) for name, value in facts if value.strip()]
