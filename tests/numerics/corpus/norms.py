"""Batch norm, layer norm and dropout."""

from __future__ import annotations

import random

import numpy as np

from tests.numerics.corpus.styles import D, Fault, Style, normal

EPS = 1e-5


class BatchNorm:
    def __init__(self):
        self.params = {"gamma": np.ones(D), "beta": np.zeros(D)}
        self.grads = {}

    def forward(self, x):
        self.mean, self.var = x.mean(axis=0), x.var(axis=0)
        self.std = np.sqrt(self.var + EPS)
        self.xhat = (x - self.mean) / self.std
        return self.params["gamma"] * self.xhat + self.params["beta"]

    def backward(self, dout):
        self.grads["gamma"] = (dout * self.xhat).sum(axis=0)
        self.grads["beta"] = dout.sum(axis=0)
        dxhat = dout * self.params["gamma"]
        return (dxhat - dxhat.mean(axis=0) - self.xhat * (dxhat * self.xhat).mean(axis=0)) / self.std


class BatchNormStaged:
    def __init__(self):
        self.params = {"gamma": np.ones((1, D)), "beta": np.zeros((1, D))}
        self.grads = {}
        self.running = np.zeros(D)

    def forward(self, x):
        n = len(x)
        self.xmu = x - x.sum(0) / n
        self.var = (self.xmu**2).sum(0) / n
        self.ivar = 1.0 / np.sqrt(self.var + EPS)
        self.xhat = self.xmu * self.ivar
        self.running = 0.9 * self.running + 0.1 * x.mean(0)
        return self.xhat * self.params["gamma"] + self.params["beta"]

    def backward(self, dout):
        n = dout.shape[0]
        self.grads["beta"] = np.sum(dout, axis=0, keepdims=True)
        self.grads["gamma"] = np.sum(dout * self.xhat, axis=0, keepdims=True)
        dxhat = dout * self.params["gamma"]
        dvar = np.sum(dxhat * self.xmu, axis=0) * -0.5 * self.ivar**3
        dmu = -np.sum(dxhat * self.ivar, axis=0) + dvar * np.mean(-2.0 * self.xmu, axis=0)
        return dxhat * self.ivar + dvar * 2 * self.xmu / n + dmu / n


class BatchNormCompact:
    def __init__(self):
        self.params = {"gamma": np.ones(D), "beta": np.zeros(D)}
        self.grads = {}

    def forward(self, x):
        self.x, self.mu = x, x.mean(0)
        self.s = ((x - self.mu) ** 2).mean(0) + EPS
        return self.params["gamma"] * (x - self.mu) * self.s**-0.5 + self.params["beta"]

    def backward(self, dout):
        n = len(dout)
        c = self.x - self.mu
        self.grads = {"gamma": (dout * c * self.s**-0.5).sum(0), "beta": dout.sum(0)}
        dx = n * dout - dout.sum(0) - c / self.s * (dout * c).sum(0)
        return self.params["gamma"] * self.s**-0.5 / n * dx


class BatchNormFloat32:
    def __init__(self):
        self.params = {"gamma": np.ones(D, np.float32), "beta": np.zeros(D, np.float32)}
        self.grads = {}

    def forward(self, x):
        x = x.astype(np.float32)
        self.std = np.sqrt(x.var(axis=0) + np.float32(EPS))
        self.xhat = (x - x.mean(axis=0)) / self.std
        return self.params["gamma"] * self.xhat + self.params["beta"]

    def backward(self, dout):
        dout = dout.astype(np.float32)
        self.grads = {"gamma": (dout * self.xhat).sum(axis=0), "beta": dout.sum(axis=0)}
        d = dout * self.params["gamma"]
        return (d - d.mean(axis=0) - self.xhat * (d * self.xhat).mean(axis=0)) / self.std


class LayerNorm:
    def __init__(self):
        self.params = {"gamma": np.ones(D), "beta": np.zeros(D)}
        self.grads = {}

    def forward(self, x):
        self.std = np.sqrt(x.var(axis=1, keepdims=True) + EPS)
        self.xhat = (x - x.mean(axis=1, keepdims=True)) / self.std
        return self.params["gamma"] * self.xhat + self.params["beta"]

    def backward(self, dout):
        self.grads["gamma"] = np.einsum("nd,nd->d", dout, self.xhat)
        self.grads["beta"] = dout.sum(axis=0)
        d = dout * self.params["gamma"]
        m, v = d.mean(axis=1, keepdims=True), (d * self.xhat).mean(axis=1, keepdims=True)
        return (d - m - self.xhat * v) / self.std


