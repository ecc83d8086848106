"""How sure an accuracy is that was measured on some images, and the loss behind it. Pure."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

SURE = 0.999  # of the test that a reported accuracy exceeds the measured one


def upper_bound(accuracy: float, count: int, confidence: float) -> float:
    """One-sided upper confidence bound of an accuracy measured on ``count`` images (Wilson's score "
    "interval)."""
    return _wilson(accuracy, count, NormalDist().inv_cdf(confidence))


def lower_bound(accuracy: float, count: int, confidence: float) -> float:
    """One-sided lower confidence bound of the same kind."""
    return _wilson(accuracy, count, -NormalDist().inv_cdf(confidence))


def _wilson(p: float, n: int, z: float) -> float:
    centre = p + z * z / (2 * n)
    return (centre + z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n)


def exceeds(reported: float, reported_count: int, measured: float, measured_count: int) -> tuple[bool, float]:
    """Whether a reported accuracy is above a measured one beyond chance, and the p-value.

    One-sided test of two proportions on separate images, with the pooled variance: chance alone would show such an
    excess in at most 1 of 1,000 cases.
    """
    pooled = (reported * reported_count + measured * measured_count) / (reported_count + measured_count)
    deviation = math.sqrt(max(pooled * (1 - pooled), 1e-12) * (1 / reported_count + 1 / measured_count))
    p_value = 1 - NormalDist().cdf((reported - measured) / deviation)
    return p_value < 1 - SURE, p_value


def cross_entropy(outputs: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """The mean cross-entropy of outputs (N, C) that are probabilities, or else logits; NaN if not finite."""
    with np.errstate(all="ignore"):
        if outputs.min() >= 0 and np.allclose(outputs.sum(axis=1), 1, atol=1e-3):
            logs = np.log(np.maximum(outputs, 1e-12))
        else:
            logs = log_softmax(outputs)
        return float(-logs[np.arange(len(labels)), labels].mean())


def log_softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Row-wise; (N, C)."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))
