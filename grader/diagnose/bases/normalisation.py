"""Batch and layer normalisation."""

from __future__ import annotations

import numpy as np

from grader.diagnose.bases.terms import Terms, times
from grader.diagnose.observation import Observation
from grader.diagnose.variants.normalisation import normalise
from grader.diagnose.variants.point import tensor, upstream


def _norm(observation: Observation, target: str) -> Terms:
    """Of a normalisation, by the mode that it is in."""
    state, dout = normalise(observation), upstream(observation)
    lead = tuple(range(dout.ndim - 1))
    if target in ("gamma", "beta"):
        x, gamma = tensor(observation, "x"), tensor(observation, "gamma")
        factors = {
            "x_hat": state.x_hat,
            "x": x,
            "(x - mean)": state.centred,
            "1": np.ones_like(x),
            "gamma x_hat": gamma * state.x_hat,
            "beta": np.ones_like(x) * tensor(observation, "beta"),
            "1/std": np.ones_like(x) / state.divisor,
            "x_hat²": state.x_hat**2,
            "gamma": np.ones_like(x) * gamma,
        }
        return {f"sum({times(name, 'dout')})": (dout * v).sum(axis=lead) for name, v in factors.items()}
    g = dout * tensor(observation, "gamma")
    through = 1.0 if state.through else 0.0
    axis, other = state.axis, (0 if state.axis == -1 else -1)
    x = tensor(observation, "x")
    values = {
        "g": g,
        "mean(g)": g.mean(axis=axis, keepdims=True) * through,
        "x_hat mean(g x_hat)": state.x_hat * (g * state.x_hat).mean(axis=axis, keepdims=True) * through,
        "dout": dout,
        "mean(dout)": dout.mean(axis=axis, keepdims=True) * through,
        "x_hat mean(dout x_hat)": state.x_hat * (dout * state.x_hat).mean(axis=axis, keepdims=True) * through,
        "x_hat mean(g x)": state.x_hat * (g * x).mean(axis=axis, keepdims=True) * through,
        "x_hat mean(g)": state.x_hat * g.mean(axis=axis, keepdims=True) * through,
        "mean(g x_hat)": (g * state.x_hat).mean(axis=axis, keepdims=True) * through,
        "mean(g) over the other axis": g.mean(axis=other, keepdims=True) * through,
        "x_hat mean(g x_hat) over the other axis": state.x_hat
        * (g * state.x_hat).mean(axis=other, keepdims=True)
        * through,
        "(x - mean) mean(g x_hat)": state.centred
        * (g * state.x_hat).mean(axis=axis, keepdims=True)
        * through,
    }
    if not state.through:
        values = {"g": g, "dout": dout}
    return {f"{name} / std": value / state.divisor for name, value in values.items()}


def norm(observation: Observation, target: str) -> Terms:
    """In evaluation most terms vanish, so that one set of names serves both modes."""
    terms = _norm(observation, target)
    if observation.layer == "batch_norm" and target == "x" and len(terms) == 2:
        zero = np.zeros_like(tensor(observation, "x"))
        names = (
            *("g", "mean(g)", "x_hat mean(g x_hat)", "dout", "mean(dout)", "x_hat mean(dout x_hat)"),
            *("x_hat mean(g x)", "x_hat mean(g)", "mean(g x_hat)", "mean(g) over the other axis"),
            *("x_hat mean(g x_hat) over the other axis", "(x - mean) mean(g x_hat)"),
        )
        return {f"{name} / std": terms.get(f"{name} / std", zero) for name in names}
    return terms


def norm_output(observation: Observation, _: str) -> Terms:
    """Outputs of normalisations."""
    state = normalise(observation)
    gamma, beta = tensor(observation, "gamma"), tensor(observation, "beta")
    zero = np.zeros_like(state.x_hat)
    return {
        "gamma x_hat": gamma * state.x_hat,
        "beta": beta + zero,
        "x_hat": state.x_hat,
        "gamma": gamma + zero,
        "1": 1 + zero,
        "beta x_hat": beta * state.x_hat,
        "gamma (x - mean)": gamma * state.centred,
        "gamma x": gamma * tensor(observation, "x"),
        "gamma beta": gamma * beta + zero,
        "x": tensor(observation, "x"),
    }
