"""Faulty layers, one fault each, written as students write them, and the names that they should get.

They are written without the formulas of the diagnosis: each is code of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from reference.layers import LAYERS

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Plant:
    """One fault: where it is, what it is called, and the code that makes it."""

    layer: str
    tensor: str  # "" for a forward
    names: str  # the right ids, separated by blanks
    what: str
    code: Callable[..., Any]

    @property
    def label(self) -> str:
        """The test's id."""
        return f"{self.layer}.{self.tensor or 'forward'}: {self.what}"


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def total(a: Array) -> Array:
    return a.sum(axis=-1, keepdims=True)


def hot(x: Array, labels: Array) -> Array:
    out = np.zeros_like(x)
    out[np.arange(len(x)), labels] = 1
    return out


def negative_log(x: Array, labels: Array) -> Array:
    return -np.log(x[np.arange(len(x)), labels])


def right(layer: str, tensor: str, dout: Array, **arguments: Any) -> Array:
    return LAYERS[layer].backward(dout, **arguments)[tensor]


def last_row_zero(a: Array) -> Array:
    out = a.copy()
    out[-1] = 0
    return out


def one_element_off(a: Array) -> Array:
    out = a.copy()
    out.flat[1 if out.size > 1 else 0] += 1
    return out


def below(x: Array, dout: Array, value: Any) -> Array:
    return np.where(x > 0, dout, value)


def layer_norm_parts(x: Array, eps: float) -> tuple[Array, Array]:
    std = np.sqrt(x.var(-1, keepdims=True) + eps)
    return (x - x.mean(-1, keepdims=True)) / std, std


def as_backward(plant: Plant) -> Callable[..., Mapping[str, Any]]:
    """The code as a backward that returns its one gradient by name."""

    def backward(dout: Array, **arguments: Any) -> Mapping[str, Any]:
        return {plant.tensor: plant.code(dout=dout, **arguments)}

    return backward


LINEAR = (
    Plant("linear", "weight", "G201", "operands swapped", lambda dout, x, **_: x.T @ dout),
    Plant("linear", "weight", "G101", "sign", lambda dout, x, **_: -dout.T @ x),
    Plant("linear", "weight", "G104", "averaged", lambda dout, x, **_: dout.T @ x / len(x)),
    Plant("linear", "weight", "G156", "over all elements", lambda dout, x, **_: dout.T @ x / x.size),
    Plant("linear", "weight", "G107", "added twice", lambda dout, x, **_: dout.T @ x + dout.T @ x),
    Plant("linear", "weight", "G111", "no upstream", lambda dout, x, **_: np.ones_like(dout).T @ x),
    Plant("linear", "weight", "G112", "upstream squared", lambda dout, x, **_: (dout * dout).T @ x),
    Plant("linear", "weight", "G150", "ReLU of the input", lambda dout, x, **_: dout.T @ np.maximum(x, 0)),
    Plant("linear", "weight", "G123", "last row zero", lambda dout, x, **_: last_row_zero(dout.T @ x)),
    Plant("linear", "weight", "G137", "decay", lambda dout, x, weight, **_: dout.T @ x + 0.01 * weight),
    Plant("linear", "weight", "G138", "updated", lambda dout, x, weight, **_: weight - 0.1 * dout.T @ x),
    Plant("linear", "weight", "G136", "the weight", lambda weight, **_: weight.copy()),
    Plant("linear", "weight", "G102", "zeros", lambda weight, **_: np.zeros_like(weight)),
    Plant("linear", "weight", "G142", "last row alone", lambda dout, x, **_: np.outer(dout[-1], x[-1])),
    Plant(
        "linear", "weight", "G145", "product of sums", lambda dout, x, **_: np.outer(dout.sum(0), x.sum(0))
    ),
    Plant("linear", "weight", "G122", "one element", lambda dout, x, **_: one_element_off(dout.T @ x)),
    Plant("linear", "weight", "G109", "factor 0.3", lambda dout, x, **_: 0.3 * dout.T @ x),
    Plant("linear", "weight", "G133", "clipped", lambda dout, x, **_: np.clip(dout.T @ x, -0.5, 0.5)),
    Plant("linear", "weight", "G139", "rounded", lambda dout, x, **_: np.round(dout.T @ x, 2)),
    Plant(
        "linear",
        "weight",
        "G206",
        "output for input",
        lambda dout, x, weight, bias: dout.T @ (x @ weight.T + bias) if len(set(weight.shape)) == 1 else None,
    ),
    Plant("linear", "bias", "G103", "not summed", lambda dout, **_: dout),
    Plant("linear", "bias", "G104", "averaged", lambda dout, **_: dout.mean(axis=0)),
    Plant("linear", "bias", "G203", "wrong axis", lambda dout, **_: dout.sum(axis=1)),
    Plant("linear", "bias", "G209", "one number", lambda dout, **_: dout.sum()),
    Plant("linear", "bias", "G101", "sign, kept axis", lambda dout, **_: -dout.sum(axis=0, keepdims=True)),
    Plant("linear", "bias", "G142", "first row", lambda dout, **_: dout[0]),
    Plant("linear", "bias", "G143", "first row left out", lambda dout, **_: dout[1:].sum(axis=0)),
    Plant("linear", "bias", "G111", "counts", lambda dout, **_: np.full(dout.shape[1], len(dout))),
    Plant("linear", "bias", "G165", "of the squares", lambda dout, **_: (dout**2).sum(0) + dout.sum(0)),
    Plant("linear", "x", "G202", "transposed", lambda dout, x, weight, **_: dout @ weight.T),
    Plant("linear", "x", "G104", "sign and mean", lambda dout, x, weight, **_: -(dout @ weight) / len(x)),
    Plant(
        "linear", "x", "G165", "bias in it", lambda dout, weight, bias, **_: dout @ (weight + bias[:, None])
    ),
    Plant("linear", "x", "G207", "bias added", lambda dout, weight, bias, **_: (dout + bias) @ weight),
    Plant("linear", "x", "G113", "the input", lambda x, **_: x),
    Plant("linear", "x", "G125", "masked by x", lambda dout, x, weight, **_: (dout @ weight) * (x > 0)),
)

