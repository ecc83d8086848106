"""Faults of the backward of recurrent cells."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import numpy as np

from grader.diagnose.hypothesis import Hypothesis, Predict
from grader.diagnose.observation import Array, Observation
from grader.diagnose.variants.point import Floats, tensor, upstream
from grader.diagnose.variants.recurrence import (
    LstmSwitches,
    affine_gradients,
    is_tanh,
    lstm_gradients,
    lstm_inner,
    lstm_output,
    preactivation,
    rnn_output,
    rnn_slope,
)

RNN, LSTM = ("rnn_cell",), ("lstm_cell",)


def recurrent(compute: Callable[[Observation], Floats]) -> Predict:
    """The affine map's gradients for another gradient at the pre-activation."""

    def predict(observation: Observation, target: str) -> Array | None:
        return affine_gradients(observation, compute(observation)).get(target)

    return predict


def _at_z(observation: Observation) -> Floats:
    """The derivative's formula for the output, with the pre-activation put in."""
    z = preactivation(observation)
    return upstream(observation) * (1 - z**2 if is_tanh(observation) else (z > 0))


def _at_output(observation: Observation) -> Floats:
    y = rnn_output(observation)
    return upstream(observation) * (1 - np.tanh(y) ** 2 if is_tanh(observation) else (y > 0))


def _of_old_state_always(observation: Observation) -> Floats:
    return upstream(observation) * (1 - tensor(observation, "hidden") ** 2)


def _not_squared(observation: Observation) -> Floats:
    y = rnn_output(observation)
    return upstream(observation) * (1 - y if is_tanh(observation) else rnn_slope(observation))


def _of_old_state(observation: Observation) -> Floats:
    old = tensor(observation, "hidden")
    return upstream(observation) * (1 - old**2 if is_tanh(observation) else (old > 0))


def _of_sigmoid(observation: Observation) -> Floats:
    y = rnn_output(observation)
    return upstream(observation) * (y * (1 - y) if is_tanh(observation) else rnn_slope(observation))


def _value(observation: Observation) -> Floats:
    return upstream(observation) * rnn_output(observation)


def _without_bias(observation: Observation) -> Floats:
    """The slope at a pre-activation without its biases."""
    z = preactivation(observation) - tensor(observation, "bias_ih") - tensor(observation, "bias_hh")
    return upstream(observation) * (1 - np.tanh(z) ** 2 if is_tanh(observation) else (z > 0))


def transposed_state(observation: Observation, _: str) -> Array | None:
    """dz times the transposed recurrent weight."""
    dz = upstream(observation) * rnn_slope(observation)
    weight = tensor(observation, "weight_hh")
    return dz @ weight.T if weight.shape[0] == weight.shape[1] else None


def new_state(observation: Observation, _: str) -> Array | None:
    """The new state in place of the old one in the recurrent weight's gradient."""
    dz = upstream(observation) * rnn_slope(observation)
    return dz.T @ rnn_output(observation)


def with_residue(observation: Observation, _: str) -> Array | None:
    """dout added to the state's gradient."""
    dz = upstream(observation) * rnn_slope(observation)
    return dz @ tensor(observation, "weight_hh") + upstream(observation)


def new_state_of_lstm(observation: Observation, _: str) -> Array | None:
    """The same for the LSTM."""
    return np.asarray(lstm_inner(observation)[0].T @ lstm_output(observation)[0])


def lstm(how: LstmSwitches) -> Predict:
    """The LSTM's gradients with other switches."""
    return lambda observation, target: lstm_gradients(observation, how).get(target)


SLOPES = (
    ("the input gate", (False, True, True, True)),
    ("the forget gate", (True, False, True, True)),
    ("the candidate", (True, True, False, True)),
    ("the output gate", (True, True, True, False)),
    ("all gates", (False, False, False, False)),
)
EXCHANGED = (
    ("the sigmoid's for the candidate", (2,)),
    ("tanh's for the input gate", (0,)),
    ("tanh's for the forget gate", (1,)),
    ("tanh's for the output gate", (3,)),
    ("tanh's for all three gates", (0, 1, 3)),
    ("the sigmoid's and tanh's are exchanged", (0, 1, 2, 3)),
)
BLOCKS = tuple(
    (", ".join("ifgo"[place] for place in (a, b, c, d)) + " in backward alone", (a, b, c, d))
    for a, b, c, d in permutations(range(4))
    if (a, b, c, d) != (0, 1, 2, 3)
)

