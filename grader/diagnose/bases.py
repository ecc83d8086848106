"""The terms that the formulas of each layer are made of, right and wrong."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from grader.diagnose.hypothesis import OUTPUT
from grader.diagnose.observation import Observation
from grader.diagnose.variants.activation import FUNCTIONS, alpha_of, sigmoid
from grader.diagnose.variants.linear import rows
from grader.diagnose.variants.normalisation import normalise
from grader.diagnose.variants.point import Floats, constant, tensor, upstream
from grader.diagnose.variants.softmax import one_hot, softmax

Terms = dict[str, Floats]
Basis = Callable[[Observation, str], Terms]


def _smooth(observation: Observation, _: str) -> Terms:
    """Sigmoid, tanh and the like: the upstream gradient times powers of input and output."""
    x = tensor(observation, "x")
    y, dout = FUNCTIONS[observation.layer](x, 1.0), upstream(observation)
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
    terms = {_times(name, "dout"): value * dout for name, value in local.items()}
    return {**terms, "1": np.ones_like(x), "y": y, "y²": y**2}


def _pieces(observation: Observation, _: str) -> Terms:
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
    terms: Terms = {f"{_times(name, 'dout')} [x < 0]": value * dout * under for name, value in lower.items()}
    terms["dout [x > 0]"] = dout * above
    terms["x dout [x > 0]"] = x * dout * above
    terms["alpha dout [x > 0]"] = alpha * dout * above
    terms["[x > 0]"] = above
    terms["alpha [x < 0]"] = alpha * under
    terms["alpha exp(x) [x < 0]"] = alpha * np.exp(low) * under
    terms["alpha x [x < 0]"] = alpha * low
    terms["[x < 0]"] = under
    return terms


def _activation_output(observation: Observation, _: str) -> Terms:
    x, alpha = tensor(observation, "x"), alpha_of(observation)
    y = FUNCTIONS[observation.layer](x, alpha)
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


def _softmax(observation: Observation, _: str) -> Terms:
    x, dout = tensor(observation, "x"), upstream(observation)
    y = softmax(x)
    total = (dout * y).sum(axis=-1, keepdims=True)
    return {
        "y dout": y * dout,
        "y sum(y dout)": y * total,
        "dout": dout,
        "sum(y dout)": total + 0 * y,
        "y": y,
        "y²": y**2,
        "y² dout": y**2 * dout,
        "y² sum(y dout)": y**2 * total,
        "y sum(dout)": y * dout.sum(axis=-1, keepdims=True),
        "y² sum(dout)": y**2 * dout.sum(axis=-1, keepdims=True),
        "y sum(y dout) over the batch": y * (dout * y).sum(axis=0, keepdims=True),
        "y mean(sum(y dout)) over the batch": y * total.mean(axis=0, keepdims=True),
        "x dout": x * dout,
        "x": x,
        "y sum(y² dout)": y * (dout * y**2).sum(axis=-1, keepdims=True),
    }


def _cross_entropy(observation: Observation, _: str) -> Terms:
    p, t = tensor(observation, "x"), one_hot(observation)
    scale = upstream(observation) / len(p)
    values = {
        "t/p": t / p,
        "t": t,
        "p": p,
        "1/p": 1 / p,
        "t p": t * p,
        "t log p": t * np.log(p),
        "log p": np.log(p),
        "1": np.ones_like(p),
        "(1 - t)/(1 - p)": (1 - t) / np.maximum(1 - p, 1e-12),
        "t/p²": t / p**2,
        "t softmax(p)": t * softmax(p),
    }
    return {f"{name} dout/N": value * scale for name, value in values.items()}


def _fused(observation: Observation, _: str) -> Terms:
    x, t = tensor(observation, "x"), one_hot(observation)
    p, scale = softmax(x), upstream(observation) / len(x)
    present = (t.sum(axis=0, keepdims=True) > 0) * np.ones_like(p)
    values = {
        "p": p,
        "t": t,
        "x": x,
        "p²": p**2,
        "t p": t * p,
        "p sum(t p)": p * (t * p).sum(axis=1, keepdims=True),
        "p sum(p²)": p * (p**2).sum(axis=1, keepdims=True),
        "1": np.ones_like(p),
        "s(x)": sigmoid(x),
        "log p": np.log(p),
        "classes that occur": present,
        "t/p": t / p,
        "N t": t * len(x),
        "N p": p * len(x),
        "t/N": t / len(x),
    }
    return {f"{name} dout/N": value * scale for name, value in values.items()}


def _pairwise(observation: Observation, _: str) -> Terms:
    """Squared error and binary cross-entropy: powers of prediction and target."""
    x, t = tensor(observation, "x"), constant(observation, "target")
    scale, s = upstream(observation) / x.size, sigmoid(x)
    values = {
        "x": x,
        "t": t,
        "x²": x**2,
        "t²": t**2,
        "x t": x * t,
        "1": np.ones_like(x),
        "sign(x - t)": np.sign(x - t),
    }
    if observation.layer == "bce_with_logits":
        values.update(
            {
                "s": s,
                "s t": s * t,
                "s²": s**2,
                "s² t": s**2 * t,
                "t/s": t / s,
                "(1 - t)/(1 - s)": (1 - t) / (1 - s),
            }
        )
    else:
        values.update({"x³": x**3, "|x - t|": np.abs(x - t), "x² t": x**2 * t})
    return {f"{name} dout/(N D)": value * scale for name, value in values.items()}


def _norm(observation: Observation, target: str) -> Terms:
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
        return {f"sum({_times(name, 'dout')})": (dout * v).sum(axis=lead) for name, v in factors.items()}
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


def _norm_trained(observation: Observation, target: str) -> Terms:
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


def _linear(observation: Observation, target: str) -> Terms:
    dout, x = rows(upstream(observation)), rows(tensor(observation, "x"))
    w, b = tensor(observation, "weight"), tensor(observation, "bias")
    if target == "x":
        values = {
            "dout W": dout @ w,
            "sum(dout)": dout.sum(axis=1, keepdims=True) + 0 * x,
            "dout · b": (dout @ b)[:, None] + 0 * x,
            "x": x,
            "1": np.ones_like(x),
            "sum(W)": w.sum(axis=0) + 0 * x,
            "dout W²": dout @ w**2,
            "dout doutᵀ x": dout @ (dout.T @ x),
            "b W": (b @ w) + 0 * x,
        }
        return {name: value.reshape(tensor(observation, "x").shape) for name, value in values.items()}
    if target == "weight":
        return {
            "doutᵀ x": dout.T @ x,
            "sum(dout)": dout.sum(axis=0)[:, None] + 0 * w,
            "sum(x)": x.sum(axis=0) + 0 * w,
            "W": w,
            "b": b[:, None] + 0 * w,
            "1": np.ones_like(w),
            "sum(dout) b": (dout.sum(axis=0) * b)[:, None] + 0 * w,
            "doutᵀ x²": dout.T @ x**2,
            "sum(dout) mean(x)": np.outer(dout.sum(axis=0), x.mean(axis=0)),
        }
    return {
        "sum(dout)": dout.sum(axis=0),
        "b": b,
        "1": np.ones_like(b),
        "b sum(dout)": b * dout.sum(axis=0),
        "sum(dout²)": (dout**2).sum(axis=0),
        "sum of all dout": dout.sum() + 0 * b,
        "sum(W)": w.sum(axis=1),
    }


def _linear_output(observation: Observation, _: str) -> Terms:
    x, w, b = tensor(observation, "x"), tensor(observation, "weight"), tensor(observation, "bias")
    zero = np.zeros((*x.shape[:-1], len(b)))
    return {
        "x Wᵀ": x @ w.T,
        "b": b + zero,
        "1": 1 + zero,
        "N b": len(x) * b + zero,
        "sum(x)": x.sum(axis=-1, keepdims=True) + zero,
        "sum(W)": w.sum(axis=1) + zero,
        "mean(x) sum(W)": x.mean(axis=-1, keepdims=True) * w.sum(axis=1),
        "b sum(W)": b * w.sum(axis=1) + zero,
        "b x Wᵀ": b * (x @ w.T),
        "x² Wᵀ": x**2 @ w.T,
        "sum(b)": b.sum() + zero,
    }


def _norm_output(observation: Observation, _: str) -> Terms:
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


def _times(name: str, what: str) -> str:
    return what if name == "1" else f"{name} {what}"


GRADIENT_BASES: dict[str, Basis] = {
    "linear": _linear,
    "relu": _pieces,
    "leaky_relu": _pieces,
    "elu": _pieces,
    "sigmoid": _smooth,
    "tanh": _smooth,
    "softmax": _softmax,
    "cross_entropy": _cross_entropy,
    "softmax_cross_entropy": _fused,
    "mse": _pairwise,
    "bce_with_logits": _pairwise,
    "batch_norm": _norm_trained,
    "layer_norm": _norm_trained,
}

OUTPUT_BASES: dict[str, Basis] = {
    "linear": _linear_output,
    **dict.fromkeys(("relu", "leaky_relu", "elu", "sigmoid", "tanh"), _activation_output),
    "batch_norm": _norm_output,
    "layer_norm": _norm_output,
}


def basis(target: str, observation: Observation) -> Terms:
    """The terms for one tensor (or the output) of an observation; empty where the layer has none."""
    table = OUTPUT_BASES if target == OUTPUT else GRADIENT_BASES
    build = table.get(observation.layer)
    return {} if build is None else build(observation, target)
