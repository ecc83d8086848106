"""What a student sees before the deadline: how every answer was read, without saying whether it is right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from grader.answers import Answers
from grader.formulas.handed_in import answer_to
from grader.formulas.judging import read_parts
from grader.formulas.question import Question


@dataclass(frozen=True)
class Echo:
    """One answer as it was read."""

    id: str
    part: str  # of a question in parts, else empty
    source: str
    read_as: str  # "(∂L/∂Y)ᵀ X", empty if it was not understood
    latex: str
    shape: str  # "N × M"
    problem: str  # why it was not understood, or that there is no answer
    file: str
    notes: tuple[str, ...] = ()


def echo_answers(answers: Answers, questions: Iterable[Question]) -> list[Echo]:
    """How each question's answer is read, in the order of the questions."""
    return [echo for question in questions for echo in _echo(answers, question)]


def _echo(answers: Answers, question: Question) -> list[Echo]:
    answer = answers.get(question.id)
    if answer is None or not answer.is_given:
        return [Echo(question.id, "", "", "", "", "", "there is no answer", "")]
    if answer.broken:
        return [Echo(question.id, "", str(answer), "", "", "", answer.broken, answer.file, answer.notes)]
    content, language = answer_to(question, answer)
    return [
        Echo(
            question.id,
            part,
            reading.source,
            reading.read_as,
            reading.latex,
            reading.shape,
            reading.error,
            answer.file,
            tuple(dict.fromkeys((*answer.notes, *reading.notes))),
        )
        for part, reading in read_parts(content, question, language).items()
    ]
