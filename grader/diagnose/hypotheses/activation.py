"""Faults of an activation's backward: the upstream gradient times a wrong local derivative."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from grader.diagnose.hypothesis import Hypothesis, Predict
from grader.diagnose.observation import Array, Observation
from grader.diagnose.variants.activation import (
    DEFAULT_ALPHA,
    FUNCTIONS,
    NAMES,
    SLOPES,
    TITLES,
    alpha_of,
    function_of,
)
from grader.diagnose.variants.point import Floats, number, tensor, upstream

LocalFormula = Callable[[Floats, Floats, float], Floats]  # x, y, alpha

ALL = NAMES
RECTIFIERS = ("relu", "leaky_relu", "elu")
SIGMOID, TANH, RELU, LEAKY, ELU = ("sigmoid",), ("tanh",), ("relu",), ("leaky_relu",), ("elu",)
X = ("x",)


def local(compute: LocalFormula) -> Predict:
    """Predicts ``dout * compute(x, y, alpha)``."""

    def predict(observation: Observation, _: str) -> Array | None:
        x, alpha = tensor(observation, "x"), alpha_of(observation)
        y = FUNCTIONS[function_of(observation)](x, alpha)
        with np.errstate(all="ignore"):
            return upstream(observation) * compute(x, y, alpha)

    return predict


def slope_at_output(observation: Observation, _: str) -> Array | None:
    """The layer's own derivative, taken at its output."""
    x, alpha = tensor(observation, "x"), alpha_of(observation)
    y = FUNCTIONS[function_of(observation)](x, alpha)
    return upstream(observation) * SLOPES[function_of(observation)](y, alpha)


def slope_of_upstream(observation: Observation, _: str) -> Array | None:
    """The layer's own derivative, taken at the upstream gradient."""
    dout = upstream(observation)
    return dout * SLOPES[function_of(observation)](dout, alpha_of(observation))


def guided(observation: Observation, _: str) -> Array | None:
    """Both the input and the upstream gradient must be positive."""
    dout = upstream(observation)
    return np.where((tensor(observation, "x") > 0) & (dout > 0), dout, 0.0)


def slope_at_upstream(observation: Observation, _: str) -> Array | None:
    """The layer's own derivative at the upstream gradient, and nothing else."""
    return SLOPES[function_of(observation)](upstream(observation), alpha_of(observation))


def slope_of(other: str) -> Predict:
    """The derivative of another activation at the input; alpha as in this layer."""

    def predict(observation: Observation, _: str) -> Array | None:
        if other == observation.layer or (other in RECTIFIERS and observation.layer in ("elu", "leaky_relu")):
            return None  # these have names of their own
        x = tensor(observation, "x")
        alpha = number(observation, "alpha", DEFAULT_ALPHA.get(other, 1.0))
        return upstream(observation) * SLOPES[other](x, alpha)

    return predict


def function_of_upstream(observation: Observation, _: str) -> Array | None:
    """The activation applied to the upstream gradient."""
    return FUNCTIONS[function_of(observation)](upstream(observation), alpha_of(observation))


def derivative_without_upstream(observation: Observation, _: str) -> Array | None:
    """The local derivative alone."""
    x = tensor(observation, "x")
    return SLOPES[function_of(observation)](x, alpha_of(observation))


def below(value: LocalFormula) -> Predict:
    """1 for positive input, a formula below."""
    return local(lambda x, y, a: np.where(x > 0, 1.0, value(x, y, a)))


def above(value: LocalFormula) -> Predict:
    """A formula for positive input, the right one below."""

    def predict(observation: Observation, _: str) -> Array | None:
        x, alpha = tensor(observation, "x"), alpha_of(observation)
        y = FUNCTIONS[function_of(observation)](x, alpha)
        slope = SLOPES[function_of(observation)](x, alpha)
        with np.errstate(all="ignore"):
            return upstream(observation) * np.where(x > 0, value(x, y, alpha), slope)

    return predict


def inverted(observation: Observation, _: str) -> Array | None:
    """The branches of a rectifier exchanged: 1 below, the lower formula above."""
    x, alpha = tensor(observation, "x"), alpha_of(observation)
    lower = {"relu": np.zeros_like(x), "leaky_relu": np.full_like(x, alpha), "elu": alpha * np.exp(x)}
    return upstream(observation) * np.where(x > 0, lower[observation.layer], 1.0)


