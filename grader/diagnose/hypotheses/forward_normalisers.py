"""Faults of the outputs of softmax and of batch and layer normalisation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from grader.diagnose.hypotheses.normalisation import fresh_statistics
from grader.diagnose.hypothesis import Hypothesis, Predict
from grader.diagnose.observation import Array, Observation
from grader.diagnose.variants.normalisation import RIGHT, NormSwitches, norm_output, normalise
from grader.diagnose.variants.point import Floats, number, tensor
from grader.diagnose.variants.softmax import softmax

SOFTMAX_LAYER = ("softmax",)
NORMS = ("batch_norm", "layer_norm")


def _softmax(compute: Callable[[Floats], Floats]) -> Predict:
    def predict(observation: Observation, _: str) -> Array | None:
        with np.errstate(all="ignore"):
            return compute(tensor(observation, "x"))

    return predict


def _naive(z: Floats) -> Floats:
    e = np.exp(z)
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def _one_maximum(z: Floats) -> Floats:
    """The maximum of the whole batch subtracted from every row."""
    e = np.exp(z - z.max())
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def _two_axes(shift: int | None, total: int | None) -> Callable[[Floats], Floats]:
    """The maximum along one axis (None: of everything), the sum along another."""

    def compute(z: Floats) -> Floats:
        e = np.exp(z - z.max(axis=shift, keepdims=True))
        return np.asarray(e / e.sum(axis=total, keepdims=True))

    return compute


def _shifted_above(z: Floats) -> Floats:
    """The maximum subtracted in the numerator alone."""
    return np.asarray(np.exp(z - z.max(axis=-1, keepdims=True)) / np.exp(z).sum(axis=-1, keepdims=True))


def _normed(how: NormSwitches) -> Predict:
    return lambda observation, _: norm_output(observation, how)


def _running(observation: Observation, _: str) -> Array | None:
    if "running_mean" not in observation.constants:
        return None
    return norm_output(observation, replace(RIGHT, training=False))


def _fresh_running(observation: Observation, target: str) -> Array | None:
    return _running(fresh_statistics(observation), target)


def _batch(observation: Observation, _: str) -> Array | None:
    return norm_output(observation, replace(RIGHT, training=True))


def _other_axis(observation: Observation, _: str) -> Array | None:
    return norm_output(observation, replace(RIGHT, axis=0 if observation.layer == "layer_norm" else -1))


def _whole(observation: Observation, _: str) -> Array | None:
    if not observation.options.get("training", True):
        return norm_output(observation)
    x = tensor(observation, "x")
    x_hat = (x - x.mean()) / np.sqrt(x.var() + number(observation, "eps", 1e-5))
    return np.asarray(x_hat * tensor(observation, "gamma") + tensor(observation, "beta"))


def _not_divided(observation: Observation, _: str) -> Array | None:
    """Centred and scaled by gamma alone."""
    return np.asarray(
        normalise(observation).centred * tensor(observation, "gamma") + tensor(observation, "beta")
    )


def _gamma_first(observation: Observation, _: str) -> Array | None:
    """gamma multiplies the input, and the product is normalised."""
    scaled = tensor(observation, "x") * tensor(observation, "gamma")
    inner = replace(observation, tensors={**observation.tensors, "x": scaled})
    return norm_output(inner, replace(RIGHT, gamma=False))


EPSILONS = (0.0, 1e-12, 1e-10, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0)

FORWARD_NORMALISERS: tuple[Hypothesis, ...] = (
    # softmax
    Hypothesis("F201", _softmax(lambda z: softmax(z, 0)), SOFTMAX_LAYER, note="the batch"),
    Hypothesis("F201", _softmax(lambda z: softmax(z, None)), SOFTMAX_LAYER, note="everything"),
    Hypothesis("F201", _softmax(_two_axes(-1, 0)), SOFTMAX_LAYER, note="the batch, after each row's maximum"),
    Hypothesis(
        "F201", _softmax(_two_axes(-1, None)), SOFTMAX_LAYER, note="everything, after each row's maximum"
    ),
    Hypothesis("F202", _softmax(lambda z: np.exp(z)), SOFTMAX_LAYER),
    Hypothesis(
        "F202", _softmax(lambda z: np.exp(z - z.max(-1, keepdims=True))), SOFTMAX_LAYER, note="shifted"
    ),
    Hypothesis("F203", _softmax(lambda z: np.log(softmax(z))), SOFTMAX_LAYER),
    Hypothesis("F204", _softmax(lambda z: softmax(-z)), SOFTMAX_LAYER, note="exp(-x)"),
    Hypothesis("F204", _softmax(lambda z: softmax(np.log(2.0) * z)), SOFTMAX_LAYER, note="base 2"),
    Hypothesis("F204", _softmax(lambda z: z / z.sum(-1, keepdims=True)), SOFTMAX_LAYER, note="no exp"),
    Hypothesis("F204", _softmax(lambda z: softmax(softmax(z))), SOFTMAX_LAYER, note="applied twice"),
    Hypothesis("F204", _softmax(lambda z: softmax(2 * z)), SOFTMAX_LAYER, note="twice the argument"),
    Hypothesis("F204", _softmax(lambda z: softmax(z / 2)), SOFTMAX_LAYER, note="half the argument"),
    Hypothesis("F204", _softmax(lambda z: softmax(z / np.sqrt(z.shape[-1]))), SOFTMAX_LAYER, note="over √C"),
    Hypothesis("F204", _softmax(lambda z: softmax(z / z.shape[-1])), SOFTMAX_LAYER, note="over C"),
    Hypothesis(
        "F204", _softmax(lambda z: softmax(z / z.max(-1, keepdims=True))), SOFTMAX_LAYER, note="x / max"
    ),
    Hypothesis("F204", _softmax(lambda z: 1 / (1 + np.exp(-z))), SOFTMAX_LAYER, note="sigmoid"),
    Hypothesis(
        "F204", _softmax(lambda z: (z == z.max(-1, keepdims=True)) * 1.0), SOFTMAX_LAYER, note="argmax"
    ),
    Hypothesis(
        "F204", _softmax(lambda z: np.exp(z) / np.exp(z).mean(-1, keepdims=True)), SOFTMAX_LAYER, note="mean"
    ),
    Hypothesis(
        "F204", _softmax(lambda z: np.exp(z) / np.exp(z).max(-1, keepdims=True)), SOFTMAX_LAYER, note="max"
    ),
    Hypothesis(
        "F204",
        _softmax(lambda z: np.exp(z) / (1 + np.exp(z).sum(-1, keepdims=True))),
        SOFTMAX_LAYER,
        note="1 +",
    ),
    Hypothesis("F205", _softmax(_naive), SOFTMAX_LAYER, alone=True),
    Hypothesis("F206", _softmax(_one_maximum), SOFTMAX_LAYER, alone=True),
    Hypothesis("F221", _softmax(_two_axes(0, -1)), SOFTMAX_LAYER, note="the maximum of its column"),
    Hypothesis("F220", _softmax(_shifted_above), SOFTMAX_LAYER),
    Hypothesis("F204", _softmax(lambda z: softmax(np.abs(z))), SOFTMAX_LAYER, note="of the absolute value"),
    Hypothesis(
        "F204", _softmax(lambda z: z**2 / (z**2).sum(-1, keepdims=True)), SOFTMAX_LAYER, note="squares"
    ),
    # normalisation
    Hypothesis("F301", _normed(NormSwitches(gamma=False)), NORMS, note="gamma"),
    Hypothesis("F301", _normed(NormSwitches(beta=False)), NORMS, note="beta"),
    Hypothesis("F301", _normed(NormSwitches(gamma=False, beta=False)), NORMS, note="gamma and beta"),
    Hypothesis("F302", _normed(NormSwitches(ddof=1)), NORMS),
    Hypothesis("F303", _normed(NormSwitches(eps_outside=True)), NORMS),
    *(Hypothesis("F304", _normed(NormSwitches(eps=eps)), NORMS, note=f"{eps:g}") for eps in EPSILONS),
    Hypothesis("F305", _normed(NormSwitches(root=False)), NORMS, note="by the variance"),
    Hypothesis("F306", _normed(NormSwitches(center=False)), NORMS),
    Hypothesis("F306", _normed(NormSwitches(median=True)), NORMS, note="the median is"),
    Hypothesis("F305", _not_divided, NORMS, note="not divided at all"),
    Hypothesis("F311", _gamma_first, NORMS),
    Hypothesis("F307", _running, ("batch_norm",)),
    Hypothesis("F307", _fresh_running, ("batch_norm",), note="those of a new layer, 0 and 1"),
    Hypothesis("F308", _batch, ("batch_norm",)),
    Hypothesis("F309", _other_axis, NORMS),
    Hypothesis("F309", _whole, NORMS, note="everything"),
    Hypothesis("F310", _normed(NormSwitches(root_mean_square=True)), NORMS),
    Hypothesis(
        "F310",
        _normed(NormSwitches(root_mean_square=True, center=True, centered_after=True)),
        NORMS,
        note="although the mean is subtracted",
    ),
)
