"""Answers in several parts: each with a truth of its own, or one formula of the parts that is compared (alpha M)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice, product

import numpy as np

from grader.formulas.evaluate import Meaning
from grader.formulas.judging import Answer, Judgement, hedged, judge, judge_reading, unless_hedged
from grader.formulas.lexer import lex
from grader.formulas.limits import FormulaError, Unreadable
from grader.formulas.numpy_dialect import parse_code
from grader.formulas.problem import Problem
from grader.formulas.question import Question
from grader.formulas.reading import Language, Reading, evaluate, read_answer
from grader.formulas.readings import Candidate, candidates
from grader.formulas.tree import Node

_TREES = 4  # readings of one part that are combined with those of the others


def judge_parts(
    answer: Answer, question: Question, rng: np.random.Generator, language: Language
) -> Judgement:
    """Judge a question of kind ``parts``."""
    texts = texts_of(answer, question)
    if question.combine:
        return _judge_combined(answer, texts, question, rng, language)
    judged = {}
    for part in question.parts:
        whole = inherited(part, question)
        judged[part.id] = _judge_part(texts[part.id], whole, rng, language, single=isinstance(answer, str))
    return _together(judged, question)


def inherited(part: Question, question: Question) -> Question:
    """A part with the symbols, sizes, functions and spellings of its question."""
    return part.model_copy(
        update={
            "symbols": {**question.symbols, **part.symbols},
            "dims": {**question.dims, **part.dims},
            "functions": part.functions or question.functions,
            "loss": part.loss or question.loss,
            "aliases": {**question.aliases, **part.aliases},
        }
    )


def texts_of(answer: Answer, question: Question) -> dict[str, str]:
    """The text of every part: its own, or the one text that holds them all."""
    if isinstance(answer, str):
        return {part.id: answer for part in question.parts}
    return {
        part.id: next((str(v) for k, v in answer.items() if _key(k) == _key(part.id)), "")
        for part in question.parts
    }


def _key(name: str) -> str:
    return name.replace("_", "").lower()


def _judge_part(
    text: str, part: Question, rng: np.random.Generator, language: Language, *, single: bool
) -> Judgement:
    if single:  # one text for all parts: only a formula with the part's left-hand side is its answer
        problem = Problem(part, part, rng)
        reading = read_answer(text, problem.names, problem.lenient, part.left_side, language, strict=True)
        if reading.error and not reading.is_empty and reading.token == part.left_side:
            return Judgement("empty", reading, reading.error)
    return judge(text, part, rng, language=language)


def _together(judged: Mapping[str, Judgement], question: Question) -> Judgement:
    """One judgement of parts that were judged one by one; every part counts the same."""
    share = sum(j.share for j in judged.values()) / len(judged)
    reading = _reading_of(judged)
    messages = "; ".join(
        f"{name}: {j.message or j.note}" for name, j in judged.items() if j.message or j.note
    )
    outcomes = [j.outcome for j in judged.values()]
    if all(outcome == "empty" for outcome in outcomes):
        return Judgement("empty", reading, "there is no answer", parts=judged)
    if "unreadable" in outcomes:
        return Judgement("unreadable", reading, messages, share=share, parts=judged)
    if all(outcome in ("right", "note") for outcome in outcomes):
        note = "; ".join(f"{name}: {j.note}" for name, j in judged.items() if j.note)
        return Judgement(
            "note" if note else "right",
            reading,
            messages if share < 1 else "",
            share=share,
            note=note,
            parts=judged,
        )
    reason = next((j.reason for j in judged.values() if j.reason), "")
    return Judgement("wrong", reading, messages, reason, share, parts=judged)


def _reading_of(judged: Mapping[str, Judgement]) -> Reading:
    readings = {name: j.reading for name, j in judged.items()}
    read = [(name, r) for name, r in readings.items() if r.read_as]
    return Reading(
        source="\n".join(dict.fromkeys(r.source for r in readings.values() if r.source)),
        language=next((r.language for r in readings.values() if r.language), ""),
        read_as=", ".join(f"{name} = {r.read_as}" for name, r in read),
        latex=r",\quad ".join(f"{name} = {r.latex}" for name, r in read),
        shape=", ".join(r.shape for _, r in read if r.shape),
    )


def _judge_combined(
    answer: Answer, texts: Mapping[str, str], question: Question, rng: np.random.Generator, language: Language
) -> Judgement:
    problem = Problem(question, question, rng)
    readings = _read_parts(texts, question, problem, language, single=isinstance(answer, str))
    if all(reading.is_empty for reading in readings.values()):
        return Judgement("empty", next(iter(readings.values())), "there is no answer")
    missing = {name: r for name, r in readings.items() if r.error}
    if missing:
        if isinstance(answer, str) and len(missing) == len(
            readings
        ):  # perhaps the whole gradient in one formula
            reading = read_answer(answer, problem.names, problem.lenient, question.left_side, language)
            found = judge_reading(reading, problem)
            return (
                replace(found, note=f"given as one formula; {found.note}".strip("; "))
                if found.is_right
                else found
            )
        names = "; ".join(f"{name}: {reading.error}" for name, reading in missing.items())
        if all(reading.is_empty for reading in missing.values()):
            return Judgement("wrong", _joined(readings), f"{', '.join(missing)}: no answer", "W113")
        return Judgement("unreadable", _joined(readings), f"not read: {names}; a person has to mark it")
    combined = _combined(readings, question, problem)
    found = judge_reading(combined, problem)
    found = replace(found, reading=replace(_joined(readings), shape=found.reading.shape))
    if not found.is_right:
        return found
    negative = [name for name in question.positive if not _is_positive(readings[name], problem)]
    if negative:
        return replace(
            found, outcome="wrong", share=0.0, reason="W103", message=f"{negative[0]} has to be positive"
        )
    if isinstance(answer, str) and not found.reading.is_code:
        found = unless_hedged(found, answer, problem)
        for name, other in _others(answer, readings, question, problem):
            judged = judge_reading(_combined({**readings, name: other}, question, problem), problem)
            if judged.outcome == "wrong":
                return hedged(found, f"{name} = {other.read_as}")
        if not found.is_right:
            return found
    notes = "; ".join(dict.fromkeys(n for r in readings.values() for n in r.notes))
    return replace(
        found, note="; ".join(n for n in (found.note, notes) if n), outcome="note" if notes else found.outcome
    )


def _others(
    answer: str, readings: Mapping[str, Reading], question: Question, problem: Problem
) -> Iterator[tuple[str, Reading]]:
    """The other results that one text gives for a part: ``M = T - Y or M = Y - T``."""
    from grader.formulas.steps import results_for

    for part in question.parts:
        for reading in results_for(answer, part.left_side or part.id, problem):
            if reading.read_as != readings[part.id].read_as:
                yield part.id, reading


def _read_parts(
    texts: Mapping[str, str], question: Question, problem: Problem, language: Language, *, single: bool
) -> dict[str, Reading]:
    def read_all(language: Language) -> dict[str, Reading]:
        return {
            part.id: read_answer(
                texts[part.id],
                problem.names,
                problem.lenient,
                part.left_side or part.id,
                language,
                strict=single,
            )
            for part in question.parts
        }

    readings = read_all(language)
    if any(reading.is_code for reading in readings.values()) and not all(
        r.is_code for r in readings.values()
    ):
        readings = read_all("code")
    return readings


def _combined(readings: Mapping[str, Reading], question: Question, problem: Problem) -> Reading:
    """The readings of the formula that combines the parts."""
    code = next(iter(readings.values())).is_code
    options: list[Candidate] = []
    for chosen in islice(product(*(_trees(reading) for reading in readings.values())), 16):
        definitions = dict(zip(readings, chosen, strict=True))
        try:
            if code:
                tree, _ = parse_code(question.combine.replace(" ", " * "), problem.names, "", definitions)
                options.append(Candidate(tree, Meaning(), ()))
            else:
                options.extend(islice(candidates(lex(question.combine), problem.names, definitions), 12))
        except Unreadable:
            continue
    joined = _joined(readings)
    if not options:
        return replace(joined, error="the parts cannot be combined")
    return replace(joined, candidates=tuple(options), language="code" if code else "math")


def _trees(reading: Reading) -> list[Node]:
    return list(dict.fromkeys(candidate.tree for candidate in reading.candidates))[:_TREES]


def _joined(readings: Mapping[str, Reading]) -> Reading:
    read = [(name, r) for name, r in readings.items() if r.read_as]
    return Reading(
        source="\n".join(dict.fromkeys(r.source for r in readings.values())),
        read_as=", ".join(f"{name} = {r.read_as}" for name, r in read),
        latex=r",\quad ".join(f"{name} = {r.latex}" for name, r in read),
        notes=tuple(dict.fromkeys(n for r in readings.values() for n in r.notes)),
    )


def _is_positive(reading: Reading, problem: Problem) -> bool:
    return all(any(_positive_values(candidate, reading, problem)) for candidate in reading.candidates[:1])


def _positive_values(candidate: Candidate, reading: Reading, problem: Problem) -> Iterator[bool]:
    from grader.formulas.limits import Deadline

    try:
        yield all(
            bool((evaluate(candidate, reading, s, problem.names, Deadline())[0].data.real > 0).all())
            for s in problem.samples
        )
    except FormulaError:
        yield False
