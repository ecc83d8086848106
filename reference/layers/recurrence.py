"""What the RNN cell and the LSTM cell share: the affine map of input and hidden state, and their cases."""

from __future__ import annotations

import numpy as np

from reference.layers import draws
from reference.layers.layer import Array, Case

PARAMETERS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")

SHAPES = (
    Case("plain"),
    Case("batch of 1", {"n": 1}),
    Case("one input feature", {"d": 1}),
    Case("one hidden unit", {"c": 1}),
    Case("more hidden units than features", {"n": 2, "d": 2, "c": 4}),
)


def draw_recurrence(rng: np.random.Generator, d: int, hidden: int, rows: int) -> dict[str, Array]:
    """Both weights and both biases, (rows, D), (rows, H), (rows,) and (rows,)."""
    return {
        "weight_ih": draws.weights(rng, rows, d),
        "weight_hh": draws.weights(rng, rows, hidden),
        "bias_ih": 0.5 * draws.signed(rng, rows),
        "bias_hh": 0.3 * draws.signed(rng, rows),
    }


def recurrence_forward(
    x: Array, hidden: Array, weight_ih: Array, weight_hh: Array, bias_ih: Array, bias_hh: Array
) -> Array:
    """``x W_ih^T + b_ih + h W_hh^T + b_hh`` (N, rows): what goes into the nonlinearities."""
    z: Array = x @ weight_ih.T + bias_ih + hidden @ weight_hh.T + bias_hh
    return z


def recurrence_backward(
    dz: Array, x: Array, hidden: Array, weight_ih: Array, weight_hh: Array
) -> dict[str, Array]:
    """Gradients of all that recurrence_forward depends on, by name, from ``dz`` (N, rows)."""
    return {
        "x": dz @ weight_ih,
        "hidden": dz @ weight_hh,
        "weight_ih": dz.T @ x,
        "weight_hh": dz.T @ hidden,
        "bias_ih": dz.sum(axis=0),
        "bias_hh": dz.sum(axis=0),
    }
