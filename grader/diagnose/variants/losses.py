"""Squared error, binary cross-entropy on logits and hinge loss; dropout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grader.diagnose.observation import Observation
from grader.diagnose.variants.activation import sigmoid
from grader.diagnose.variants.point import Floats, constant, number, tensor, upstream
from grader.diagnose.variants.softmax import one_hot


def mse_output(observation: Observation) -> Floats:
    """mean((x - t)^2)."""
    return np.asarray(((tensor(observation, "x") - constant(observation, "target")) ** 2).mean())


def mse_gradients(observation: Observation) -> dict[str, Floats]:
    """2 (x - t) / (N D)."""
    x = tensor(observation, "x")
    return {"x": upstream(observation) * 2 * (x - constant(observation, "target")) / x.size}


def bce_output(observation: Observation) -> Floats:
    """mean(-t log s - (1 - t) log(1 - s))."""
    x, t = tensor(observation, "x"), constant(observation, "target")
    return np.asarray((np.maximum(x, 0) - x * t + np.log1p(np.exp(-np.abs(x)))).mean())


def bce_gradients(observation: Observation) -> dict[str, Floats]:
    """(s(x) - t) / (N D)."""
    x = tensor(observation, "x")
    return {"x": upstream(observation) * (sigmoid(x) - constant(observation, "target")) / x.size}


@dataclass(frozen=True)
class Margins:
    """The terms of a hinge loss: x - x[label] + delta, which of them count, and the one-hot labels."""

    margins: Floats
    active: Floats
    hot: Floats


def hinge_margins(observation: Observation, delta: float | None = None) -> Margins:
    """The terms at a point; `delta` overrides the layer's."""
    x, hot = tensor(observation, "x"), one_hot(observation)
    gap = number(observation, "delta", 1.0) if delta is None else delta
    margins = x - (x * hot).sum(axis=1, keepdims=True) + gap
    return Margins(margins, ((margins > 0) & (hot == 0)).astype(np.float64), hot)


def hinge_output(observation: Observation) -> Floats:
    """Violations summed over wrong classes, averaged over the batch."""
    terms = hinge_margins(observation)
    return np.asarray((terms.margins * terms.active).sum() / len(terms.hot))


def hinge_gradients(observation: Observation) -> dict[str, Floats]:
    """1/N at violations, minus their number at the label."""
    terms = hinge_margins(observation)
    counts = terms.active.sum(axis=1, keepdims=True)
    return {"x": upstream(observation) * (terms.active - terms.hot * counts) / len(terms.hot)}


def dropped(
    observation: Observation,
    values: Floats,
    *,
    mask: bool = True,
    inverted: bool = False,
    scale: str = "1/(1-p)",
    training: bool | None = None,
) -> Floats:
    """What dropout makes of values: the mask and a scale in training, nothing in evaluation."""
    p = number(observation, "p", 0.5)
    mode = bool(observation.options.get("training", True)) if training is None else training
    if not mode:
        return values
    keep = constant(observation, "mask")
    factor = (1 - keep if inverted else keep) if mask else np.ones_like(values)
    with np.errstate(all="ignore"):
        scales = {
            "1/(1-p)": np.divide(1.0, 1 - p),
            "1": 1.0,
            "1-p": 1 - p,
            "p": p,
            "1/p": np.divide(1.0, p),
            "1/(1-p)²": np.divide(1.0, (1 - p) ** 2),
        }
        return np.asarray(np.where(factor != 0, values * factor * scales[scale], 0.0))


def dropout_output(observation: Observation) -> Floats:
    """x mask / (1 - p)."""
    return dropped(observation, tensor(observation, "x"))


def dropout_gradients(observation: Observation) -> dict[str, Floats]:
    """dout mask / (1 - p)."""
    return {"x": dropped(observation, upstream(observation))}
