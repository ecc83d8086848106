"""Softmax and losses."""

from __future__ import annotations

import numpy as np

from grader.diagnose.bases.terms import Terms
from grader.diagnose.observation import Observation
from grader.diagnose.variants.activation import sigmoid
from grader.diagnose.variants.point import constant, tensor, upstream
from grader.diagnose.variants.softmax import one_hot, softmax


def softmax_terms(observation: Observation, _: str) -> Terms:
    """Of the softmax."""
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


def cross_entropy(observation: Observation, _: str) -> Terms:
    """Of the cross-entropy on probabilities."""
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


def fused(observation: Observation, _: str) -> Terms:
    """Of the cross-entropy on logits."""
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


def pairwise(observation: Observation, _: str) -> Terms:
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
