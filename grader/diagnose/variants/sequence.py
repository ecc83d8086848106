"""Embedding, recurrent cells and attention, with switches for what goes wrong in them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from grader.diagnose.observation import Observation
from grader.diagnose.variants.activation import sigmoid, tanh_slope
from grader.diagnose.variants.point import Floats, Integers, constant, tensor, upstream
from grader.diagnose.variants.softmax import softmax


def embedding_output(observation: Observation) -> Floats:
    """Rows of the table."""
    return np.asarray(tensor(observation, "weight")[looked_up(observation)])


def looked_up(observation: Observation) -> Integers:
    """The indices as they are, of any shape."""
    return np.asarray(observation.constants["indices"]).astype(np.int64)


def embedding_gradients(observation: Observation) -> dict[str, Floats]:
    """dout added to the rows that were looked up."""
    gradient = np.zeros_like(tensor(observation, "weight"))
    np.add.at(gradient, looked_up(observation), upstream(observation))
    return {"weight": gradient}


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


LSTM_RIGHT = LstmSwitches()


def _gates(z: Floats, how: LstmSwitches) -> list[Floats]:
    parts = np.split(z, 4, axis=1)
    i, f, g, o = (parts[place] for place in how.order)
    return [sigmoid(i), sigmoid(f), sigmoid(g) if how.g_sigmoid else np.asarray(np.tanh(g)), sigmoid(o)]


def lstm_output(observation: Observation, how: LstmSwitches = LSTM_RIGHT) -> Floats:
    """(2, N, H): the next hidden and cell state."""
    i, f, g, o = _gates(preactivation(observation), how)
    cell = (f * tensor(observation, "cell") if how.forget else tensor(observation, "cell")) + i * g
    return np.stack([o * (np.tanh(cell) if how.squashed else cell), cell])


def lstm_gradients(observation: Observation, how: LstmSwitches = LSTM_RIGHT) -> dict[str, Floats]:
    """Through both states."""
    i, f, g, o = _gates(preactivation(observation), how)
    old = tensor(observation, "cell")
    cell = f * old + i * g
    dhidden, dcell = upstream(observation)
    through = dhidden * o * (1 - np.tanh(cell) ** 2 if how.cell_slope else 1.0)
    total = dcell * how.from_cell + through * how.from_hidden
    to_i, to_g = (total * i, total * g) if how.exchange else (total * g, total * i)
    gates = [
        to_i * (i * (1 - i) if how.slopes[0] else 1.0),
        total * (old if how.old_cell else cell) * (f * (1 - f) if how.slopes[1] else 1.0),
        to_g * ((1 - g**2 if how.squares else 1 - g) if how.slopes[2] else 1.0),
        dhidden * (np.tanh(cell) if how.squashed else cell) * (o * (1 - o) if how.slopes[3] else 1.0),
    ]
    dz = np.concatenate([gates[how.order.index(place)] for place in range(4)], axis=1)
    return {**affine_gradients(observation, dz), "cell": total * f if how.forget else total}


@dataclass(frozen=True)
class AttentionSwitches:
    """How attention is computed; the defaults are right.

    Args:
        scale: "layer", "none", "linear" (1/E), "inverse" (sqrt E), "keys" (1/sqrt S) or "twice".
        scale_back: False leaves the scale out of backward alone; 2 uses it twice there.
        masked: the mask is respected.
        causal: the causal mask is respected.
        axis: of the softmax.
        jacobian: "full", "diagonal", "no sum", "none" or "batch".
        transpose: False uses the attention weights untransposed in the value gradient.
        exchange: query and key are exchanged in each other's gradients.
    """

    scale: str = "layer"
    scale_back: int = 1
    masked: bool = True
    causal: bool = True
    axis: int = -1
    jacobian: str = "full"
    transpose: bool = True
    exchange: bool = False


ATTENTION_RIGHT = AttentionSwitches()


def attention_scale(observation: Observation, how: AttentionSwitches) -> float:
    """The factor of the scores."""
    size = tensor(observation, "query").shape[-1]
    given = observation.options.get("scale")
    right = float(given) if isinstance(given, int | float) else 1 / math.sqrt(size)
    keys = tensor(observation, "key").shape[-2]
    other = {"none": 1.0, "linear": 1 / size, "inverse": math.sqrt(size), "keys": 1 / math.sqrt(keys)}
    return right**2 if how.scale == "twice" else other.get(how.scale, right)


def attention_weights(observation: Observation, how: AttentionSwitches) -> Floats:
    """(..., L, S), each row summing to one."""
    query, key = tensor(observation, "query"), tensor(observation, "key")
    scores = attention_scale(observation, how) * (query @ np.swapaxes(key, -1, -2))
    seen = np.ones(scores.shape, dtype=bool)
    if how.masked and observation.constants.get("mask") is not None:
        seen &= constant(observation, "mask") != 0
    if how.causal and observation.options.get("causal"):
        seen = np.tril(seen)
    if not seen.any(axis=-1).all():
        raise ValueError("a query sees no key")
    return softmax(np.where(seen, scores, -1e300), axis=how.axis) * seen


def attention_output(observation: Observation, how: AttentionSwitches = ATTENTION_RIGHT) -> Floats:
    """Weights times values."""
    return np.asarray(attention_weights(observation, how) @ tensor(observation, "value"))


def attention_gradients(
    observation: Observation, how: AttentionSwitches = ATTENTION_RIGHT
) -> dict[str, Floats]:
    """Of query, key and value."""
    query, key, dout = tensor(observation, "query"), tensor(observation, "key"), upstream(observation)
    p = attention_weights(observation, how)
    dp = dout @ np.swapaxes(tensor(observation, "value"), -1, -2)
    products: dict[str, Callable[[], Floats]] = {
        "full": lambda: p * (dp - (dp * p).sum(axis=how.axis, keepdims=True)),
        "diagonal": lambda: p * (1 - p) * dp,
        "no sum": lambda: p * dp,
        "none": lambda: dp,
        "batch": lambda: p * (dp - (dp * p).sum(axis=-2, keepdims=True)),
    }
    scores = products[how.jacobian]() * attention_scale(observation, how) ** how.scale_back
    back = np.swapaxes(scores, -1, -2)
    if how.exchange:
        query, key = key, query
    gradients = {"value": (np.swapaxes(p, -1, -2) if how.transpose else p) @ dout}
    if scores.shape[-1] == key.shape[-2] and back.shape[-1] == query.shape[-2]:
        gradients.update({"query": scores @ key, "key": back @ query})
    return gradients
