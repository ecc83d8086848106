"""Elementwise functions and comparisons, as both evaluators use them; safe at complex points (the complex step)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from grader.formulas.values import Array

ELEMENTWISE: dict[str, Callable[[Array], Array]] = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "sin": np.sin,
    "cos": np.cos,
    "sech": lambda x: 1 / np.cosh(x),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "dsigmoid": lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2,
    "drelu": lambda x: (x.real > 0).astype(float),
    "dtanh": lambda x: 1 - np.tanh(x) ** 2,
    "dexp": np.exp,
    "dlog": lambda x: 1 / x,
    "dsin": np.cos,
    "dcos": lambda x: -np.sin(x),
    "relu": lambda x: x * (x.real > 0),
    "softplus": lambda x: np.log1p(np.exp(x)),
    "dsoftplus": lambda x: 1 / (1 + np.exp(-x)),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "dsilu": lambda x: (1 + np.exp(-x) * (1 + x)) / (1 + np.exp(-x)) ** 2,
    "abs": lambda x: x * np.sign(x.real),
    "sign": lambda x: np.sign(x.real),
    "floor": lambda x: np.floor(x.real),
    "ceil": lambda x: np.ceil(x.real),
    "step": lambda x: (x.real > 0).astype(float),
}


COMPARE: dict[str, Callable[[Array, Array], Array]] = {
    "<": lambda x, y: (x.real < y.real).astype(float),
    "<=": lambda x, y: (x.real <= y.real).astype(float),
    ">": lambda x, y: (x.real > y.real).astype(float),
    ">=": lambda x, y: (x.real >= y.real).astype(float),
    "==": lambda x, y: (x.real == y.real).astype(float),
    "!=": lambda x, y: (x.real != y.real).astype(float),
}