class LayerNormTransposed:
    def __init__(self):
        self.params = {"gamma": np.ones((D, 1)), "beta": np.zeros((D, 1))}
        self.grads = {}

    def forward(self, x):
        xt = x.T
        self.c = xt - xt.mean(0)
        self.i = 1 / np.sqrt((self.c**2).mean(0) + EPS)
        return (self.params["gamma"] * self.c * self.i + self.params["beta"]).T

    def backward(self, dout):
        d = dout.T
        self.grads = {"gamma": (d * self.c * self.i).sum(1), "beta": d.sum(1, keepdims=True)}
        g = d * self.params["gamma"]
        dc = g * self.i - self.c * self.i**3 * (g * self.c).mean(0)
        return (dc - dc.mean(0)).T


class Dropout:
    def forward(self, x):
        self.mask = (np.random.rand(*x.shape) < 0.7) / 0.7
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask


class DropoutGenerator:
    def __init__(self):
        self.rng = np.random.default_rng()

    def forward(self, x):
        self.keep = self.rng.random(x.shape) >= 0.3
        return np.where(self.keep, x / 0.7, 0.0)

    def backward(self, dout):
        return np.where(self.keep, dout / 0.7, 0.0)


class DropoutGeneratorInside:
    def forward(self, x):
        self.mask = np.random.default_rng().binomial(1, 0.7, x.shape)
        return x * self.mask / 0.7

    def backward(self, dout):
        return dout * self.mask / 0.7


class DropoutLoops:
    def forward(self, x):
        self.mask = np.array([[float(random.random() < 0.5) for _ in row] for row in x])
        return x * self.mask * 2

    def backward(self, dout):
        return dout * self.mask * 2


_FLAT = normal(("x", ("n", D)), ("gamma", (D,)), ("beta", (D,)))
_ROW = normal(("x", ("n", D)), ("gamma", (1, D)), ("beta", (1, D)))
_COLUMN = normal(("x", ("n", D)), ("gamma", (D, 1)), ("beta", (D, 1)))
_X = normal(("x", ("n", D)))
_BY = {
    style.name: style
    for style in [
        Style(BatchNorm, "batch norm", _FLAT),
        Style(BatchNormStaged, "batch norm", _ROW),
        Style(BatchNormCompact, "batch norm", _FLAT),
        Style(BatchNormFloat32, "batch norm", _FLAT),
        Style(LayerNorm, "layer norm", _FLAT),
        Style(LayerNormTransposed, "layer norm", _COLUMN),
        Style(Dropout, "dropout", _X),
        Style(DropoutGenerator, "dropout", _X),
        Style(DropoutGeneratorInside, "dropout", _X),
        Style(DropoutLoops, "dropout", _X),
    ]
}
STYLES = list(_BY.values())
_B, _BS, _BC, _B32 = (
    _BY[n] for n in ("BatchNorm", "BatchNormStaged", "BatchNormCompact", "BatchNormFloat32")
)
_L, _D, _DG = _BY["LayerNorm"], _BY["Dropout"], _BY["DropoutGenerator"]
_VAR = " - self.xhat * (dxhat * self.xhat).mean(axis=0)"

