"""One step of a recurrent network: the Elman (RNN) cell and the LSTM cell, with PyTorch's parameters."""

from __future__ import annotations

import numpy as np
import torch

from reference.layers import draws
from reference.layers.layer import Array, Case, Layer
from reference.layers.rectifiers import distance_from_zero, relu_backward, relu_forward
from reference.layers.sigmoids import sigmoid_backward, sigmoid_forward, tanh_backward, tanh_forward

NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


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
    z = _preactivation(x, hidden, weight_ih, weight_hh, bias_ih, bias_hh)
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
    z = _preactivation(x, hidden, weight_ih, weight_hh, bias_ih, bias_hh)
    dz = (tanh_backward if nonlinearity == "tanh" else relu_backward)(dout, z)["x"]
    return _affine_backward(dz, x, hidden, weight_ih, weight_hh)


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
    return distance_from_zero(_preactivation(x, hidden, weight_ih, weight_hh, bias_ih, bias_hh))


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
    i, f, g, o = _gates(_preactivation(x, hidden, weight_ih, weight_hh, bias_ih, bias_hh))
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
    z = _preactivation(x, hidden, weight_ih, weight_hh, bias_ih, bias_hh)
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
    return {**_affine_backward(dz, x, hidden, weight_ih, weight_hh), "cell": dcell * f}


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
    return torch.stack(torch.lstm_cell(x, (hidden, cell), weight_ih, weight_hh, bias_ih, bias_hh))


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
            **_draw(rng, d, c, c),
        }
        if rnn_cell_kinks(**point, nonlinearity=nonlinearity) >= clearance:
            return point
    raise ValueError(f"rnn_cell: no point with clearance {clearance} found for n={n}, c={c}")


def draw_lstm_cell(
    rng: np.random.Generator, *, n: int = 4, d: int = 5, c: int = 3, **_: object
) -> dict[str, Array]:
    """x (N, D), hidden and cell (N, C), weights (4C, D) and (4C, C), biases (4C,): C hidden units."""
    states = {"hidden": rng.uniform(-1, 1, (n, c)), "cell": draws.signed(rng, n, c)}
    return {"x": rng.standard_normal((n, d)), **states, **_draw(rng, d, c, 4 * c)}


def _draw(rng: np.random.Generator, d: int, hidden: int, rows: int) -> dict[str, Array]:
    """Both weights and both biases."""
    return {
        "weight_ih": draws.weights(rng, rows, d),
        "weight_hh": draws.weights(rng, rows, hidden),
        "bias_ih": 0.5 * draws.signed(rng, rows),
        "bias_hh": 0.3 * draws.signed(rng, rows),
    }


def _preactivation(
    x: Array, hidden: Array, weight_ih: Array, weight_hh: Array, bias_ih: Array, bias_hh: Array
) -> Array:
    """(N, rows), what goes into the nonlinearities."""
    z: Array = x @ weight_ih.T + bias_ih + hidden @ weight_hh.T + bias_hh
    return z


def _affine_backward(
    dz: Array, x: Array, hidden: Array, weight_ih: Array, weight_hh: Array
) -> dict[str, Array]:
    """Gradients of all that _preactivation depends on."""
    return {
        "x": dz @ weight_ih,
        "hidden": dz @ weight_hh,
        "weight_ih": dz.T @ x,
        "weight_hh": dz.T @ hidden,
        "bias_ih": dz.sum(axis=0),
        "bias_hh": dz.sum(axis=0),
    }


def _gates(z: Array) -> tuple[Array, Array, Array, Array]:
    """Input gate, forget gate, candidate and output gate, each (N, H), of z (N, 4H)."""
    i, f, g, o = np.split(z, 4, axis=1)
    return sigmoid_forward(i), sigmoid_forward(f), np.tanh(g), sigmoid_forward(o)


SHAPES = (
    Case("plain"),
    Case("batch of 1", {"n": 1}),
    Case("one input feature", {"d": 1}),
    Case("one hidden unit", {"c": 1}),
    Case("more hidden units than features", {"n": 2, "d": 2, "c": 4}),
)

RNN_CELL = Layer(
    name="rnn_cell",
    tensors=("x", "hidden", *NAMES),
    parameters=NAMES,
    forward=rnn_cell_forward,
    backward=rnn_cell_backward,
    twin=rnn_cell_twin,
    draw=draw_rnn_cell,
    kinks=rnn_cell_kinks,
    options={"nonlinearity": "tanh"},
    cases=(*SHAPES, Case("relu", options={"nonlinearity": "relu"})),
)

LSTM_CELL = Layer(
    name="lstm_cell",
    tensors=("x", "hidden", "cell", *NAMES),
    parameters=NAMES,
    forward=lstm_cell_forward,
    backward=lstm_cell_backward,
    twin=lstm_cell_twin,
    draw=draw_lstm_cell,
    cases=SHAPES,
)
