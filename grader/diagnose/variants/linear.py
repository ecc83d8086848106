"""The linear layer's formulas."""

from __future__ import annotations

from grader.diagnose.observation import Observation
from grader.diagnose.variants.point import Floats, tensor, upstream


def rows(array: Floats) -> Floats:
    """All leading axes as one: (..., D) to (M, D)."""
    return array.reshape(-1, array.shape[-1])


def linear_output(observation: Observation) -> Floats:
    """x W^T + b."""
    return tensor(observation, "x") @ tensor(observation, "weight").T + tensor(observation, "bias")


def linear_gradients(observation: Observation) -> dict[str, Floats]:
    """dout W, dout^T x, and the sum of dout over the batch."""
    dout = upstream(observation)
    return {
        "x": dout @ tensor(observation, "weight"),
        "weight": rows(dout).T @ rows(tensor(observation, "x")),
        "bias": rows(dout).sum(axis=0),
    }
