"""Elementwise activations in many styles, and their faults."""

from __future__ import annotations

import numpy as np

from tests.numerics.corpus.styles import D, Fault, Style, normal

A = 0.3


class ReLU:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, dout):
        return dout * (self.x > 0)


class ReLUOneAtZero:
    def forward(self, x):
        self.mask = x >= 0
        return np.where(self.mask, x, 0.0)

    def backward(self, dout):
        return np.where(self.mask, dout, 0.0)


class ReLUHalfAtZero:
    def forward(self, x):
        self.x = x
        return (x + np.abs(x)) / 2

    def backward(self, dout):
        return dout * (1 + np.sign(self.x)) / 2


class ReLUCopies:
    def forward(self, x):
        self.out = x.copy()
        self.out[self.out < 0] = 0
        return self.out

    def backward(self, dout):
        dx = dout.copy()
        dx[self.out <= 0] = 0
        return dx


class ReLULoops:
    def forward(self, x):
        self.x = x
        return np.array([[v if v > 0 else 0.0 for v in row] for row in x])

    def backward(self, dout):
        return np.array(
            [
                [g if v > 0 else 0.0 for g, v in zip(gs, vs, strict=True)]
                for gs, vs in zip(dout, self.x, strict=True)
            ]
        )


class ReLUFloat32:
    def forward(self, x):
        self.x = x.astype(np.float32)
        return np.maximum(self.x, 0)

    def backward(self, dout):
        return dout.astype(np.float32) * (self.x > 0)


class LeakyReLU:
    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, A * x)

    def backward(self, dout):
        return np.where(self.x > 0, dout, A * dout)


class LeakyReLUMaximum:
    def forward(self, x):
        self.out = np.maximum(x, A * x)
        return self.out

    def backward(self, dout):
        dx = np.ones_like(dout)
        dx[self.out < 0] = A
        return dx * dout


class ELU:
    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, A * (np.exp(np.minimum(x, 0)) - 1))

    def backward(self, dout):
        return dout * np.where(self.x > 0, 1.0, A * np.exp(np.minimum(self.x, 0)))


class ELUFromOutput:
    def forward(self, x):
        self.out = np.where(x > 0, x, A * (np.exp(x) - 1))
        return self.out

    def backward(self, dout):
        return np.where(self.out > 0, dout, dout * (self.out + A))


class ELUMasks:
    def forward(self, x):
        self.x = x
        return (x > 0) * x + (x <= 0) * A * (np.exp(x) - 1)

    def backward(self, dout):
        return dout * ((self.x > 0) + (self.x <= 0) * A * np.exp(self.x))


class ELUExpm1InPlace:
    def forward(self, x):
        out = np.array(x, dtype=float)
        self.negative = out < 0
        out[self.negative] = A * np.expm1(out[self.negative])
        self.out = out
        return out.copy()

    def backward(self, dout):
        dx = dout.copy()
        dx[self.negative] *= self.out[self.negative] + A
        return dx


class Sigmoid:
    def forward(self, x):
        self.y = 1 / (1 + np.exp(-x))
        return self.y

    def backward(self, dout):
        return dout * self.y * (1 - self.y)


class SigmoidPiecewise:
    def forward(self, x):
        e = np.exp(-np.abs(x))
        self.y = np.where(x >= 0, 1 / (1 + e), e / (1 + e))
        return self.y

    def backward(self, dout):
        return dout * (self.y - self.y**2)


class SigmoidTanh:
    def forward(self, x):
        self.x = x
        return 0.5 * (1 + np.tanh(x / 2))

    def backward(self, dout):
        return dout * 0.25 / np.cosh(np.clip(self.x / 2, -300, 300)) ** 2


class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dout):
        return dout * (1 - self.y**2)


class TanhExps:
    def forward(self, x):
        a, b = np.exp(x), np.exp(-x)
        self.y = (a - b) / (a + b)
        return self.y

    def backward(self, dout):
        return dout - dout * self.y * self.y


class TanhSigmoid:
    def forward(self, x):
        self.s = 1 / (1 + np.exp(-2 * x))
        return 2 * self.s - 1

    def backward(self, dout):
        return dout * 4 * self.s * (1 - self.s)


class TanhFloat32Inside:
    def forward(self, x):
        self.y = np.tanh(np.float32(x))
        return self.y.astype(float)

    def backward(self, dout):
        return dout * (1 - self.y.astype(float) ** 2)


