"""Questions and formulas that several tests use."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

from grader.formulas.judging import Judgement, judge_unguarded
from grader.formulas.question import Question
from grader.rubric import FormulaSpec, load_rubric

CORPUS = Path(__file__).parent / "corpus"
RUBRICS = {
    "uva": "uva_dl1_a1_written",
    "blind": "uva_dl1_a1_written",
    "bgu": "bgu_idl_a1",
    "other": str(CORPUS / "other.toml"),
    "courses": str(CORPUS / "courses.toml"),
}
LETTERS = {"right": "r", "note": "r", "wrong": "w", "unreadable": "?", "empty": "e"}


@cache
def questions(name: str) -> dict[str, Question]:
    """The formula questions of a rubric by id."""
    rubric = load_rubric(RUBRICS[name])
    return {
        check.question.id: check.question
        for part in rubric.parts
        for check in part.checks
        if isinstance(check, FormulaSpec)
    }


def corpus(name: str) -> Iterator[tuple[str, str, str]]:
    """Question, expected letter and formula of every line of a corpus file."""
    question = ""
    for line in (CORPUS / f"{name}.txt").read_text("utf-8").splitlines():
        if line.startswith("== "):
            question = line[3:].strip()
        elif line and not line.startswith("#"):
            yield question, line[0], line[2:]


def judged(answer: str | dict[str, str], question: Question, seed: int = 3) -> Judgement:
    """A judgement without the safety net."""
    return judge_unguarded(answer, question, np.random.default_rng(seed))


def letter(judgement: Judgement) -> str:
    """r right, h right in part, w wrong, ? for a person, e empty."""
    if judgement.outcome in ("right", "note") and judgement.share < 1:
        return "h"
    return LETTERS[judgement.outcome]


def question(**fields: object) -> Question:
    """A question from plain data, as a rubric gives it."""
    return Question.model_validate({"id": "q", **fields})


LINEAR = {"X": "S M", "W": "N M", "b": "1 N", "dY": "S N"}
DW = question(symbols=LINEAR, forward="Y = X W^T + b", wrt="W")
DB = question(symbols=LINEAR, forward="Y = X W^T + b", wrt="b")
DX = question(symbols=LINEAR, forward="Y = X W^T + b", wrt="X")
ACTIVATION = question(symbols={"X": "S M", "dY": "S M"}, functions=["h"], forward="Y = h(X)", wrt="X")
