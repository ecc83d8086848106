"""The linear layer."""

from __future__ import annotations

import numpy as np

from grader.diagnose.bases.terms import Terms
from grader.diagnose.observation import Observation
from grader.diagnose.variants.linear import rows
from grader.diagnose.variants.point import tensor, upstream


def linear(observation: Observation, target: str) -> Terms:
    """Of input, weight and bias."""
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


def linear_output(observation: Observation, _: str) -> Terms:
    """Outputs of the linear layer."""
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
