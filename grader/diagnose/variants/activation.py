"""Activations and their local derivatives, right ones and wrong ones.

Every function here takes ``(z, alpha)`` and works element by element; ``dx = dout * derivative(x)``.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from grader.diagnose.observation import Observation
from grader.diagnose.variants.point import Floats, number, tensor, upstream

Local = Callable[[Floats, float], Floats]
_erfc = np.frompyfunc(math.erfc, 1, 1)


def sigmoid(z: Floats, _: float = 0.0) -> Floats:
    """1 / (1 + exp(-z)) without overflow."""
    small = np.exp(-np.abs(z))
    return np.asarray(np.where(z >= 0, 1.0, small) / (1.0 + small))


def relu(z: Floats, _: float = 0.0) -> Floats:
    """max(z, 0)."""
    return np.maximum(z, 0.0)


def leaky_relu(z: Floats, alpha: float) -> Floats:
    """z or alpha z."""
    return np.asarray(np.where(z > 0, z, alpha * z))


def elu(z: Floats, alpha: float) -> Floats:
    """z or alpha (exp(z) - 1)."""
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0.0)))


def softplus(z: Floats, _: float = 0.0) -> Floats:
    """log(1 + exp(z))."""
    return np.logaddexp(0.0, z)


def gelu(z: Floats, _: float = 0.0) -> Floats:
    """z times the normal distribution function."""
    return z * np.asarray(_erfc(-z / math.sqrt(2)), dtype=np.float64) / 2


def gelu_tanh(z: Floats, _: float = 0.0) -> Floats:
    """GELU in its tanh form."""
    return np.asarray(0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))))


def swish(z: Floats, _: float = 0.0) -> Floats:
    """z sigmoid(z)."""
    return z * sigmoid(z)


def tanh(z: Floats, _: float = 0.0) -> Floats:
    """tanh(z)."""
    return np.asarray(np.tanh(z), dtype=np.float64)


def sigmoid_slope(z: Floats, _: float = 0.0) -> Floats:
    """s (1 - s)."""
    return sigmoid(z) * sigmoid(-z)


def tanh_slope(z: Floats, _: float = 0.0) -> Floats:
    """1 - tanh(z)^2."""
    return 4 * sigmoid_slope(2 * z)


def relu_slope(z: Floats, _: float = 0.0) -> Floats:
    """1 where z > 0."""
    return np.where(z > 0, 1.0, 0.0)


def leaky_relu_slope(z: Floats, alpha: float) -> Floats:
    """1 or alpha."""
    return np.where(z > 0, 1.0, alpha)


def elu_slope(z: Floats, alpha: float) -> Floats:
    """1 or alpha exp(z)."""
    return np.where(z > 0, 1.0, alpha * np.exp(np.minimum(z, 0.0)))


def softplus_slope(z: Floats, _: float = 0.0) -> Floats:
    """sigmoid(z)."""
    return sigmoid(z)


def swish_slope(z: Floats, _: float = 0.0) -> Floats:
    """s + z s (1 - s)."""
    return sigmoid(z) + z * sigmoid_slope(z)


def gelu_slope(z: Floats, _: float = 0.0) -> Floats:
    """The normal distribution function plus z times its density."""
    density = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    return np.asarray(_erfc(-z / math.sqrt(2)), dtype=np.float64) / 2 + z * density


def gelu_tanh_slope(z: Floats, _: float = 0.0) -> Floats:
    """Of the tanh form."""
    c = np.sqrt(2 / np.pi)
    t = np.tanh(c * (z + 0.044715 * z**3))
    return np.asarray(0.5 * (1 + t) + 0.5 * z * (1 - t**2) * c * (1 + 3 * 0.044715 * z**2))


FUNCTIONS: dict[str, Local] = {
    "relu": relu,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "softplus": softplus,
    "swish": swish,
    "gelu": gelu,
    "gelu_tanh": gelu_tanh,
}

NAMES = tuple(name for name in FUNCTIONS if name != "gelu_tanh")  # as layers are called

SLOPES: dict[str, Local] = {
    "relu": relu_slope,
    "leaky_relu": leaky_relu_slope,
    "elu": elu_slope,
    "sigmoid": sigmoid_slope,
    "tanh": tanh_slope,
    "softplus": softplus_slope,
    "swish": swish_slope,
    "gelu": gelu_slope,
    "gelu_tanh": gelu_tanh_slope,
}

TITLES = {
    "relu": "ReLU",
    "leaky_relu": "LeakyReLU",
    "elu": "ELU",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "softplus": "softplus",
    "swish": "SiLU",
    "gelu": "GELU",
    "gelu_tanh": "GELU's approximation by tanh",
}

DEFAULT_ALPHA = {"leaky_relu": 0.01, "elu": 1.0}


def function_of(observation: Observation) -> str:
    """The key of the layer's function in the tables; GELU has two."""
    approximated = observation.layer == "gelu" and observation.options.get("approximate") == "tanh"
    return "gelu_tanh" if approximated else observation.layer


def alpha_of(observation: Observation) -> float:
    """The layer's alpha, or its default."""
    return number(observation, "alpha", DEFAULT_ALPHA.get(observation.layer, 1.0))


def activation_output(observation: Observation) -> Floats:
    """The true output of an activation layer."""
    return FUNCTIONS[function_of(observation)](tensor(observation, "x"), alpha_of(observation))


def activation_gradients(observation: Observation) -> dict[str, Floats]:
    """The true gradient of an activation layer."""
    slope = SLOPES[function_of(observation)](tensor(observation, "x"), alpha_of(observation))
    return {"x": upstream(observation) * slope}
