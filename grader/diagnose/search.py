"""Which hypotheses explain every probe, as they are or with a factor in front."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from grader.diagnose.factors import COMBINED, Factor, name_factors
from grader.diagnose.fit import Case, Fit, allowed, deviation, fit
from grader.diagnose.hypothesis import Hypothesis
from grader.diagnose.observation import Observation

BELIEVED = 0.98  # share of the discrepancy that must be explained where float32 hides the digits
ENOUGH = 3  # elements beyond the fitted factors, before a factor is believed
STEADY, STEADY_COARSE = 1e-6, 1e-3  # relative spread of a factor that is the same in all probes
ONE = 1e-7  # a factor this close to 1 is 1
TRUTH = "truth"  # the marker of the hypothesis that nothing but a factor is wrong
VAGUE = (
    *("G132", "G133", "G135", "G139", "G141", "G146", "G147", "G148", "G150", "G152", "G153"),
    *("F132", "F135", "F139", "F141", "F150", "F152", "F153"),
)  # described by what came back, not by what was done: they yield to any other explanation
ZEROS = ("G102", "F117")
SIMPLE = ("-1", "N", "1/N", "2", "1/2")


class Rank(IntEnum):
    """How plausible a kind of explanation is; lower is better."""

    SINGLE = 0  # one fault, or a named factor alone
    SIMPLE_PAIR = 1  # one fault and a simple factor
    CONSTANT = 2  # a constant factor without a name
    PAIR = 3  # one fault and another named factor
    PAIR_CONSTANT = 4  # one fault and a constant factor without a name
    VARYING = 5  # proportional to the truth, by a factor that changes from probe to probe


@dataclass(frozen=True)
class Match:
    """A hypothesis that explains every probe.

    Args:
        hypothesis: the hypothesis; None for the truth with a factor.
        rank: the kind of explanation.
        order: its place in the table.
        factor: the named factor in front, if any, and whether its sign is flipped.
        constant: the fitted constant factor without a name, if any.
        residual: what is left, relative to the largest element, in the worst probe.
        explains: share of the discrepancy explained, over all probes.
        sound: there were enough elements to believe it.
        fine: it explains them to the precision of float64, not of float32 alone.
    """

    hypothesis: Hypothesis | None
    rank: Rank
    order: int
    factor: tuple[Factor, bool] | None
    constant: float | None
    residual: float
    explains: float
    sound: bool
    fine: bool

    @property
    def fault(self) -> str:
        """The id in the catalogue, for a gradient."""
        if self.hypothesis is not None:
            return self.hypothesis.fault
        return "G109" if self.factor is None else self.factor[0].fault

    @property
    def general(self) -> bool:
        """Is it a fault of any layer, rather than of this one?"""
        return self.hypothesis is not None and not self.hypothesis.layers


def best_matches(target: str, hypotheses: Sequence[Hypothesis], cases: Sequence[Case]) -> list[Match]:
    """The explanations of the best rank that the probes cannot tell apart, most plausible first."""
    matches = _matches(target, hypotheses, cases)
    fine = [match for match in matches if match.fine]
    believed = fine or [match for match in matches if match.explains >= BELIEVED]
    return _foremost(believed) if believed else []


def _matches(target: str, hypotheses: Sequence[Hypothesis], cases: Sequence[Case]) -> list[Match]:
    """Everything that explains all cases; with a factor in front only where nothing does as it is."""
    ordered = sorted(cases, key=lambda case: (not case.wrong, case.got.size < 6, case.got.size))
    found = _truth_matches(ordered)
    bent: list[tuple[int, Hypothesis, list[Fit]]] = []
    for order, hypothesis in enumerate(hypotheses):
        fits = _fits(target, hypothesis, ordered, as_is=bool(found) and found[0].rank == Rank.SINGLE)
        if fits is None:
            continue
        if _as_is(ordered, fits):
            found.append(_match(hypothesis, Rank.SINGLE, order, ordered, fits, as_is=True))
        elif not hypothesis.alone:
            bent.append((order, hypothesis, fits))
    if any(match.rank == Rank.SINGLE for match in found):
        return found
    for order, hypothesis, fits in bent:
        found.extend(_with_factors(hypothesis, order, ordered, fits))
    return found


def _truth_matches(cases: Sequence[Case]) -> list[Match]:
    """The truth with a factor in front: sign, 1/N, 2 ..."""
    fits = []
    for case in cases:
        one = fit(case.want, case)
        if one is None or not _explains(one, case):
            return []
        fits.append(one)
    return [] if _as_is(cases, fits) else _with_factors(None, 0, cases, fits)


def _as_is(cases: Sequence[Case], fits: Sequence[Fit]) -> bool:
    """Does it explain all cases without a factor?"""
    fine = _is_fine(cases, fits)
    return all(one.residual_as_is <= allowed(case, fine=fine) for case, one in zip(cases, fits, strict=True))


def _is_fine(cases: Sequence[Case], fits: Sequence[Fit]) -> bool:
    """Does it explain all cases to the precision of float64?"""
    return all(
        min(one.residual, one.residual_as_is) <= allowed(case, fine=True)
        for case, one in zip(cases, fits, strict=True)
    )


def _fits(target: str, hypothesis: Hypothesis, cases: Sequence[Case], *, as_is: bool) -> list[Fit] | None:
    """One fit per case, or None at the first case that the hypothesis does not explain."""
    fits = []
    for case in cases:
        try:
            predicted = hypothesis.predict(case.observation, target)
        except (LookupError, ValueError, TypeError, ArithmeticError):
            return None
        one = fit(predicted, case)
        if one is None or not _explains(one, case, as_is or hypothesis.alone):
            return None
        fits.append(one)
    return fits


def _explains(one: Fit, case: Case, alone: bool = False) -> bool:
    """Is what remains rounding (float32's at most), and little beside the discrepancy?"""
    left = one.residual_as_is if alone or one.factor is None else min(one.residual, one.residual_as_is)
    if one.factor is not None and abs(one.factor) < ONE:
        return False
    return left <= allowed(case, fine=False)


def _with_factors(
    hypothesis: Hypothesis | None, order: int, cases: Sequence[Case], fits: Sequence[Fit]
) -> list[Match]:
    """The ways to read the fitted factors: a named one, a constant, for the truth any."""
    fitted = [
        (c.observation, one.factor) for c, one in zip(cases, fits, strict=True) if one.factor is not None
    ]
    factors: list[tuple[Observation, float]] = [(o, f) for o, f in fitted if f is not None]
    if not factors or _spare(cases, fits) < 1:
        return []
    named = name_factors(factors, combined=hypothesis is None)
    if named:
        return [_with_factor(hypothesis, order, cases, fits, factor) for factor in named[:3]]
    values = np.array([value for _, value in factors])
    middle = float(np.median(values))
    steady = STEADY if _is_fine(cases, fits) else STEADY_COARSE
    if float(np.max(np.abs(values - middle))) <= steady * abs(middle):
        rank = Rank.CONSTANT if hypothesis is None else Rank.PAIR_CONSTANT
        return [_match(hypothesis, rank, order, cases, fits, constant=middle)]
    if hypothesis is None and all(case.got.size > 2 for case in cases if case.wrong):
        return [_match(None, Rank.VARYING, order, cases, fits)]
    return []


def _with_factor(
    hypothesis: Hypothesis | None,
    order: int,
    cases: Sequence[Case],
    fits: Sequence[Fit],
    factor: tuple[Factor, bool],
) -> Match:
    if hypothesis is None:
        rank = Rank.SIMPLE_PAIR if factor[1] or factor[0] in COMBINED else Rank.SINGLE
    else:
        rank = Rank.SIMPLE_PAIR if factor[0].name in SIMPLE and not factor[1] else Rank.PAIR
    return _match(hypothesis, rank, order, cases, fits, factor=factor)


def _match(
    hypothesis: Hypothesis | None,
    rank: Rank,
    order: int,
    cases: Sequence[Case],
    fits: Sequence[Fit],
    *,
    as_is: bool = False,
    factor: tuple[Factor, bool] | None = None,
    constant: float | None = None,
) -> Match:
    left = [one.residual_as_is if as_is else min(one.residual, one.residual_as_is) for one in fits]
    return Match(
        hypothesis=hypothesis,
        rank=rank,
        order=order,
        factor=factor,
        constant=constant,
        residual=max(left),
        explains=_share(cases, left),
        sound=as_is or _spare(cases, fits) >= ENOUGH,
        fine=_is_fine(cases, fits),
    )


def _spare(cases: Sequence[Case], fits: Sequence[Fit]) -> int:
    """Elements beyond one per fitted factor: what a factor cannot bend."""
    return sum(case.got.size - 1 for case, one in zip(cases, fits, strict=True) if one.factor is not None) + (
        sum(1 for one in fits if one.factor is not None) - 1
    )


def _share(cases: Sequence[Case], left: Sequence[float]) -> float:
    """Share of the summed largest discrepancies that is explained, 0 to 1."""
    gaps = [deviation(case.got, case.want, case.judged) / case.scale for case in cases]
    if not np.all(np.isfinite(gaps)):
        return 1.0  # another shape: nothing of it was right
    total = sum(gaps)
    return 1.0 if total == 0 else max(0.0, min(1.0, 1 - sum(left) / total))


def _foremost(matches: Sequence[Match]) -> list[Match]:
    """Of the best rank; exact ones before near ones, this layer's own faults before general ones."""
    rank = min(match.rank for match in matches)
    best = [match for match in matches if match.rank == rank]
    sharpest = min(match.residual for match in best)
    if sharpest <= 1e-11:
        best = [match for match in best if match.residual <= 1e-9]
    for better in (_is_zeros, _is_own, _is_plain):
        if any(better(match) for match in best):
            best = [match for match in best if better(match)]
    best.sort(key=lambda match: (_standing(match), match.order))
    first: dict[str, Match] = {}
    for match in best:
        first.setdefault(match.fault, match)
    return list(first.values())[:3]


def _standing(match: Match) -> int:
    """A formula of this layer says more than a factor, a factor more than a formula of any layer."""
    return 1 if match.hypothesis is None else 2 if match.general else 0


def _is_zeros(match: Match) -> bool:
    return match.fault in ZEROS


def _is_own(match: Match) -> bool:
    return not match.general


def _is_plain(match: Match) -> bool:
    return match.fault not in VAGUE
