"""Linear layers in twelve styles, and their faults."""

from __future__ import annotations

import numpy as np

from tests.numerics.corpus.styles import C, D, Fault, Style, normal


class Linear:
    def __init__(self):
        self.params = {"weight": np.zeros((C, D)), "bias": np.zeros(C)}
        self.grads = {"weight": None, "bias": None}

    def forward(self, x):
        self.x = x
        return x @ self.params["weight"].T + self.params["bias"]

    def backward(self, dout):
        self.grads["weight"] = dout.T @ self.x
        self.grads["bias"] = dout.sum(axis=0)
        return dout @ self.params["weight"]


class LinearInOut:
    def __init__(self):
        self.params = {"weight": np.zeros((D, C)), "bias": np.zeros((1, C))}
        self.grads = {}

    def forward(self, x):
        self.cache = x
        return np.dot(x, self.params["weight"]) + self.params["bias"]

    def backward(self, dout):
        self.grads["weight"] = np.dot(self.cache.T, dout)
        self.grads["bias"] = np.sum(dout, axis=0, keepdims=True)
        return np.dot(dout, self.params["weight"].T)


class LinearColumn:
    def __init__(self):
        self.params = {"weight": np.zeros((C, D)), "bias": np.zeros((C, 1))}
        self.grads = {}

    def forward(self, x):
        self.x = x
        return (self.params["weight"] @ x.T + self.params["bias"]).T

    def backward(self, dout):
        self.grads["weight"] = (self.x.T @ dout).T
        self.grads["bias"] = dout.T @ np.ones((len(dout), 1))
        return (self.params["weight"].T @ dout.T).T


class LinearOtherBiasShape:
    def __init__(self):
        self.params = {"weight": np.zeros((C, D)), "bias": np.zeros(C)}
        self.grads = {}

    def forward(self, x):
        self.x = x
        return x @ self.params["weight"].T + self.params["bias"]

    def backward(self, dout):
        self.grads["weight"] = dout.T @ self.x
        self.grads["bias"] = dout.sum(axis=0)[:, None]
        return dout @ self.params["weight"]


class LinearLoops:
    def __init__(self):
        self.params = {"weight": np.zeros((C, D)), "bias": np.zeros(C)}
        self.grads = {}

    def forward(self, x):
        self.x = x
        out = np.zeros((len(x), C))
        for n in range(len(x)):
            for c in range(C):
                out[n, c] = (
                    sum(x[n, d] * self.params["weight"][c, d] for d in range(D)) + self.params["bias"][c]
                )
        return out

    def backward(self, dout):
        dw, db, dx = np.zeros((C, D)), np.zeros(C), np.zeros_like(self.x)
        for n in range(len(dout)):
            for c in range(C):
                db[c] += dout[n, c]
                for d in range(D):
                    dw[c, d] += dout[n, c] * self.x[n, d]
                    dx[n, d] += dout[n, c] * self.params["weight"][c, d]
        self.grads = {"weight": dw, "bias": db}
        return dx


class LinearEinsum:
    def __init__(self):
        self.params = {"weight": np.zeros((C, D)), "bias": np.zeros(C)}
        self.grads = {}

    def forward(self, x):
        self.x = x
        return np.einsum("nd,cd->nc", x, self.params["weight"]) + self.params["bias"]

    def backward(self, dout):
        self.grads["weight"] = np.einsum("nc,nd->cd", dout, self.x)
        self.grads["bias"] = np.einsum("nc->c", dout)
        return np.einsum("nc,cd->nd", dout, self.params["weight"])


class LinearFloat32:
    def __init__(self):
        self.params = {"weight": np.zeros((C, D), np.float32), "bias": np.zeros(C, np.float32)}
        self.grads = {}

    def forward(self, x):
        self.x = x.astype(np.float32)
        return self.x @ self.params["weight"].T + self.params["bias"]

    def backward(self, dout):
        dout = dout.astype(np.float32)
        self.grads["weight"] = dout.T @ self.x
        self.grads["bias"] = dout.sum(axis=0)
        return dout @ self.params["weight"]


class LinearFloat32Inside:
    def __init__(self):
        self.params = {"weight": np.zeros((C, D)), "bias": np.zeros(C)}
        self.grads = {}

    def forward(self, x):
        self.x = np.float32(x)
        return np.float64(self.x @ np.float32(self.params["weight"]).T) + self.params["bias"]

    def backward(self, dout):
        self.grads["weight"] = np.float64(np.float32(dout).T @ self.x)
        self.grads["bias"] = np.float64(np.float32(dout).sum(axis=0))
        return np.float64(np.float32(dout) @ np.float32(self.params["weight"]))