def moved_kink(observation: Observation, target: str) -> Array | None:
    """The two branches are right, and meet at another input than 0: the place is read off the result."""
    got, x, alpha = observation.grads_got.get(target), tensor(observation, "x"), alpha_of(observation)
    if got is None or np.shape(got) != x.shape:
        return None
    lower = {"relu": np.zeros_like(x), "leaky_relu": np.full_like(x, alpha), "elu": alpha * np.exp(x)}
    dout, below_it = upstream(observation), lower[observation.layer]
    upper = np.abs(np.asarray(got) - dout) <= np.abs(np.asarray(got) - dout * below_it)
    if upper.any() and not upper.all() and x[~upper].max() > x[upper].min():
        return None
    return np.asarray(dout * np.where(upper, 1.0, below_it))


ACTIVATION: tuple[Hypothesis, ...] = (
    Hypothesis("G111", derivative_without_upstream, ALL, X),
    Hypothesis("G309", local(lambda x, y, a: np.ones_like(x)), ALL, X),
    Hypothesis("G301", slope_at_output, ALL, X),
    # ELU
    Hypothesis("G305", below(lambda x, y, a: y), ELU, X),
    Hypothesis("G304", below(lambda x, y, a: np.exp(x)), ELU, X),
    Hypothesis("G306", below(lambda x, y, a: np.full_like(x, a)), ELU, X),
    Hypothesis("G315", below(lambda x, y, a: y + 1), ELU, X, "y + 1 below zero"),
    Hypothesis("G315", below(lambda x, y, a: np.exp(x) + a), ELU, X, "exp(x) + alpha below zero"),
    Hypothesis("G315", below(lambda x, y, a: np.expm1(x) + a), ELU, X, "exp(x) - 1 + alpha below zero"),
    Hypothesis("G316", below(lambda x, y, a: a * (y + a)), ELU, X, "alpha twice below zero"),
    Hypothesis("G316", below(lambda x, y, a: a * y + a), ELU, X, "alpha y + alpha below zero"),
    Hypothesis("G316", below(lambda x, y, a: a * y), ELU, X, "alpha y below zero"),
    Hypothesis("G322", below(lambda x, y, a: y - a), ELU, X, "y - alpha below zero"),
    Hypothesis("G322", below(lambda x, y, a: a - y), ELU, X, "alpha - y below zero"),
    Hypothesis("G322", below(lambda x, y, a: -a * np.exp(x)), ELU, X, "minus below zero"),
    Hypothesis("G317", below(lambda x, y, a: a * np.exp(-x)), ELU, X, "exp(-x)"),
    Hypothesis("G317", below(lambda x, y, a: -a * np.exp(-x)), ELU, X, "-exp(-x)"),
    Hypothesis("G301", below(lambda x, y, a: a * np.exp(y)), ELU, X),
    Hypothesis("G301", below(lambda x, y, a: np.exp(y)), ELU, X, "and without alpha"),
    Hypothesis("G323", below(lambda x, y, a: np.expm1(x)), ELU, X),
    Hypothesis("G324", below(lambda x, y, a: a * x * np.exp(x)), ELU, X, "times x"),
    Hypothesis("G324", below(lambda x, y, a: a * x), ELU, X, "alpha x"),
    Hypothesis("G318", local(lambda x, y, a: a * np.exp(x)), ELU, X),
    Hypothesis("G318", local(lambda x, y, a: np.exp(x)), ELU, X, "and without alpha"),
    # LeakyReLU
    Hypothesis("G304", below(lambda x, y, a: np.full_like(x, 0.01)), LEAKY, X, "0.01 is used"),
    Hypothesis("G304", below(lambda x, y, a: np.full_like(x, 0.1)), LEAKY, X, "0.1 is used"),
    Hypothesis("G304", below(lambda x, y, a: np.full_like(x, 0.2)), LEAKY, X, "0.2 is used"),
    Hypothesis("G318", local(lambda x, y, a: np.full_like(x, a)), LEAKY, X),
    Hypothesis("G316", below(lambda x, y, a: np.full_like(x, a * a)), LEAKY, X, "alpha twice below zero"),
    Hypothesis("G322", below(lambda x, y, a: np.full_like(x, -a)), LEAKY, X, "-alpha below zero"),
    Hypothesis("G322", below(lambda x, y, a: np.full_like(x, 1 - a)), LEAKY, X, "1 - alpha below zero"),
    Hypothesis("G322", below(lambda x, y, a: np.full_like(x, 1 + a)), LEAKY, X, "1 + alpha below zero"),
    Hypothesis("G316", below(lambda x, y, a: np.full_like(x, 1 / a)), LEAKY, X, "1/alpha below zero"),
    Hypothesis("G324", below(lambda x, y, a: a * x), LEAKY, X, "alpha x below zero"),
    # all rectifiers
    Hypothesis("G307", inverted, RECTIFIERS, X),
    Hypothesis("G329", below(lambda x, y, a: a * np.exp(x)), LEAKY, X),
    Hypothesis("G319", below(lambda x, y, a: np.zeros_like(x)), ("leaky_relu", "elu"), X),
    Hypothesis("G324", above(lambda x, y, a: x), ("leaky_relu", "elu"), X, "x above zero"),
    Hypothesis("G325", above(lambda x, y, a: np.zeros_like(x)), ("leaky_relu", "elu"), X),
    Hypothesis("G326", above(lambda x, y, a: np.full_like(x, a)), ELU, X),
    Hypothesis("G308", local(lambda x, y, a: np.where(x > 1, 1.0, 0.0)), RELU, X, "at 1"),
    Hypothesis("G308", local(lambda x, y, a: np.where(x > -1, 1.0, 0.0)), RELU, X, "at -1"),
    Hypothesis("G308", local(lambda x, y, a: np.where(x > 0.5, 1.0, 0.0)), RELU, X, "at 0.5"),
    Hypothesis("G308", local(lambda x, y, a: np.where((x > 0) & (x < 1), 1.0, 0.0)), RELU, X, "and at 1"),
    Hypothesis("G308", local(lambda x, y, a: np.where((x > 0) & (x < 6), 1.0, 0.0)), RELU, X, "and at 6"),
    Hypothesis("G308", moved_kink, RECTIFIERS, X, alone=True),
    Hypothesis("G308", local(lambda x, y, a: np.where(x > a, 1.0, a)), LEAKY, X, "at alpha"),
    Hypothesis("G308", local(lambda x, y, a: np.where(x > a, 1.0, a * np.exp(x))), ELU, X, "at alpha"),
    Hypothesis("G308", local(lambda x, y, a: np.where(x > -a, 1.0, a * np.exp(x))), ELU, X, "at -alpha"),
    Hypothesis("G308", local(lambda x, y, a: np.where(x > 1, 1.0, a * np.exp(x))), ELU, X, "at 1"),
    Hypothesis("G308", local(lambda x, y, a: np.where(x > -1, 1.0, a * np.exp(x))), ELU, X, "at -1"),
    Hypothesis("G308", local(lambda x, y, a: np.where(x > 1, 1.0, a)), LEAKY, X, "at 1"),
    Hypothesis("G308", local(lambda x, y, a: np.where(x > -1, 1.0, a)), LEAKY, X, "at -1"),
    Hypothesis("G327", local(lambda x, y, a: np.sign(x)), RELU, X),
    # sigmoid
    Hypothesis("G302", local(lambda x, y, a: x * (1 - x)), SIGMOID, X),
    Hypothesis("G310", local(lambda x, y, a: 1 - y), SIGMOID, X, "1 - s"),
    Hypothesis("G310", local(lambda x, y, a: 1 - y**2), SIGMOID, X, "1 - s²"),
    Hypothesis("G310", local(lambda x, y, a: y**2), SIGMOID, X, "s²"),
    Hypothesis("G310", local(lambda x, y, a: (1 - y) ** 2), SIGMOID, X, "(1 - s)²"),
    Hypothesis("G310", local(lambda x, y, a: y * (1 - y) ** 2), SIGMOID, X, "s (1 - s)²"),
    Hypothesis("G310", local(lambda x, y, a: y**2 * (1 - y)), SIGMOID, X, "s² (1 - s)"),
    Hypothesis("G310", local(lambda x, y, a: (y * (1 - y)) ** 2), SIGMOID, X, "(s (1 - s))²"),
    Hypothesis("G322", local(lambda x, y, a: y * (1 + y)), SIGMOID, X, "s (1 + s)"),
    Hypothesis("G328", local(lambda x, y, a: y * (1 - x)), SIGMOID, X, "s (1 - x)"),
    Hypothesis("G328", local(lambda x, y, a: x * (1 - y)), SIGMOID, X, "x (1 - s)"),
    Hypothesis("G317", local(lambda x, y, a: np.exp(-x)), SIGMOID, X, "exp(-x)"),
    Hypothesis("G317", local(lambda x, y, a: np.exp(x) / (1 + np.exp(-x)) ** 2), SIGMOID, X, "exp(x)"),
    # tanh
    Hypothesis("G302", local(lambda x, y, a: 1 - x**2), TANH, X),
    Hypothesis("G310", local(lambda x, y, a: 1 - y), TANH, X, "1 - t"),
    Hypothesis("G310", local(lambda x, y, a: y**2), TANH, X, "t²"),
    Hypothesis("G310", local(lambda x, y, a: (1 - y**2) ** 2), TANH, X, "(1 - t²)²"),
    Hypothesis("G310", local(lambda x, y, a: (1 - y) ** 2), TANH, X, "(1 - t)²"),
    Hypothesis("G310", local(lambda x, y, a: np.sqrt(1 - y**2)), TANH, X, "1/cosh, not squared"),
    Hypothesis("G310", local(lambda x, y, a: 1 - y**3), TANH, X, "1 - t³"),
    Hypothesis("G310", local(lambda x, y, a: y * (1 - y)), TANH, X, "t (1 - t)"),
    Hypothesis("G310", local(lambda x, y, a: y * (1 - y**2)), TANH, X, "t (1 - t²)"),
    Hypothesis("G322", local(lambda x, y, a: 1 + y**2), TANH, X, "1 + t²"),
    Hypothesis("G322", local(lambda x, y, a: 1 + y), TANH, X, "1 + t"),
    Hypothesis("G328", local(lambda x, y, a: 1 - np.cosh(x) ** 2), TANH, X, "cosh"),
    Hypothesis("G328", local(lambda x, y, a: np.cosh(x) ** 2), TANH, X, "cosh"),
    Hypothesis("G328", local(lambda x, y, a: 1 - np.arctan(x) ** 2), TANH, X, "arctan"),
    Hypothesis("G328", local(lambda x, y, a: 1 / (1 + x**2)), TANH, X, "arctan"),
    # every activation
    Hypothesis("G311", local(lambda x, y, a: y), ALL, X),
    *(Hypothesis("G303", slope_of(other), ALL, X, f"of {TITLES[other]}") for other in SLOPES),
    Hypothesis("G303", local(lambda x, y, a: 1 - y**2), RECTIFIERS, X, "of tanh, from the output"),
    Hypothesis("G303", local(lambda x, y, a: y * (1 - y)), RECTIFIERS, X, "of sigmoid, from the output"),
    Hypothesis("G303", local(lambda x, y, a: np.where(x > 0, 1.0, 0.01)), ("relu", "elu"), X, "of LeakyReLU"),
    Hypothesis(
        "G303", local(lambda x, y, a: np.where(x > 0, 1.0, np.exp(x))), ("relu", "leaky_relu"), X, "of ELU"
    ),
    Hypothesis("G313", slope_of_upstream, ALL, X),
    Hypothesis("G313", guided, ("relu",), X, "beside the input: guided backpropagation"),
    Hypothesis("G313", slope_at_upstream, ALL, X, "and is not multiplied in"),
    Hypothesis("G313", function_of_upstream, ALL, X, "the activation itself"),
    Hypothesis("G312", local(lambda x, y, a: x), ALL, X),
    Hypothesis("G328", local(lambda x, y, a: np.exp(x)), (*RELU, *LEAKY, *SIGMOID, *TANH), X, "exp(x)"),
)