GATES = ("the input gate", "the forget gate", "the candidate", "the output gate")
KEPT = tuple(
    (
        f"{'without' if lost else 'only through'} {GATES[place]}",
        tuple((other == place) != lost for other in range(4)),
    )
    for place in range(4)
    for lost in (True, False)
)

RECURRENCE: tuple[Hypothesis, ...] = (
    # RNN cell
    Hypothesis("G631", recurrent(upstream), RNN),
    Hypothesis("G632", recurrent(_at_z), RNN, note="the pre-activation is put in for the output"),
    Hypothesis("G632", recurrent(_at_output), RNN, note="tanh is applied once more"),
    Hypothesis("G632", recurrent(_of_old_state), RNN, note="the old state is put in"),
    Hypothesis("G632", recurrent(_of_old_state_always), RNN, note="the old state is put in, for tanh always"),
    Hypothesis("G632", recurrent(_not_squared), RNN, note="the square is missing"),
    Hypothesis("G632", recurrent(_of_sigmoid), RNN, note="that of the sigmoid"),
    Hypothesis("G632", recurrent(_value), RNN, note="the value stands for the slope"),
    Hypothesis("G632", recurrent(_without_bias), RNN, note="the biases are left out"),
    Hypothesis("G633", transposed_state, RNN, ("hidden",)),
    Hypothesis("G634", new_state, RNN, ("weight_hh",)),
    Hypothesis("G635", with_residue, RNN, ("hidden",)),
    # LSTM cell
    *(Hypothesis("G641", lstm(LstmSwitches(slopes=which)), LSTM, note=name) for name, which in SLOPES),
    Hypothesis("G641", lstm(LstmSwitches(squares=False)), LSTM, note="the candidate's square"),
    Hypothesis("G642", lstm(LstmSwitches(from_hidden=False)), LSTM, note="through the hidden state"),
    Hypothesis("G642", lstm(LstmSwitches(from_cell=False)), LSTM, note="from the next cell state"),
    Hypothesis("G643", lstm(LstmSwitches(cell_slope=False)), LSTM),
    Hypothesis("G644", lstm(LstmSwitches(forget=False)), LSTM, ("cell",)),
    Hypothesis("G645", lstm(LstmSwitches(exchange=True)), LSTM),
    Hypothesis("G646", lstm(LstmSwitches(old_cell=False)), LSTM),
    Hypothesis("G647", lstm(LstmSwitches(squashed=False)), LSTM),
    Hypothesis("G648", lstm(LstmSwitches(order=(0, 1, 3, 2))), LSTM, note="i, f, o, g"),
    Hypothesis("G648", lstm(LstmSwitches(order=(1, 0, 2, 3))), LSTM, note="f, i, g, o"),
    Hypothesis("G648", lstm(LstmSwitches(order=(0, 2, 1, 3))), LSTM, note="i, g, f, o"),
    Hypothesis("G648", lstm(LstmSwitches(order=(1, 0, 3, 2))), LSTM, note="f, i, o, g"),
    Hypothesis("G649", lstm(LstmSwitches(g_sigmoid=True)), LSTM),
    *(
        Hypothesis("G641", lstm(LstmSwitches(exchanged_slopes=which)), LSTM, note=name)
        for name, which in EXCHANGED
    ),
    *(Hypothesis("G648", lstm(LstmSwitches(blocks=order)), LSTM, note=name) for name, order in BLOCKS),
    *(Hypothesis("G640", lstm(LstmSwitches(kept=kept)), LSTM, note=name) for name, kept in KEPT),
    Hypothesis("G634", new_state_of_lstm, LSTM, ("weight_hh",)),
)
