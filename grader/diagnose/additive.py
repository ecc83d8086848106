"""The truth plus a multiple of something else: weight decay, an offset, a parameter already updated."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from grader.diagnose.fit import ROUNDING_COARSE, TIGHT, Case, Floats, as_floats
from grader.diagnose.hypothesis import OUTPUT
from grader.diagnose.wording import diagnosis
from grader.model import Diagnosis

Base = Callable[[str, Case], tuple[object, object]]  # what is fixed, what is fitted


def _decayed(target: str, case: Case) -> tuple[object, object]:
    return case.want, case.observation.tensors.get(target)


def _shifted(_: str, case: Case) -> tuple[object, object]:
    return case.want, np.ones_like(case.want)


def _updated(target: str, case: Case) -> tuple[object, object]:
    return case.observation.tensors.get(target), case.want


def _with_upstream(_: str, case: Case) -> tuple[object, object]:
    return case.want, case.observation.cotangent


def _with_output(_: str, case: Case) -> tuple[object, object]:
    return case.want, case.observation.output_want


TERMS: tuple[tuple[str, str, Base], ...] = (
    ("G137", "F137", _decayed),
    ("G138", "", _updated),
    ("G144", "F144", _shifted),
    ("G159", "", _with_upstream),
    ("G160", "", _with_output),
)


def diagnose(target: str, cases: Sequence[Case]) -> list[Diagnosis]:
    """The first sum of two terms that explains every probe with one coefficient."""
    for gradient_fault, forward_fault, base in TERMS:
        fault = forward_fault if target == OUTPUT else gradient_fault
        name = "x" if target == OUTPUT else target
        if not fault or (name == "x" and base is _decayed and target != OUTPUT):
            continue
        coefficient = _coefficient(name, base, cases, TIGHT)
        if coefficient is None:
            coefficient = _coefficient(name, base, cases, ROUNDING_COARSE)
        if coefficient is not None:
            return [diagnosis(fault, target, note=f"coefficient {coefficient:.4g}", explains=1.0)]
    return []


def _coefficient(target: str, base: Base, cases: Sequence[Case], tolerance: float) -> float | None:
    """The coefficient that fits in every probe, or None."""
    found: list[float] = []
    for case in cases:
        fixed, fitted = (as_floats(value) for value in base(target, case))
        if fixed is None or fitted is None or fixed.shape != case.got.shape or fitted.shape != case.got.shape:
            return None
        if not np.any(fitted):
            if float(np.max(np.abs(case.got - fixed))) > tolerance * case.scale:
                return None
            continue
        coefficient = _fit_one(case.got - fixed, fitted, tolerance * case.scale)
        if coefficient is None:
            return None
        found.append(coefficient)
    if not found:
        return None
    middle = float(np.median(found))
    steady = max(abs(value - middle) for value in found) <= (1e-5 if tolerance == TIGHT else 1e-2) * abs(
        middle
    )
    enough = sum(case.got.size for case in cases) > 4
    return middle if steady and enough and abs(middle) > 100 * tolerance else None


def _fit_one(difference: Floats, fitted: Floats, limit: float) -> float | None:
    power = float(np.vdot(fitted, fitted))
    if power == 0 or not np.all(np.isfinite(difference)):
        return None
    coefficient = float(np.vdot(fitted, difference)) / power
    left = float(np.max(np.abs(difference - coefficient * fitted)))
    return coefficient if left <= limit else None
