"""The comparisons behind a verdict on a gradient, and excerpts of the arrays around the worst element."""

from __future__ import annotations

import numpy as np

from grader.checks.support import evidence_of
from grader.model import Evidence, Matrix
from grader.numerics import Against, Array, GradientReport, Judgement, TensorVerdict

SIDE = 16  # rows and columns of an excerpt


def shown(report: GradientReport, verdict: TensorVerdict) -> list[Evidence]:
    """The worst comparison with each truth, with excerpts of got and want."""
    found = []
    for against, label in (
        (Against.REFERENCE, "the reference"),
        (Against.OWN_FORWARD, "finite differences of its own forward"),
    ):
        items = [e for e in verdict.evidence if e.against is against]
        bad = [e for e in items if e.judgement is Judgement.INCONSISTENT]
        if not items:
            continue
        item = (bad or items)[0]
        evidence = evidence_of(
            f"gradient of {verdict.tensor} against {label}",
            item.comparison,
            probe=item.probe,
            tensor=verdict.tensor,
        )
        got, want = (
            _excerpts(report, verdict.tensor, item.probe, item.comparison.worst_index)
            if bad and against is Against.REFERENCE
            else (None, None)
        )
        agreed = item.judgement is not Judgement.INCONSISTENT
        found.append(evidence.model_copy(update={"agreed": agreed, "got_matrix": got, "want_matrix": want}))
    return found


def agreeing(report: GradientReport, verdict: TensorVerdict) -> Evidence:
    """One line for a gradient that is right."""
    count = len({record.probe for record in report.records})
    return Evidence(
        what=f"gradient of {verdict.tensor} against the reference and finite differences",
        agreed=True,
        detail=f"right at {count} kinds of points ({report.forward_calls} forward calls)",
        tensor=verdict.tensor,
    )


def _excerpts(
    report: GradientReport, tensor: str, probe: str, worst: tuple[int, ...] | None
) -> tuple[Matrix | None, Matrix | None]:
    for record in report.records:
        got, want = record.grads_got.get(tensor), record.grads_want.get(tensor)
        if record.probe == probe and got is not None and want is not None and got.ndim in (1, 2):
            place = worst if got.shape == want.shape else None
            return excerpt(got, place), excerpt(want, place)
    return None, None


def excerpt(array: Array, worst: tuple[int, ...] | None = None) -> Matrix | None:
    """The part of a vector or matrix that holds an element, at most 16 x 16; ``None`` if it holds no numbers.

    Args:
        array: (C,) or (R, C).
        worst: the index of the element; by default the excerpt begins at the first one.
    """
    if array.size == 0 or array.dtype.kind not in "fiu":
        return None
    rows = np.atleast_2d(array)
    place = (0, 0, *worst)[-2:] if worst else (0, 0)
    top, left = (
        max(0, min(index - SIDE // 2, size - SIDE)) for index, size in zip(place, rows.shape, strict=True)
    )
    part = rows[top : top + SIDE, left : left + SIDE]
    values = tuple(tuple(float(value) for value in row) for row in part)
    return Matrix(shape=array.shape, rows=values, origin=(top, left)[-max(array.ndim, 1) :])
