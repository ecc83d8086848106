"""Faults of the backward of squared error, binary cross-entropy, hinge loss and dropout."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from grader.diagnose.hypothesis import Hypothesis, Predict
from grader.diagnose.observation import Array, Observation
from grader.diagnose.variants.activation import sigmoid
from grader.diagnose.variants.losses import dropped, hinge_margins
from grader.diagnose.variants.point import Floats, constant, number, tensor, upstream

MSE, BCE, HINGE, DROPOUT = ("mse",), ("bce_with_logits",), ("hinge",), ("dropout",)
X = ("x",)


def pairwise(compute: Callable[[Floats, Floats], Floats]) -> Predict:
    """The upstream gradient times a formula of x and target."""

    def predict(observation: Observation, _: str) -> Array | None:
        with np.errstate(all="ignore"):
            made = compute(tensor(observation, "x"), constant(observation, "target"))
            return np.asarray(upstream(observation) * made)

    return predict


def margin(compute: Callable[[Floats, Floats, Floats], Floats], delta: float | None = None) -> Predict:
    """The upstream gradient times a formula of margins, active margins and one-hot labels, over N."""

    def predict(observation: Observation, _: str) -> Array | None:
        terms = hinge_margins(observation, delta)
        made = compute(terms.margins, terms.active, terms.hot)
        return np.asarray(upstream(observation) * made / len(terms.hot))

    return predict


def dropout(
    *, mask: bool = True, inverted: bool = False, scale: str = "1/(1-p)", training: bool | None = None
) -> Predict:
    """The upstream gradient dropped in another way."""
    return lambda observation, _: dropped(
        observation, upstream(observation), mask=mask, inverted=inverted, scale=scale, training=training
    )


def fresh_mask(observation: Observation, target: str) -> Array | None:
    """Each element is 0 or scaled as it should be, but not where forward's mask says."""
    got = observation.grads_got.get(target)
    dout = upstream(observation)
    if got is None or np.shape(got) != dout.shape or not observation.options.get("training", True):
        return observation.grads_want.get(target)
    everything = dropped(observation, dout, mask=False)
    return np.where(np.asarray(got) == 0, 0.0, everything)


def _all_active(margins: Floats, hot: Floats) -> Floats:
    return np.asarray((margins > 0) - hot * (margins > 0).sum(axis=1, keepdims=True), dtype=np.float64)


def _worst(margins: Floats, active: Floats, hot: Floats) -> Floats:
    """The largest violation alone."""
    rows = np.where(hot == 1, -np.inf, margins)
    first = (np.arange(margins.shape[1]) == rows.argmax(axis=1)[:, None]) * active
    return np.asarray(first - hot * first.sum(axis=1, keepdims=True))


def _label(hot: Floats, active: Floats) -> Floats:
    return np.asarray(hot * active.sum(axis=1, keepdims=True))


def subtracted_margin(observation: Observation, target: str) -> Array | None:
    """The margin with the wrong sign."""
    delta = -number(observation, "delta", 1.0)
    return margin(lambda m, a, h: a - _label(h, a), delta)(observation, target)