ACTIVATIONS = (
    Plant("relu", "x", "G309", "upstream passed on", lambda dout, x: dout),
    Plant("relu", "x", "G307", "inverted", lambda dout, x: dout * (x < 0)),
    Plant("relu", "x", "G308", "threshold 0.1", lambda dout, x: dout * (x > 0.1)),
    Plant("relu", "x", "G303", "of sigmoid", lambda dout, x: dout * sigmoid(x) * (1 - sigmoid(x))),
    Plant("relu", "x", "G313", "mask of dout", lambda dout, x: np.maximum(dout, 0)),
    Plant("relu", "x", "G111", "mask alone", lambda dout, x: (x > 0).astype(float)),
    Plant("relu", "x", "G311", "times the output", lambda dout, x: dout * np.maximum(x, 0)),
    Plant("relu", "x", "G125", "leaky", lambda dout, x: below(x, dout, 0.1 * dout)),
    Plant("leaky_relu", "x", "G304", "0.01", lambda dout, x, alpha: below(x, dout, 0.01 * dout)),
    Plant("leaky_relu", "x", "G319", "of ReLU", lambda dout, x, alpha: below(x, dout, 0)),
    Plant("leaky_relu", "x", "G125", "dout lost", lambda dout, x, alpha: below(x, dout, alpha)),
    Plant("elu", "x", "G304", "alpha lost", lambda dout, x, alpha: below(x, dout, dout * np.exp(x))),
    Plant(
        "elu", "x", "G305", "+ alpha lost", lambda dout, x, alpha: below(x, dout, dout * alpha * np.expm1(x))
    ),
    Plant("elu", "x", "G306", "exp lost", lambda dout, x, alpha: below(x, dout, dout * alpha)),
    Plant(
        "elu", "x", "G315", "y + 1", lambda dout, x, alpha: below(x, dout, dout * (alpha * np.expm1(x) + 1))
    ),
    Plant("elu", "x", "G125", "dout lost", lambda dout, x, alpha: below(x, dout, alpha * np.exp(x))),
    Plant(
        "elu",
        "x",
        "G126",
        "dout lost above",
        lambda dout, x, alpha: np.where(x > 0, 1, dout * alpha * np.exp(x)),
    ),
    Plant(
        "elu",
        "x",
        "G301",
        "at the output",
        lambda dout, x, alpha: below(x, dout, dout * alpha * np.exp(alpha * np.expm1(x))),
    ),
    Plant("elu", "x", "G318", "everywhere", lambda dout, x, alpha: dout * alpha * np.exp(x)),
    Plant("sigmoid", "x", "G302", "x (1 - x)", lambda dout, x: dout * x * (1 - x)),
    Plant(
        "sigmoid",
        "x",
        "G301",
        "at the output",
        lambda dout, x: dout * sigmoid(sigmoid(x)) * (1 - sigmoid(sigmoid(x))),
    ),
    Plant("sigmoid", "x", "G310", "1 - s", lambda dout, x: dout * (1 - sigmoid(x))),
    Plant("sigmoid", "x", "G322", "s (1 + s)", lambda dout, x: dout * sigmoid(x) * (1 + sigmoid(x))),
    Plant("sigmoid", "x", "G165", "1 - 2 s", lambda dout, x: dout * (1 - 2 * sigmoid(x))),
    Plant("sigmoid", "x", "G104", "averaged", lambda dout, x: dout * sigmoid(x) * (1 - sigmoid(x)) / len(x)),
    Plant("sigmoid", "x", "G112", "dout twice", lambda dout, x: dout * dout * sigmoid(x) * (1 - sigmoid(x))),
    Plant("tanh", "x", "G302", "1 - x²", lambda dout, x: dout * (1 - x * x)),
    Plant("tanh", "x", "G310", "1 - t", lambda dout, x: dout * (1 - np.tanh(x))),
    Plant("tanh", "x", "G303", "of sigmoid", lambda dout, x: dout * sigmoid(x) * (1 - sigmoid(x))),
    Plant("tanh", "x", "G107", "doubled", lambda dout, x: 2 * dout * (1 - np.tanh(x) ** 2)),
    Plant("tanh", "x", "G165", "1 - x t", lambda dout, x: dout * (1 - x * np.tanh(x))),
    Plant("tanh", "x", "G301", "at the output", lambda dout, x: dout / np.cosh(np.tanh(x)) ** 2),
)

