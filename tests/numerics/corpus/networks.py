"""Embedding, recurrent cell, attention and small networks."""

from __future__ import annotations

import numpy as np

from tests.numerics.corpus.styles import C, D, Fault, Style, normal

H, V = 4, 6


class Embedding:
    def __init__(self):
        self.params = {"weight": np.zeros((V, D))}
        self.grads = {}

    def forward(self, index):
        self.index = index
        return self.params["weight"][index]

    def backward(self, dout):
        self.grads["weight"] = np.zeros((V, D))
        np.add.at(self.grads["weight"], self.index, dout)


class EmbeddingOneHot:
    def __init__(self):
        self.params = {"weight": np.zeros((V, D))}
        self.grads = {}

    def forward(self, index):
        self.one_hot = np.eye(V)[index]
        return self.one_hot @ self.params["weight"]

    def backward(self, dout):
        self.grads["weight"] = self.one_hot.T @ dout


class RNNCell:
    def __init__(self):
        self.params = {"wx": np.zeros((D, H)), "wh": np.zeros((H, H)), "b": np.zeros(H)}
        self.grads = {}

    def forward(self, x, h):
        self.x, self.h = x, h
        self.out = np.tanh(x @ self.params["wx"] + h @ self.params["wh"] + self.params["b"])
        return self.out

    def backward(self, dout):
        d = dout * (1 - self.out**2)
        self.grads = {"wx": self.x.T @ d, "wh": self.h.T @ d, "b": d.sum(0)}
        return d @ self.params["wx"].T, d @ self.params["wh"].T


class Attention:
    def forward(self, q, k, v):
        self.q, self.k, self.v = q, k, v
        s = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])
        e = np.exp(s - s.max(-1, keepdims=True))
        self.a = e / e.sum(-1, keepdims=True)
        return self.a @ v

    def backward(self, dout):
        da = dout @ self.v.transpose(0, 2, 1)
        ds = self.a * (da - (da * self.a).sum(-1, keepdims=True)) / np.sqrt(self.q.shape[-1])
        return ds @ self.k, ds.transpose(0, 2, 1) @ self.q, self.a.transpose(0, 2, 1) @ dout


class Dense:
    def __init__(self, i, o):
        self.params = {"weight": np.zeros((o, i)), "bias": np.zeros((1, o))}
        self.grads = {}

    def forward(self, x):
        self.x = x
        return x @ self.params["weight"].T + self.params["bias"]

    def backward(self, dout):
        self.grads["weight"] = dout.T @ self.x
        self.grads["bias"] = np.ones((1, len(dout))) @ dout
        return dout @ self.params["weight"]


class Rectifier:
    def forward(self, x):
        self.on = x > 0
        return x * self.on

    def backward(self, dout):
        return dout * self.on