FAULTS = [
    Fault(_B, "mean path missing", "(dxhat - dxhat.mean(axis=0) -", "(dxhat -"),
    Fault(_B, "variance path missing", _VAR, ""),
    Fault(_B, "both paths missing", f"(dxhat - dxhat.mean(axis=0){_VAR})", "dxhat"),
    Fault(_B, "mean path sign", "dxhat - dxhat.mean", "dxhat + dxhat.mean"),
    Fault(_B, "variance path sign", " - self.xhat *", " + self.xhat *"),
    Fault(_B, "gamma missing", 'dxhat = dout * self.params["gamma"]', "dxhat = dout"),
    Fault(_B, "gamma gradient without sum", "(dout * self.xhat).sum(axis=0)", "(dout * self.xhat)", "shape"),
    Fault(_B, "gamma gradient averaged", "(dout * self.xhat).sum(axis=0)", "(dout * self.xhat).mean(axis=0)"),
    Fault(
        _B,
        "gamma gradient of gamma",
        "(dout * self.xhat).sum(axis=0)",
        '(dout * self.xhat * self.params["gamma"]).sum(axis=0)',
    ),
    Fault(
        _B,
        "beta gradient like gamma's",
        'self.grads["beta"] = dout.sum(axis=0)',
        'self.grads["beta"] = self.grads["gamma"]',
    ),
    Fault(
        _B, "divided by the variance", "/ self.std\n        return", "/ self.var\n        return", "forward"
    ),
    Fault(
        _B,
        "variance for deviation in backward",
        ".mean(axis=0)) / self.std",
        ".mean(axis=0)) / (self.var + EPS)",
    ),
    Fault(
        _B, "epsilon missing in backward", ".mean(axis=0)) / self.std", ".mean(axis=0)) / np.sqrt(self.var)"
    ),
    Fault(
        _B,
        "epsilon outside of the root in backward",
        ".mean(axis=0)) / self.std",
        ".mean(axis=0)) / (np.sqrt(self.var) + EPS)",
    ),
    Fault(
        _B, "unbiased variance in forward", "x.var(axis=0)", "(x.var(axis=0) * len(x) / max(len(x) - 1, 1))"
    ),
    Fault(_B, "wrong axis in forward", "x.mean(axis=0), x.var(axis=0)", "x.mean(), x.var()"),
    Fault(_B, "epsilon of a tenth", "self.var + EPS", "self.var + 0.1", "forward"),
    Fault(_B, "epsilon outside of the root", "np.sqrt(self.var + EPS)", "np.sqrt(self.var) + EPS", "forward"),
    Fault(
        _B,
        "running mean in training",
        "self.mean, self.var = x.mean(axis=0), x.var(axis=0)",
        'self.var = x.var(axis=0); self.mean = 0.9 * self.__dict__.get("mean", np.zeros(D)) + 0.1 * x.mean(axis=0)',
        "state",
    ),
    Fault(_B, "sum for mean in backward", "dxhat.mean(axis=0) -", "dxhat.sum(axis=0) -"),
    Fault(_BS, "variance path factor", "* -0.5 *", "* -1.0 *"),
    Fault(_BS, "variance path power", "self.ivar**3", "self.ivar**2"),
    Fault(_BS, "mean path not divided", "dmu / n", "dmu"),
    Fault(_BS, "two missing", "dvar * 2 * self.xmu / n", "dvar * self.xmu / n"),
    Fault(
        _BS,
        "gamma gradient with x",
        "np.sum(dout * self.xhat, axis=0, keepdims=True)",
        "np.sum(dout * self.xmu, axis=0, keepdims=True)",
    ),
    Fault(_BC, "fixed batch size", "n = len(dout)", "n = 5"),
    Fault(_BC, "gamma left out", 'return self.params["gamma"] * self.s**-0.5 / n', "return self.s**-0.5 / n"),
    Fault(_B32, "mean path missing in float32", "(d - d.mean(axis=0) -", "(d -"),
    Fault(
        _B32,
        "gamma gradient averaged in float32",
        "(dout * self.xhat).sum(axis=0)",
        "(dout * self.xhat).mean(axis=0)",
    ),
    Fault(
        _L,
        "over the batch in forward",
        "(x - x.mean(axis=1, keepdims=True))",
        "(x - x.mean(axis=0, keepdims=True))",
    ),
    Fault(
        _L, "over the batch in backward", "d.mean(axis=1, keepdims=True),", "d.mean(axis=0, keepdims=True),"
    ),
    Fault(_L, "variance path missing", " - self.xhat * v", ""),
    Fault(_L, "mean path missing", "(d - m -", "(d -"),
    Fault(_L, "gamma missing", 'd = dout * self.params["gamma"]', "d = dout"),
    Fault(
        _L,
        "gamma gradient over features",
        'np.einsum("nd,nd->d", dout, self.xhat)',
        "np.full(D, (dout * self.xhat).sum(axis=1).sum())",
    ),
    Fault(_L, "deviation squared", "v) / self.std", "v) / self.std**2"),
    Fault(
        _D,
        "fresh mask in backward",
        "return dout * self.mask",
        "return dout * (np.random.rand(*dout.shape) < 0.7) / 0.7",
    ),
    Fault(_D, "no mask in backward", "return dout * self.mask", "return dout / 0.7"),
    Fault(_D, "not scaled in backward", "return dout * self.mask", "return dout * (self.mask > 0)"),
    Fault(_D, "scaled twice in backward", "return dout * self.mask", "return dout * self.mask / 0.7"),
    Fault(_D, "not scaled in forward", "return x * self.mask", "return x * (self.mask > 0)"),
    Fault(_DG, "inverted mask in backward", "np.where(self.keep, dout", "np.where(~self.keep, dout"),
]
