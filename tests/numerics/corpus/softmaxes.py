"""Softmax, cross-entropy, the two fused, and other losses."""

from __future__ import annotations

import numpy as np

from tests.numerics.corpus.styles import C, Fault, Style, normal


class Softmax:
    def forward(self, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y

    def backward(self, dout):
        return self.y * (dout - (dout * self.y).sum(axis=1, keepdims=True))


class SoftmaxBatchMax:
    def forward(self, x):
        e = np.exp(x - np.max(x))
        self.y = e / np.sum(e, axis=1)[:, None]
        return self.y

    def backward(self, dout):
        return self.y * dout - self.y * np.sum(self.y * dout, axis=1).reshape(-1, 1)


class SoftmaxJacobians:
    def forward(self, x):
        e = np.exp(x.T - np.max(x, axis=1)).T
        self.y = e / np.sum(e, axis=1, keepdims=True)
        return self.y

    def backward(self, dout):
        dx = np.zeros_like(dout)
        for n, y in enumerate(self.y):
            dx[n] = (np.diag(y) - np.outer(y, y)) @ dout[n]
        return dx


class SoftmaxEinsum:
    def forward(self, x):
        m = x.max(1)[:, None]
        self.y = np.exp(x - m - np.log(np.sum(np.exp(x - m), 1, keepdims=True)))
        return self.y

    def backward(self, dout):
        jacobian = np.einsum("ni,ij->nij", self.y, np.eye(self.y.shape[1])) - np.einsum(
            "ni,nj->nij", self.y, self.y
        )
        return np.einsum("nij,nj->ni", jacobian, dout)


class SoftmaxFloat32:
    def forward(self, x):
        x = x.astype(np.float32)
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y

    def backward(self, dout):
        dout = dout.astype(np.float32)
        return self.y * (dout - (dout * self.y).sum(axis=1, keepdims=True))


class CrossEntropy:
    def forward(self, x, labels):
        return -np.mean(np.log(x[np.arange(len(x)), labels]))

    def backward(self, x, labels):
        dx = np.zeros_like(x)
        dx[np.arange(len(x)), labels] = -1 / x[np.arange(len(x)), labels] / len(x)
        return dx


class CrossEntropyOneHot:
    def forward(self, x, labels):
        self.t = np.eye(x.shape[1])[labels]
        return float(-np.sum(self.t * np.log(x + 1e-12)) / x.shape[0])

    def backward(self, x, labels):
        return -(self.t / (x + 1e-12)) / x.shape[0]


class CrossEntropyEpsilonForwardOnly:
    def forward(self, x, labels):
        return np.float64(np.mean([-np.log(row[k] + 1e-10) for row, k in zip(x, labels, strict=True)]))

    def backward(self, x, labels):
        dx = np.zeros(x.shape)
        for n, k in enumerate(labels):
            dx[n][k] = -1.0 / x[n][k]
        return dx / len(labels)


class CrossEntropyFloat32:
    def forward(self, x, labels):
        x = x.astype(np.float32)
        return -np.log(x[np.arange(len(x)), labels]).mean()

    def backward(self, x, labels):
        x = x.astype(np.float32)
        dx = np.zeros_like(x)
        dx[np.arange(len(x)), labels] = -1 / x[np.arange(len(x)), labels]
        return dx / np.float32(len(x))


class Fused:
    def forward(self, x, labels):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.p, self.labels = e / e.sum(axis=1, keepdims=True), labels
        return -np.log(self.p[np.arange(len(x)), labels]).mean()

    def backward(self, dout):
        dx = self.p.copy()
        dx[np.arange(len(dx)), self.labels] -= 1
        return dout * dx / len(dx)


class FusedLogSumExp:
    def forward(self, x, labels):
        self.m = x.max(axis=1, keepdims=True)
        lse = np.log(np.exp(x - self.m).sum(axis=1, keepdims=True)) + self.m
        self.logp, self.t = x - lse, np.eye(x.shape[1])[labels]
        return -(self.t * self.logp).sum() / len(x)

    def backward(self, dout):
        return dout * (np.exp(self.logp) - self.t) / len(self.t)


class MeanSquaredError:
    def forward(self, x, target):
        self.d = x - target
        return np.mean(self.d**2)

    def backward(self, dout):
        dx = 2 * self.d / self.d.size * dout
        return dx, -dx


class BinaryCrossEntropyLogits:
    def forward(self, x, labels):
        self.x, self.t = x, labels[:, None].astype(float) % 2
        return np.mean(np.maximum(x, 0) - x * self.t + np.log1p(np.exp(-np.abs(x))))

    def backward(self, dout):
        return dout * (1 / (1 + np.exp(-self.x)) - self.t) / self.x.size


class Hinge:
    def forward(self, x, labels):
        rows = np.arange(len(x))
        self.margins = np.maximum(0, x - x[rows, labels][:, None] + 1)
        self.margins[rows, labels] = 0
        self.labels = labels
        return self.margins.sum() / len(x)

    def backward(self, dout):
        dx = (self.margins > 0).astype(float)
        dx[np.arange(len(dx)), self.labels] = -dx.sum(axis=1)
        return dout * dx / len(dx)


def _probabilities(rng, batch):
    e = np.exp(rng.standard_normal((batch, C)))
    return {"x": e / e.sum(axis=1, keepdims=True), "labels": rng.integers(0, C, batch)}


def _logits(rng, batch):
    return {"x": rng.standard_normal((batch, C)), "labels": rng.integers(0, C, batch)}


_ROWS = normal(("x", ("n", C)))
_LABELS = {"constants": ("labels",), "free_scale": False}
_FUSED = {"constants": ("labels",), "unfit": ("large", "offset")}
_BY = {
    style.name: style
    for style in [
        Style(Softmax, "softmax", _ROWS),
        Style(SoftmaxBatchMax, "softmax", _ROWS, unfit=("large",)),
        Style(SoftmaxJacobians, "softmax", _ROWS),
        Style(SoftmaxEinsum, "softmax", _ROWS),
        Style(SoftmaxFloat32, "softmax", _ROWS),
        Style(CrossEntropy, "cross entropy", _probabilities, **_LABELS),
        Style(CrossEntropyOneHot, "cross entropy", _probabilities, **_LABELS),
        Style(CrossEntropyEpsilonForwardOnly, "cross entropy", _probabilities, **_LABELS),
        Style(CrossEntropyFloat32, "cross entropy", _probabilities, **_LABELS),
        Style(Fused, "fused", _logits, **_FUSED),
        Style(FusedLogSumExp, "fused", _logits, **_FUSED),
        Style(MeanSquaredError, "mse", normal(("x", ("n", C)), ("target", ("n", C))), inputs=("x", "target")),
        Style(BinaryCrossEntropyLogits, "bce", _logits, **_FUSED),
        Style(Hinge, "hinge", _logits, **_FUSED),
    ]
}
STYLES = list(_BY.values())
_S, _SJ, _SB, _S32 = _BY["Softmax"], _BY["SoftmaxJacobians"], _BY["SoftmaxBatchMax"], _BY["SoftmaxFloat32"]
_C, _CO, _F, _FL = _BY["CrossEntropy"], _BY["CrossEntropyOneHot"], _BY["Fused"], _BY["FusedLogSumExp"]
_M, _B, _H = _BY["MeanSquaredError"], _BY["BinaryCrossEntropyLogits"], _BY["Hinge"]
_SUM = "(dout * self.y).sum(axis=1, keepdims=True)"

FAULTS = [
    Fault(_S, "diagonal Jacobian", f"self.y * (dout - {_SUM})", "self.y * (1 - self.y) * dout"),
    Fault(_S, "sum missing", f"(dout - {_SUM})", "dout"),
    Fault(
        _S,
        "sum over the batch",
        "(dout * self.y).sum(axis=1, keepdims=True)",
        "(dout * self.y).sum(axis=0, keepdims=True)",
    ),
    Fault(_S, "sum of cotangents alone", "(dout * self.y).sum", "dout.sum"),
    Fault(_S, "mean for sum", "(dout * self.y).sum", "(dout * self.y).mean"),
    Fault(_S, "plus", "(dout - (dout", "(dout + (dout"),
    Fault(_S, "outer y missing", "return self.y * (dout", "return (dout"),
    Fault(_S, "sum of the whole batch", _SUM, "(dout * self.y).sum()"),
    Fault(_S, "cotangent passed through", f"self.y * (dout - {_SUM})", "dout.copy()"),
    Fault(_S, "all zero", f"self.y * (dout - {_SUM})", "np.zeros_like(dout)"),
    Fault(_S, "columns normalised", "e.sum(axis=1, keepdims=True)", "e.sum(axis=0, keepdims=True)"),
    Fault(_S, "no maximum", "x - x.max(axis=1, keepdims=True)", "x", "non_finite"),
    Fault(_S, "not normalised", "e / e.sum(axis=1, keepdims=True)", "e"),
    Fault(_S, "base two", "np.exp(x", "np.exp2(x"),
    Fault(_S, "normalised over all", "e.sum(axis=1, keepdims=True)", "e.sum()"),
    Fault(
        _SJ,
        "first row's Jacobian for all",
        "np.diag(y) - np.outer(y, y)",
        "np.diag(self.y[0]) - np.outer(self.y[0], self.y[0])",
    ),
    Fault(_SJ, "last row left out", "enumerate(self.y):", "enumerate(self.y[: max(1, len(self.y) - 1)]):"),
    Fault(_SJ, "outer sign", "np.diag(y) - np.outer", "np.diag(y) + np.outer"),
    Fault(
        _SB,
        "softmax of the transposed",
        "self.y * np.sum(self.y * dout, axis=1).reshape(-1, 1)",
        "self.y * np.sum(self.y * dout, axis=0)",
    ),
    Fault(_S32, "sum missing in float32", f"(dout - {_SUM})", "dout"),
    Fault(_C, "not divided by N", " / len(x)\n", "\n"),
    Fault(_C, "divided by C", "labels] / len(x)", "labels] / x.shape[1]"),
    Fault(_C, "divided by N C", "labels] / len(x)", "labels] / x.size"),
    Fault(_C, "divided twice", "labels] / len(x)", "labels] / len(x) ** 2"),
    Fault(_C, "sign", "= -1 /", "= 1 /"),
    Fault(
        _C,
        "probability for its inverse",
        "-1 / x[np.arange(len(x)), labels] / len(x)",
        "-x[np.arange(len(x)), labels] / len(x)",
    ),
    Fault(_C, "square", "-1 / x[np.arange(len(x)), labels] /", "-1 / x[np.arange(len(x)), labels] ** 2 /"),
    Fault(_C, "gradient of the fused", "return dx\n", "return (x - np.eye(x.shape[1])[labels]) / len(x)\n"),
    Fault(
        _C,
        "all columns",
        "dx[np.arange(len(x)), labels] = -1 / x[np.arange(len(x)), labels]",
        "dx[:, :] = -1 / x",
    ),
    Fault(_C, "sum for mean", "-np.mean(", "-np.sum("),
    Fault(_C, "logarithm to base ten", "np.log(", "np.log10("),
    Fault(_C, "minus missing", "-np.mean(", "np.mean("),
    Fault(
        _C,
        "epsilon of a hundredth in backward",
        "-1 / x[np.arange(len(x)), labels] /",
        "-1 / (x[np.arange(len(x)), labels] + 1e-2) /",
    ),
    Fault(
        _C,
        "epsilon of a ten-thousandth in backward",
        "-1 / x[np.arange(len(x)), labels] /",
        "-1 / (x[np.arange(len(x)), labels] + 1e-4) /",
    ),
    Fault(
        _C,
        "first label for all",
        "dx[np.arange(len(x)), labels]",
        "dx[np.arange(len(x)), labels * 0 + labels[0]]",
    ),
    Fault(
        _CO,
        "stale targets",
        "self.t = np.eye(x.shape[1])[labels]",
        'self.t = self.__dict__.get("t", np.zeros(0)); self.t = self.t if len(self.t) == len(x) else np.eye(x.shape[1])[labels]',
        "state",
    ),
    Fault(_CO, "clipped in forward alone", "np.log(x + 1e-12)", "np.log(np.clip(x, 0.2, 1))"),
    Fault(_F, "not divided by N", "dout * dx / len(dx)", "dout * dx"),
    Fault(_F, "cotangent ignored", "dout * dx / len(dx)", "dx / len(dx)", "ignored_cotangent"),
    Fault(_F, "one not subtracted", "-= 1", "-= 0"),
    Fault(_F, "two subtracted", "-= 1", "-= 2"),
    Fault(_F, "sign", "return dout * dx / len(dx)", "return -dout * dx / len(dx)"),
    Fault(_F, "probabilities overwritten", "dx = self.p.copy()", "dx = self.p", "cache"),
    Fault(_F, "gradient of cross-entropy alone", "dx = self.p.copy()", "dx = np.zeros_like(self.p)"),
    Fault(_FL, "log-probabilities for probabilities", "np.exp(self.logp) - self.t", "self.logp - self.t"),
    Fault(_FL, "target missing", "(np.exp(self.logp) - self.t)", "np.exp(self.logp)"),
    Fault(_M, "two missing", "2 * self.d", "self.d"),
    Fault(_M, "divided by N alone", "self.d.size", "len(self.d)"),
    Fault(_M, "target sign", "return dx, -dx", "return dx, dx"),
    Fault(_M, "half in forward", "np.mean(self.d**2)", "0.5 * np.mean(self.d**2)"),
    Fault(_B, "not averaged", " / self.x.size", ""),
    Fault(_B, "sigmoid missing", "1 / (1 + np.exp(-self.x)) - self.t", "self.x - self.t"),
    Fault(_H, "margin missing in backward", "(self.margins > 0)", "(self.margins > 1)"),
    Fault(_H, "own class not subtracted", "= -dx.sum(axis=1)", "= 0"),
    Fault(_H, "own class counted once", "= -dx.sum(axis=1)", "= -1"),
]