class LinearAttributes:
    def __init__(self):
        self.W, self.b = np.zeros((D, C)), np.zeros(C)
        self.dW, self.db = None, None

    def forward(self, x):
        self.x = x
        return x.dot(self.W) + self.b

    def backward(self, dout):
        self.dW = self.x.T.dot(dout)
        self.db = dout.sum(0)
        return dout.dot(self.W.T)


class LinearGradsInPlace:
    def __init__(self):
        self.params = {"weight": np.zeros((C, D)), "bias": np.zeros(C)}
        self.grads = {"weight": np.zeros((C, D)), "bias": np.zeros(C)}

    def forward(self, x):
        self.x = x.copy()
        out = np.empty((len(x), C))
        np.matmul(x, self.params["weight"].T, out=out)
        out += self.params["bias"]
        return out

    def backward(self, dout):
        np.matmul(dout.T, self.x, out=self.grads["weight"])
        self.grads["bias"][...] = dout.sum(axis=0)
        return dout @ self.params["weight"]


class LinearOnesColumn:
    def __init__(self):
        self.params = {"weight": np.zeros((D, C)), "bias": np.zeros(C)}
        self.grads = {}

    def forward(self, x):
        self.a = np.hstack([x, np.ones((len(x), 1))])
        self.theta = np.vstack([self.params["weight"], self.params["bias"]])
        return self.a @ self.theta

    def backward(self, dout):
        dtheta = self.a.T @ dout
        self.grads = {"weight": dtheta[:-1], "bias": dtheta[-1]}
        return (dout @ self.theta.T)[:, :-1]


class LinearReturnsFloat32:
    def __init__(self):
        self.params = {"weight": np.zeros((C, D)), "bias": np.zeros(C)}
        self.grads = {}

    def forward(self, x):
        self.x = x
        return x @ self.params["weight"].T + self.params["bias"]

    def backward(self, dout):
        self.grads["weight"] = dout.T @ self.x
        self.grads["bias"] = dout.sum(axis=0)
        return (dout @ self.params["weight"]).astype(np.float32)


class LinearGradsAccumulateAfterClear:
    def __init__(self):
        self.params = {"weight": np.zeros((C, D)), "bias": np.zeros(C)}
        self.grads = {}

    def forward(self, x):
        self.grads = {"weight": np.zeros((C, D)), "bias": np.zeros(C)}
        self.inputs = [x]
        return self.inputs[-1].dot(self.params["weight"].T) + np.tile(self.params["bias"], (len(x), 1))

    def backward(self, dout):
        x = self.inputs.pop()
        self.grads["weight"] += dout.T @ x
        self.grads["bias"] += dout.sum(0)
        return dout @ self.params["weight"]


OUT_IN = normal(("x", ("n", D)), ("weight", (C, D)), ("bias", (C,)))
IN_OUT = normal(("x", ("n", D)), ("weight", (D, C)), ("bias", (C,)))
ROW = normal(("x", ("n", D)), ("weight", (D, C)), ("bias", (1, C)))
COLUMN = normal(("x", ("n", D)), ("weight", (C, D)), ("bias", (C, 1)))
WB = normal(("x", ("n", D)), ("W", (D, C)), ("b", (C,)))

LINEAR = Style(Linear, "linear", OUT_IN)
_ROW = Style(LinearInOut, "linear", ROW)
_LOOPS = Style(LinearLoops, "linear", OUT_IN)
_IN_PLACE = Style(LinearGradsInPlace, "linear", OUT_IN)
_SINGLE = Style(LinearFloat32Inside, "linear", OUT_IN)

STYLES = [
    LINEAR,
    _ROW,
    Style(LinearColumn, "linear", COLUMN),
    Style(LinearOtherBiasShape, "linear", OUT_IN),
    _LOOPS,
    Style(LinearEinsum, "linear", OUT_IN),
    Style(LinearFloat32, "linear", OUT_IN),
    _SINGLE,
    Style(LinearAttributes, "linear", WB, parameters={"W": ("W", "dW"), "b": ("b", "db")}),
    _IN_PLACE,
    Style(LinearOnesColumn, "linear", IN_OUT),
    Style(LinearReturnsFloat32, "linear", OUT_IN),
    Style(LinearGradsAccumulateAfterClear, "linear", OUT_IN),
]

