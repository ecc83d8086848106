"""Convolutions and pooling."""

from __future__ import annotations

import numpy as np

from tests.numerics.corpus.styles import Fault, Style, normal


class ConvLoops:
    def __init__(self):
        self.params = {"weight": np.zeros((2, 2, 3, 3)), "bias": np.zeros(2)}
        self.grads = {}

    def forward(self, x):
        self.x = x
        n, _, h, w = x.shape
        out = np.zeros((n, 2, h - 2, w - 2))
        for i in range(h - 2):
            for j in range(w - 2):
                patch = x[:, :, i : i + 3, j : j + 3].reshape(n, -1)
                out[:, :, i, j] = patch @ self.params["weight"].reshape(2, -1).T + self.params["bias"]
        return out

    def backward(self, dout):
        n = len(self.x)
        dx, dw = np.zeros_like(self.x), np.zeros((2, 18))
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                d = dout[:, :, i, j]
                dw += d.T @ self.x[:, :, i : i + 3, j : j + 3].reshape(n, -1)
                patch = d @ self.params["weight"].reshape(2, -1)
                dx[:, :, i : i + 3, j : j + 3] += patch.reshape(n, 2, 3, 3)
        self.grads = {"weight": dw.reshape(2, 2, 3, 3), "bias": dout.sum(axis=(0, 2, 3))}
        return dx


class ConvWindows:
    """Stride 2, padding 1, through a view of all windows."""

    def __init__(self):
        self.params = {"weight": np.zeros((2, 2, 3, 3)), "bias": np.zeros((2, 1))}
        self.grads = {}

    def forward(self, x):
        self.shape = x.shape
        p = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
        self.win = np.lib.stride_tricks.sliding_window_view(p, (3, 3), axis=(2, 3))[:, :, ::2, ::2]
        out = np.einsum("nchwij,ocij->nohw", self.win, self.params["weight"])
        return out + self.params["bias"].reshape(1, 2, 1, 1)

    def backward(self, dout):
        self.grads["weight"] = np.einsum("nohw,nchwij->ocij", dout, self.win)
        self.grads["bias"] = dout.sum((0, 2, 3)).reshape(2, 1)
        n, c, h, w = self.shape
        dp = np.zeros((n, c, h + 2, w + 2))
        for i in range(3):
            for j in range(3):
                g = np.einsum("nohw,oc->nchw", dout, self.params["weight"][:, :, i, j])
                dp[:, :, i : i + 2 * g.shape[2] : 2, j : j + 2 * g.shape[3] : 2] += g
        return dp[:, :, 1:-1, 1:-1]


