"""Is a written result equal to the truth? Right, wrong with a reason, or for a person where it cannot be read."""

from __future__ import annotations

from dataclasses import replace

from grader.answers import Answers, WrittenAnswer, find_answers
from grader.checks.context import Context, Finding
from grader.checks.documents import unanswered
from grader.formulas.faults import FAULTS_BY_ID
from grader.formulas.handed_in import answer_to
from grader.formulas.judging import Judgement, judge
from grader.formulas.question import Question
from grader.formulas.steps import Step, wrong_steps
from grader.model import Diagnosis, FormulaReading, Verdict
from grader.rubric import FormulaSpec

HOW = "Write it into answers.toml: [{id}] answer = '...'."


def check_formula(spec: FormulaSpec, context: Context) -> Finding:
    """Read the submission's answer to one question and judge it."""
    question = named(spec.question, spec.id)
    answer = answers_of(context).get(question.id)
    if answer is None or not answer.is_given:
        return unanswered(context, question.id, detail=HOW.format(id=question.id))
    if answer.broken:
        message = f"{answer.file}: {question.id}: {answer.broken}. A person has to mark it."
        return Finding(Verdict.MANUAL, message, work=str(answer))
    content, language = answer_to(question, answer)
    found = finding(judge(content, question, context.rng, language=language), question, answer)
    steps = wrong_steps(str(answer), question, context.generator("steps"))
    return replace(found, detail="\n".join((found.detail, *_about_steps(steps))).strip()) if steps else found


def _about_steps(steps: list[Step]) -> list[str]:
    """Lines about links of the derivation that do not hold; they cost nothing."""
    lines = [
        "These lines of the derivation are not equal to what they start from (they do not change the points):"
    ]
    return lines + [f"  {step.read_as}: {step.message}" for step in steps[:6]]


def answers_of(context: Context) -> Answers:
    """The submission's written answers, read once."""
    return context.once("answers", lambda: find_answers(context.submission))


def named(question: Question, check: str) -> Question:
    """The question with the check's id where it has none of its own."""
    return question if question.id else question.model_copy(update={"id": check or "answer"})


def finding(judged: Judgement, question: Question, answer: WrittenAnswer) -> Finding:
    """A judgement as the finding of a check."""
    formula = reading_of(judged, answer)
    if judged.outcome == "empty":
        return Finding(
            Verdict.MISSING, f"The answer {question.id} is empty.", detail=HOW.format(id=question.id)
        )
    if judged.outcome == "unreadable":
        message = judged.message or "It could not be read; a person has to mark it."
        return Finding(
            Verdict.MANUAL, _sentence(message), detail=question.prompt, formula=formula, work=str(answer)
        )
    if judged.outcome in ("right", "note") and judged.share >= 1:
        return Finding(Verdict.PASSED, _sentence(judged.note), formula=formula)
    verdict = Verdict.PARTIAL if judged.share > 0 else Verdict.FAILED
    faults = _diagnoses(judged)
    return Finding(
        verdict,
        _sentence(judged.message),
        share=judged.share,
        detail=question.prompt,
        hint=next((fault.hint for fault in faults), ""),
        diagnoses=faults,
        formula=formula,
    )


def reading_of(judged: Judgement, answer: WrittenAnswer) -> FormulaReading:
    """How the answer was read, for the report."""
    reading = judged.reading
    return FormulaReading(
        source=reading.source,
        read_as=reading.read_as,
        latex=reading.latex,
        shape=reading.shape,
        file=answer.file,
        note="; ".join(dict.fromkeys(n for n in (judged.note, *answer.notes) if n)),
    )


def _diagnoses(judged: Judgement) -> tuple[Diagnosis, ...]:
    """Named faults: of the answer, or of each of its parts that is wrong."""
    wrong = {name: part for name, part in judged.parts.items() if part.reason} or {"": judged}
    found = []
    for name, part in wrong.items():
        fault = FAULTS_BY_ID.get(part.reason)
        if fault is not None:
            found.append(
                Diagnosis(id=fault.id, title=fault.title, hint=fault.hint, tensor=name, certain=part.certain)
            )
    return tuple(found)


def _sentence(text: str) -> str:
    if not text:
        return ""
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?" else text + "."
