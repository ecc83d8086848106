"""An essay or derivation: its text goes to a person, its points stay open."""

from __future__ import annotations

from grader.checks.context import Context, Finding
from grader.checks.documents import unanswered
from grader.model import Verdict
from grader.rubric import ManualSpec


def check_manual(spec: ManualSpec, context: Context) -> Finding:
    """Show the submission's text to the marker; nothing handed in, not even as a document, is missing."""
    if not spec.answer:
        return Finding(Verdict.MANUAL, "A person has to mark this.", detail=spec.question)
    from grader.answers import find_answers

    answers = find_answers(context.submission)
    text = answers.get(spec.answer)
    if not text:
        return unanswered(context, spec.answer, detail=spec.question)
    return Finding(Verdict.MANUAL, "A person has to mark this.", detail=spec.question, work=str(text))
