"""Naming the fault of an optimizer: which wrong update leads along the path that came."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from grader.diagnose.hypotheses.updates import ADAM, SGD
from grader.diagnose.hypothesis import OUTPUT
from grader.diagnose.variants.point import Floats
from grader.diagnose.variants.updates import adam_path, sgd_path
from grader.diagnose.wording import diagnosis
from grader.model import Diagnosis

FINE, COARSE = 1e-8, 1e-4  # of the largest step: float64, float32
MOST = 3  # diagnoses


Walk = Callable[[Floats, Sequence[Floats], Mapping[str, object]], list[Floats]]


@dataclass(frozen=True)
class Updates:
    """One parameter on its way along given gradients.

    Args:
        start: the parameter before the first step, any shape.
        grads: one gradient per step, in its shape.
        options: of the reference's optimizer: ``{"lr": 0.1, "momentum": 0.9}``.
        path: the parameter after each step, as the submission has it.
    """

    start: Floats
    grads: Sequence[Floats]
    options: Mapping[str, object]
    path: Sequence[Floats]


def diagnose_updates(optimizer: str, runs: Sequence[Updates]) -> list[Diagnosis]:
    """Names what is wrong with an optimizer.

    Args:
        optimizer: "sgd" or "adam".
        runs: from several starts and with several options, the right ones included: what two faults make of one run
            alone may be the same.

    Returns:
        the best explanation first; more than one, none of them certain, where the runs do not tell them apart; empty
        where nothing is wrong, or nothing was recognised.

    Raises:
        KeyError: no such optimizer.
    """
    right, wrong = _PATHS[optimizer]
    runs = [run for run in runs if run.path]
    with np.errstate(all="ignore"):
        due = [right(run.start, run.grads, run.options) for run in runs]
        single = any(np.asarray(place).dtype == np.float32 for run in runs for place in run.path)
        tolerance = COARSE if single else FINE
        if all(_same(run, path, path, tolerance) for run, path in zip(runs, due, strict=True)):
            return []
        found = dict(_explaining(wrong, runs, due, tolerance))
    told = any(np.isfinite(place).any() for run in runs for place in run.path)  # else many things make it so
    return [
        diagnosis(fault, OUTPUT, note=note, explains=1.0, certain=told and len(found) == 1)
        for fault, note in list(found.items())[:MOST]
    ]


def _explaining(
    wrong: Sequence[tuple[str, str, Walk]],
    runs: Sequence[Updates],
    due: Sequence[list[Floats]],
    tolerance: float,
) -> Iterator[tuple[str, str]]:
    """Faults that lead along every path; of several forms of one fault the first."""
    seen: set[str] = set()
    for fault, note, walk in wrong:
        if fault in seen:
            continue
        if all(
            _same(run, walk(run.start, run.grads, run.options), path, tolerance)
            for run, path in zip(runs, due, strict=True)
        ):
            seen.add(fault)
            yield fault, note


def _same(run: Updates, path: Sequence[Floats], due: Sequence[Floats], tolerance: float) -> bool:
    """Whether a path is the one that came, beside the steps that are due."""
    if len(path) != len(run.path):
        return False
    places = [run.start, *due]
    step = max(float(np.abs(b - a).max(initial=0.0)) for a, b in itertools.pairwise(places))
    for got, wanted in zip(run.path, path, strict=True):
        if np.shape(got) != np.shape(wanted):
            return False
        allowed = tolerance * np.maximum(step, np.abs(wanted))
        if not np.all(
            (np.abs(got - wanted) <= allowed) | (np.isnan(got) & np.isnan(wanted)) | (got == wanted)
        ):
            return False
    return True


_PATHS: dict[str, tuple[Walk, list[tuple[str, str, Walk]]]] = {
    "sgd": (sgd_path, [(fault, note, partial(sgd_path, how=how)) for fault, note, how in SGD]),
    "adam": (adam_path, [(fault, note, partial(adam_path, how=how)) for fault, note, how in ADAM]),
}
