"""Naming the fault: exact explanations first, then patterns, and silence rather than a guess."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grader.diagnose import additive, combination, patterns, protocol
from grader.diagnose.catalogue import FORWARD_HYPOTHESES, HYPOTHESES
from grader.diagnose.fit import Case, build_cases, is_tame
from grader.diagnose.hypothesis import OUTPUT, Hypothesis
from grader.diagnose.observation import Event, Observation
from grader.diagnose.search import Match, Rank, best_matches
from grader.diagnose.wording import diagnosis, diagnosis_of
from grader.model import Diagnosis

MOST_DIAGNOSES = 3
FEWEST_TAME = 2  # wrong cases that an explanation without the extreme ones must rest on


def diagnose_gradient(
    layer: str, tensor: str, observations: Sequence[Observation], events: Sequence[Event] = ()
) -> list[Diagnosis]:
    """Names what is wrong with one gradient of one layer.

    Args:
        layer: the layer's name in the reference's table.
        tensor: the tensor whose gradient is wrong.
        observations: every probe in which it was compared, those that agreed included.
        events: what the protocol checks saw.

    Returns:
        the best explanation first; more than one where the numbers do not tell them apart (none of these is
        `certain`); empty where no fault was recognised.
    """
    with np.errstate(all="ignore"):
        return _diagnose(layer, tensor, HYPOTHESES, observations, events)


def diagnose_forward(
    layer: str, observations: Sequence[Observation], events: Sequence[Event] = ()
) -> list[Diagnosis]:
    """Names what is wrong with a layer's output; arguments and result as for `diagnose_gradient`."""
    with np.errstate(all="ignore"):
        return _diagnose(layer, OUTPUT, FORWARD_HYPOTHESES, observations, events)


def _diagnose(
    layer: str,
    target: str,
    table: Sequence[Hypothesis],
    observations: Sequence[Observation],
    events: Sequence[Event],
) -> list[Diagnosis]:
    seen = protocol.of_events(target, events)
    cases = build_cases(target, observations)
    if not cases:
        return _unique([*protocol.of_absence(target, observations), *seen])
    if not any(case.wrong for case in cases):
        return _unique(seen)
    concerned = [h for h in table if h.concerns(layer, target)]
    exact = (
        _exact(target, concerned, cases)
        or _but_for_overflow(target, concerned, cases)
        or _but_for_extremes(target, concerned, cases)
    )
    if exact:
        return _unique([*exact, *(one for one in seen if one.id not in protocol.EXPLAINED)])
    telling = [one for one in seen if one.id not in protocol.SYMPTOMS]
    patterned = _by_pattern(target, concerned, cases) or _in_proportion(target, cases)
    return _unique([*telling, *patterned, *seen])


def _exact(target: str, concerned: Sequence[Hypothesis], cases: Sequence[Case]) -> list[Diagnosis]:
    """Explanations of every probe at rounding level."""
    matches = best_matches(target, concerned, cases)
    if matches and matches[0].rank != Rank.VARYING:
        return _named(target, matches)
    return additive.diagnose(target, cases) or _combined(target, cases)


def _but_for_overflow(target: str, concerned: Sequence[Hypothesis], cases: Sequence[Case]) -> list[Diagnosis]:
    """An explanation of all probes but those that overflow, where these are not all that is wrong."""
    finite = [case for case in cases if np.all(np.isfinite(case.got))]
    if len(finite) == len(cases) or not any(case.wrong for case in finite):
        return []
    found = _exact(target, concerned, finite)
    overflow = "F105" if target == OUTPUT else "G154"
    return [*found, diagnosis(overflow, target, note="besides", certain=False)] if found else []


def _but_for_extremes(target: str, concerned: Sequence[Hypothesis], cases: Sequence[Case]) -> list[Diagnosis]:
    """An explanation of all ordinary probes: at large values and vanishing variances rounding may hide it."""
    tame = [case for case in cases if is_tame(case)]
    if len(tame) == len(cases) or sum(case.wrong for case in tame) < FEWEST_TAME:
        return []
    return [one.model_copy(update={"certain": False}) for one in _exact(target, concerned, tame)]


def _in_proportion(target: str, cases: Sequence[Case]) -> list[Diagnosis]:
    """The right direction in every probe, by a factor that changes from one to the next."""
    return _named(target, best_matches(target, (), cases))


def _combined(target: str, cases: Sequence[Case]) -> list[Diagnosis]:
    """A sum of the layer's terms; where one side of zero alone is wrong, that is its name."""
    found = combination.read_back(target, cases)
    if not found:
        return []
    region = patterns.telling_region(target, cases)
    fault = region or ("F165" if target == OUTPUT else "G165")
    return [diagnosis(fault, target, note=f"it reads as {found}", explains=1.0)]


def _by_pattern(target: str, concerned: Sequence[Hypothesis], cases: Sequence[Case]) -> list[Diagnosis]:
    """What the wrong elements have in common, with an explanation of them alone where there is one."""

    return patterns.diagnose(
        target, cases, lambda some: next(iter(best_matches(target, concerned, some)), None)
    )


def _named(target: str, matches: Sequence[Match]) -> list[Diagnosis]:
    certain = len({match.fault for match in matches}) == 1
    return [diagnosis_of(target, match, certain=certain and match.sound) for match in matches]


def _unique(diagnoses: Sequence[Diagnosis]) -> list[Diagnosis]:
    """The first of each id, at most `MOST_DIAGNOSES`."""
    first: dict[str, Diagnosis] = {}
    for one in diagnoses:
        first.setdefault(one.id, one)
    return list(first.values())[:MOST_DIAGNOSES]