class MaxPoolLoops:
    def forward(self, x):
        self.x = x
        n, c, h, w = x.shape
        out = np.zeros((n, c, h // 2, w // 2))
        for i in range(h // 2):
            for j in range(w // 2):
                out[:, :, i, j] = x[:, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max(axis=(2, 3))
        return out

    def backward(self, dout):
        dx = np.zeros_like(self.x)
        for n, c, i, j in np.ndindex(*dout.shape):
            block = self.x[n, c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            a, b = np.unravel_index(block.argmax(), (2, 2))
            dx[n, c, 2 * i + a, 2 * j + b] += dout[n, c, i, j]
        return dx


class MaxPoolShares:
    """Ties share the gradient."""

    def forward(self, x):
        n, c, h, w = x.shape
        blocks = x.reshape(n, c, h // 2, 2, w // 2, 2)
        out = blocks.max(axis=(3, 5))
        self.mask = blocks == out[:, :, :, None, :, None]
        return out

    def backward(self, dout):
        share = self.mask / self.mask.sum(axis=(3, 5), keepdims=True)
        dx = share * dout[:, :, :, None, :, None]
        n, c, h, _, w, _ = dx.shape
        return dx.reshape(n, c, 2 * h, 2 * w)


class MaxPoolLastWins:
    def forward(self, x):
        n, c, h, w = x.shape
        b = x.reshape(n, c, h // 2, 2, w // 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, h // 2, w // 2, 4)
        self.arg = 3 - b[..., ::-1].argmax(-1)
        return b.max(-1)

    def backward(self, dout):
        n, c, h, w = dout.shape
        db = np.zeros((n, c, h, w, 4))
        np.put_along_axis(db, self.arg[..., None], dout[..., None], -1)
        return db.reshape(n, c, h, w, 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, 2 * h, 2 * w)


class MaxPoolFloat32:
    def forward(self, x):
        n, c, h, w = x.shape
        blocks = x.astype(np.float32).reshape(n, c, h // 2, 2, w // 2, 2)
        out = blocks.max(axis=(3, 5))
        self.mask = blocks == out[:, :, :, None, :, None]
        return out

    def backward(self, dout):
        share = self.mask / self.mask.sum(axis=(3, 5), keepdims=True)
        dx = share * dout[:, :, :, None, :, None]
        n, c, h, _, w, _ = dx.shape
        return dx.reshape(n, c, 2 * h, 2 * w)


class AvgPool:
    def forward(self, x):
        n, c, h, w = x.shape
        return x.reshape(n, c, h // 2, 2, w // 2, 2).mean(axis=(3, 5))

    def backward(self, dout):
        return np.repeat(np.repeat(dout, 2, axis=2), 2, axis=3) / 4


_IMAGES = normal(("x", ("n", 2, 4, 4)))
_CONV = normal(("x", ("n", 2, 5, 4)), ("weight", (2, 2, 3, 3)), ("bias", (2,)))
_CONV_COLUMN = normal(("x", ("n", 2, 5, 4)), ("weight", (2, 2, 3, 3)), ("bias", (2, 1)))
_BY = {
    style.name: style
    for style in [
        Style(ConvLoops, "conv2d", _CONV),
        Style(ConvWindows, "conv2d", _CONV_COLUMN),
        Style(MaxPoolLoops, "max pool", _IMAGES),
        Style(MaxPoolShares, "max pool", _IMAGES),
        Style(MaxPoolLastWins, "max pool", _IMAGES),
        Style(MaxPoolFloat32, "max pool", _IMAGES),
        Style(AvgPool, "avg pool", _IMAGES),
    ]
}
STYLES = list(_BY.values())
_C, _W, _M, _S, _A = (
    _BY[n] for n in ("ConvLoops", "ConvWindows", "MaxPoolLoops", "MaxPoolShares", "AvgPool")
)

FAULTS = [
    Fault(_C, "weight overwritten", "dw += d.T", "dw = d.T"),
    Fault(_C, "input overwritten", "j : j + 3] += patch", "j : j + 3] = patch"),
    Fault(_C, "bias over the batch alone", "dout.sum(axis=(0, 2, 3))", "dout.sum(axis=0)[:, 0, 0]"),
    Fault(_C, "bias averaged", "dout.sum(axis=(0, 2, 3))", "dout.mean(axis=(0, 2, 3))"),
    Fault(_C, "bias not summed over the batch", "dout.sum(axis=(0, 2, 3))", "dout.sum(axis=(2, 3))", "shape"),
    Fault(
        _C,
        "kernel flipped in backward",
        'd @ self.params["weight"].reshape(2, -1)',
        'd @ self.params["weight"][:, :, ::-1, ::-1].reshape(2, -1)',
    ),
    Fault(
        _C,
        "kernel flipped in forward",
        'patch @ self.params["weight"].reshape',
        'patch @ self.params["weight"][:, :, ::-1, ::-1].reshape',
    ),
    Fault(
        _C, "channels swapped in backward", "patch.reshape(n, 2, 3, 3)", "patch.reshape(n, 2, 3, 3)[:, ::-1]"
    ),
    Fault(_C, "weight averaged", "dw.reshape(2, 2, 3, 3)", "dw.reshape(2, 2, 3, 3) / n"),
    Fault(_C, "last column left out", "for j in range(dout.shape[3]):", "for j in range(dout.shape[3] - 1):"),
    Fault(
        _C,
        "one kernel element off",
        "dw.reshape(2, 2, 3, 3)",
        "(dw * (1 + 0.02 * (np.arange(18) == 7))).reshape(2, 2, 3, 3)",
    ),
    Fault(
        _W,
        "stride ignored in backward",
        "dp[:, :, i : i + 2 * g.shape[2] : 2, j : j + 2 * g.shape[3] : 2] += g",
        "dp[:, :, i : i + g.shape[2], j : j + g.shape[3]] += g",
    ),
    Fault(_W, "padding cut wrongly", "return dp[:, :, 1:-1, 1:-1]", "return dp[:, :, :-2, :-2]"),
    Fault(_W, "padding not cut", "return dp[:, :, 1:-1, 1:-1]", "return dp", "shape"),
    Fault(_W, "weight channels swapped", '"nohw,nchwij->ocij"', '"nohw,nchwij->coij"'),
    Fault(_W, "weight spatially transposed", '"nohw,nchwij->ocij"', '"nohw,nchwij->ocji"'),
    Fault(
        _M,
        "all ties win",
        "dx[n, c, 2 * i + a, 2 * j + b] += dout[n, c, i, j]",
        "dx[n, c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2] += dout[n, c, i, j] * (block == block.max())",
    ),
    Fault(_M, "first element wins", "block.argmax()", "0"),
    Fault(_M, "smallest wins", "block.argmax()", "block.argmin()"),
    Fault(_M, "largest magnitude wins", "block.argmax()", "np.abs(block).argmax()"),
    Fault(
        _M,
        "average in backward",
        "dx[n, c, 2 * i + a, 2 * j + b] += dout[n, c, i, j]",
        "dx[n, c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2] += dout[n, c, i, j] / 4",
    ),
    Fault(_M, "axes swapped", "dx[n, c, 2 * i + a, 2 * j + b]", "dx[n, c, 2 * i + b, 2 * j + a]"),
    Fault(_M, "cotangent ignored", "+= dout[n, c, i, j]", "+= 1", "ignored_cotangent"),
    Fault(_S, "ties not divided", "self.mask / self.mask.sum(axis=(3, 5), keepdims=True)", "self.mask * 1.0"),
    Fault(_S, "average for maximum", "out = blocks.max(axis=(3, 5))", "out = blocks.mean(axis=(3, 5))"),
    Fault(_A, "not divided", " / 4", ""),
    Fault(_A, "divided by two", " / 4", " / 2"),
    Fault(
        _A,
        "tiled for repeated",
        "np.repeat(np.repeat(dout, 2, axis=2), 2, axis=3)",
        "np.tile(dout, (1, 1, 2, 2))",
    ),
]
