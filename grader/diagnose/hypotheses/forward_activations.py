"""Faults of the outputs of linear layers and activations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from grader.diagnose.hypothesis import Hypothesis, Predict
from grader.diagnose.observation import Array, Observation
from grader.diagnose.variants.activation import DEFAULT_ALPHA, FUNCTIONS, NAMES, TITLES, alpha_of, function_of
from grader.diagnose.variants.point import Floats, number, tensor
from grader.diagnose.variants.softmax import softmax

LINEAR_LAYER = ("linear",)
ELU, LEAKY, RELU = ("elu",), ("leaky_relu",), ("relu",)
SIGMOID, TANH = ("sigmoid",), ("tanh",)
ALL_ACTIVATIONS = NAMES
SATURATING = tuple(name for name in NAMES if name != "relu")  # a ReLU that is cut has its own entry


def _linear(compute: Callable[[Floats, Floats, Floats], Floats | None]) -> Predict:
    """A formula of x (N, D), weight (C, D) and bias (C,)."""

    def predict(observation: Observation, _: str) -> Array | None:
        return compute(tensor(observation, "x"), tensor(observation, "weight"), tensor(observation, "bias"))

    return predict


def _elementwise(compute: Callable[[Floats, float], Floats]) -> Predict:
    """A formula of x and alpha."""

    def predict(observation: Observation, _: str) -> Array | None:
        with np.errstate(all="ignore"):
            return compute(tensor(observation, "x"), alpha_of(observation))

    return predict


def _below(compute: Callable[[Floats, float], Floats]) -> Predict:
    """x for positive input, a formula below."""
    return _elementwise(lambda x, a: np.where(x > 0, x, compute(x, a)))


def _another(name: str) -> Predict:
    def predict(observation: Observation, _: str) -> Array | None:
        if name == observation.layer:
            return None
        alpha = number(observation, "alpha", DEFAULT_ALPHA.get(name, 1.0))
        return FUNCTIONS[name](tensor(observation, "x"), alpha)

    return predict


def _twice(observation: Observation, _: str) -> Array | None:
    function, alpha = FUNCTIONS[function_of(observation)], alpha_of(observation)
    return function(function(tensor(observation, "x"), alpha), alpha)


def _cut(bound: float) -> Predict:
    """The right function of an input that is cut at a bound and its negative."""

    def predict(observation: Observation, _: str) -> Array | None:
        x = np.clip(tensor(observation, "x"), -bound, bound)
        return FUNCTIONS[function_of(observation)](x, alpha_of(observation))

    return predict


BOUNDS = (0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)

FORWARD_ACTIVATIONS: tuple[Hypothesis, ...] = (
    # linear
    Hypothesis("F101", _linear(lambda x, w, b: x @ w.T), LINEAR_LAYER),
    Hypothesis("F102", _linear(lambda x, w, b: x @ w.T - b), LINEAR_LAYER, note="subtracted"),
    Hypothesis("F102", _linear(lambda x, w, b: x @ w.T + 2 * b), LINEAR_LAYER, note="added twice"),
    Hypothesis("F102", _linear(lambda x, w, b: x @ w.T + len(x) * b), LINEAR_LAYER, note="added N times"),
    Hypothesis("F102", _linear(lambda x, w, b: x @ w.T + b / len(x)), LINEAR_LAYER, note="divided by N"),
    Hypothesis("F102", _linear(lambda x, w, b: (x @ w.T) * b), LINEAR_LAYER, note="multiplied"),
    Hypothesis("F102", _linear(lambda x, w, b: x @ w.T + b.sum()), LINEAR_LAYER, note="its sum is added"),
    Hypothesis("F102", _linear(lambda x, w, b: x @ w.T + b.mean()), LINEAR_LAYER, note="its mean is added"),
    Hypothesis("F102", _linear(lambda x, w, b: x @ w.T + b[0]), LINEAR_LAYER, note="its first entry for all"),
    Hypothesis("F102", _linear(lambda x, w, b: x @ w.T + 1), LINEAR_LAYER, note="1 is added"),
    Hypothesis("F102", _linear(lambda x, w, b: (x.T + b).T @ w.T), LINEAR_LAYER, note="added to the input"),
    Hypothesis("F102", _linear(lambda x, w, b: (x @ w.T).T + b), LINEAR_LAYER, note="on the wrong axis"),
    Hypothesis("F102", _linear(lambda x, w, b: x @ w.T + b[:, None]), LINEAR_LAYER, note="on the wrong axis"),
    Hypothesis("F103", _linear(lambda x, w, b: x @ w + b), LINEAR_LAYER),
    Hypothesis("F103", _linear(lambda x, w, b: x @ w), LINEAR_LAYER, note="and the bias is missing"),
    Hypothesis(
        "F103", _linear(lambda x, w, b: x @ w.reshape(w.T.shape) + b), LINEAR_LAYER, note="by reshape"
    ),
    Hypothesis("F104", _linear(lambda x, w, b: b - x @ w.T), LINEAR_LAYER, note="a minus in front of x Wᵀ"),
    Hypothesis("F104", _linear(lambda x, w, b: x @ np.abs(w).T + b), LINEAR_LAYER, note="absolute weights"),
    Hypothesis(
        "F104", _linear(lambda x, w, b: np.maximum(x @ w.T + b, 0)), LINEAR_LAYER, note="a ReLU is in it"
    ),
    Hypothesis("F104", _linear(lambda x, w, b: np.tanh(x @ w.T + b)), LINEAR_LAYER, note="a tanh is in it"),
    Hypothesis(
        "F104", _linear(lambda x, w, b: softmax(x @ w.T + b)), LINEAR_LAYER, note="a softmax is in it"
    ),
    Hypothesis(
        "F104", _linear(lambda x, w, b: 1 / (1 + np.exp(-(x @ w.T + b)))), LINEAR_LAYER, note="a sigmoid"
    ),
    Hypothesis(
        "F104", _linear(lambda x, w, b: x @ w.T / x.shape[-1] + b), LINEAR_LAYER, note="x Wᵀ is divided by D"
    ),
    Hypothesis(
        "F104",
        _linear(lambda x, w, b: x @ w.T / np.sqrt(x.shape[-1]) + b),
        LINEAR_LAYER,
        note="x Wᵀ is divided by √D",
    ),
    Hypothesis(
        "F104", _linear(lambda x, w, b: x @ w.T / len(x) + b), LINEAR_LAYER, note="x Wᵀ is divided by N"
    ),
    Hypothesis("F104", _linear(lambda x, w, b: 2 * (x @ w.T) + b), LINEAR_LAYER, note="x Wᵀ doubled"),
    # ELU and LeakyReLU
    Hypothesis("F106", _below(lambda x, a: np.expm1(x)), ELU, note="alpha is left out"),
    Hypothesis("F106", _below(lambda x, a: a * a * np.expm1(x)), ELU, note="alpha twice"),
    Hypothesis("F106", _below(lambda x, a: np.expm1(x) / a), ELU, note="divided by alpha"),
    Hypothesis("F106", _below(lambda x, a: np.expm1(a * x)), ELU, note="alpha inside the exponential"),
    Hypothesis("F106", _below(lambda x, a: a + np.expm1(x)), ELU, note="alpha is added"),
    Hypothesis("F106", _below(lambda x, a: a * np.exp(x) - 1), ELU, note="alpha times exp(x) alone"),
    Hypothesis("F107", _below(lambda x, a: a * np.exp(x)), ELU, note="the - 1 is missing"),
    Hypothesis("F107", _below(lambda x, a: np.exp(x)), ELU, note="the - 1 and alpha are missing"),
    Hypothesis("F107", _below(lambda x, a: a * (np.exp(x) + 1)), ELU, note="+ 1 where - 1 is due"),
    Hypothesis("F107", _below(lambda x, a: a * (1 - np.exp(x))), ELU, note="1 - exp(x)"),
    Hypothesis("F107", _below(lambda x, a: a * np.expm1(-x)), ELU, note="exp(-x)"),
    Hypothesis("F107", _below(lambda x, a: -a * np.expm1(-x)), ELU, note="-(exp(-x) - 1)"),
    Hypothesis("F107", _below(lambda x, a: a * (2.0**x - 1)), ELU, note="2 to the x"),
    Hypothesis(
        "F107", _elementwise(lambda x, a: a * np.expm1(x)), ELU, note="below zero's branch everywhere"
    ),
    Hypothesis("F106", _below(lambda x, a: 0.01 * x), LEAKY, note="0.01 is used"),
    Hypothesis("F106", _below(lambda x, a: 0.1 * x), LEAKY, note="0.1 is used"),
    Hypothesis("F106", _below(lambda x, a: 0.2 * x), LEAKY, note="0.2 is used"),
    Hypothesis("F106", _below(lambda x, a: x / a), LEAKY, note="divided by alpha"),
    Hypothesis("F106", _below(lambda x, a: a * a * x), LEAKY, note="alpha twice"),
    Hypothesis("F106", _below(lambda x, a: -a * x), LEAKY, note="with its sign flipped"),
    Hypothesis("F106", _below(lambda x, a: a + x), LEAKY, note="alpha is added"),
    Hypothesis("F106", _below(lambda x, a: x - a), LEAKY, note="alpha is subtracted"),
    Hypothesis("F106", _below(lambda x, a: np.full_like(x, a)), LEAKY, note="alpha alone"),
    Hypothesis("F106", _below(lambda x, a: (1 - a) * x), LEAKY, note="1 - alpha"),
    Hypothesis("F106", _elementwise(lambda x, a: a * x), LEAKY, note="on both sides"),
    Hypothesis("F108", _elementwise(lambda x, a: np.where(x > 0, a * x, x)), LEAKY),
    Hypothesis("F108", _elementwise(lambda x, a: np.where(x > 0, a * np.expm1(x), x)), ELU),
    Hypothesis("F108", _elementwise(lambda x, a: np.minimum(x, 0)), RELU),
    Hypothesis("F108", _elementwise(lambda x, a: np.minimum(x, a * x)), LEAKY),
    Hypothesis("F109", _elementwise(lambda x, a: np.maximum(x, 1)), RELU, note="max(x, 1)"),
    Hypothesis("F109", _elementwise(lambda x, a: np.where(x > 0, 1.0, 0.0)), RELU, note="a step of height 1"),
    Hypothesis("F109", _elementwise(lambda x, a: np.abs(x)), RELU, note="|x|"),
    Hypothesis("F109", _elementwise(lambda x, a: np.clip(x, 0, 1)), RELU, note="cut at 1"),
    Hypothesis("F109", _elementwise(lambda x, a: np.clip(x, 0, 6)), RELU, note="cut at 6"),
    Hypothesis("F109", _elementwise(lambda x, a: np.where(x > 1, x, 0)), RELU, note="from 1 on"),
    Hypothesis("F109", _elementwise(lambda x, a: np.where(x > -1, x, 0)), RELU, note="from -1 on"),
    Hypothesis("F109", _elementwise(lambda x, a: np.where(x > 0.5, x, 0)), RELU, note="from 0.5 on"),
    Hypothesis("F109", _elementwise(lambda x, a: np.where(x > 1, x, a * x)), LEAKY, note="from 1 on"),
    Hypothesis("F109", _elementwise(lambda x, a: np.where(x > a, x, a * x)), LEAKY, note="from alpha on"),
    Hypothesis("F109", _elementwise(lambda x, a: np.where(x > 1, x, a * np.expm1(x))), ELU, note="from 1 on"),
    Hypothesis(
        "F109", _elementwise(lambda x, a: np.where(x > -1, x, a * np.expm1(x))), ELU, note="from -1 on"
    ),
    Hypothesis(
        "F109", _elementwise(lambda x, a: np.where(x > a, x, a * np.expm1(x))), ELU, note="from alpha on"
    ),
    Hypothesis(
        "F109", _elementwise(lambda x, a: np.where(x > 0, 1.0, a * np.expm1(x))), ELU, note="1 above zero"
    ),
    Hypothesis(
        "F109", _elementwise(lambda x, a: np.where(x > 0, a * x, a * np.expm1(x))), ELU, note="alpha x above"
    ),
    Hypothesis(
        "F109", _elementwise(lambda x, a: np.maximum(x, a * np.expm1(x))), ELU, note="the larger branch"
    ),
    # sigmoid and tanh
    Hypothesis("F111", _elementwise(lambda x, a: 1 / (1 + np.exp(x))), SIGMOID, note="exp(x)"),
    Hypothesis("F111", _elementwise(lambda x, a: 1 / (1 - np.exp(-x))), SIGMOID, note="1 - exp(-x)"),
    Hypothesis(
        "F111", _elementwise(lambda x, a: np.exp(-x) / (1 + np.exp(-x))), SIGMOID, note="exp(-x) above"
    ),
    Hypothesis("F111", _elementwise(lambda x, a: 1 + np.exp(-x)), SIGMOID, note="no division"),
    Hypothesis("F111", _elementwise(lambda x, a: 1 / 1 + np.exp(-x)), SIGMOID, note="brackets"),
    Hypothesis("F111", _elementwise(lambda x, a: 1 / np.exp(-x)), SIGMOID, note="1 + is missing"),
    Hypothesis("F111", _elementwise(lambda x, a: 1 / (1 + 2.0**-x)), SIGMOID, note="base 2"),
    Hypothesis(
        "F111", _elementwise(lambda x, a: 2 / (1 + np.exp(-x)) - 1), SIGMOID, note="stretched to (-1, 1)"
    ),
    Hypothesis("F111", _elementwise(lambda x, a: 1 / (1 + np.exp(-2 * x))), SIGMOID, note="exp(-2x)"),
    Hypothesis("F111", _elementwise(lambda x, a: 1 / (1 + np.exp(-x)) ** 2), SIGMOID, note="squared below"),
    Hypothesis("F111", _elementwise(lambda x, a: 1 / np.sqrt(1 + np.exp(-x))), SIGMOID, note="a root"),
    Hypothesis("F112", _elementwise(lambda x, a: np.sinh(x)), TANH, note="sinh"),
    Hypothesis("F112", _elementwise(lambda x, a: np.cosh(x)), TANH, note="cosh"),
    Hypothesis("F112", _elementwise(lambda x, a: np.tan(x)), TANH, note="tan"),
    Hypothesis("F112", _elementwise(lambda x, a: np.arctan(x)), TANH, note="arctan"),
    Hypothesis("F112", _elementwise(lambda x, a: 1 / np.tanh(x)), TANH, note="its reciprocal"),
    Hypothesis("F112", _elementwise(lambda x, a: np.tanh(x / 2)), TANH, note="half the argument"),
    Hypothesis("F112", _elementwise(lambda x, a: np.tanh(2 * x)), TANH, note="twice the argument"),
    Hypothesis("F112", _elementwise(lambda x, a: (np.exp(x) + np.exp(-x)) / 2), TANH, note="plus for minus"),
    Hypothesis("F112", _elementwise(lambda x, a: np.exp(x) - np.exp(-x)), TANH, note="no division"),
    # every activation
    *(Hypothesis("F145", _cut(bound), SATURATING, note=f"at {bound:g}") for bound in BOUNDS),
    *(Hypothesis("F114", _another(other), ALL_ACTIVATIONS, note=TITLES[other]) for other in FUNCTIONS),
    Hypothesis(
        "F114", _elementwise(lambda x, a: np.where(x > 0, x, 0.01 * x)), ("relu", "elu"), note="LeakyReLU"
    ),
    Hypothesis(
        "F114", _elementwise(lambda x, a: np.where(x > 0, x, np.expm1(x))), ("relu", "leaky_relu"), note="ELU"
    ),
    Hypothesis("F115", _twice, (*ALL_ACTIVATIONS,)),
    Hypothesis("F106", _below(lambda x, a: np.exp(x) - a), ELU, note="alpha stands in the place of the 1"),
    Hypothesis("F106", _below(lambda x, a: np.expm1(x / a)), ELU, note="the input is divided by alpha"),
    Hypothesis("F106", _below(lambda x, a: a * np.expm1(x / a)), ELU, note="the input is divided by alpha"),
    Hypothesis(
        "F106", _below(lambda x, a: a * np.expm1(a * x)), ELU, note="alpha inside the exponential too"
    ),
    Hypothesis(
        "F106", _elementwise(lambda x, a: np.maximum(x, 0) + a * x), LEAKY, note="alpha x added everywhere"
    ),
    Hypothesis("F120", _elementwise(lambda x, a: np.maximum(x, x.mean())), RELU, note="max(x, mean)"),
    Hypothesis(
        "F120", _elementwise(lambda x, a: np.where(x > x.mean(), x, 0)), RELU, note="from the mean on"
    ),
    Hypothesis(
        "F114", _elementwise(lambda x, a: np.clip(0.2 * x + 0.5, 0, 1)), SIGMOID, note="a hard sigmoid"
    ),
    Hypothesis("F114", _elementwise(lambda x, a: np.clip(x / 6 + 0.5, 0, 1)), SIGMOID, note="a hard sigmoid"),
    Hypothesis("F114", _elementwise(lambda x, a: x / (1 + np.abs(x))), (*SIGMOID, *TANH), note="softsign"),
    Hypothesis("F114", _elementwise(lambda x, a: np.clip(x, -1, 1)), TANH, note="a hard tanh"),
    Hypothesis("F114", _elementwise(lambda x, a: np.logaddexp(0, x)), ALL_ACTIVATIONS, note="softplus"),
    Hypothesis(
        "F114", _elementwise(lambda x, a: x / (1 + np.exp(-x))), ALL_ACTIVATIONS, note="x times its sigmoid"
    ),
)
