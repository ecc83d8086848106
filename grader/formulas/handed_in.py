"""Which text of a handed-in answer is judged."""

from __future__ import annotations

from grader.answers import WrittenAnswer
from grader.formulas.judging import Answer
from grader.formulas.question import Question
from grader.formulas.reading import Language, is_empty


def answer_to(question: Question, answer: WrittenAnswer) -> tuple[Answer, Language]:
    """What is judged: the texts of the parts, or one text, and its language."""
    if answer.parts and (question.kind == "parts" or is_empty(answer.text)):
        return dict(answer.parts), answer.language
    if question.kind == "parts":
        return answer.section or answer.text, answer.language
    return answer.text, answer.language
