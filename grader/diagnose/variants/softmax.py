"""Softmax and the cross-entropies, with switches for what goes wrong in them."""

from __future__ import annotations

import numpy as np

from grader.diagnose.observation import Observation
from grader.diagnose.variants.point import Floats, indices, number, tensor, upstream


def softmax(z: Floats, axis: int | None = -1) -> Floats:
    """Normalised exponentials over an axis (None: over everything)."""
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return np.asarray(e / e.sum(axis=axis, keepdims=True))


def softmax_output(observation: Observation) -> Floats:
    """Row-wise softmax."""
    return softmax(tensor(observation, "x"))


def softmax_gradients(observation: Observation) -> dict[str, Floats]:
    """y (dout - sum(dout y))."""
    y, dout = softmax_output(observation), upstream(observation)
    return {"x": y * (dout - (dout * y).sum(axis=-1, keepdims=True))}


def one_hot(observation: Observation, shift: int = 0) -> Floats:
    """(N, C) rows with a 1 at the label; `shift` moves the label cyclically."""
    x, labels = tensor(observation, "x"), indices(observation, "labels")
    hot = np.zeros(x.shape)
    hot[np.arange(len(x)), (labels + shift) % x.shape[1]] = 1.0
    return hot


def cross_entropy_output(observation: Observation) -> Floats:
    """-mean log p of the label."""
    picked = (one_hot(observation) * tensor(observation, "x")).sum(axis=1)
    return np.asarray(-np.log(picked).mean())


def cross_entropy_gradients(observation: Observation) -> dict[str, Floats]:
    """-onehot / (N p)."""
    x = tensor(observation, "x")
    return {"x": -upstream(observation) * one_hot(observation) / (x * len(x))}


def softmax_cross_entropy_output(observation: Observation) -> Floats:
    """-mean log softmax(x) of the label."""
    x = tensor(observation, "x")
    top = x.max(axis=1, keepdims=True)
    log_p = x - top - np.log(np.exp(x - top).sum(axis=1, keepdims=True))
    return np.asarray(-(one_hot(observation) * log_p).sum(axis=1).mean())


def softmax_cross_entropy_gradients(observation: Observation) -> dict[str, Floats]:
    """(softmax(x) - onehot) / N."""
    x = tensor(observation, "x")
    return {"x": upstream(observation) * (softmax(x) - one_hot(observation)) / len(x)}


def epsilon(observation: Observation) -> float:
    """The layer's epsilon, 0 where it has none."""
    return number(observation, "epsilon", number(observation, "eps", 0.0))
