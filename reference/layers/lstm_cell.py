"""One step of an LSTM (Hochreiter and Schmidhuber 1997, with a forget gate), with PyTorch's parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference.layers import draws
from reference.layers.layer import Array, Layer
from reference.layers.recurrence import (
    PARAMETERS,
    SHAPES,
    draw_recurrence,
    recurrence_backward,
    recurrence_forward,
)
from reference.layers.sigmoids import sigmoid_backward, sigmoid_forward, tanh_backward

if TYPE_CHECKING:
    import torch


def lstm_cell_forward(
    x: Array,
    hidden: Array,
    cell: Array,
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array,
    bias_hh: Array,
) -> Array:
    """``c' = f * c + i * g`` and ``h' = o * tanh(c')`` with the gates of Hochreiter and Schmidhuber 1997.

    The rows of weights and biases hold the input gate i, the forget gate f, the candidate g and the output
    gate o, in this order: i, f, o through the sigmoid, g through tanh.

    Args:
        x: (N, D), the input at this step.
        hidden: (N, H), the hidden state before.
        cell: (N, H), the cell state before.
        weight_ih: (4H, D).
        weight_hh: (4H, H).
        bias_ih: (4H,).
        bias_hh: (4H,).

    Returns:
        (2, N, H): the next hidden state and the next cell state.
    """
    i, f, g, o = _gates(recurrence_forward(x, hidden, weight_ih, weight_hh, bias_ih, bias_hh))
    new_cell = f * cell + i * g
    return np.stack([o * np.tanh(new_cell), new_cell])


def lstm_cell_backward(
    dout: Array,
    x: Array,
    hidden: Array,
    cell: Array,
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array,
    bias_hh: Array,
) -> dict[str, Array]:
    """Vector-Jacobian product of lstm_cell_forward.

    Args:
        dout: (2, N, H), the loss gradients at the next hidden state and at the next cell state; the others as
            in lstm_cell_forward.

    Returns:
        One gradient per tensor, in its shape; those of the two biases are equal.
    """
    z = recurrence_forward(x, hidden, weight_ih, weight_hh, bias_ih, bias_hh)
    i, f, g, o = _gates(z)
    zi, zf, zg, zo = np.split(z, 4, axis=1)
    new_cell = f * cell + i * g
    dhidden, dcell = dout
    dcell = dcell + tanh_backward(dhidden * o, new_cell)["x"]
    dz = np.concatenate(
        [
            sigmoid_backward(dcell * g, zi)["x"],
            sigmoid_backward(dcell * cell, zf)["x"],
            tanh_backward(dcell * i, zg)["x"],
            sigmoid_backward(dhidden * np.tanh(new_cell), zo)["x"],
        ],
        axis=1,
    )
    return {**recurrence_backward(dz, x, hidden, weight_ih, weight_hh), "cell": dcell * f}


def lstm_cell_twin(
    x: torch.Tensor,
    hidden: torch.Tensor,
    cell: torch.Tensor,
    weight_ih: torch.Tensor,
    weight_hh: torch.Tensor,
    bias_ih: torch.Tensor,
    bias_hh: torch.Tensor,
) -> torch.Tensor:
    """The PyTorch twin of lstm_cell_forward."""
    import torch

    return torch.stack(torch.lstm_cell(x, (hidden, cell), weight_ih, weight_hh, bias_ih, bias_hh))


def draw_lstm_cell(
    rng: np.random.Generator, *, n: int = 4, d: int = 5, c: int = 3, **_: object
) -> dict[str, Array]:
    """x (N, D), hidden and cell (N, C), weights (4C, D) and (4C, C), biases (4C,): C hidden units."""
    states = {"hidden": rng.uniform(-1, 1, (n, c)), "cell": draws.signed(rng, n, c)}
    return {"x": rng.standard_normal((n, d)), **states, **draw_recurrence(rng, d, c, 4 * c)}


def _gates(z: Array) -> tuple[Array, Array, Array, Array]:
    """Input gate, forget gate, candidate and output gate, each (N, H), of z (N, 4H)."""
    i, f, g, o = np.split(z, 4, axis=1)
    return sigmoid_forward(i), sigmoid_forward(f), np.tanh(g), sigmoid_forward(o)


LSTM_CELL = Layer(
    name="lstm_cell",
    tensors=("x", "hidden", "cell", *PARAMETERS),
    parameters=PARAMETERS,
    forward=lstm_cell_forward,
    backward=lstm_cell_backward,
    twin=lstm_cell_twin,
    draw=draw_lstm_cell,
    cases=SHAPES,
)
