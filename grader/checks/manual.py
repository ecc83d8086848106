"""An essay or derivation: its text goes to a person, its points stay open."""

from __future__ import annotations

from grader.checks.context import Context, Finding
from grader.model import Verdict
from grader.rubric import ManualSpec


def check_manual(spec: ManualSpec, context: Context) -> Finding:
    """Show the submission's text to the marker; nothing handed in is missing."""
    if not spec.answer:
        return Finding(Verdict.MANUAL, "A person has to mark this.", detail=spec.question)
    from grader.answers import find_answers

    answers = find_answers(context.submission)
    text = answers.get(spec.answer)
    if not text:
        return Finding(Verdict.MISSING, f"No answer {spec.answer} was handed in.", detail=spec.question)
    return Finding(Verdict.MANUAL, "A person has to mark this.", detail=spec.question, work=str(text))