_DW, _DB, _DX = "dout.T @ self.x", "dout.sum(axis=0)", 'return dout @ self.params["weight"]'
FAULTS = [
    Fault(LINEAR, "weight sign", _DW, "-dout.T @ self.x"),
    Fault(LINEAR, "weight mean", _DW, "dout.T @ self.x / len(dout)"),
    Fault(LINEAR, "weight over features", _DW, "dout.T @ self.x / D"),
    Fault(LINEAR, "weight twice", _DW, "2 * dout.T @ self.x"),
    Fault(LINEAR, "weight transposed", _DW, "self.x.T @ dout"),
    Fault(
        LINEAR,
        "weight one element",
        _DW,
        "dout.T @ self.x + np.eye(C, D) * (np.arange(C) == 1)[:, None] * 0.01",
    ),
    Fault(
        LINEAR,
        "weight one element by 1 percent",
        _DW,
        "(dout.T @ self.x) * (1 + 0.01 * (np.arange(C * D) == 5).reshape(C, D))",
    ),
    Fault(LINEAR, "weight first row missing", _DW, "dout.T @ self.x * (np.arange(C) > 0)[:, None]"),
    Fault(LINEAR, "weight last sample ignored", _DW, "dout[:-1].T @ self.x[:-1]"),
    Fault(LINEAR, "weight decay inside", _DW, 'dout.T @ self.x + 1e-3 * self.params["weight"]'),
    Fault(LINEAR, "weight clipped", _DW, "np.clip(dout.T @ self.x, -5, 5)"),
    Fault(LINEAR, "weight float16", _DW, "(dout.T @ self.x).astype(np.float16).astype(float)"),
    Fault(LINEAR, "weight zero", _DW, "np.zeros((C, D))"),
    Fault(LINEAR, "weight missing", 'self.grads["weight"] = dout.T @ self.x', "pass", "missing_gradient"),
    Fault(LINEAR, "weight ignores cotangent", _DW, "np.ones_like(dout).T @ self.x"),
    Fault(LINEAR, "weight cotangent squared", _DW, "(dout**2).T @ self.x"),
    Fault(
        LINEAR,
        "weight accumulates",
        'self.grads["weight"] = dout.T @ self.x',
        'g = self.grads["weight"]; self.grads["weight"] = dout.T @ self.x + (0 if g is None else g)',
        "accumulation",
    ),
    Fault(LINEAR, "bias not summed", _DB, "dout", "shape"),
    Fault(LINEAR, "bias mean", _DB, "dout.mean(axis=0)"),
    Fault(LINEAR, "bias wrong axis", _DB, "dout.sum(axis=1)[:C]"),
    Fault(LINEAR, "bias ones", _DB, "np.ones(C)"),
    Fault(LINEAR, "bias first sample", _DB, "dout[0]"),
    Fault(LINEAR, "bias sum of all", _DB, "np.full(C, dout.sum())"),
    Fault(LINEAR, "bias zero", _DB, "np.zeros(C)"),
    Fault(LINEAR, "bias absolute", _DB, "np.abs(dout.sum(axis=0))"),
    Fault(
        LINEAR,
        "bias accumulates",
        'self.grads["bias"] = dout.sum(axis=0)',
        'g = self.grads["bias"]; self.grads["bias"] = dout.sum(axis=0) + (0 if g is None else g)',
        "accumulation",
    ),
    Fault(LINEAR, "input sign", _DX, 'return -dout @ self.params["weight"]'),
    Fault(LINEAR, "input mean", _DX, 'return dout @ self.params["weight"] / len(dout)'),
    Fault(LINEAR, "input half", _DX, 'return 0.5 * dout @ self.params["weight"]'),
    Fault(
        LINEAR,
        "input summed over the batch",
        _DX,
        'return (dout @ self.params["weight"]).sum(axis=0, keepdims=True)',
        "shape",
    ),
    Fault(
        LINEAR,
        "input of the first sample",
        _DX,
        'return np.repeat((dout @ self.params["weight"])[:1], len(dout), 0)',
    ),
    Fault(
        LINEAR,
        "input squeezed at a batch of 1",
        _DX,
        'return np.squeeze(dout @ self.params["weight"])',
        "shape",
    ),
    Fault(LINEAR, "input with the bias", _DX, 'return (dout + self.params["bias"]) @ self.params["weight"]'),
    Fault(LINEAR, "input rounded", _DX, 'return np.round(dout @ self.params["weight"], 3)'),
    Fault(
        LINEAR, "input drops negative cotangents", _DX, 'return np.maximum(dout, 0) @ self.params["weight"]'
    ),
    Fault(LINEAR, "input None", _DX, "return None", "missing_gradient"),
    Fault(LINEAR, "input integers", _DX, 'return (dout @ self.params["weight"]).astype(int)'),
    Fault(
        LINEAR,
        "cotangent scaled in place",
        'self.grads["weight"] = dout.T @ self.x',
        'self.grads["weight"] = dout.T @ self.x; dout *= 2',
    ),
    Fault(
        LINEAR,
        "cotangent zeroed after use",
        _DX,
        'dx = dout @ self.params["weight"]; dout[...] = 0; return dx',
        "mutation",
    ),
    Fault(LINEAR, "input changed in forward", "self.x = x", "self.x = x.copy(); x += 1", "mutation"),
    Fault(
        LINEAR,
        "weight changed in backward",
        _DX,
        'dx = dout @ self.params["weight"]; self.params["weight"] -= 0.1; return dx',
        "mutation",
    ),
    Fault(
        LINEAR,
        "first input kept",
        "self.x = x",
        'self.x = x if not hasattr(self, "x") or len(self.x) != len(x) else self.x',
        "state",
    ),
    Fault(LINEAR, "first input kept always", "self.x = x", 'self.x = getattr(self, "x", x)', "state"),
    Fault(
        LINEAR,
        "first batch size kept",
        _DB,
        'dout[: self.__dict__.setdefault("n", len(dout))].sum(axis=0)',
        "state",
    ),
    Fault(LINEAR, "only for a batch over 1", _DB, "dout.sum(axis=0) * (2 if len(dout) == 1 else 1)"),
    Fault(LINEAR, "only for a batch over 6", _DW, "dout[:6].T @ self.x[:6]"),
    Fault(LINEAR, "no bias", ' + self.params["bias"]', ""),
    Fault(LINEAR, "bias subtracted", ' + self.params["bias"]', ' - self.params["bias"]'),
    Fault(
        LINEAR,
        "random noise",
        ' + self.params["bias"]',
        ' + self.params["bias"] + 0.1 * np.random.default_rng(int(__import__("time").perf_counter_ns())).normal()',
        "non_deterministic",
    ),
    Fault(
        _ROW, "bias averaged", "np.sum(dout, axis=0, keepdims=True)", "np.mean(dout, axis=0, keepdims=True)"
    ),
    Fault(
        _ROW,
        "input weight not transposed",
        'np.dot(dout, self.params["weight"].T)',
        'np.dot(dout, self.params["weight"][:C].T) @ np.eye(C, D)',
        "gradient",
    ),
    Fault(_LOOPS, "weight overwritten", "dw[c, d] += dout[n, c]", "dw[c, d] = dout[n, c]"),
    Fault(_LOOPS, "input overwritten", "dx[n, d] += dout[n, c]", "dx[n, d] = dout[n, c]"),
    Fault(_LOOPS, "last feature left out", "for d in range(D):", "for d in range(D - 1):"),
    Fault(
        _IN_PLACE,
        "output is one buffer",
        "out = np.empty((len(x), C))",
        'out = self.__dict__.setdefault(f"out{len(x)}", np.empty((len(x), C)))',
        "alias",
    ),
    Fault(
        _IN_PLACE,
        "input gradient is one buffer",
        'return dout @ self.params["weight"]',
        'dx = self.__dict__.setdefault(f"dx{len(dout)}", np.empty((len(dout), D))); '
        'dx[...] = dout @ self.params["weight"]; return dx',
        "alias",
    ),
    Fault(
        _SINGLE,
        "weight sign in float32",
        "np.float64(np.float32(dout).T @ self.x)",
        "-np.float64(np.float32(dout).T @ self.x)",
    ),
    Fault(
        _SINGLE,
        "weight off by 1 percent in float32",
        "np.float64(np.float32(dout).T @ self.x)",
        "1.01 * np.float64(np.float32(dout).T @ self.x)",
    ),
    Fault(_SINGLE, "bias mean in float32", ".sum(axis=0))", ".mean(axis=0))"),
]
