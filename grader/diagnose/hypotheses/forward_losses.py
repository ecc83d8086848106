"""Faults of the losses' and dropout's outputs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from grader.diagnose.hypotheses.cross_entropy import BOUNDS, EPSILONS
from grader.diagnose.hypothesis import Hypothesis, Predict
from grader.diagnose.observation import Array, Observation
from grader.diagnose.variants.activation import sigmoid
from grader.diagnose.variants.losses import dropped, hinge_margins
from grader.diagnose.variants.point import Floats, constant, tensor
from grader.diagnose.variants.softmax import one_hot, softmax

PLAIN, FUSED = ("cross_entropy",), ("softmax_cross_entropy",)
MSE, BCE, HINGE, DROPOUT = ("mse",), ("bce_with_logits",), ("hinge",), ("dropout",)


def labelled(compute: Callable[[Floats, Floats], Floats], shift: int = 0) -> Predict:
    """A formula of x (N, C) and the one-hot labels (N, C)."""

    def predict(observation: Observation, _: str) -> Array | None:
        with np.errstate(all="ignore"):
            return np.asarray(compute(tensor(observation, "x"), one_hot(observation, shift)))

    return predict


def pairwise(compute: Callable[[Floats, Floats], Floats]) -> Predict:
    """A formula of x and target."""

    def predict(observation: Observation, _: str) -> Array | None:
        with np.errstate(all="ignore"):
            return np.asarray(compute(tensor(observation, "x"), constant(observation, "target")))

    return predict


def margin(compute: Callable[[Floats, Floats, Floats], Floats], delta: float | None = None) -> Predict:
    """A formula of margins, active margins and one-hot labels."""

    def predict(observation: Observation, _: str) -> Array | None:
        terms = hinge_margins(observation, delta)
        return np.asarray(compute(terms.margins, terms.active, terms.hot))

    return predict


def dropout(
    *, mask: bool = True, inverted: bool = False, scale: str = "1/(1-p)", training: bool | None = None
) -> Predict:
    """The input dropped in another way."""
    return lambda observation, _: dropped(
        observation, tensor(observation, "x"), mask=mask, inverted=inverted, scale=scale, training=training
    )


def _picked(p: Floats, hot: Floats) -> Floats:
    return np.asarray((p * hot).sum(axis=1))


def _binary(p: Floats, hot: Floats) -> Floats:
    return -(hot * np.log(p) + (1 - hot) * np.log(1 - p))


def _inside(eps: float) -> Callable[[Floats, Floats], Floats]:
    return lambda p, hot: np.asarray(-np.log(_picked(p, hot) + eps).mean())


def _inside_softmax(eps: float) -> Callable[[Floats, Floats], Floats]:
    return lambda x, hot: _inside(eps)(softmax(x), hot)


def _outside(eps: float) -> Callable[[Floats, Floats], Floats]:
    return lambda p, hot: np.asarray(-(np.log(_picked(p, hot)) + eps).mean())


def _clipped(bound: float) -> Callable[[Floats, Floats], Floats]:
    return lambda p, hot: np.asarray(-np.log(np.clip(_picked(p, hot), bound, 1 - bound)).mean())


def _log_loss(p: Floats, hot: Floats) -> Floats:
    return np.asarray(-np.log(_picked(p, hot)).mean())


def _plain(
    fault: str, compute: Callable[[Floats, Floats], Floats], note: str = "", shift: int = 0
) -> Hypothesis:
    return Hypothesis(fault, labelled(compute, shift), PLAIN, note=note)


def _fused(
    fault: str, compute: Callable[[Floats, Floats], Floats], note: str = "", shift: int = 0
) -> Hypothesis:
    return Hypothesis(fault, labelled(compute, shift), FUSED, note=note)


def _rewritten(term: Callable[[Floats, Floats], Floats]) -> Callable[[Floats, Floats], Floats]:
    """The mean of a stable form of the loss."""
    return lambda x, t: np.asarray(term(x, t).mean())


def _huber(difference: Floats) -> Floats:
    size = np.abs(difference)
    return np.where(size < 1, 0.5 * difference**2, size - 0.5)


def _smoothed(share: float) -> Callable[[Floats, Floats], Floats]:
    """Labels that give a share of their weight to all classes."""
    return lambda x, h: np.asarray(
        -(((1 - share) * h + share / h.shape[1]) * np.log(softmax(x))).sum() / len(x)
    )


def _of_one(x: Floats, hot: Floats, *, place: int, probabilities: Callable[[Floats], Floats]) -> Floats:
    return np.asarray(-np.log(_picked(probabilities(x), hot))[place])


def _classes(hot: Floats) -> int:
    return int((hot.sum(axis=0) > 0).sum())


FORWARD_LOSSES: tuple[Hypothesis, ...] = (
    # cross-entropy on probabilities
    _plain("F213", _log_loss, "one too high", 1),
    _plain("F213", _log_loss, "one too low", -1),
    _plain("F213", lambda p, h: -np.log(p).mean(), "every class counts"),
    _plain("F213", lambda p, h: -np.log(p).sum() / len(p), "every class counts"),
    _plain("F213", lambda p, h: -np.log(p.max(axis=1)).mean(), "the largest probability"),
    _plain("F212", lambda p, h: -_picked(p, h).mean(), "-p"),
    _plain("F212", lambda p, h: (1 - _picked(p, h)).mean(), "1 - p"),
    _plain("F218", lambda p, h: -np.log(_picked(p, h))),
    _plain("F218", lambda p, h: -h * np.log(p), "and the sum over the classes"),
    _plain("F216", lambda p, h: -np.log(_picked(p, h).mean()), "the mean is taken inside the logarithm"),
    _plain("F216", lambda p, h: -np.log(_picked(p, h).sum()), "the sum is taken inside the logarithm"),
    _plain("F215", lambda p, h: _binary(p, h).sum() / len(p), "binary cross-entropy"),
    _plain("F215", lambda p, h: ((p - h) ** 2).sum() / len(p), "squared error"),
    _plain("F215", lambda p, h: -(p * np.log(p)).sum() / len(p), "entropy of the prediction"),
    _plain("F215", lambda p, h: -(p * np.log(h + 1e-12)).sum() / len(p), "arguments exchanged"),
    _plain("F215", lambda p, h: -(_picked(p, h) * np.log(_picked(p, h))).mean(), "p log p"),
    _plain("F217", lambda p, h: _log_loss(softmax(p), h), "a softmax is taken"),
    _plain("F216", lambda p, h: -np.log(_picked(p, h)).min(), "the smallest loss of the batch"),
    _plain("F216", lambda p, h: -np.log(_picked(p, h)).max(), "the largest loss of the batch"),
    *(
        form(
            "F216", partial(_of_one, place=place, probabilities=probabilities), f"the {which} example's alone"
        )
        for form, probabilities in ((_plain, np.asarray), (_fused, softmax))
        for which, place in (("first", 0), ("last", -1))
    ),
    _plain("F215", lambda p, h: -(((1 - _picked(p, h)) ** 2) * np.log(_picked(p, h))).mean(), "focal loss"),
    _plain("F210", lambda p, h: -np.log(_picked(p, h)).sum() / _classes(h), "classes that occur"),
    _plain("F210", lambda p, h: -np.log(_picked(p, h)).sum() / max(len(p) - 1, 1), "N - 1"),
    _plain("F210", lambda p, h: -np.log(_picked(p, h)).sum() / (len(p) + 1), "N + 1"),
    *(_plain("F214", _inside(eps), f"{eps:g} inside the logarithm") for eps in EPSILONS),
    *(_plain("F214", _outside(eps), f"{eps:g} outside the logarithm") for eps in EPSILONS),
    *(_plain("F214", _clipped(bound), f"bound {bound:g}") for bound in BOUNDS),
    # cross-entropy on logits
    _fused("F217", _log_loss, "the softmax is missing"),
    _fused("F217", lambda x, h: -_picked(x, h).mean(), "the softmax is missing, and the logarithm"),
    _fused("F217", lambda x, h: -(_picked(x, h) - x.max(axis=1)).mean(), "the maximum is subtracted alone"),
    _fused("F217", lambda x, h: _log_loss(softmax(softmax(x)), h), "the softmax is taken twice"),
    _fused("F201", lambda x, h: _log_loss(softmax(x, 0), h), "the batch"),
    _fused("F201", lambda x, h: _log_loss(softmax(x, None), h), "everything"),
    _fused("F213", lambda x, h: _log_loss(softmax(x), h), "one too high", 1),
    _fused("F213", lambda x, h: _log_loss(softmax(x), h), "one too low", -1),
    _fused("F213", lambda x, h: -np.log(softmax(x)).sum() / len(x), "every class counts"),
    _fused("F212", lambda x, h: -_picked(softmax(x), h).mean(), "-p"),
    _fused("F212", lambda x, h: (1 - _picked(softmax(x), h)).mean(), "1 - p"),
    _fused("F218", lambda x, h: -np.log(_picked(softmax(x), h))),
    _fused(
        "F216", lambda x, h: -np.log(_picked(softmax(x), h).mean()), "the mean is taken inside the logarithm"
    ),
    _fused("F215", lambda x, h: _binary(softmax(x), h).sum() / len(x), "binary cross-entropy"),
    _fused("F215", lambda x, h: ((softmax(x) - h) ** 2).sum() / len(x), "squared error"),
    _fused("F215", lambda x, h: _binary(sigmoid(x), h).sum() / len(x), "binary, with a sigmoid"),
    _fused("F215", lambda x, h: _log_loss(sigmoid(x), h), "a sigmoid in the softmax's place"),
    *(_fused("F214", _inside_softmax(eps), f"{eps:g}") for eps in EPSILONS),
    *(_fused("F219", _smoothed(share), f"by {share:g}") for share in (0.01, 0.05, 0.1, 0.2)),
    # squared error
    Hypothesis("F401", pairwise(lambda x, t: np.abs(x - t).mean()), MSE, note="absolute"),
    Hypothesis("F401", pairwise(lambda x, t: (x - t).mean()), MSE, note="not squared"),
    Hypothesis("F401", pairwise(lambda x, t: (x - t).mean() ** 2), MSE, note="squared after the mean"),
    Hypothesis("F401", pairwise(lambda x, t: ((x + t) ** 2).mean()), MSE, note="added"),
    Hypothesis("F401", pairwise(lambda x, t: (x**2 - t**2).mean()), MSE, note="difference of squares"),
    Hypothesis("F401", pairwise(lambda x, t: ((x - t) ** 3).mean()), MSE, note="a third power"),
    Hypothesis("F401", pairwise(lambda x, t: ((x - t) ** 4).mean()), MSE, note="a fourth power"),
    Hypothesis("F401", pairwise(lambda x, t: np.sqrt(((x - t) ** 2).sum())), MSE, note="the norm"),
    Hypothesis("F401", pairwise(lambda x, t: _huber(x - t).mean()), MSE, note="Huber's loss"),
    Hypothesis("F401", pairwise(lambda x, t: np.log(np.cosh(x - t)).mean()), MSE, note="log cosh"),
    Hypothesis("F218", pairwise(lambda x, t: (x - t) ** 2), MSE),
    Hypothesis("F218", pairwise(lambda x, t: ((x - t) ** 2).mean(axis=1)), MSE, note="per example"),
    Hypothesis("F218", pairwise(lambda x, t: ((x - t) ** 2).sum(axis=1)), MSE, note="per example"),
    # binary cross-entropy on logits
    Hypothesis("F217", pairwise(lambda x, t: _binary(x, t).mean()), BCE, note="the sigmoid is missing"),
    Hypothesis(
        "F217", pairwise(lambda x, t: _binary(sigmoid(sigmoid(x)), t).mean()), BCE, note="sigmoid twice"
    ),
    Hypothesis("F402", pairwise(lambda x, t: -(t * np.log(sigmoid(x))).mean()), BCE, note="of 1 - t"),
    Hypothesis("F402", pairwise(lambda x, t: -((1 - t) * np.log(sigmoid(-x))).mean()), BCE, note="of t"),
    Hypothesis("F403", pairwise(lambda x, t: _binary(sigmoid(-x), t).mean()), BCE),
    Hypothesis(
        "F403", pairwise(lambda x, t: _binary(sigmoid(x), np.round(t)).mean()), BCE, note="t is rounded"
    ),
    Hypothesis("F215", pairwise(lambda x, t: ((sigmoid(x) - t) ** 2).mean()), BCE, note="squared error"),
    Hypothesis("F215", pairwise(lambda x, t: np.logaddexp(0, -t * x).mean()), BCE, note="labels of -1 and 1"),
    Hypothesis("F218", pairwise(lambda x, t: _binary(sigmoid(x), t)), BCE),
    Hypothesis("F218", pairwise(lambda x, t: _binary(sigmoid(x), t).sum(axis=1)), BCE, note="per example"),
    Hypothesis("F218", pairwise(lambda x, t: _binary(sigmoid(x), t).mean(axis=1)), BCE, note="per example"),
    Hypothesis(
        "F402",
        pairwise(lambda x, t: -(t * np.log(sigmoid(x)) - (1 - t) * np.log(sigmoid(-x))).mean()),
        BCE,
        note="with the wrong sign",
    ),
    *(
        Hypothesis("F404", pairwise(_rewritten(term)), BCE, note=note)
        for note, term in (
            ("exp(-x) in place of exp(-|x|)", lambda x, t: np.maximum(x, 0) - x * t + np.log1p(np.exp(-x))),
            ("exp(x) in place of exp(-|x|)", lambda x, t: np.maximum(x, 0) - x * t + np.log1p(np.exp(x))),
            (
                "exp(|x|) in place of exp(-|x|)",
                lambda x, t: np.maximum(x, 0) - x * t + np.log1p(np.exp(np.abs(x))),
            ),
            ("max(x, 0) is missing", lambda x, t: -x * t + np.log1p(np.exp(-np.abs(x)))),
            ("x t is missing", lambda x, t: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))),
            ("x t is added", lambda x, t: np.maximum(x, 0) + x * t + np.log1p(np.exp(-np.abs(x)))),
            ("the logarithm is missing", lambda x, t: np.maximum(x, 0) - x * t),
            ("x in place of max(x, 0)", lambda x, t: x - x * t + np.log1p(np.exp(-np.abs(x)))),
        )
    ),
    # hinge loss
    Hypothesis("F411", margin(lambda m, a, h: (m * a).sum() / len(h), 0.0), HINGE, note="left out"),
    Hypothesis("F411", margin(lambda m, a, h: (m * a).sum() / len(h), 1.0), HINGE, note="1 is used"),
    Hypothesis("F411", margin(lambda m, a, h: (m * a).sum() / len(h), 0.5), HINGE, note="0.5 is used"),
    Hypothesis("F412", margin(lambda m, a, h: np.maximum(m, 0).sum() / len(h)), HINGE),
    Hypothesis("F413", margin(lambda m, a, h: (m * a).max(axis=1).mean()), HINGE, note="the largest alone"),
    Hypothesis("F413", margin(lambda m, a, h: ((m * a) ** 2).sum() / len(h)), HINGE, note="squared"),
    Hypothesis("F413", margin(lambda m, a, h: a.sum() / len(h)), HINGE, note="counted"),
    Hypothesis("F413", margin(lambda m, a, h: (m * (1 - h)).sum() / len(h)), HINGE, note="not cut at 0"),
    Hypothesis("F218", margin(lambda m, a, h: (m * a).sum(axis=1)), HINGE),
    # dropout
    Hypothesis("F421", dropout(scale="1"), DROPOUT, note="they are not scaled"),
    Hypothesis("F421", dropout(scale="1-p"), DROPOUT, note="multiplied by 1 - p"),
    Hypothesis("F421", dropout(scale="1/p"), DROPOUT, note="divided by p"),
    Hypothesis("F421", dropout(scale="p"), DROPOUT, note="multiplied by p"),
    Hypothesis("F421", dropout(scale="1/(1-p)²"), DROPOUT, note="twice"),
    Hypothesis("F422", dropout(inverted=True), DROPOUT),
    Hypothesis("F422", dropout(inverted=True, scale="1"), DROPOUT, note="and not scaled"),
    Hypothesis("F423", dropout(mask=False), DROPOUT, note="scaled alone"),
    Hypothesis("F423", dropout(training=False), DROPOUT, note="in training"),
    Hypothesis("F424", dropout(training=True), DROPOUT),
)
