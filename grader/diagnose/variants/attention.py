"""Scaled dot-product attention, with switches for what goes wrong in it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from grader.diagnose.observation import Observation
from grader.diagnose.variants.point import Floats, constant, tensor, upstream
from grader.diagnose.variants.softmax import softmax


@dataclass(frozen=True)
class AttentionSwitches:
    """How attention is computed; the defaults are right.

    Args:
        scale: "layer", "none", "linear" (1/E), "inverse" (sqrt E), "keys" (1/sqrt S) or "twice".
        scale_back: False leaves the scale out of backward alone; 2 uses it twice there.
        masked: the mask is respected.
        causal: the causal mask is respected.
        axis: of the softmax.
        jacobian: "full", "diagonal", "no sum", "none", "batch", "plus", "no factor" or "bare sum".
        transpose: False uses the attention weights untransposed in the value gradient.
        exchange: query and key are exchanged in each other's gradients.
        weighted: False leaves the attention weights out of the value gradient.
        reshaped: reshaped where it should be transposed, in the key's and the value's gradients.
        scored: the gradient of the scores stands in the attention weights' place, in the value's gradient.
        sum_axis: of the softmax's sum alone, the maximum being taken along the keys.
        hidden: keys are hidden "before" the softmax, "after" it (the rest not normalised again), or by a score of
            "zero".
        activation: "softmax", or "sigmoid", "none" or "uniform" in its place.
    """

    scale: str = "layer"
    scale_back: int = 1
    masked: bool = True
    causal: bool = True
    axis: int = -1
    jacobian: str = "full"
    transpose: bool = True
    exchange: bool = False
    weighted: bool = True
    reshaped: bool = False
    scored: bool = False
    sum_axis: int = -1
    hidden: str = "before"
    activation: str = "softmax"


ATTENTION_RIGHT = AttentionSwitches()


def attention_scale(observation: Observation, how: AttentionSwitches) -> float:
    """The factor of the scores."""
    size = tensor(observation, "query").shape[-1]
    given = observation.options.get("scale")
    right = float(given) if isinstance(given, int | float) else 1 / math.sqrt(size)
    keys, value = tensor(observation, "key").shape[-2], tensor(observation, "value").shape[-1]
    other = {
        "none": 1.0,
        "linear": 1 / size,
        "inverse": math.sqrt(size),
        "keys": 1 / math.sqrt(keys),
        "value": 1 / math.sqrt(value),
    }
    return right**2 if how.scale == "twice" else other.get(how.scale, right)


def attention_weights(observation: Observation, how: AttentionSwitches) -> Floats:
    """(..., L, S), each row summing to one."""
    query, key = tensor(observation, "query"), tensor(observation, "key")
    scores = attention_scale(observation, how) * (query @ np.swapaxes(key, -1, -2))
    seen = np.ones(scores.shape, dtype=bool)
    if how.masked and observation.constants.get("mask") is not None:
        seen &= constant(observation, "mask") != 0
    if how.causal and observation.options.get("causal"):
        seen = np.tril(seen)
    if not seen.any(axis=-1).all():
        raise ValueError("a query sees no key")
    if how.hidden == "after":
        return softmax(scores, axis=how.axis) * seen
    if how.hidden == "zero":
        return softmax(np.where(seen, scores, 0.0), axis=how.axis)
    if how.activation == "sigmoid":
        return np.asarray(seen / (1 + np.exp(-scores)))
    if how.activation == "uniform":
        return np.asarray(seen / seen.sum(axis=-1, keepdims=True))
    if how.activation == "none":
        return np.asarray(scores * seen)
    if how.sum_axis != -1:
        e = np.exp(np.where(seen, scores - scores.max(axis=-1, keepdims=True), -np.inf))
        return np.asarray(e / e.sum(axis=how.sum_axis, keepdims=True))
    return softmax(np.where(seen, scores, -1e9), axis=how.axis)


def attention_output(observation: Observation, how: AttentionSwitches = ATTENTION_RIGHT) -> Floats:
    """Weights times values."""
    return np.asarray(attention_weights(observation, how) @ tensor(observation, "value"))


def _turned(weights: Floats, how: AttentionSwitches) -> Floats:
    """(..., L, S) as (..., S, L)."""
    turned = np.swapaxes(weights, -1, -2)
    return weights.reshape(turned.shape) if how.reshaped else turned


def attention_gradients(
    observation: Observation, how: AttentionSwitches = ATTENTION_RIGHT
) -> dict[str, Floats]:
    """Of query, key and value."""
    query, key, dout = tensor(observation, "query"), tensor(observation, "key"), upstream(observation)
    p = attention_weights(observation, how)
    dp = dout @ np.swapaxes(tensor(observation, "value"), -1, -2)
    products: dict[str, Callable[[], Floats]] = {
        "full": lambda: p * (dp - (dp * p).sum(axis=how.axis, keepdims=True)),
        "diagonal": lambda: p * (1 - p) * dp,
        "no sum": lambda: p * dp,
        "none": lambda: dp,
        "batch": lambda: p * (dp - (dp * p).sum(axis=-2, keepdims=True)),
        "plus": lambda: p * (dp + (dp * p).sum(axis=how.axis, keepdims=True)),
        "no factor": lambda: dp - (dp * p).sum(axis=how.axis, keepdims=True),
        "bare sum": lambda: p * (dp - dp.sum(axis=how.axis, keepdims=True)),
    }
    scores = products[how.jacobian]() * attention_scale(observation, how) ** how.scale_back
    back = _turned(scores, how)
    if how.exchange:
        query, key = key, query
    weights = scores if how.scored else p if how.weighted else np.ones_like(p)
    gradients = {"value": (_turned(weights, how) if how.transpose else weights) @ dout}
    if scores.shape[-1] == key.shape[-2] and back.shape[-1] == query.shape[-2]:
        gradients.update({"query": scores @ key, "key": back @ query})
    return gradients
