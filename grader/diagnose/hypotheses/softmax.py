"""Faults of the softmax's backward."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from grader.diagnose.hypothesis import Hypothesis, Predict
from grader.diagnose.observation import Array, Observation
from grader.diagnose.variants.point import Floats, tensor, upstream
from grader.diagnose.variants.softmax import softmax

Formula = Callable[[Floats, Floats, Floats], Floats | None]  # y, dout, x

SOFTMAX_LAYER = ("softmax",)
X = ("x",)


def formula(compute: Formula) -> Predict:
    """Predicts a formula of the output y, dout and the input x, each (N, C)."""

    def predict(observation: Observation, _: str) -> Array | None:
        x = tensor(observation, "x")
        return compute(softmax(x), upstream(observation), x)

    return predict


def _sum(a: Floats) -> Floats:
    return np.asarray(a.sum(axis=-1, keepdims=True))


def _jacobian(y: Floats, dout: Floats) -> Floats:
    """The right product, for a wrong y or dout."""
    return y * (dout - _sum(dout * y))


def _mean_jacobian(y: Floats, dout: Floats, _: Floats) -> Floats | None:
    """One Jacobian, the batch's mean, for all rows."""
    if y.ndim != 2:
        return None
    mean = np.mean([np.diag(row) - np.outer(row, row) for row in y], axis=0)
    return np.asarray(dout @ mean)


def _first_jacobian(y: Floats, dout: Floats, _: Floats) -> Floats | None:
    if y.ndim != 2:
        return None
    return np.asarray(dout @ (np.diag(y[0]) - np.outer(y[0], y[0])))


def _hyp(fault: str, compute: Formula, note: str = "") -> Hypothesis:
    return Hypothesis(fault, formula(compute), SOFTMAX_LAYER, X, note)


SOFTMAX: tuple[Hypothesis, ...] = (
    _hyp("G401", lambda y, dout, x: dout * y * (1 - y)),
    _hyp("G404", lambda y, dout, x: dout * y),
    _hyp("G402", lambda y, dout, x: y * (dout - (dout * y).sum(axis=0, keepdims=True))),
    _hyp("G403", lambda y, dout, x: y * (dout - (dout * y).sum())),
    _hyp("G405", lambda y, dout, x: y * (dout - _sum(dout)), "the sum of dout alone"),
    _hyp("G405", lambda y, dout, x: y * (dout - _sum(y)), "the sum of y alone"),
    _hyp("G405", lambda y, dout, x: y * (dout - y), "y in place of the sum"),
    _hyp("G405", lambda y, dout, x: y * (dout - _sum(y * y)), "the sum of y²"),
    _hyp("G406", lambda y, dout, x: dout - _sum(dout * y)),
    _hyp("G407", lambda y, dout, x: y * (dout + _sum(dout * y))),
    _hyp("G408", lambda y, dout, x: y * (dout - (dout * y).mean(axis=-1, keepdims=True))),
    _hyp("G408", lambda y, dout, x: y * (dout - (dout * y).max(-1, keepdims=True)), "it takes the maximum"),
    _hyp("G409", lambda y, dout, x: -y * _sum(dout * y), "the diagonal is missing"),
    _hyp("G409", lambda y, dout, x: y * y * dout - y * _sum(dout * y), "the diagonal is zero"),
    _hyp("G409", lambda y, dout, x: dout * y * (1 - y) + y * (_sum(dout * y) - dout * y), "its sign"),
    _hyp("G411", lambda y, dout, x: x * (dout - _sum(dout * x)), "in every place"),
    _hyp("G411", lambda y, dout, x: y * (dout - _sum(dout * x)), "in the sum"),
    _hyp("G411", lambda y, dout, x: x * (dout - _sum(dout * y)), "in front"),
    _hyp("G411", lambda y, dout, x: x * (1 - x) * dout, "and the diagonal alone"),
    _hyp("G413", lambda y, dout, x: _jacobian(softmax(y), dout)),
    _hyp("G414", _mean_jacobian, "the mean over the batch"),
    _hyp("G414", _first_jacobian, "the first row's"),
    _hyp("G416", lambda y, dout, x: dout - y * _sum(dout)),
    _hyp("G417", lambda y, dout, x: _jacobian(softmax(x, axis=0), dout), "axis 0"),
    _hyp("G417", lambda y, dout, x: softmax(x, 0) * (dout - (dout * softmax(x, 0)).sum(0)), "axis 0"),
    _hyp("G417", lambda y, dout, x: _jacobian(softmax(x, axis=None), dout), "everything"),
    _hyp("G418", lambda y, dout, x: dout - y * _sum(dout * y), "y in front is missing in one term"),
    _hyp("G418", lambda y, dout, x: dout * y - y * y * _sum(dout), "sum over dout alone, y twice"),
    _hyp("G418", lambda y, dout, x: y * dout - y * y * dout * y.shape[-1], "C times"),
    _hyp("G418", lambda y, dout, x: dout * y - _sum(dout * y), "y in front of the sum is missing"),
    _hyp("G418", lambda y, dout, x: y * dout - y**2 * _sum(dout * y), "y twice in front of the sum"),
    _hyp("G419", lambda y, dout, x: y * y * (dout - _sum(dout * y)), "twice"),
    _hyp("G415", lambda y, dout, x: y - dout),
    _hyp("G415", lambda y, dout, x: y * (1 - y), "the cotangent is missing"),
    _hyp("G415", lambda y, dout, x: (y - dout) / len(y), "over N"),
    _hyp("G420", lambda y, dout, x: _jacobian(np.exp(x), dout)),
    _hyp("G420", lambda y, dout, x: _jacobian(np.exp(x - x.max(-1, keepdims=True)), dout), "shifted"),
    _hyp("G420", lambda y, dout, x: np.exp(x) * dout, "and without the sum"),
)
