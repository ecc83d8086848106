"""A result as a short sum of the layer's own terms: what the submission seems to compute, read back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from grader.diagnose.bases import basis
from grader.diagnose.fit import ROUNDING_COARSE, Case, Floats, allowed, deviation

MOST_TERMS = 3
MOST_TERMS_COARSE = 2  # where float32 hides the digits that tell three terms apart
SPARE = 4  # elements per coefficient, and as many again, before a fit is believed
DROWNING = 1e5  # a term so much larger than the result that rounding hides what the coefficient is
SCREEN = 1e-6  # of the summed squares: what a Gram matrix can resolve


@dataclass(frozen=True)
class Stack:
    """All cases as one problem: terms as columns."""

    names: tuple[str, ...]
    columns: Floats  # (M, K)
    got: Floats  # (M,)
    allowed: Floats  # (M,) what may remain


def read_back(target: str, cases: Sequence[Case]) -> str:
    """The shortest sum of terms, with the same coefficients in every probe, that is what came back; "" if none."""
    gap = max(deviation(case.got, case.want, case.judged) / case.scale for case in cases)
    for fine in (True, False) if gap > 100 * ROUNDING_COARSE else (True,):
        stack = _stack(target, cases, fine=fine)
        if stack is None:
            return ""
        for count in range(1, (MOST_TERMS if fine else MOST_TERMS_COARSE) + 1):
            found = _best(stack, count)
            if found is not None:
                places, coefficients = found
                return _words([stack.names[place] for place in places], coefficients)
    return ""


def _stack(target: str, cases: Sequence[Case], *, fine: bool) -> Stack | None:
    names: tuple[str, ...] = ()
    columns, gots, limits = [], [], []
    drowned = 0
    for case in cases:
        if not case.same_shape or not np.all(np.isfinite(case.got)):
            return None
        try:
            terms = basis(target, case.observation)
        except (LookupError, ValueError, TypeError, ArithmeticError):
            return None
        if not terms:
            return None
        names = tuple(terms)
        rows = [np.broadcast_to(term, case.got.shape).ravel() for term in terms.values()]
        keep = np.ones(case.got.size, dtype=bool) if case.judged is None else case.judged.ravel()
        matrix = np.stack(rows, axis=1)[keep] / case.scale
        if not np.all(np.abs(matrix) < DROWNING):
            drowned += 1
            continue
        columns.append(matrix)
        gots.append(case.got.ravel()[keep] / case.scale)
        limit = allowed(case, fine=True) if fine else ROUNDING_COARSE
        limits.append(np.full(int(keep.sum()), limit))
    if len(columns) <= drowned:
        return None
    stack = Stack(names, np.concatenate(columns), np.concatenate(gots), np.concatenate(limits))
    return stack if stack.got.size >= 2 * SPARE else None


def _best(stack: Stack, count: int) -> tuple[tuple[int, ...], Floats] | None:
    """The places and coefficients of the first subset of this size that explains everything."""
    if stack.got.size < SPARE * (count + 1):
        return None
    used = [k for k in range(len(stack.names)) if np.any(stack.columns[:, k])]
    subsets = np.array(list(combinations(used, count)))
    if subsets.size == 0:
        return None
    norms = np.linalg.norm(stack.columns, axis=0)
    scaled = stack.columns / np.where(norms > 0, norms, 1.0)
    gram, against = scaled.T @ scaled, scaled.T @ stack.got
    grams = gram[subsets[:, :, None], subsets[:, None, :]]
    sides = against[subsets]
    solved = (np.linalg.pinv(grams, rcond=1e-10, hermitian=True) @ sides[:, :, None])[:, :, 0]
    power = float(stack.got @ stack.got)
    left = power - (solved * sides).sum(axis=1)
    for index in np.flatnonzero(left <= SCREEN * power):
        places = tuple(int(k) for k in subsets[index])
        chosen = stack.columns[:, places]
        coefficients, *_ = np.linalg.lstsq(chosen, stack.got, rcond=None)
        if np.all(np.abs(chosen @ coefficients - stack.got) <= stack.allowed):
            return places, np.asarray(coefficients, dtype=np.float64)
    return None


def _words(names: Sequence[str], coefficients: Floats) -> str:
    """ "y dout - 2 y² dout"."""
    parts = []
    for name, value in zip(names, coefficients, strict=True):
        size = abs(float(value))
        factor = "" if abs(size - 1) < 1e-4 else f"{size:.4g} "
        sign = "-" if value < 0 else "+"
        parts.append(f"{sign} {factor}{name}")
    joined = " ".join(parts)
    return joined.removeprefix("+ ").replace("- ", "-", 1) if joined.startswith("- ") else joined[2:]
