"""From a match to the words of a diagnosis."""

from __future__ import annotations

from grader.diagnose.catalogue import CATALOGUE
from grader.diagnose.hypothesis import OUTPUT
from grader.diagnose.search import Match, Rank
from grader.model import Diagnosis

NAMES = {"x": "input gradient", OUTPUT: "output"}
FORWARD_FACTORS = {"G101": "F118", "G430": "F211"}


def name_of(target: str) -> str:
    """What a reader calls the thing that is wrong: "bias gradient", "output"."""
    return NAMES.get(target, f"{target} gradient")


def diagnosis(
    fault_id: str,
    target: str,
    *,
    note: str = "",
    explains: float | None = None,
    certain: bool = True,
    title: str = "",
) -> Diagnosis:
    """A diagnosis from the catalogue, for one tensor."""
    fault = CATALOGUE[fault_id]
    words = title or fault.titled(name_of(target))
    return Diagnosis(
        id=fault.id,
        title=f"{words} ({note})" if note else words,
        hint=fault.hint,
        tensor="" if target == OUTPUT else target,
        explains=explains,
        certain=certain,
    )


def diagnosis_of(target: str, match: Match, *, certain: bool) -> Diagnosis:
    """The diagnosis that a match stands for."""
    note = match.hypothesis.note if match.hypothesis is not None else ""
    titled = match.hypothesis is not None or match.fault == "G101"
    return diagnosis(
        fault_of(target, match),
        target,
        note="" if match.hypothesis is None else _notes(note, match),
        explains=round(match.explains, 6),
        certain=certain and match.rank not in (Rank.VARYING,),
        title="" if titled else f"{name_of(target)} is {_factor(match)}",
    )


def fault_of(target: str, match: Match) -> str:
    """The id in the catalogue; a factor in front of an output has its own entries."""
    if target != OUTPUT or match.hypothesis is not None:
        return match.fault
    if match.fault in FORWARD_FACTORS:
        return FORWARD_FACTORS[match.fault]
    return "F119"


def described(target: str, match: Match) -> str:
    """The match in a few words, for the note of a pattern: "there: doubled"."""
    if match.hypothesis is None:
        return _factor(match)
    fault = CATALOGUE[fault_of(target, match)].titled(name_of(target))
    notes = _notes(match.hypothesis.note, match)
    return f"{fault} ({notes})" if notes else fault


def _notes(note: str, match: Match) -> str:
    parts = [note] if note else []
    if match.factor is not None or match.constant is not None:
        parts.append(f"and {_factor(match)}")
    return ", ".join(parts)


def _factor(match: Match) -> str:
    if match.factor is not None:
        factor, flipped = match.factor
        return f"{factor.meaning} and has its sign flipped" if flipped else factor.meaning
    if match.constant is not None:
        return f"off by the constant factor {match.constant:.6g}"
    return "off by a factor that differs from probe to probe"
