"""Faults of the linear layer's backward."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from grader.diagnose.hypothesis import Hypothesis, Predict
from grader.diagnose.observation import Array, Observation
from grader.diagnose.variants.linear import linear_output, rows
from grader.diagnose.variants.point import Floats, tensor, upstream

Formula = Callable[[Floats, Floats, Floats, Floats], Floats | None]  # dout, x, weight, bias


def formula(compute: Formula) -> Predict:
    """Predicts a formula of dout (N, C), x (N, D), weight (C, D) and bias (C,)."""

    def predict(observation: Observation, _: str) -> Array | None:
        dout, x = rows(upstream(observation)), rows(tensor(observation, "x"))
        try:
            return compute(dout, x, tensor(observation, "weight"), tensor(observation, "bias"))
        except ValueError:
            return None

    return predict


def _with_output(observation: Observation, _: str) -> Array | None:
    """The output in place of the input in the weight gradient."""
    dout = rows(upstream(observation))
    out = rows(linear_output(observation))
    return dout.T @ out


def _inverse(dout: Floats, _: Floats, weight: Floats, __: Floats) -> Floats | None:
    return np.asarray(dout @ np.linalg.pinv(weight).T) if weight.size <= LARGEST_INVERTED else None


def _reshaped(dout: Floats, x: Floats, weight: Floats, _: Floats) -> Floats | None:
    return (x.T @ dout).reshape(weight.shape)


LARGEST_INVERTED = 4096  # elements: a pseudo-inverse of more takes too long
WEIGHT = ("weight",)
BIAS = ("bias",)
INPUT = ("x",)
LINEAR_LAYER = ("linear",)

LINEAR: tuple[Hypothesis, ...] = (
    Hypothesis("G201", formula(lambda dout, x, w, b: x.T @ dout), LINEAR_LAYER, WEIGHT),
    Hypothesis("G202", formula(lambda dout, x, w, b: dout @ w.T), LINEAR_LAYER, INPUT),
    Hypothesis("G202", formula(lambda dout, x, w, b: (dout @ w).T), LINEAR_LAYER, INPUT, "and the result"),
    Hypothesis("G203", formula(lambda dout, x, w, b: dout.sum(axis=1)), LINEAR_LAYER, BIAS),
    Hypothesis("G203", formula(lambda dout, x, w, b: dout.mean(axis=1)), LINEAR_LAYER, BIAS, "and averaged"),
    Hypothesis("G209", formula(lambda dout, x, w, b: np.full(b.shape, dout.sum())), LINEAR_LAYER, BIAS),
    Hypothesis("G209", formula(lambda dout, x, w, b: dout.sum()), LINEAR_LAYER, BIAS),
    Hypothesis("G209", formula(lambda dout, x, w, b: np.full(b.shape, dout.mean())), LINEAR_LAYER, BIAS),
    Hypothesis(
        "G208", formula(lambda dout, x, w, b: np.outer(dout.mean(0), x.mean(0))), LINEAR_LAYER, WEIGHT
    ),
    Hypothesis("G208", formula(lambda dout, x, w, b: dout.T @ (x - x.mean(0))), LINEAR_LAYER, WEIGHT),
    Hypothesis("G206", _with_output, LINEAR_LAYER, WEIGHT),
    Hypothesis("G207", formula(lambda dout, x, w, b: dout.T @ x + b[:, None]), LINEAR_LAYER, WEIGHT),
    Hypothesis("G207", formula(lambda dout, x, w, b: dout.sum(0) * b), LINEAR_LAYER, BIAS, "as a factor"),
    Hypothesis("G207", formula(lambda dout, x, w, b: dout.sum(0) + b), LINEAR_LAYER, BIAS),
    Hypothesis("G207", formula(lambda dout, x, w, b: (dout + b) @ w), LINEAR_LAYER, INPUT),
    Hypothesis("G207", formula(lambda dout, x, w, b: (dout * b) @ w), LINEAR_LAYER, INPUT, "as a factor"),
    Hypothesis("G210", formula(lambda dout, x, w, b: (dout.T @ x) * w), LINEAR_LAYER, WEIGHT),
    Hypothesis("G211", formula(lambda dout, x, w, b: x * (dout @ w)), LINEAR_LAYER, INPUT),
    Hypothesis("G212", formula(lambda dout, x, w, b: dout.sum(0)[:, None] * w), LINEAR_LAYER, WEIGHT),
    Hypothesis("G212", formula(lambda dout, x, w, b: dout.sum(0)[:, None] + 0 * w), LINEAR_LAYER, WEIGHT),
    Hypothesis("G215", formula(_reshaped), LINEAR_LAYER, WEIGHT),
    Hypothesis("G216", formula(_inverse), LINEAR_LAYER, INPUT),
    Hypothesis("G204", formula(lambda dout, x, w, b: dout.max(axis=0)), LINEAR_LAYER, BIAS),
    Hypothesis("G204", formula(lambda dout, x, w, b: dout.prod(axis=0)), LINEAR_LAYER, BIAS, "their product"),
)
