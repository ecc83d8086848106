"""What is wrong with the optimizer that a script follows, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from grader import diagnose
from grader.checks.support import named
from grader.model import Diagnosis
from grader.rubric.scripts import ScriptOptimizer


def faults_of_updates(
    optimizer: ScriptOptimizer | None, draws: Sequence[Mapping[str, Any]], got: Sequence[Mapping[str, Any]]
) -> tuple[Diagnosis, ...]:
    """The faults that explain every path; none where the rubric names no optimizer, or the paths are no arrays."""
    if optimizer is None:
        return ()
    try:
        runs = [_run(optimizer, given, one) for given, one in zip(draws, got, strict=True)]
    except (KeyError, TypeError, ValueError):
        return ()
    return tuple(named(lambda: diagnose.diagnose_updates(optimizer.name, runs)))


def _run(optimizer: ScriptOptimizer, given: Mapping[str, Any], came: Mapping[str, Any]) -> diagnose.Updates:
    start = np.asarray(given[optimizer.start], np.float64)
    path = [np.asarray(place) for place in came[optimizer.path]]
    if any(place.shape != start.shape or place.dtype.kind != "f" for place in path):
        raise ValueError("a place on the path has another shape than the start")
    grads = [np.asarray(grad, np.float64) for grad in given[optimizer.grads]]
    return diagnose.Updates(start, grads, optimizer.options, path)
