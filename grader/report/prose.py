"""A check explained in plain lines: what the formats without a layout of their own show."""

from __future__ import annotations

from grader.model import CheckResult, Verdict
from grader.report import phrases
from grader.text import clean, one_line


def explanation(check: CheckResult, *, detail: bool = True) -> list[str]:
    """What went wrong, the evidence, the named faults, the hints and the command that repeats the check."""
    if check.verdict is Verdict.PASSED:
        return []
    lines = [message(check)] if message(check) else []
    for evidence in phrases.telling(check):
        facts = [
            phrases.subject(evidence),
            one_line(evidence.detail),
            phrases.worst(evidence),
            phrases.errors(evidence),
        ]
        lines.append("; ".join(fact for fact in facts if fact))
    lines += [f"fault: {phrases.fault(diagnosis)}" for diagnosis in check.diagnoses]
    lines += [f"hint: {hint}" for hint in hints(check)]
    if check.formula is not None:
        lines.append(f"read as: {one_line(check.formula.read_as)}")
    if check.repeat and check.verdict in phrases.NOT_RIGHT:
        lines.append(f"repeat: {one_line(check.repeat)}")
    if detail and check.detail:
        lines.append(clean(check.detail, limit=4000, ends=True))
    return lines


def message(check: CheckResult) -> str:
    """The message with the place in the submission that it speaks of."""
    text = one_line(check.message)
    where = one_line(check.where)
    if where and where not in text and where.replace(":", ", line ") not in text:
        return f"{text} ({where})" if text else where
    return text


def hints(check: CheckResult) -> list[str]:
    """All hints of a check, each once."""
    every = [check.hint, *(diagnosis.hint for diagnosis in check.diagnoses)]
    return [one_line(hint, limit=600) for hint in dict.fromkeys(every) if hint.strip()]
