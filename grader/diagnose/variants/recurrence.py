"""Recurrent cells, with switches for what goes wrong in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grader.diagnose.observation import Observation
from grader.diagnose.variants.activation import sigmoid, tanh_slope
from grader.diagnose.variants.point import Floats, tensor, upstream


def preactivation(observation: Observation) -> Floats:
    """x W_ih^T + b_ih + h W_hh^T + b_hh."""
    x, hidden = tensor(observation, "x"), tensor(observation, "hidden")
    z = x @ tensor(observation, "weight_ih").T + hidden @ tensor(observation, "weight_hh").T
    return z + tensor(observation, "bias_ih") + tensor(observation, "bias_hh")


def affine_gradients(observation: Observation, dz: Floats) -> dict[str, Floats]:
    """Gradients of all that the pre-activation depends on."""
    return {
        "x": dz @ tensor(observation, "weight_ih"),
        "hidden": dz @ tensor(observation, "weight_hh"),
        "weight_ih": dz.T @ tensor(observation, "x"),
        "weight_hh": dz.T @ tensor(observation, "hidden"),
        "bias_ih": dz.sum(axis=0),
        "bias_hh": dz.sum(axis=0),
    }


def is_tanh(observation: Observation) -> bool:
    """Is the cell's nonlinearity tanh (and not ReLU)?"""
    return observation.options.get("nonlinearity", "tanh") == "tanh"


def rnn_output(observation: Observation) -> Floats:
    """The next hidden state."""
    z = preactivation(observation)
    return np.asarray(np.tanh(z) if is_tanh(observation) else np.maximum(z, 0))


def rnn_slope(observation: Observation) -> Floats:
    """The nonlinearity's derivative at the pre-activation."""
    z = preactivation(observation)
    return tanh_slope(z) if is_tanh(observation) else np.where(z > 0, 1.0, 0.0)


def rnn_gradients(observation: Observation) -> dict[str, Floats]:
    """Through the nonlinearity and the affine map."""
    return affine_gradients(observation, upstream(observation) * rnn_slope(observation))


@dataclass(frozen=True)
class LstmSwitches:
    """How an LSTM's backward is computed; the defaults are right.

    Args:
        slopes: multiply by the derivatives of the gates i, f, g, o.
        cell_slope: multiply by tanh' of the new cell state.
        from_hidden: the cell's gradient gets the part that comes through the hidden state.
        from_cell: it gets the part that comes from the next cell state.
        forget: the gradient of the old cell state is multiplied by the forget gate.
        exchange: i and g are exchanged in each other's gradients.
        old_cell: False takes the new cell state in the forget gate's gradient.
        squashed: False leaves out tanh in the output gate's gradient.
        order: the gates' order in the rows.
        g_sigmoid: the candidate goes through a sigmoid.
        squares: False forgets the squares in the derivatives of tanh.
        exchanged_slopes: gates whose derivative is that of the other nonlinearity: s (1 - s) for the candidate,
            1 - s^2 for the others.
        blocks: the order in which the gates' gradients are put together, forward's order being right.
        coupled: 1 - f stands in place of the input gate.
        shown: False leaves the output gate out of the new hidden state.
        kept: which gates' gradients go on to input, state and parameters.
        forget_bias: added to the forget gate's pre-activation.
    """

    slopes: tuple[bool, bool, bool, bool] = (True, True, True, True)
    cell_slope: bool = True
    from_hidden: bool = True
    from_cell: bool = True
    forget: bool = True
    exchange: bool = False
    old_cell: bool = True
    squashed: bool = True
    order: tuple[int, int, int, int] = (0, 1, 2, 3)
    g_sigmoid: bool = False
    squares: bool = True
    exchanged_slopes: tuple[int, ...] = ()
    blocks: tuple[int, int, int, int] | None = None
    coupled: bool = False
    forget_bias: float = 0.0
    shown: bool = True
    kept: tuple[bool, ...] = (True, True, True, True)


LSTM_RIGHT = LstmSwitches()


def _gates(z: Floats, how: LstmSwitches) -> list[Floats]:
    parts = np.split(z, 4, axis=1)
    i, f, g, o = (parts[place] for place in how.order)
    gate_f = sigmoid(f + how.forget_bias)
    gate_i = 1 - gate_f if how.coupled else sigmoid(i)
    return [gate_i, gate_f, sigmoid(g) if how.g_sigmoid else np.asarray(np.tanh(g)), sigmoid(o)]


def _slopes(gates: list[Floats], how: LstmSwitches) -> list[Floats]:
    """The derivatives of the gates i, f, g, o at their outputs."""
    found = []
    for place, gate in enumerate(gates):
        as_tanh = (place == 2) != (place in how.exchanged_slopes)
        slope = (1 - gate**2 if how.squares else 1 - gate) if as_tanh else gate * (1 - gate)
        found.append(slope if how.slopes[place] else np.ones_like(gate))
    return found


def lstm_output(observation: Observation, how: LstmSwitches = LSTM_RIGHT) -> Floats:
    """(2, N, H): the next hidden and cell state."""
    i, f, g, o = _gates(preactivation(observation), how)
    cell = (f * tensor(observation, "cell") if how.forget else tensor(observation, "cell")) + i * g
    return np.stack([(o if how.shown else 1.0) * (np.tanh(cell) if how.squashed else cell), cell])


def lstm_inner(observation: Observation, how: LstmSwitches = LSTM_RIGHT) -> tuple[Floats, Floats]:
    """The gradients at the pre-activation (N, 4H) and at the new cell state (N, H)."""
    i, f, g, o = gates = _gates(preactivation(observation), how)
    old = tensor(observation, "cell")
    cell = f * old + i * g
    dhidden, dcell = upstream(observation)
    through = dhidden * o * (1 - np.tanh(cell) ** 2 if how.cell_slope else 1.0)
    total = dcell * how.from_cell + through * how.from_hidden
    to_i, to_g = (total * i, total * g) if how.exchange else (total * g, total * i)
    to_f = total * (old if how.old_cell else cell)
    to_o = dhidden * (np.tanh(cell) if how.squashed else cell)
    inner = [a * b for a, b in zip((to_i, to_f, to_g, to_o), _slopes(gates, how), strict=True)]
    inner = [part * kept for part, kept in zip(inner, how.kept, strict=True)]
    places = how.blocks or tuple(how.order.index(place) for place in range(4))
    return np.concatenate([inner[place] for place in places], axis=1), total


def lstm_gradients(observation: Observation, how: LstmSwitches = LSTM_RIGHT) -> dict[str, Floats]:
    """Through both states."""
    dz, total = lstm_inner(observation, how)
    f = _gates(preactivation(observation), how)[1]
    return {**affine_gradients(observation, dz), "cell": total * f if how.forget else total}
