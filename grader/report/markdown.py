"""GitHub-flavoured Markdown: for step summaries, issues, pull requests and wikis.

Only this module writes markup; every text from the record is escaped, put into a code span or fenced.
"""

from __future__ import annotations

from grader.model import CheckResult, PartResult, Report, Verdict
from grader.report import phrases
from grader.report.prose import hints, message
from grader.text import markdown_code, markdown_fence, markdown_inline

MARKS: dict[Verdict, str] = {
    Verdict.PASSED: "✅",
    Verdict.PARTIAL: "🟡",
    Verdict.FAILED: "❌",
    Verdict.ERRORED: "💥",
    Verdict.MISSING: "⬜",
    Verdict.SKIPPED: "⏭️",
    Verdict.MANUAL: "✍️",
    Verdict.INTERNAL: "⚙️",
}


def to_markdown(report: Report) -> str:
    """Render a report as one Markdown document."""
    asked = sum(check.points for check in report.checks if check.asked)
    lines = [
        f"# {markdown_inline(report.submission)}: {phrases.out_of(report.earned, asked)} points",
        "",
        *(f"{sentence}  " for sentence in _sentences(report)),
        "",
        "| part | points | verdicts |",
        "|---|---:|---|",
        *(_row(part) for part in report.parts),
        "",
    ]
    for part in report.parts:
        lines += _part(part)
    lines += _footer(report)
    return "\n".join(lines).rstrip() + "\n"


def _sentences(report: Report) -> list[str]:
    every = [
        markdown_inline(phrases.rubric(report)),
        phrases.open_sentence(report),
        phrases.unasked_sentence(report),
    ]
    return [sentence for sentence in every if sentence]


def _row(part: PartResult) -> str:
    counts: dict[str, int] = {}
    for check in part.checks:
        label = phrases.LABELS[check.verdict] if check.asked else "not run"
        counts[label] = counts.get(label, 0) + 1
    verdicts = ", ".join(f"{count} {label}" for label, count in counts.items())
    title = markdown_inline(part.title or part.id)
    return f"| {title} | {phrases.out_of(part.earned, part.points)} | {verdicts} |"


def _part(part: PartResult) -> list[str]:
    told = [check for check in part.checks if check.asked and check.verdict is not Verdict.PASSED]
    if not told:
        return []
    lines = [f"## {markdown_inline(part.title or part.id)}", ""]
    for check in told:
        lines += check_lines(check)
    return lines


def check_lines(check: CheckResult, *, level: int = 3) -> list[str]:
    """A check under a heading of this level: message, evidence, faults, hints, what was printed."""
    label = f"{MARKS[check.verdict]} {phrases.LABELS[check.verdict]}"
    worth = phrases.out_of(check.earned, check.points)
    lines = [f"{'#' * level} {label}: {markdown_inline(check.title or check.id)} ({worth})", ""]
    if message(check):
        lines += [markdown_inline(message(check)), ""]
    lines += _evidence(check)
    lines += [f"- **{markdown_inline(phrases.fault(diagnosis))}**" for diagnosis in check.diagnoses]
    lines += [f"- Hint: {markdown_inline(hint, limit=600)}" for hint in hints(check)]
    if check.formula is not None:
        lines.append(f"- Read as {markdown_code(check.formula.read_as)}")
    if check.repeat and check.verdict in phrases.NOT_RIGHT:
        lines.append(f"- Repeat: {markdown_code(check.repeat)}")
    lines.append("")
    for name, text in (("Details", check.detail), ("Printed by the submission", check.output)):
        if text.strip():
            lines += [
                "<details>",
                f"<summary>{name}</summary>",
                "",
                markdown_fence(text),
                "",
                "</details>",
                "",
            ]
    return lines


def _evidence(check: CheckResult) -> list[str]:
    told = phrases.telling(check)
    if not told:
        return []
    lines = ["| compared | worst element | error and tolerance |", "|---|---|---|"]
    for evidence in told:
        cells = (phrases.subject(evidence), phrases.worst(evidence), phrases.errors(evidence))
        lines.append(f"| {' | '.join(markdown_inline(cell) for cell in cells)} |")
    return [*lines, ""]


def _footer(report: Report) -> list[str]:
    facts = [
        f"data: {report.data.description or report.data.kind}",
        f"device: {report.device}",
        f"isolation: {phrases.isolation(report)}",
        f"seed {report.seed}",
        f"gradmark {report.gradmark}",
        *report.notes,
    ]
    return ["---", "", *(f"- {markdown_inline(fact)}" for fact in facts)]
