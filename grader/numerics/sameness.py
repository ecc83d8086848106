"""Whether two answers to one question are the same."""

from __future__ import annotations

import numpy as np

from grader.numerics.subject import Array, Outcome

_SAME = 1e-5  # of the largest value: differences below are rounding in another order


def same(left: Array | None, right: Array | None) -> bool:
    """Whether two answers to one question are the same up to rounding."""
    if left is None or right is None:
        return left is right
    if left.shape != right.shape:
        return False
    if left.tobytes() == right.tobytes():
        return True
    with np.errstate(invalid="ignore"):
        equal = (left == right) | (np.isnan(left) & np.isnan(right))
        error = np.where(equal, 0.0, np.abs(left - right))
        return bool(np.all(error <= _SAME * np.max(np.abs(np.where(np.isfinite(left), left, 0.0)))))


def same_outcome(left: Outcome, right: Outcome) -> bool:
    """Whether output and all gradients are the same up to rounding."""
    names = {*left.grads, *right.grads}
    return same(left.output, right.output) and all(
        same(left.grads.get(name), right.grads.get(name)) for name in names
    )


def doubled(first: Array | None, again: Array | None) -> bool:
    """Whether the second answer is twice the first."""
    return (
        first is not None
        and again is not None
        and bool(np.any(first))
        and not same(first, again)
        and same(2.0 * first, again)
    )


def differs(left: Outcome, right: Outcome) -> str:
    """The first name whose values differ."""
    if not same(left.output, right.output):
        return "output"
    names = {**left.grads, **right.grads}
    return next((name for name in names if not same(left.grads.get(name), right.grads.get(name))), "")