DRAW = normal(("x", ("n", D)))
_BY = {
    cls.__name__: Style(cls, kind, DRAW, unfit=unfit)
    for cls, kind, unfit in [
        (ReLU, "relu", ()),
        (ReLUOneAtZero, "relu", ()),
        (ReLUHalfAtZero, "relu", ()),
        (ReLUCopies, "relu", ()),
        (ReLULoops, "relu", ()),
        (ReLUFloat32, "relu", ()),
        (LeakyReLU, "leaky relu", ()),
        (LeakyReLUMaximum, "leaky relu", ()),
        (ELU, "elu", ()),
        (ELUFromOutput, "elu", ()),
        (ELUMasks, "elu", ("offset", "large")),
        (ELUExpm1InPlace, "elu", ()),
        (Sigmoid, "sigmoid", ()),
        (SigmoidPiecewise, "sigmoid", ()),
        (SigmoidTanh, "sigmoid", ()),
        (Tanh, "tanh", ()),
        (TanhExps, "tanh", ("offset", "large")),
        (TanhSigmoid, "tanh", ()),
        (TanhFloat32Inside, "tanh", ()),
    ]
}
STYLES = list(_BY.values())
_R, _R1, _RC = _BY["ReLU"], _BY["ReLUOneAtZero"], _BY["ReLUCopies"]
_L, _LM, _E, _EO, _EI = (
    _BY["LeakyReLU"],
    _BY["LeakyReLUMaximum"],
    _BY["ELU"],
    _BY["ELUFromOutput"],
    _BY["ELUExpm1InPlace"],
)
_S, _T, _SP, _T32 = _BY["Sigmoid"], _BY["Tanh"], _BY["SigmoidPiecewise"], _BY["TanhFloat32Inside"]

