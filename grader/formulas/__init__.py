"""Written answers: read a formula, evaluate it on random inputs, compare it with the truth, explain.

    question = Question(symbols={"X": "S M", "W": "N M", "dY": "S N"}, forward="Y = X W^T", wrt="W")
    judge(r"\\left(\\frac{\\partial L}{\\partial Y}\\right)^T X", question, np.random.default_rng(0)).outcome  # "right"

``judge`` and ``read`` are imported on first use, so that a rubric can hold questions without loading the parser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grader.formulas.question import Question

if TYPE_CHECKING:
    from grader.formulas.judging import Judgement, judge, read
    from grader.formulas.lint import lint_question, lint_questions
    from grader.formulas.reading import Reading

__all__ = ["Judgement", "Question", "Reading", "judge", "lint_question", "lint_questions", "read"]

_HOMES = {
    "Judgement": "judging",
    "judge": "judging",
    "read": "judging",
    "Reading": "reading",
    "lint_question": "lint",
    "lint_questions": "lint",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
