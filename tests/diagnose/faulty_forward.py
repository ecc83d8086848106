"""Layers with one faulty forward each, written as students write them, and the names that they should get."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.layers import LAYERS
from tests.diagnose.faulty import (
    SIMPLE,
    Array,
    Plant,
    hot,
    layer_norm_parts,
    negative_log,
    sigmoid,
    softmax,
)
from tests.diagnose.faulty_places import PLACED
from tests.diagnose.faulty_structures import STRUCTURED


def running_norm(
    x: Array, gamma: Array, beta: Array, running_mean: Array, running_var: Array, **a: Any
) -> Array:
    return gamma * (x - running_mean) / np.sqrt(running_var + a["eps"]) + beta


def epsilon_outside(
    x: Array, gamma: Array, beta: Array, running_mean: Array, running_var: Array, **a: Any
) -> Array:
    mean, var = (x.mean(0), x.var(0)) if a["training"] else (running_mean, running_var)
    return gamma * (x - mean) / (np.sqrt(var) + a["eps"]) + beta


def root_mean_square(x: Array, gamma: Array, beta: Array, eps: float) -> Array:
    return gamma * x / np.sqrt((x**2).mean(-1, keepdims=True) + eps) + beta


def beta_multiplied(x: Array, gamma: Array, beta: Array, eps: float) -> Array:
    return (gamma + beta) * layer_norm_parts(x, eps)[0]


def half_shifted(x: Array) -> Array:
    return np.exp(x - x.max(1, keepdims=True)) / np.exp(x).sum(1, keepdims=True)


def smoothed(x: Array, labels: Array) -> Array:
    return -((0.9 * hot(x, labels) + 0.1 / x.shape[1]) * np.log(softmax(x))).sum() / len(x)


def first_channel(x: Array, weight: Array, **a: Any) -> Array:
    return LAYERS["conv2d"].forward(x=x[:, :1], weight=weight[:, :1], **a)


def edges_repeated(x: Array, padding: Any, **a: Any) -> Array:
    vertical, horizontal = padding if isinstance(padding, tuple) else (padding, padding)
    framed = np.pad(x, ((0, 0), (0, 0), (vertical, vertical), (horizontal, horizontal)), mode="edge")
    return LAYERS["conv2d"].forward(x=framed, padding=0, **a)


def without_softmax(
    query: Array, key: Array, value: Array, mask: Array, causal: bool, scale: float | None
) -> Array:
    scores = query @ key.swapaxes(1, 2) * (scale or query.shape[-1] ** -0.5)
    return np.where(np.tril(mask) if causal else mask, scores, 0) @ value


FORWARDS = (
    Plant("linear", "", "F101", "no bias", lambda x, weight, bias: x @ weight.T),
    Plant("linear", "", "F102", "bias subtracted", lambda x, weight, bias: x @ weight.T - bias),
    Plant("linear", "", "F102", "bias N times", lambda x, weight, bias: x @ weight.T + len(x) * bias),
    Plant(
        "linear",
        "",
        "F150",
        "centred",
        lambda x, weight, bias: (x - x.mean(1, keepdims=True)) @ weight.T + bias,
    ),
    Plant("relu", "", "F113", "nothing", lambda x: x),
    Plant("relu", "", "F108", "inverted", lambda x: np.minimum(x, 0)),
    Plant("leaky_relu", "", "F106", "0.1", lambda x, alpha: np.where(x > 0, x, 0.1 * x)),
    Plant("elu", "", "F106", "alpha lost", lambda x, alpha: np.where(x > 0, x, np.exp(x) - 1)),
    Plant("elu", "", "F107", "- 1 lost", lambda x, alpha: np.where(x > 0, x, alpha * np.exp(x))),
    Plant("elu", "", "F106", "- alpha", lambda x, alpha: np.where(x > 0, x, np.exp(x) - alpha)),
    Plant("sigmoid", "", "F111", "exp(x)", lambda x: 1 / (1 + np.exp(x))),
    Plant("sigmoid", "", "F144", "shifted", lambda x: sigmoid(x) + 0.5),
    Plant("tanh", "", "F112", "sinh", lambda x: (np.exp(x) - np.exp(-x)) / 2),
    Plant("tanh", "", "F114", "sigmoid", lambda x: sigmoid(x)),
    Plant("softmax", "", "F201", "wrong axis", lambda x: np.exp(x) / np.exp(x).sum(axis=0)),
    Plant("softmax", "", "F202", "not normalised", lambda x: np.exp(x)),
    Plant("cross_entropy", "", "F119", "sum", lambda x, labels: negative_log(x, labels).sum()),
    Plant("cross_entropy", "", "F118", "no minus", lambda x, labels: -negative_log(x, labels).mean()),
    Plant("cross_entropy", "", "F211", "log2", lambda x, labels: negative_log(x, labels).mean() / np.log(2)),
    Plant("cross_entropy", "", "F218", "no mean", negative_log),
    Plant("cross_entropy", "", "F214", "epsilon", lambda x, labels: negative_log(x + 1e-3, labels).mean()),
    Plant(
        "softmax_cross_entropy",
        "",
        "F217",
        "no softmax",
        lambda x, labels: -(hot(x, labels) * x).sum(1).mean(),
    ),
    Plant("batch_norm", "", "F307", "running", running_norm),
    Plant("batch_norm", "", "F303", "epsilon outside", epsilon_outside),
    Plant("layer_norm", "", "F165", "beta times x_hat", beta_multiplied),
    Plant("layer_norm", "", "F310", "RMS", root_mean_square),
    Plant(
        "layer_norm", "", "F301", "beta lost", lambda x, gamma, beta, eps: gamma * layer_norm_parts(x, eps)[0]
    ),
    Plant("conv2d", "", "F101", "no bias", lambda bias, **a: LAYERS["conv2d"].forward(bias=0 * bias, **a)),
    Plant("max_pool2d", "", "F435", "mean", lambda **a: LAYERS["avg_pool2d"].forward(**a)),
    Plant(
        "linear", "", "F104", "over root D", lambda x, weight, bias: x @ weight.T / x.shape[1] ** 0.5 + bias
    ),
    Plant("relu", "", "F120", "from the mean", lambda x: np.maximum(x, x.mean())),
    Plant("softmax", "", "F220", "half shifted", half_shifted),
    Plant("softmax_cross_entropy", "", "F219", "smoothed", smoothed),
    Plant("conv2d", "", "F436", "one channel", first_channel),
    Plant("conv2d", "", "F437", "edges repeated", edges_repeated),
    Plant("attention", "", "F463", "no softmax", without_softmax),
    Plant(
        "attention", "", "F461", "no scale", lambda scale, **a: LAYERS["attention"].forward(scale=1.0, **a)
    ),
)

PLANTS: tuple[Plant, ...] = (*SIMPLE, *STRUCTURED, *FORWARDS, *PLACED)