LOSSES: tuple[Hypothesis, ...] = (
    # squared error
    Hypothesis("G451", pairwise(lambda x, t: np.sign(x - t) / x.size), MSE, X),
    Hypothesis("G452", pairwise(lambda x, t: 2 * x / x.size), MSE, X),
    Hypothesis("G453", pairwise(lambda x, t: (x - t) ** 2 / x.size), MSE, X),
    Hypothesis("G454", pairwise(lambda x, t: 2 * (x + t) / x.size), MSE, X),
    Hypothesis("G455", pairwise(lambda x, t: (x - t) / (x.size * np.sqrt(((x - t) ** 2).mean()))), MSE, X),
    Hypothesis("G452", pairwise(lambda x, t: -2 * t / x.size), MSE, X, "the prediction is missing"),
    Hypothesis("G456", pairwise(lambda x, t: 2 * np.abs(x - t) / x.size), MSE, X),
    Hypothesis("G457", pairwise(lambda x, t: 2 * (x - t) * x / x.size), MSE, X, "times x"),
    Hypothesis("G457", pairwise(lambda x, t: 2 * (x - t) * t / x.size), MSE, X, "times the target"),
    Hypothesis("G457", pairwise(lambda x, t: 3 * (x - t) ** 2 / x.size), MSE, X, "a third power"),
    Hypothesis("G457", pairwise(lambda x, t: 4 * (x - t) ** 3 / x.size), MSE, X, "a fourth power"),
    # binary cross-entropy on logits
    Hypothesis("G461", pairwise(lambda x, t: (x - t) / x.size), BCE, X),
    Hypothesis("G462", pairwise(lambda x, t: sigmoid(x) / x.size), BCE, X),
    Hypothesis("G463", pairwise(lambda x, t: (sigmoid(x) - t) * sigmoid(x) * sigmoid(-x) / x.size), BCE, X),
    Hypothesis("G464", pairwise(lambda x, t: (sigmoid(x) - t) / (sigmoid(x) * sigmoid(-x) * x.size)), BCE, X),
    Hypothesis("G465", pairwise(lambda x, t: -t * sigmoid(-x) / x.size), BCE, X, "the term of 1 - t"),
    Hypothesis("G465", pairwise(lambda x, t: (1 - t) * sigmoid(x) / x.size), BCE, X, "the term of t"),
    Hypothesis("G465", pairwise(lambda x, t: -t / (sigmoid(x) * x.size)), BCE, X, "the term of 1 - t"),
    Hypothesis("G466", pairwise(lambda x, t: (sigmoid(sigmoid(x)) - t) / x.size), BCE, X),
    Hypothesis("G467", pairwise(lambda x, t: (np.tanh(x) - t) / x.size), BCE, X, "tanh"),
    Hypothesis("G467", pairwise(lambda x, t: ((x > 0) - t) / x.size), BCE, X, "a threshold at 0"),
    Hypothesis("G467", pairwise(lambda x, t: (np.exp(x) - t) / x.size), BCE, X, "exp"),
    Hypothesis("G454", pairwise(lambda x, t: (sigmoid(x) + t) / x.size), BCE, X),
    Hypothesis("G468", pairwise(lambda x, t: (sigmoid(-x) - t) / x.size), BCE, X),
    Hypothesis("G468", pairwise(lambda x, t: (sigmoid(x) - (1 - t)) / x.size), BCE, X, "1 - t for t"),
    Hypothesis("G468", pairwise(lambda x, t: (sigmoid(x) - (t > 0.5)) / x.size), BCE, X, "t is rounded"),
    # hinge loss
    Hypothesis("G471", margin(lambda m, a, h: a), HINGE, X),
    Hypothesis("G472", margin(lambda m, a, h: a - h * (a.sum(1, keepdims=True) > 0)), HINGE, X),
    Hypothesis("G472", margin(lambda m, a, h: a - h), HINGE, X, "always"),
    Hypothesis(
        "G472",
        margin(lambda m, a, h: a - h * (a.sum(1, keepdims=True) + 1)),
        HINGE,
        X,
        "itself is counted too",
    ),
    Hypothesis("G471", margin(lambda m, a, h: -_label(h, a)), HINGE, X, "it is all there is"),
    Hypothesis("G473", margin(lambda m, a, h: a - _label(h, a), 0.0), HINGE, X, "it is left out"),
    Hypothesis("G473", margin(lambda m, a, h: a - _label(h, a), 1.0), HINGE, X, "1 is used"),
    Hypothesis("G473", margin(lambda m, a, h: a - _label(h, a), 0.5), HINGE, X, "0.5 is used"),
    Hypothesis("G473", subtracted_margin, HINGE, X, "it is subtracted"),
    Hypothesis("G474", margin(lambda m, a, h: _all_active(m, h)), HINGE, X, "with its own count"),
    Hypothesis("G474", margin(lambda m, a, h: (m > 0) - _label(h, a)), HINGE, X),
    Hypothesis("G475", margin(lambda m, a, h: m * a - _label(h, m * a)), HINGE, X),
    Hypothesis("G475", margin(lambda m, a, h: 2 * m * a - _label(h, 2 * m * a)), HINGE, X, "doubled"),
    Hypothesis("G475", margin(lambda m, a, h: m * a), HINGE, X, "and the label's part is missing"),
    Hypothesis("G476", margin(_worst), HINGE, X),
    Hypothesis("G477", margin(lambda m, a, h: (1 - h) - h * (h.shape[1] - 1)), HINGE, X),
    Hypothesis("G478", margin(lambda m, a, h: (1 - a) * (1 - h) - _label(h, (1 - a) * (1 - h))), HINGE, X),
    Hypothesis("G479", margin(lambda m, a, h: a + _label(h, a)), HINGE, X),
    # dropout
    Hypothesis("G530", dropout(scale="1"), DROPOUT, X),
    Hypothesis("G532", dropout(mask=False), DROPOUT, X),
    Hypothesis("G532", dropout(mask=False, scale="1"), DROPOUT, X, "and the scale"),
    Hypothesis("G533", dropout(inverted=True), DROPOUT, X),
    Hypothesis("G533", dropout(inverted=True, scale="1"), DROPOUT, X, "and the scale is missing"),
    Hypothesis("G534", dropout(scale="1/(1-p)²"), DROPOUT, X),
    Hypothesis("G535", dropout(scale="1/p"), DROPOUT, X, "divided by p"),
    Hypothesis("G535", dropout(scale="p"), DROPOUT, X, "multiplied by p"),
    Hypothesis("G535", dropout(scale="1-p"), DROPOUT, X, "multiplied by 1 - p"),
    Hypothesis("G536", dropout(training=True), DROPOUT, X),
    Hypothesis("G531", fresh_mask, DROPOUT, X, alone=True),
)
