"""One step of an Elman recurrent network, with PyTorch's parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference.layers.layer import Array, Case, Layer
from reference.layers.rectifiers import distance_from_zero, relu_backward, relu_forward
from reference.layers.recurrence import (
    PARAMETERS,
    SHAPES,
    draw_recurrence,
    recurrence_backward,
    recurrence_forward,
)
from reference.layers.sigmoids import tanh_backward, tanh_forward

if TYPE_CHECKING:
    import torch


def rnn_cell_forward(
    x: Array,
    hidden: Array,
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array,
    bias_hh: Array,
    *,
    nonlinearity: str = "tanh",
) -> Array:
    """``f(x W_ih^T + b_ih + h W_hh^T + b_hh)``, the next hidden state.

    Args:
        x: (N, D), the input at this step.
        hidden: (N, H), the state before.
        weight_ih: (H, D).
        weight_hh: (H, H).
        bias_ih: (H,).
        bias_hh: (H,).
        nonlinearity: f, "tanh" or "relu".

    Returns:
        (N, H), in the dtype of the input.
    """
    z = recurrence_forward(x, hidden, weight_ih, weight_hh, bias_ih, bias_hh)
    return (tanh_forward if nonlinearity == "tanh" else relu_forward)(z)


def rnn_cell_backward(
    dout: Array,
    x: Array,
    hidden: Array,
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array,
    bias_hh: Array,
    *,
    nonlinearity: str = "tanh",
) -> dict[str, Array]:
    """Vector-Jacobian product of rnn_cell_forward.

    Args:
        dout: (N, H), the loss gradient at the next state; the others as in rnn_cell_forward.

    Returns:
        One gradient per tensor, in its shape; those of the two biases are equal.
    """
    z = recurrence_forward(x, hidden, weight_ih, weight_hh, bias_ih, bias_hh)
    dz = (tanh_backward if nonlinearity == "tanh" else relu_backward)(dout, z)["x"]
    return recurrence_backward(dz, x, hidden, weight_ih, weight_hh)


def rnn_cell_twin(
    x: torch.Tensor,
    hidden: torch.Tensor,
    weight_ih: torch.Tensor,
    weight_hh: torch.Tensor,
    bias_ih: torch.Tensor,
    bias_hh: torch.Tensor,
    *,
    nonlinearity: str = "tanh",
) -> torch.Tensor:
    """The PyTorch twin of rnn_cell_forward."""
    import torch

    cell = torch.rnn_tanh_cell if nonlinearity == "tanh" else torch.rnn_relu_cell
    return cell(x, hidden, weight_ih, weight_hh, bias_ih, bias_hh)


def rnn_cell_kinks(
    x: Array,
    hidden: Array,
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array,
    bias_hh: Array,
    *,
    nonlinearity: str = "tanh",
) -> float:
    """The smallest magnitude of a pre-activation with ReLU; infinite with tanh."""
    if nonlinearity == "tanh":
        return float("inf")
    return distance_from_zero(recurrence_forward(x, hidden, weight_ih, weight_hh, bias_ih, bias_hh))


def draw_rnn_cell(
    rng: np.random.Generator,
    *,
    n: int = 4,
    d: int = 5,
    c: int = 3,
    clearance: float = 0.0,
    nonlinearity: str = "tanh",
    **_: object,
) -> dict[str, Array]:
    """x (N, D), hidden (N, C), weights (C, D) and (C, C), biases (C,): C hidden units."""
    for _attempt in range(1000):
        point = {
            "x": rng.standard_normal((n, d)),
            "hidden": rng.uniform(-1, 1, (n, c)),
            **draw_recurrence(rng, d, c, c),
        }
        if rnn_cell_kinks(**point, nonlinearity=nonlinearity) >= clearance:
            return point
    raise ValueError(f"rnn_cell: no point with clearance {clearance} found for n={n}, c={c}")


RNN_CELL = Layer(
    name="rnn_cell",
    tensors=("x", "hidden", *PARAMETERS),
    parameters=PARAMETERS,
    forward=rnn_cell_forward,
    backward=rnn_cell_backward,
    twin=rnn_cell_twin,
    draw=draw_rnn_cell,
    kinks=rnn_cell_kinks,
    options={"nonlinearity": "tanh"},
    cases=(*SHAPES, Case("relu", options={"nonlinearity": "relu"})),
)
