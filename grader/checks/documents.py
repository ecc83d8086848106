"""Documents in a submission that no check can read, so that a person has to."""

from __future__ import annotations

from pathlib import PurePosixPath

from grader.checks.context import Context, Finding
from grader.model import Verdict

DOCUMENTS = frozenset({".pdf", ".doc", ".docx", ".odt", ".pages", ".tex", ".djvu"})
NAMED = 3  # documents named at most


def unanswered(context: Context, answer: str, *, detail: str) -> Finding:
    """No text under an answer's name: missing, unless a document was handed in that may hold it.

    Silence earns nothing, but what lies in a document is not silence: its points stay open.
    """
    documents = sorted(
        name for name in context.submission.files if PurePosixPath(name).suffix.lower() in DOCUMENTS
    )
    if not documents:
        return Finding(Verdict.MISSING, f"No answer {answer} was handed in.", detail=detail)
    named = ", ".join(documents[:NAMED]) + (", ..." if len(documents) > NAMED else "")
    text = f"No answer {answer} can be read; it may be in {named}, which a person has to open."
    return Finding(Verdict.MANUAL, text, detail=detail)