FAULTS = [
    Fault(_R, "mask of the wrong side", "(self.x > 0)", "(self.x < 0)"),
    Fault(_R, "no mask", "dout * (self.x > 0)", "dout * 1.0"),
    Fault(_R, "mask of the cotangent", "(self.x > 0)", "(dout > 0)"),
    Fault(_R, "cotangent ignored", "dout * (self.x > 0)", "1.0 * (self.x > 0)", "ignored_cotangent"),
    Fault(_R, "cotangent squared", "dout * (self.x > 0)", "dout * dout * (self.x > 0)", "not_linear"),
    Fault(_R, "times x", "(self.x > 0)", "np.maximum(self.x, 0)"),
    Fault(_R, "threshold at 0.1", "(self.x > 0)", "(self.x > 0.1)"),
    Fault(_R, "two at zero", "(self.x > 0)", "((self.x > 0) + 2.0 * (self.x == 0))"),
    Fault(_R, "minus one at zero", "(self.x > 0)", "((self.x > 0) - 1.0 * (self.x == 0))"),
    Fault(_R, "mask as the gradient, integers", "dout * (self.x > 0)", "(self.x > 0).astype(int)"),
    Fault(_R, "leaks", "(self.x > 0)", "np.where(self.x > 0, 1, 0.01)"),
    Fault(_R, "leaks a little", "(self.x > 0)", "np.where(self.x > 0, 1, 1e-3)"),
    Fault(_R, "absolute value", "np.maximum(x, 0)", "np.abs(x)"),
    Fault(_R, "identity for negative input", "np.maximum(x, 0)", "np.where(x < 0, x, 2 * x)"),
    Fault(_R, "capped at 6", "np.maximum(x, 0)", "np.clip(x, 0, 6)"),
    Fault(_R, "works in place on x", "np.maximum(x, 0)", "np.maximum(x, 0, out=x)", "mutation"),
    Fault(
        _R,
        "stale mask",
        "self.x = x",
        'self.x = self.__dict__.get("x", x) if np.shape(self.__dict__.get("x", x)) == x.shape else x',
        "state",
    ),
    Fault(_R, "first row only", "dout * (self.x > 0)", "dout * (self.x[:1] > 0)"),
    Fault(
        _R,
        "one column of ones",
        "dout * (self.x > 0)",
        "(dout * (self.x > 0)).sum(1, keepdims=True)",
        "shape",
    ),
    Fault(_RC, "works in place on dout", "dout.copy()", "dout", "mutation"),
    Fault(_R1, "mask transposed meaning", "np.where(self.mask, dout, 0.0)", "np.where(self.mask, 0.0, dout)"),
    Fault(_L, "slope forgotten", "A * dout)", "0 * dout)"),
    Fault(_L, "slope squared", "A * dout)", "A**2 * dout)"),
    Fault(_L, "slope of another default", "A * dout)", "0.01 * dout)"),
    Fault(_L, "slope slightly off", "A * dout)", "(A + 1e-3) * dout)"),
    Fault(
        _L,
        "slope on the wrong side",
        "np.where(self.x > 0, dout, A * dout)",
        "np.where(self.x < 0, dout, A * dout)",
    ),
    Fault(_L, "both sides", "np.where(self.x > 0, dout, A * dout)", "dout * (A + (1 - A) * 0.5)"),
    Fault(_L, "forward of another slope", "A * x)", "0.01 * x)"),
    Fault(_LM, "slope added", "dx[self.out < 0] = A", "dx[self.out < 0] += A"),
    Fault(_E, "alpha missing in backward", "1.0, A * np.exp", "1.0, np.exp"),
    Fault(
        _E,
        "derivative minus alpha",
        "A * np.exp(np.minimum(self.x, 0)))",
        "A * np.exp(np.minimum(self.x, 0)) - A)",
    ),
    Fault(_E, "derivative of ReLU", "1.0, A * np.exp(np.minimum(self.x, 0)))", "1.0, 0.0)"),
    Fault(_E, "derivative of LeakyReLU", "1.0, A * np.exp(np.minimum(self.x, 0)))", "1.0, A)"),
    Fault(_E, "exp of minus x", "A * np.exp(np.minimum(self.x, 0)))", "A * np.exp(-np.minimum(self.x, 0)))"),
    Fault(
        _E,
        "at the output",
        "A * np.exp(np.minimum(self.x, 0)))",
        "A * np.exp(A * (np.exp(np.minimum(self.x, 0)) - 1)))",
    ),
    Fault(_E, "kink at the wrong side", "np.where(self.x > 0, 1.0", "np.where(self.x < 0, 1.0"),
    Fault(
        _E, "alpha missing in forward", "A * (np.exp(np.minimum(x, 0)) - 1)", "(np.exp(np.minimum(x, 0)) - 1)"
    ),
    Fault(
        _E, "forward without minus 1", "np.exp(np.minimum(x, 0)) - 1", "np.exp(np.minimum(x, 0))", "forward"
    ),
    Fault(_EO, "plus alpha missing", "dout * (self.out + A)", "dout * self.out"),
    Fault(_EO, "plus one for plus alpha", "dout * (self.out + A)", "dout * (self.out + 1)"),
    Fault(_EI, "output is the cache, changed in backward", "return out.copy()", "return out", "right"),
    Fault(
        _EI,
        "cache scaled in backward",
        "dx[self.negative] *= self.out[self.negative] + A",
        "self.out += A; dx[self.negative] *= self.out[self.negative]",
        "cache",
    ),
    Fault(
        _S,
        "at the input",
        "dout * self.y * (1 - self.y)",
        "dout * -np.log(1 / self.y - 1) * (1 + np.log(1 / self.y - 1))",
    ),
    Fault(_S, "one factor missing", "dout * self.y * (1 - self.y)", "dout * (1 - self.y)"),
    Fault(_S, "squared wrongly", "(1 - self.y)", "(1 - self.y**2)"),
    Fault(_S, "plus", "(1 - self.y)", "(1 + self.y)"),
    Fault(_S, "cotangent ignored", "dout * self.y", "self.y", "ignored_cotangent"),
    Fault(_S, "forward of minus x", "np.exp(-x)", "np.exp(x)"),
    Fault(
        _S,
        "derivative of the derivative",
        "dout * self.y * (1 - self.y)",
        "dout * self.y * (1 - self.y) * (1 - 2 * self.y)",
    ),
    Fault(_S, "two percent off", "dout * self.y", "1.02 * dout * self.y"),
    Fault(_S, "off by 1e-4", "dout * self.y", "1.0001 * dout * self.y"),
    Fault(_SP, "derivative twice", "(self.y - self.y**2)", "(self.y - self.y**2) ** 2"),
    Fault(_T, "one minus y", "(1 - self.y**2)", "(1 - self.y)"),
    Fault(_T, "at the input", "(1 - self.y**2)", "(1 - np.tanh(self.y) ** 2)"),
    Fault(_T, "derivative of sigmoid", "(1 - self.y**2)", "self.y * (1 - self.y)"),
    Fault(_T, "plus", "(1 - self.y**2)", "(1 + self.y**2)"),
    Fault(_T, "overflows", "np.tanh(x)", "(np.exp(2 * x) - 1) / (np.exp(2 * x) + 1)", "non_finite"),
    Fault(_T, "float16 inside", "np.tanh(x)", "np.tanh(x.astype(np.float16)).astype(float)", "forward"),
    Fault(_T32, "one minus y in float32", "(1 - self.y.astype(float) ** 2)", "(1 - self.y.astype(float))"),
    Fault(_T32, "one percent in float32", "dout * (1", "1.01 * dout * (1"),
]
FAULTS = [fault for fault in FAULTS if fault.shows != "right"]
