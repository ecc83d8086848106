"""Wrong places: axes, counts, indices and loops that end too early, one fault each."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference.layers import LAYERS
from tests.diagnose.faulty import Array, Plant, hot, layer_norm_parts, right, softmax


def layer_norm_paths(dout: Array, x: Array, gamma: Array, eps: float, *, axis: int, count: int) -> Array:
    """Both paths summed along one axis and divided by the size of another."""
    x_hat, std = layer_norm_parts(x, eps)
    g, n = dout * gamma, x.shape[count]
    return (g - g.sum(axis, keepdims=True) / n - x_hat * (g * x_hat).sum(axis, keepdims=True) / n) / std


def new_statistics(
    x: Array, gamma: Array, beta: Array, running_mean: Array, running_var: Array, training: bool, eps: float
) -> Array:
    if training:
        return gamma * x / np.sqrt(1 + eps) + beta
    return gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta


def two_axes(x: Array, shift: int, total: int) -> Array:
    e = np.exp(x - x.max(axis=shift, keepdims=True))
    return e / e.sum(axis=total, keepdims=True)


def jacobian_again(dout: Array, x: Array, labels: Array) -> Array:
    p = softmax(x)
    g = (p - hot(x, labels)) / len(x)
    return dout * np.stack([(np.diag(row) - np.outer(row, row)) @ one for row, one in zip(p, g, strict=True)])


def counted_itself(dout: Array, x: Array, labels: Array, delta: float) -> Array:
    margins = x - x[np.arange(len(x)), labels][:, None] + delta
    violated = (margins > 0).astype(float)
    violated[np.arange(len(x)), labels] = 0
    violated[np.arange(len(x)), labels] = -(violated.sum(axis=1) + 1)
    return dout * violated / len(x)


def without_last_column(name: str, dout: Array, **a: Any) -> Array:
    dout = dout.copy()
    dout[..., -1] = 0
    return right("conv2d", name, dout, **a)


def pooled_back(dout: Array, x: Array, kernel_size: Any, stride: Any, padding: Any, how: str) -> Array:
    """Max pooling by loops: the winner's place is taken, and something is done wrongly with it."""
    size = kernel_size if isinstance(kernel_size, tuple) else (kernel_size, kernel_size)
    step = size if stride is None else stride if isinstance(stride, tuple) else (stride, stride)
    frame = ((0, 0), (0, 0), (padding, padding), (padding, padding))
    padded = np.pad(x, frame, constant_values=-np.inf)
    dx = np.zeros_like(padded)
    for n, c, i, j in np.ndindex(*dout.shape):
        top, left = i * step[0], j * step[1]
        window = padded[n, 0 if how == "channel" else c, top : top + size[0], left : left + size[1]]
        a, b = np.unravel_index(window.argmax(), window.shape)
        place = (n, c, i + a, j + b) if how == "stride" else (n, c, top + a, left + b)
        dx[place] = dout[n, c, i, j] + (0 if how == "overwrite" else dx[place])
    return dx[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]


def key_reshaped(dout: Array, query: Array, key: Array, value: Array, mask: Array, **a: Any) -> Array:
    scale = a["scale"] or query.shape[-1] ** -0.5
    seen = np.tril(mask) if a["causal"] else mask
    p = softmax(np.where(seen, query @ key.swapaxes(-1, -2) * scale, -1e9))
    dp = dout @ value.swapaxes(-1, -2)
    ds = p * (dp - (dp * p).sum(-1, keepdims=True)) * scale
    return ds.reshape(ds.shape[0], ds.shape[2], ds.shape[1]) @ query


def over_channels(x: Array, **a: Any) -> Array:
    y = LAYERS["max_pool2d"].forward(x=x, **a)
    return np.repeat(y.max(axis=1, keepdims=True), x.shape[1], axis=1)


def wrong_exponential(x: Array, target: Array) -> Array:
    return (np.maximum(x, 0) - x * target + np.log1p(np.exp(-x))).mean()


def without_first_row(dout: Array, **a: Any) -> Array:
    dout = dout.copy()
    dout[:, :, 0] = 0
    return right("conv2d", "x", dout, **a)


def without_last_row(weight: Array, **a: Any) -> Array:
    weight = weight.copy()
    weight[:, :, -1] = 0
    return LAYERS["conv2d"].forward(weight=weight, **a)


