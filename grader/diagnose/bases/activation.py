"""Activations: local derivatives, and pieces above and below zero."""

from __future__ import annotations

import numpy as np

from grader.diagnose.bases.terms import Terms, times
from grader.diagnose.observation import Observation
from grader.diagnose.variants.activation import FUNCTIONS, alpha_of, function_of, sigmoid
from grader.diagnose.variants.point import tensor, upstream


def smooth(observation: Observation, _: str) -> Terms:
    """Sigmoid, tanh and the like: the upstream gradient times powers of input and output."""
    x = tensor(observation, "x")
    y, dout = FUNCTIONS[function_of(observation)](x, 1.0), upstream(observation)
    local: Terms = {
        "1": np.ones_like(x),
        "y": y,
        "y²": y**2,
        "y³": y**3,
        "x": x,
        "x²": x**2,
        "x y": x * y,
        "x y²": x * y**2,
        "exp(x)": np.exp(x),
        "exp(-x)": np.exp(-x),
        "s(x)": sigmoid(x),
        "tanh(x)": np.tanh(x),
        "tanh(x²)": np.tanh(x**2),
    }
    if observation.layer in ("sigmoid", "tanh"):
        local.pop("s(x)" if observation.layer == "sigmoid" else "tanh(x)")
    terms = {times(name, "dout"): value * dout for name, value in local.items()}
    return {**terms, "1": np.ones_like(x), "y": y, "y²": y**2}


def pieces(observation: Observation, _: str) -> Terms:
    """Rectifiers: formulas above and below zero, with and without the upstream gradient."""
    x, alpha = tensor(observation, "x"), alpha_of(observation)
    dout, low = upstream(observation), np.minimum(x, 0)
    above = np.where(x > 0, 1.0, 0.0)
    under = 1.0 - above
    lower = {
        "1": np.ones_like(x),
        "alpha": np.full_like(x, alpha),
        "alpha²": np.full_like(x, alpha**2),
        "x": low,
        "exp(x)": np.exp(low),
        "alpha exp(x)": alpha * np.exp(low),
        "alpha exp(alpha x)": alpha * np.exp(alpha * low),
        "exp(alpha x)": np.exp(alpha * low),
        "alpha x": alpha * low,
        "alpha 2^x": alpha * 2.0**low,
    }
    terms: Terms = {f"{times(name, 'dout')} [x < 0]": value * dout * under for name, value in lower.items()}
    terms["dout [x > 0]"] = dout * above
    terms["x dout [x > 0]"] = x * dout * above
    terms["alpha dout [x > 0]"] = alpha * dout * above
    terms["[x > 0]"] = above
    terms["alpha [x < 0]"] = alpha * under
    terms["alpha exp(x) [x < 0]"] = alpha * np.exp(low) * under
    terms["alpha x [x < 0]"] = alpha * low
    terms["[x < 0]"] = under
    return terms


def activation_output(observation: Observation, _: str) -> Terms:
    """Outputs of activations."""
    x, alpha = tensor(observation, "x"), alpha_of(observation)
    y = FUNCTIONS[function_of(observation)](x, alpha)
    if observation.layer in ("sigmoid", "tanh"):
        values = {"1": np.ones_like(x), "x": x, "y": y, "y²": y**2, "x y": x * y}
        return {**values, "exp(x)": np.exp(x), "exp(-x)": np.exp(-x), "exp(-2x)": np.exp(-2 * x)}
    above, low = np.where(x > 0, 1.0, 0.0), np.minimum(x, 0)
    under = 1.0 - above
    lower = {
        "1": np.ones_like(x),
        "alpha": np.full_like(x, alpha),
        "x": low,
        "alpha x": alpha * low,
        "exp(x)": np.exp(low),
        "alpha exp(x)": alpha * np.exp(low),
        "exp(alpha x)": np.exp(alpha * low),
    }
    terms = {f"{name} [x < 0]": value * under for name, value in lower.items()}
    terms.update({"x [x > 0]": x * above, "[x > 0]": above, "alpha x [x > 0]": alpha * x * above})
    return terms