LOSSES = (
    Plant("softmax", "x", "G401", "diagonal", lambda dout, x: dout * softmax(x) * (1 - softmax(x))),
    Plant(
        "softmax",
        "x",
        "G402",
        "wrong axis",
        lambda dout, x: softmax(x) * (dout - (dout * softmax(x)).sum(axis=0)),
    ),
    Plant("softmax", "x", "G404", "sum lost", lambda dout, x: dout * softmax(x)),
    Plant("softmax", "x", "G405", "y for the sum", lambda dout, x: dout * softmax(x) - softmax(x) ** 2),
    Plant("softmax", "x", "G406", "y lost", lambda dout, x: dout - total(dout * softmax(x))),
    Plant("softmax", "x", "G407", "plus", lambda dout, x: softmax(x) * (dout + total(dout * softmax(x)))),
    Plant(
        "softmax",
        "x",
        "G106",
        "over C",
        lambda dout, x: softmax(x) * (dout - total(dout * softmax(x))) / x.shape[1],
    ),
    Plant("softmax", "x", "G416", "log-softmax", lambda dout, x: dout - softmax(x) * total(dout)),
    Plant("cross_entropy", "x", "G101", "sign", lambda dout, x, labels: dout * hot(x, labels) / x / len(x)),
    Plant("cross_entropy", "x", "G105", "sum", lambda dout, x, labels: -dout * hot(x, labels) / x),
    Plant(
        "cross_entropy", "x", "G106", "over N C", lambda dout, x, labels: -dout * hot(x, labels) / x / x.size
    ),
    Plant("cross_entropy", "x", "G111", "no upstream", lambda dout, x, labels: -hot(x, labels) / x / len(x)),
    Plant("cross_entropy", "x", "G426", "no one-hot", lambda dout, x, labels: -dout / x / len(x)),
    Plant(
        "cross_entropy",
        "x",
        "G424",
        "epsilon",
        lambda dout, x, labels: -dout * hot(x, labels) / (x + 2e-3) / len(x),
    ),
    Plant(
        "cross_entropy",
        "x",
        "G430",
        "log10",
        lambda dout, x, labels: -dout * hot(x, labels) / x / len(x) / np.log(10),
    ),
    Plant(
        "cross_entropy",
        "x",
        "G166",
        "first label",
        lambda dout, x, labels: -dout * hot(x, labels * 0 + labels[0]) / x / len(x),
    ),
    Plant(
        "cross_entropy",
        "x",
        "G427",
        "off by one",
        lambda dout, x, labels: -dout * hot(x, (labels + 1) % x.shape[1]) / x / len(x),
    ),
    Plant(
        "cross_entropy", "x", "G428", "fused", lambda dout, x, labels: dout * (x - hot(x, labels)) / len(x)
    ),
    Plant(
        "softmax_cross_entropy",
        "x",
        "G429",
        "unfused",
        lambda dout, x, labels: -dout * hot(x, labels) / softmax(x) / len(x),
    ),
    Plant(
        "softmax_cross_entropy",
        "x",
        "G433",
        "labels lost",
        lambda dout, x, labels: dout * softmax(x) / len(x),
    ),
    Plant(
        "softmax_cross_entropy",
        "x",
        "G101",
        "sign",
        lambda dout, x, labels: dout * (hot(x, labels) - softmax(x)) / len(x),
    ),
    Plant(
        "softmax_cross_entropy",
        "x",
        "G445",
        "no softmax",
        lambda dout, x, labels: dout * (x - hot(x, labels)) / len(x),
    ),
    Plant("mse", "x", "G108", "2 lost", lambda dout, x, target: dout * (x - target) / x.size),
    Plant("mse", "x", "G106", "over N", lambda dout, x, target: 2 * dout * (x - target) / len(x)),
    Plant("mse", "x", "G451", "absolute", lambda dout, x, target: dout * np.sign(x - target) / x.size),
    Plant("bce_with_logits", "x", "G461", "no sigmoid", lambda dout, x, target: dout * (x - target) / x.size),
    Plant(
        "bce_with_logits", "x", "G101", "sign", lambda dout, x, target: dout * (target - sigmoid(x)) / x.size
    ),
    Plant(
        "hinge",
        "x",
        "G473",
        "margin lost",
        lambda dout, x, labels, delta: right("hinge", "x", dout, x=x, labels=labels, delta=0.0),
    ),
    Plant(
        "hinge",
        "x",
        "G471",
        "label lost",
        lambda dout, x, labels, delta: (
            np.maximum(right("hinge", "x", np.ones(()), x=x, labels=labels, delta=delta), 0) * dout
        ),
    ),
)

SIMPLE: tuple[Plant, ...] = (*LINEAR, *ACTIVATIONS, *LOSSES)
