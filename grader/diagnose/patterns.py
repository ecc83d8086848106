"""What the wrong elements have in common, where no formula explains them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from grader.diagnose.fit import Case, is_tame
from grader.diagnose.hypothesis import OUTPUT
from grader.diagnose.search import Match, Rank
from grader.diagnose.variants.point import indices
from grader.diagnose.wording import described, diagnosis, diagnosis_of
from grader.model import Diagnosis

Mask = NDArray[np.bool_]
Inner = Callable[[Sequence[Case]], Match | None]

OFF = 3e-6  # of the largest element: clearly wrong
HALF = 0.02  # of the largest element: what float16 leaves of a sum
GATES = ("the input gate", "the forget gate", "the candidate", "the output gate")
FEW = 0.34  # the largest share of elements that "single elements" may be


def wrong_elements(case: Case) -> Mask:
    """Mask of the elements that are off."""
    with np.errstate(invalid="ignore"):
        off = np.abs(case.got - case.want) > OFF * case.scale
    off |= np.isfinite(case.got) != np.isfinite(case.want)
    if case.judged is not None and case.judged.shape == off.shape:
        off &= case.judged
    return np.asarray(off)


def diagnose(target: str, cases: Sequence[Case], inner: Inner) -> list[Diagnosis]:
    """The most telling pattern, or none.

    Args:
        target: a tensor or OUTPUT.
        cases: all comparisons.
        inner: finds an explanation of some cases alone.
    """
    forward = target == OUTPUT
    if any(not case.same_shape for case in cases):
        return [_shape(target, cases, forward)]
    wrong = [case for case in cases if case.wrong]
    if _small(wrong):
        return [diagnosis("F128" if forward else "G128", target, certain=False)]
    if _in_half(wrong):
        return [diagnosis("F128" if forward else "G128", target, note="float16")]
    for find in (_overflow, _one_place, _by_gate, _by_region, _by_place, _by_probe):
        found = find(target, cases, inner)
        if found:
            return found
    return []


def _shape(target: str, cases: Sequence[Case], forward: bool) -> Diagnosis:
    case = next(case for case in cases if not case.same_shape)
    note = f"{case.got.shape}, expected {case.want.shape}"
    return diagnosis("F149" if forward else "G149", target, note=note, certain=False)


def _small(wrong: Sequence[Case]) -> bool:
    """Are all differences what float32 would leave?"""
    with np.errstate(invalid="ignore"):
        gaps = [float(np.max(np.abs(case.got - case.want))) / case.scale for case in wrong]
    return all(1e-9 < gap < 3e-6 for gap in gaps) and len(gaps) > 0


def _in_half(wrong: Sequence[Case]) -> bool:
    """Is all that is off a number of float16, close to the right one?"""
    with np.errstate(all="ignore"):
        exact = [np.array_equal(case.got, case.got.astype(np.float16)) for case in wrong]
        gaps = [float(np.max(np.abs(case.got - case.want))) / case.scale for case in wrong]
    return all(exact) and all(gap < HALF for gap in gaps) and len(gaps) > 0


def _overflow(target: str, cases: Sequence[Case], _: Inner) -> list[Diagnosis]:
    """Right at ordinary points, NaN or infinite elsewhere; large values may lose digits before they overflow."""
    broken = [case for case in cases if not np.all(np.isfinite(case.got))]
    if not broken:
        return []
    for case in cases:
        finite = np.isfinite(case.got)
        if is_tame(case) and np.any(wrong_elements(case) & finite):
            return []
    if not any(is_tame(case) for case in cases):
        return []
    kind = "NaN" if any(np.any(np.isnan(case.got)) for case in broken) else "infinity"
    fault = "F105" if target == OUTPUT else "G154"
    return [diagnosis(fault, target, note=f"{kind} in probe {broken[0].observation.probe!r}")]


def _by_region(target: str, cases: Sequence[Case], inner: Inner) -> list[Diagnosis]:
    """Wrong in one region of the input alone, and everywhere right outside it."""
    for fault, forward_fault, region in REGIONS:
        masks = [region(case) for case in cases]
        if any(mask is None for mask in masks):
            continue
        pairs = [(case, mask) for case, mask in zip(cases, masks, strict=True) if mask is not None]
        inside = [np.any(mask) for _, mask in pairs]
        outside = [np.any(~mask) for _, mask in pairs]
        if not any(inside) or not any(outside):
            continue
        if all(not np.any(wrong_elements(case) & ~mask) for case, mask in pairs):
            note = _inside(pairs) or _inner_words(target, inner, pairs)
            chosen = forward_fault if target == OUTPUT else fault
            return [diagnosis(chosen, target, note=note, certain=False)]
    return []


def _inside(pairs: Sequence[tuple[Case, Mask]]) -> str:
    """What the elements inside the region are: zero, a multiple of the truth."""
    got = np.concatenate([case.got[mask] for case, mask in pairs])
    want = np.concatenate([case.want[mask] for case, mask in pairs])
    if not np.all(np.isfinite(got)):
        return "there not finite"
    if np.all(got == 0):
        return "there always 0"
    power = float(np.vdot(want, want))
    factor = float(np.vdot(want, got)) / power if power else 0.0
    if float(np.max(np.abs(got - factor * want))) <= OFF * float(np.max(np.abs(got))):
        return f"there {factor:.4g} times the right value"
    if float(np.ptp(got)) <= OFF * float(np.max(np.abs(got))):
        return f"there always {got[0]:.4g}"
    return ""


def _inner_words(target: str, inner: Inner, pairs: Sequence[tuple[Case, Mask]]) -> str:
    """An explanation of the elements inside the region alone."""
    cases = [replace(case, judged=mask) for case, mask in pairs if np.any(mask)]
    match = inner(cases)
    return f"there: {described(target, match)}" if match is not None and match.rank <= Rank.CONSTANT else ""


def telling_region(target: str, cases: Sequence[Case]) -> str:
    """G125 or G126 (F125, F126) where all wrong elements have negative or positive input; "" otherwise."""
    if any(not case.same_shape for case in cases):
        return ""
    for fault, forward_fault, region in REGIONS:
        if fault not in ("G125", "G126"):
            continue
        masks = [region(case) for case in cases]
        if all(mask is None or mask.all() for mask in masks):
            continue
        if all(
            mask is not None and not np.any(wrong_elements(case) & ~mask)
            for case, mask in zip(cases, masks, strict=True)
        ):
            return forward_fault if target == OUTPUT else fault
    return ""


def _same_shape_input(case: Case) -> NDArray[np.float64] | None:
    x = case.observation.tensors.get("x")
    if x is None or np.shape(x) != case.got.shape or case.got.ndim == 0:
        return None
    return np.asarray(x, dtype=np.float64)


def _negative(case: Case) -> Mask | None:
    x = _same_shape_input(case)
    return None if x is None else x <= 0


def _positive(case: Case) -> Mask | None:
    x = _same_shape_input(case)
    return None if x is None else x >= 0


def _zero(case: Case) -> Mask | None:
    x = _same_shape_input(case)
    return None if x is None else x == 0


def _large(case: Case) -> Mask | None:
    x = _same_shape_input(case)
    return None if x is None else np.abs(x) > 1


def _label(case: Case) -> Mask | None:
    x = _same_shape_input(case)
    if x is None or x.ndim != 2 or "labels" not in case.observation.constants:
        return None
    mask = np.zeros(x.shape, dtype=bool)
    mask[np.arange(len(x)), indices(case.observation, "labels")] = True
    return mask


def _not_label(case: Case) -> Mask | None:
    mask = _label(case)
    return None if mask is None else ~mask


def _first_row(case: Case) -> Mask | None:
    return _slab(case, 0, 0)


def _last_row(case: Case) -> Mask | None:
    return _slab(case, 0, -1)


def _first_column(case: Case) -> Mask | None:
    return _slab(case, -1, 0)


def _last_column(case: Case) -> Mask | None:
    return _slab(case, -1, -1)


def _slab(case: Case, axis: int, place: int) -> Mask | None:
    if case.got.ndim == 0 or (axis == -1 and case.got.ndim < 2):
        return None
    mask = np.zeros(case.got.shape, dtype=bool)
    np.moveaxis(mask, axis, 0)[place] = True
    return mask


REGIONS: tuple[tuple[str, str, Callable[[Case], Mask | None]], ...] = (
    ("G155", "F155", _zero),
    ("G125", "F125", _negative),
    ("G126", "F126", _positive),
    ("G161", "F161", _label),
    ("G162", "F162", _not_label),
    ("G123", "F123", _last_row),
    ("G123", "F123", _first_row),
    ("G124", "F124", _last_column),
    ("G124", "F124", _first_column),
    ("G129", "F129", _large),
)


def _one_place(target: str, cases: Sequence[Case], _: Inner) -> list[Diagnosis]:
    """The same single element is wrong in every probe."""
    wrong = [wrong_elements(case) for case in cases if case.wrong and case.got.size >= 4]
    if not wrong or any(off.sum() != 1 for off in wrong):
        return []
    places = {tuple(int(i) for i in np.argwhere(off)[0]) for off in wrong}
    if len(places) > 1:
        return []
    fault = "F122" if target == OUTPUT else "G122"
    return [diagnosis(fault, target, note=f"at {places.pop()}", certain=False)]


def _by_place(target: str, cases: Sequence[Case], _: Inner) -> list[Diagnosis]:
    """One element, one row or one column is wrong, the rest right."""
    wrong = [(case, wrong_elements(case)) for case in cases if case.wrong]
    large = [(case, off) for case, off in wrong if off.size >= 4]
    if not large or any(not off.any() for _, off in large):
        return []
    forward = target == OUTPUT
    for axis, fault in ((0, "123"), (-1, "124")):
        if all(_in_one_slab(off, axis) for _, off in large):
            return [diagnosis(("F" if forward else "G") + fault, target, certain=False)]
    if all(off.mean() <= FEW for _, off in large):
        return [diagnosis("F122" if forward else "G122", target, certain=False)]
    return []


def _by_gate(target: str, cases: Sequence[Case], _: Inner) -> list[Diagnosis]:
    """The rows of one gate of an LSTM are wrong, the others right."""
    if cases[0].observation.layer == "lstm_cell" and target == OUTPUT:
        off = np.array([wrong_elements(case).reshape(2, -1).any(axis=1) for case in cases if case.wrong])
        if not off[:, 0].any() or not off[:, 1].any():
            return [
                diagnosis("F456", target, note="the hidden state" if off[:, 0].any() else "the cell state")
            ]
        return []
    if cases[0].observation.layer != "lstm_cell" or not target.startswith(("weight", "bias")):
        return []
    wrong = [wrong_elements(case) for case in cases if case.wrong and case.got.shape[0] % 4 == 0]
    found = {tuple(bool(part.any()) for part in np.split(off, 4)) for off in wrong}
    for place, gate in enumerate(GATES):
        if found == {tuple(i == place for i in range(4))}:
            return [diagnosis("G650", target, note=gate)]
    return []


def _in_one_slab(off: Mask, axis: int) -> bool:
    if off.ndim < 2 or off.shape[axis] < 2:
        return False
    moved = np.moveaxis(off, axis, 0).reshape(off.shape[axis], -1)
    return int(moved.any(axis=1).sum()) == 1


def _by_probe(target: str, cases: Sequence[Case], inner: Inner) -> list[Diagnosis]:
    """Right in all probes of one kind, wrong in all others."""
    wrong = [case for case in cases if case.wrong]
    right = [case for case in cases if not case.wrong]
    if not right:
        return []
    forward = target == OUTPUT
    match = inner(wrong)
    note = f"there: {described(target, match)}" if match is not None else ""
    if (
        all(_rows(case) == 1 for case in right)
        and any(np.any(case.want) for case in right)
        and all(_rows(case) > 1 for case in wrong)
    ):
        return [diagnosis("F127" if forward else "G127", target, note=note, certain=False)]
    if all(_rows(case) == 1 for case in wrong) and all(_rows(case) > 1 for case in right):
        return [diagnosis("F163" if forward else "G163", target, note=note, certain=False)]
    option = _telling_option(right, wrong)
    if not option:
        return []
    pattern = diagnosis("F164" if forward else "G164", target, note=option, certain=False)
    if match is None or match.rank > Rank.SIMPLE_PAIR:
        return [pattern]
    named = diagnosis_of(target, match, certain=False)
    return [named.model_copy(update={"title": f"{named.title}; {option}"}), pattern]


def _rows(case: Case) -> int:
    shape = np.shape(case.observation.tensors.get("x", case.want))
    return shape[0] if shape else 1


def _telling_option(right: Sequence[Case], wrong: Sequence[Case]) -> str:
    """An option whose one value all right probes share and no wrong one has."""
    names = {name for case in (*right, *wrong) for name in case.observation.options}
    for name in sorted(names):
        good = {repr(case.observation.options.get(name)) for case in right}
        bad = {repr(case.observation.options.get(name)) for case in wrong}
        if len(good) == 1 and not good & bad:
            return f"right where {name} is {good.pop()}"
    return ""
