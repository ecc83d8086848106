"""Faults of the cross-entropies' backward: on probabilities, and fused with the softmax."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from grader.diagnose.hypothesis import Hypothesis, Predict
from grader.diagnose.observation import Array, Observation
from grader.diagnose.variants.point import Floats, indices, tensor, upstream
from grader.diagnose.variants.softmax import one_hot, softmax

PLAIN, FUSED = ("cross_entropy",), ("softmax_cross_entropy",)
X = ("x",)


@dataclass(frozen=True)
class Loss:
    """The terms of a classification loss at one point.

    Args:
        x: (N, C) probabilities or logits.
        p: (N, C) the softmax of x.
        hot: (N, C) one-hot labels.
        labels: (N,).
        n: the batch size.
        observation: where it comes from.
    """

    x: Floats
    p: Floats
    hot: Floats
    labels: Floats
    n: int
    observation: Observation


Formula = Callable[[Loss], Floats]


def formula(compute: Formula) -> Predict:
    """Predicts the upstream gradient (a number) times a formula."""

    def predict(observation: Observation, _: str) -> Array | None:
        x = tensor(observation, "x")
        labels = indices(observation, "labels")
        loss = Loss(x, softmax(x), one_hot(observation), labels.astype(float), len(x), observation)
        with np.errstate(all="ignore"):
            return upstream(observation) * compute(loss)

    return predict


def _classes_present(loss: Loss) -> int:
    return len(np.unique(loss.labels))


def _top(loss: Loss) -> int:
    return int(loss.labels.max()) + 1


def _clipped(bound: float) -> Formula:
    return lambda loss: -loss.hot / (np.clip(loss.x, bound, 1 - bound) * loss.n)


def _cut(bound: float) -> Formula:
    """Clipped in forward and differentiated: no gradient outside the bounds."""
    return lambda loss: -loss.hot / (loss.x * loss.n) * ((loss.x > bound) & (loss.x < 1 - bound))


def _shifted(shift: int, loss: Loss) -> Floats:
    return one_hot(loss.observation, shift)


def _plain(fault: str, compute: Formula, note: str = "") -> Hypothesis:
    return Hypothesis(fault, formula(compute), PLAIN, X, note)


def _smoothed(share: float) -> Formula:
    return lambda loss: (loss.p - (1 - share) * loss.hot - share / loss.hot.shape[1]) / loss.n


def _fused(fault: str, compute: Formula, note: str = "") -> Hypothesis:
    return Hypothesis(fault, formula(compute), FUSED, X, note)


def _jacobian_again(loss: Loss) -> Floats:
    """The right gradient sent through the softmax once more."""
    right = (loss.p - loss.hot) / loss.n
    return np.asarray(loss.p * (right - (right * loss.p).sum(axis=1, keepdims=True)))


def _binary_term(loss: Loss) -> Floats:
    return (loss.x - loss.hot) / (loss.x * (1 - loss.x) * loss.n)


def fitted_epsilon(observation: Observation, target: str) -> Array | None:
    """An epsilon inside the logarithm, whatever its size: read off the result itself."""
    got, hot, x = observation.grads_got.get(target), one_hot(observation), tensor(observation, "x")
    if got is None or np.shape(got) != x.shape:
        return None
    with np.errstate(all="ignore"):
        shifted = -upstream(observation) / (len(x) * (np.asarray(got) * hot).sum(axis=1))
    eps = float(np.median(shifted - (hot * x).sum(axis=1)))
    return formula(_inside(eps))(observation, target) if np.isfinite(eps) else None


EPSILONS = (1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1)
BOUNDS = (1e-4, 1e-3, 1e-2, 0.05, 0.1)


def _inside(eps: float) -> Formula:
    return lambda loss: -loss.hot / ((loss.x + eps) * loss.n)


def _outside(eps: float) -> Formula:
    return lambda loss: -(loss.hot / loss.x + eps) / loss.n


CROSS_ENTROPY: tuple[Hypothesis, ...] = (
    _plain("G426", lambda loss: -1 / (loss.n * loss.x)),
    _plain(
        "G426",
        lambda loss: -1.0 * (loss.hot.sum(axis=0) > 0) / (loss.n * loss.x),
        "in the columns of all labels",
    ),
    _plain("G431", lambda loss: -loss.hot / loss.n),
    _plain("G428", lambda loss: (loss.x - loss.hot) / loss.n),
    _plain("G428", lambda loss: (loss.p - loss.hot) / loss.n, "with another softmax"),
    _plain("G435", _binary_term),
    _plain("G435", lambda loss: (1 - loss.hot) / ((1 - loss.x) * loss.n), "its second half alone"),
    _plain("G432", lambda loss: -loss.hot / (loss.x**2 * loss.n)),
    _plain("G436", lambda loss: -loss.hot * np.log(loss.x) / loss.n, "the logarithm itself"),
    _plain("G436", lambda loss: -loss.hot * (np.log(loss.x) + 1) / loss.n, "of p log p"),
    _plain("G437", lambda loss: -loss.hot * loss.x / loss.n),
    _plain("G427", lambda loss: -_shifted(1, loss) / (loss.x * loss.n), "one too high"),
    _plain("G427", lambda loss: -_shifted(-1, loss) / (loss.x * loss.n), "one too low"),
    _plain("G434", lambda loss: -loss.hot / (loss.x * _classes_present(loss)), "classes that occur"),
    _plain("G434", lambda loss: -loss.hot / (loss.x * _top(loss)), "the largest label + 1"),
    _plain("G434", lambda loss: -loss.hot / (loss.x * max(loss.n - 1, 1)), "N - 1"),
    _plain("G434", lambda loss: -loss.hot / (loss.x * (loss.n + 1)), "N + 1"),
    _plain("G434", lambda loss: -loss.hot / (loss.x * loss.hot.sum(axis=0)), "per class"),
    *(_plain("G424", _inside(eps), f"{eps:g}") for eps in EPSILONS),
    *(_plain("G424", _inside(-eps), f"-{eps:g}") for eps in EPSILONS),
    Hypothesis("G424", fitted_epsilon, PLAIN, X, alone=True),
    *(_plain("G425", _outside(eps), f"{eps:g}") for eps in EPSILONS),
    *(_plain("G423", _clipped(bound), f"at {bound:g}") for bound in BOUNDS),
    *(_plain("G423", _cut(bound), f"at {bound:g}, no gradient outside") for bound in BOUNDS),
    _plain("G438", lambda loss: -loss.hot / loss.n / loss.p),
    _plain("G438", lambda loss: -loss.hot / loss.n / softmax(loss.p), "twice"),
    _plain("G439", lambda loss: -loss.x / (loss.hot + 1e-300) / loss.n),
    _plain("G441", lambda loss: -loss.labels[:, None] / (loss.x * loss.n)),
    _plain("G443", lambda loss: 2 * (loss.x - loss.hot) / loss.n),
    _plain("G444", lambda loss: -loss.hot / (loss.n * (loss.hot * loss.x).sum()), "sum over the batch"),
    _plain("G444", lambda loss: -loss.hot / (loss.n * (loss.hot * loss.x).sum(1).mean()), "batch mean"),
    _fused("G429", lambda loss: -loss.hot / (loss.p * loss.n), "at the softmax"),
    _fused("G429", lambda loss: -loss.hot / (loss.x * loss.n), "at the logits"),
    _fused("G433", lambda loss: loss.p / loss.n),
    _fused("G431", lambda loss: -loss.hot / loss.n),
    _fused("G445", lambda loss: (loss.x - loss.hot) / loss.n),
    _fused("G445", lambda loss: (softmax(loss.p) - loss.hot) / loss.n, "and taken twice"),
    _fused("G445", lambda loss: (np.exp(loss.x) - loss.hot) / loss.n, "its normalisation alone"),
    _fused("G445", lambda loss: (np.log(loss.p) - loss.hot) / loss.n, "its logarithm is taken"),
    _fused("G446", lambda loss: (1 / (1 + np.exp(-loss.x)) - loss.hot) / loss.n),
    _fused("G447", lambda loss: (softmax(loss.x, 0) - loss.hot) / loss.n, "the batch"),
    _fused("G447", lambda loss: (softmax(loss.x, None) - loss.hot) / loss.n, "everything"),
    _fused("G427", lambda loss: (loss.p - _shifted(1, loss)) / loss.n, "one too high"),
    _fused("G427", lambda loss: (loss.p - _shifted(-1, loss)) / loss.n, "one too low"),
    _fused("G426", lambda loss: (loss.p - 1) / loss.n),
    _fused(
        "G426", lambda loss: (loss.p - (loss.hot.sum(axis=0) > 0)) / loss.n, "in the columns of all labels"
    ),
    *(_fused("G450", _smoothed(share), f"by {share:g}") for share in (0.01, 0.05, 0.1, 0.2)),
    _fused("G448", lambda loss: (loss.p - loss.hot) * loss.p / loss.n, "p"),
    _fused("G448", lambda loss: (loss.p - loss.hot) * loss.p * (1 - loss.p) / loss.n, "p (1 - p)"),
    _fused("G448", lambda loss: (loss.p - loss.hot) * loss.hot / loss.n, "the one-hot labels"),
    _fused("G434", lambda loss: (loss.p - loss.hot) / _classes_present(loss), "classes that occur"),
    _fused("G434", lambda loss: (loss.p - loss.hot) / max(loss.n - 1, 1), "N - 1"),
    _fused("G449", lambda loss: (loss.p + loss.hot) / loss.n),
    _fused("G449", lambda loss: loss.p - loss.hot / loss.n, "the mean is taken of the labels alone"),
    _fused("G449", lambda loss: loss.p / loss.n - loss.hot, "the mean is taken of p alone"),
    _fused("G441", lambda loss: (loss.p - loss.labels[:, None]) / loss.n),
    _fused("G442", _jacobian_again),
    _fused("G448", lambda loss: 2 * (loss.p - loss.hot) * loss.p * (1 - loss.p) / loss.n, "squared error"),
)