def layer_norm_slip(dout: Array, x: Array, gamma: Array, eps: float, *, slip: str) -> Array:
    """The staged backward of the paper, with one slip."""
    centred = x - x.mean(-1, keepdims=True)
    var = x.var(-1, keepdims=True) + eps
    g, std, n = dout * gamma, np.sqrt(var), x.shape[-1]
    dvar = (g * (x if slip == "x" else centred)).sum(-1, keepdims=True) * -0.5 * var**-1.5
    dmean = (-g / std).sum(-1, keepdims=True)
    return (g if slip == "direct" else g / std) + dvar * 2 * centred / n + dmean / n


def norm_of_everything(
    x: Array, gamma: Array, beta: Array, running_mean: Array, running_var: Array, training: bool, eps: float
) -> Array:
    if not training:
        return gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta
    return gamma * (x - x.mean()) / np.sqrt(x.var() + eps) + beta


def ungated(x: Array, hidden: Array, cell: Array, **a: Any) -> Array:
    new = LAYERS["lstm_cell"].forward(x=x, hidden=hidden, cell=cell, **a)[1]
    return np.stack([np.tanh(new), new])


PLACED = (
    Plant("sigmoid", "", "F145", "cut at 1", lambda x: 1 / (1 + np.exp(-np.clip(x, -1, 1)))),
    Plant("relu", "x", "G313", "guided", lambda dout, x: dout * (x > 0) * (dout > 0)),
    Plant("conv2d", "x", "G626", "first row", without_first_row),
    Plant("conv2d", "", "F436", "the kernel's last row", without_last_row),
    Plant("layer_norm", "x", "G522", "x for x - mean", lambda beta, **a: layer_norm_slip(**a, slip="x")),
    Plant("layer_norm", "x", "G512", "direct path", lambda beta, **a: layer_norm_slip(**a, slip="direct")),
    Plant("batch_norm", "", "F309", "of everything", norm_of_everything),
    Plant("lstm_cell", "", "F454", "no output gate", ungated),
    Plant(
        "rnn_cell",
        "",
        "F451",
        "no recurrent weight",
        lambda weight_hh, **a: LAYERS["rnn_cell"].forward(weight_hh=np.eye(len(weight_hh)), **a),
    ),
    Plant("linear", "weight", "G157", "N - 1", lambda dout, x, **_: dout.T @ x / max(len(x) - 1, 1)),
    Plant("cross_entropy", "", "F216", "first example", lambda x, labels: -np.log(x[0, labels[0]])),
    Plant(
        "cross_entropy",
        "x",
        "G426",
        "columns",
        lambda dout, x, labels: -dout * np.isin(np.arange(x.shape[1]), labels) / x / len(x),
    ),
    Plant("layer_norm", "x", "G524", "N for D", lambda beta, **a: layer_norm_paths(**a, axis=-1, count=0)),
    Plant(
        "layer_norm", "x", "G525", "over the batch", lambda beta, **a: layer_norm_paths(**a, axis=0, count=-1)
    ),
    Plant("batch_norm", "", "F307", "new statistics", new_statistics),
    Plant("softmax", "", "F201", "sum over the batch", lambda x: two_axes(x, 1, 0)),
    Plant("softmax", "", "F221", "maximum of the column", lambda x: two_axes(x, 0, 1)),
    Plant("softmax_cross_entropy", "x", "G442", "Jacobian again", jacobian_again),
    Plant(
        "softmax_cross_entropy",
        "",
        "F217",
        "shifted alone",
        lambda x, labels: -(x - x.max(1, keepdims=True))[np.arange(len(x)), labels].mean(),
    ),
    Plant("bce_with_logits", "", "F404", "exp(-x)", wrong_exponential),
    Plant("hinge", "x", "G472", "itself counted", counted_itself),
    Plant("conv2d", "x", "G626", "last column", lambda **a: without_last_column("x", **a)),
    Plant("conv2d", "weight", "G626", "last column", lambda **a: without_last_column("weight", **a)),
    Plant("max_pool2d", "x", "G620", "first channel", lambda **a: pooled_back(**a, how="channel")),
    Plant("max_pool2d", "x", "G618", "put back without stride", lambda **a: pooled_back(**a, how="stride")),
    Plant("max_pool2d", "x", "G617", "overwrites", lambda **a: pooled_back(**a, how="overwrite")),
    Plant("max_pool2d", "", "F435", "over channels", over_channels),
    Plant("attention", "key", "G659", "reshaped", key_reshaped),
)