class MLP:
    def __init__(self):
        self.layers = [Dense(D, 6), Rectifier(), Dense(6, C)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout


class MLPWithoutInputGradient:
    def __init__(self):
        self.first, self.second = Dense(D, 5), Dense(5, C)

    def forward(self, x):
        self.h = np.tanh(self.first.forward(x))
        return self.second.forward(self.h)

    def backward(self, dout):
        self.first.backward(self.second.backward(dout) * (1 - self.h * self.h))


class MLPFloat32:
    def __init__(self):
        self.params = {"w1": np.zeros((D, 6), np.float32), "w2": np.zeros((6, C), np.float32)}
        self.grads = {}

    def forward(self, x):
        self.x = x.astype(np.float32)
        self.h = np.maximum(self.x @ self.params["w1"], 0)
        return self.h @ self.params["w2"]

    def backward(self, dout):
        dout = dout.astype(np.float32)
        self.grads["w2"] = self.h.T @ dout
        dh = dout @ self.params["w2"].T * (self.h > 0)
        self.grads["w1"] = self.x.T @ dh
        return dh @ self.params["w1"].T


def _indices(rng, batch):
    return {"weight": rng.standard_normal((V, D)), "index": rng.integers(0, V, batch)}


_RNN = normal(("x", ("n", D)), ("h", ("n", H)), ("wx", (D, H)), ("wh", (H, H)), ("b", (H,)))
_QKV = normal(("q", ("n", 3, 4)), ("k", ("n", 3, 4)), ("v", ("n", 3, 4)))
_MLP = normal(
    ("x", ("n", D)),
    ("layers.0.weight", (6, D)),
    ("layers.0.bias", (1, 6)),
    ("layers.2.weight", (C, 6)),
    ("layers.2.bias", (1, C)),
)
_MLP2 = normal(
    ("x", ("n", D)),
    ("first.weight", (5, D)),
    ("first.bias", (1, 5)),
    ("second.weight", (C, 5)),
    ("second.bias", (1, C)),
)
_MLP3 = normal(("x", ("n", D)), ("w1", (D, 6)), ("w2", (6, C)))
_BY = {
    style.name: style
    for style in [
        Style(Embedding, "embedding", _indices, inputs=(), constants=("index",)),
        Style(EmbeddingOneHot, "embedding", _indices, inputs=(), constants=("index",)),
        Style(RNNCell, "rnn", _RNN, inputs=("x", "h")),
        Style(Attention, "attention", _QKV, inputs=("q", "k", "v")),
        Style(MLP, "mlp", _MLP),
        Style(
            MLPWithoutInputGradient,
            "mlp",
            _MLP2,
            wrt=("first.weight", "first.bias", "second.weight", "second.bias"),
        ),
        Style(MLPFloat32, "mlp", _MLP3),
    ]
}
STYLES = list(_BY.values())
_E, _R, _A, _M, _MT, _M32 = (
    _BY[n] for n in ("Embedding", "RNNCell", "Attention", "MLP", "MLPWithoutInputGradient", "MLPFloat32")
)

FAULTS = [
    Fault(
        _E,
        "repeated indices overwritten",
        'np.add.at(self.grads["weight"], self.index, dout)',
        'self.grads["weight"][self.index] = dout',
    ),
    Fault(
        _E,
        "repeated indices added once",
        'np.add.at(self.grads["weight"], self.index, dout)',
        'self.grads["weight"][self.index] += dout',
    ),
    Fault(
        _E,
        "accumulates",
        'self.grads["weight"] = np.zeros((V, D))',
        'self.grads.setdefault("weight", np.zeros((V, D)))',
        "accumulation",
    ),
    Fault(_R, "derivative at the input", "1 - self.out**2", "1 - np.tanh(self.out) ** 2"),
    Fault(_R, "derivative missing", "dout * (1 - self.out**2)", "dout * 1.0"),
    Fault(_R, "recurrent weight not transposed", 'd @ self.params["wh"].T', 'd @ self.params["wh"]'),
    Fault(_R, "recurrent weight gradient transposed", "self.h.T @ d", "d.T @ self.h"),
    Fault(_R, "recurrent weight gradient of the output", "self.h.T @ d", "self.out.T @ d"),
    Fault(_R, "bias averaged", "d.sum(0)", "d.mean(0)"),
    Fault(
        _R,
        "hidden gradient missing",
        'd @ self.params["wx"].T, d @ self.params["wh"].T',
        'd @ self.params["wx"].T',
        "missing_gradient",
    ),
    Fault(_A, "scale missing in backward", " / np.sqrt(self.q.shape[-1])\n", "\n"),
    Fault(
        _A,
        "keys and queries swapped",
        "return ds @ self.k, ds.transpose(0, 2, 1) @ self.q,",
        "return ds @ self.q, ds.transpose(0, 2, 1) @ self.k,",
    ),
    Fault(_A, "values not transposed", "self.a.transpose(0, 2, 1) @ dout", "self.a @ dout"),
    Fault(_A, "softmax sum missing", "(da - (da * self.a).sum(-1, keepdims=True))", "da"),
    Fault(
        _A,
        "normalised over queries",
        "self.a = e / e.sum(-1, keepdims=True)",
        "self.a = e / e.sum(-2, keepdims=True)",
    ),
    Fault(_M, "layers in forward order", "reversed(self.layers)", "[self.layers[2], self.layers[0]]"),
    Fault(
        _M,
        "rectifier skipped in backward",
        "dout = layer.backward(dout)",
        "dout = dout if isinstance(layer, Rectifier) else layer.backward(dout)",
    ),
    Fault(_M, "rectifier twice in forward", "x = layer.forward(x)", "x = np.maximum(layer.forward(x), 0)"),
    Fault(_MT, "derivative of sigmoid", "(1 - self.h * self.h)", "self.h * (1 - self.h)"),
    Fault(_MT, "derivative forgotten", " * (1 - self.h * self.h)", ""),
    Fault(
        _MT,
        "sign of the hidden gradient",
        "self.first.backward(self.second",
        "self.first.backward(-self.second",
    ),
    Fault(_M32, "mask missing in float32", " * (self.h > 0)", ""),
    Fault(_M32, "weight averaged in float32", "self.h.T @ dout", "self.h.T @ dout / len(dout)"),
]
