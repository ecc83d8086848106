"""Normalisations, convolution, pooling, recurrence and attention with one faulty gradient each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.diagnose.faulty import Array, Plant, hot, layer_norm_parts, right, sigmoid, softmax


def normed(
    x: Array, running_mean: Array, running_var: Array, training: bool, eps: float
) -> tuple[Array, Array]:
    mean, var = (x.mean(0), x.var(0)) if training else (running_mean, running_var)
    std = np.sqrt(var + eps)
    return (x - mean) / std, std


def batch_norm_dx(
    dout: Array,
    x: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_var: Array,
    *,
    training: bool,
    eps: float,
    mean_path: bool = True,
    var_path: bool = True,
    n: float = 1,
) -> Array:
    x_hat, std = normed(x, running_mean, running_var, training, eps)
    g = dout * gamma
    if not training:
        return g / std
    return (g - mean_path * g.mean(0) - var_path * x_hat * (g * x_hat).mean(0)) / std / n


def batch_norm_gamma(dout: Array, values: Callable[[Array, Array, Array], Array], **arguments: Any) -> Array:
    names = ("x", "running_mean", "running_var", "training", "eps")
    x_hat, std = normed(**{name: arguments[name] for name in names})
    return values(x_hat, std, arguments["x"])


NORMS = (
    Plant("batch_norm", "x", "G501", "mean path", lambda **a: batch_norm_dx(**a, mean_path=False)),
    Plant("batch_norm", "x", "G502", "variance path", lambda **a: batch_norm_dx(**a, var_path=False)),
    Plant(
        "batch_norm",
        "x",
        "G503",
        "both paths",
        lambda **a: batch_norm_dx(**a, mean_path=False, var_path=False),
    ),
    Plant(
        "batch_norm",
        "x",
        "G104",
        "averaged",
        lambda **a: batch_norm_dx(**a, n=len(a["x"])) if a["training"] else batch_norm_dx(**a) / len(a["x"]),
    ),
    Plant("batch_norm", "gamma", "G508", "x for x_hat", lambda dout, x, **_: (dout * x).sum(axis=0)),
    Plant(
        "batch_norm",
        "gamma",
        "G104",
        "averaged",
        lambda **a: batch_norm_gamma(values=lambda x_hat, std, x: (a["dout"] * x_hat).mean(axis=0), **a),
    ),
    Plant(
        "batch_norm",
        "gamma",
        "G103",
        "not summed",
        lambda **a: batch_norm_gamma(values=lambda x_hat, std, x: a["dout"] * x_hat, **a),
    ),
    Plant(
        "batch_norm",
        "gamma",
        "G513 G521",
        "over the variance",
        lambda **a: batch_norm_gamma(values=lambda x_hat, std, x: (a["dout"] * x_hat / std).sum(axis=0), **a),
    ),
    Plant(
        "batch_norm",
        "beta",
        "G118",
        "gamma's",
        lambda **a: batch_norm_gamma(values=lambda x_hat, std, x: (a["dout"] * x_hat).sum(axis=0), **a),
    ),
    Plant(
        "layer_norm",
        "gamma",
        "G520",
        "wrong axis",
        lambda dout, x, eps, **_: (dout * layer_norm_parts(x, eps)[0]).sum(axis=-1),
    ),
    Plant(
        "dropout",
        "x",
        "G530",
        "not scaled",
        lambda dout, x, mask, p, training: dout * mask if training else dout,
    ),
    Plant("dropout", "x", "G532", "mask ignored", lambda dout, x, mask, p, training: dout),
    Plant(
        "dropout",
        "x",
        "G531",
        "fresh mask",
        lambda dout, x, mask, p, training: dout * np.roll(mask, 1) / max(1 - p, 1e-9) if training else dout,
    ),
)

STRUCTURES = (
    Plant("conv2d", "bias", "G104", "averaged", lambda dout, **_: dout.mean(axis=0).sum(axis=(1, 2))),
    Plant("conv2d", "bias", "G605 G103", "per example", lambda dout, **_: dout.sum(axis=(2, 3))),
    Plant(
        "conv2d",
        "x",
        "G601",
        "flipped",
        lambda dout, weight, **a: right("conv2d", "x", dout, weight=weight[:, :, ::-1, ::-1], **a),
    ),
    Plant(
        "conv2d",
        "weight",
        "G601",
        "flipped",
        lambda **a: right("conv2d", "weight", **a)[:, :, ::-1, ::-1],
    ),
    Plant("conv2d", "weight", "G104", "averaged", lambda **a: right("conv2d", "weight", **a) / len(a["x"])),
    Plant("max_pool2d", "x", "G614", "spread evenly", lambda **a: right("avg_pool2d", "x", **a)),
    Plant("avg_pool2d", "x", "G616", "to the largest", lambda **a: right("max_pool2d", "x", **a)),
    Plant(
        "avg_pool2d",
        "x",
        "G615",
        "not divided",
        lambda kernel_size, **a: (
            right("avg_pool2d", "x", kernel_size=kernel_size, **a) * np.prod(np.ones(2) * kernel_size)
        ),
    ),
    Plant("rnn_cell", "bias_hh", "G102", "zeros", lambda bias_hh, **_: np.zeros_like(bias_hh)),
    Plant("rnn_cell", "weight_hh", "G631", "no tanh'", lambda dout, hidden, **_: dout.T @ hidden),
    Plant("rnn_cell", "x", "G631", "no tanh'", lambda dout, weight_ih, **_: dout @ weight_ih),
    Plant(
        "attention",
        "value",
        "G104",
        "averaged",
        lambda **a: right("attention", "value", **a) / len(a["value"]),
    ),
)


def lstm_gates(arguments: Any) -> tuple[Array, ...]:
    x, hidden = arguments["x"], arguments["hidden"]
    z = x @ arguments["weight_ih"].T + hidden @ arguments["weight_hh"].T
    i, f, g, o = np.split(z + arguments["bias_ih"] + arguments["bias_hh"], 4, axis=1)
    return sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)


def candidate_as_gate(dout: Array, **a: Any) -> Array:
    i, f, g, o = lstm_gates(a)
    cell = f * a["cell"] + i * g
    dcell = dout[1] + dout[0] * o * (1 - np.tanh(cell) ** 2)
    dz = [dcell * g * i * (1 - i), dcell * a["cell"] * f * (1 - f), dcell * i * g * (1 - g)]
    return np.hstack([*dz, dout[0] * np.tanh(cell) * o * (1 - o)]).T @ a["x"]


def candidate_lost(dout: Array, **a: Any) -> Array:
    gradient = right("lstm_cell", "weight_ih", dout, **a)
    gradient[2 * len(gradient) // 4 : 3 * len(gradient) // 4] *= 1 + np.arange(gradient.shape[1])
    return gradient


def swapped_place(dout: Array, x: Array, kernel_size: Any, stride: Any, padding: Any) -> Array:
    size = kernel_size if isinstance(kernel_size, tuple) else (kernel_size, kernel_size)
    steps = size if stride is None else stride if isinstance(stride, tuple) else (stride, stride)
    frame = ((0, 0), (0, 0), (padding, padding), (padding, padding))
    padded = np.pad(x, frame, constant_values=-np.inf)
    dx = np.zeros_like(padded)
    for n, c, i, j in np.ndindex(*dout.shape):
        top, left = i * steps[0], j * steps[1]
        place = padded[n, c, top : top + size[0], left : left + size[1]].argmax()
        dx[n, c, top + place % size[0], left + place // size[0]] += dout[n, c, i, j]
    return dx[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]


def layer_norm_dx(
    dout: Array, x: Array, gamma: Array, eps: float, axis: int = -1, last: bool = False
) -> Array:
    x_hat, std = layer_norm_parts(x, eps)
    g = dout if last else dout * gamma
    dx = (g - g.mean(axis, keepdims=True) - x_hat * (g * x_hat).mean(axis, keepdims=True)) / std
    return dx * gamma if last else dx


def one_less(dout: Array, x: Array, gamma: Array, training: bool, **a: Any) -> Array:
    x_hat, std = normed(x, a["running_mean"], a["running_var"], training, a["eps"])
    g, n = dout * gamma, np.float64(len(x) - 1)
    return (g - g.sum(0) / n - x_hat * (g * x_hat).sum(0) / n) / std if training else g / std


MORE = (
    Plant("lstm_cell", "weight_ih", "G641", "sigmoid' of the candidate", candidate_as_gate),
    Plant("lstm_cell", "weight_ih", "G650", "one gate wrong", candidate_lost),
    Plant("max_pool2d", "x", "G610", "row for column", swapped_place),
    Plant("layer_norm", "x", "G523", "gamma last", lambda beta, **a: layer_norm_dx(**a, last=True)),
    Plant("layer_norm", "x", "G525", "means over the batch", lambda beta, **a: layer_norm_dx(**a, axis=0)),
    Plant("batch_norm", "x", "G524", "N - 1", lambda beta, **a: one_less(**a)),
    Plant(
        "attention",
        "value",
        "G658",
        "weights lost",
        lambda dout, value, **a: np.broadcast_to(dout.sum(1, keepdims=True), value.shape),
    ),
    Plant(
        "softmax_cross_entropy",
        "x",
        "G450",
        "smoothed",
        lambda dout, x, labels: dout * (softmax(x) - 0.9 * hot(x, labels) - 0.1 / x.shape[1]) / len(x),
    ),
)

STRUCTURED: tuple[Plant, ...] = (*NORMS, *STRUCTURES, *MORE)
