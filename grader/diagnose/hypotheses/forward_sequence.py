"""Faults of the outputs of embedding, recurrent cells and attention."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from grader.diagnose.hypothesis import Hypothesis, Predict
from grader.diagnose.observation import Array, Observation
from grader.diagnose.variants.activation import sigmoid
from grader.diagnose.variants.attention import AttentionSwitches, attention_output
from grader.diagnose.variants.embedding import looked_up
from grader.diagnose.variants.point import Floats, tensor
from grader.diagnose.variants.recurrence import LstmSwitches, is_tanh, lstm_output, preactivation

EMBEDDING, RNN, LSTM, ATTENTION = ("embedding",), ("rnn_cell",), ("lstm_cell",), ("attention",)


def recurrent(compute: Callable[[Observation], Floats]) -> Predict:
    """The nonlinearity at another pre-activation."""

    def predict(observation: Observation, _: str) -> Array | None:
        z = compute(observation)
        return np.asarray(np.tanh(z)) if is_tanh(observation) else np.maximum(z, 0)

    return predict


def _without(name: str) -> Callable[[Observation], Floats]:
    return lambda observation: preactivation(observation) - tensor(observation, name)


def _without_state(observation: Observation) -> Floats:
    return preactivation(observation) - tensor(observation, "hidden") @ tensor(observation, "weight_hh").T


def _bare_state(observation: Observation) -> Floats:
    return _without_state(observation) + tensor(observation, "hidden")


def _without_input(observation: Observation) -> Floats:
    return preactivation(observation) - tensor(observation, "x") @ tensor(observation, "weight_ih").T


def _without_biases(observation: Observation) -> Floats:
    return preactivation(observation) - tensor(observation, "bias_ih") - tensor(observation, "bias_hh")


def _transposed_state(observation: Observation) -> Floats:
    return _without_state(observation) + tensor(observation, "hidden") @ tensor(observation, "weight_hh")


def lstm(how: LstmSwitches) -> Predict:
    """The LSTM with other switches."""
    return lambda observation, _: lstm_output(observation, how)


def lstm_swapped(observation: Observation, _: str) -> Array | None:
    """Cell state first."""
    return lstm_output(observation)[::-1]


def lstm_hidden(observation: Observation, _: str) -> Array | None:
    """The hidden state alone."""
    return np.asarray(lstm_output(observation)[0])


def attention(how: AttentionSwitches) -> Predict:
    """Attention with other switches."""
    return lambda observation, _: attention_output(observation, how)


def shifted_rows(shift: int) -> Predict:
    """The row beside the one that was asked for."""

    def predict(observation: Observation, _: str) -> Array | None:
        table = tensor(observation, "weight")
        return np.asarray(table[(looked_up(observation) + shift) % len(table)])

    return predict


def scaled_rows(observation: Observation, _: str) -> Array | None:
    """Rows of length 1."""
    table = tensor(observation, "weight")
    return np.asarray((table / np.linalg.norm(table, axis=1, keepdims=True))[looked_up(observation)])


FORWARD_SEQUENCE: tuple[Hypothesis, ...] = (
    Hypothesis("F441", shifted_rows(1), EMBEDDING, note="one too high"),
    Hypothesis("F441", shifted_rows(-1), EMBEDDING, note="one too low"),
    Hypothesis("F451", recurrent(_without_biases), RNN, note="both biases"),
    Hypothesis("F451", recurrent(_without("bias_ih")), RNN, note="bias_ih"),
    Hypothesis("F451", recurrent(_without("bias_hh")), RNN, note="bias_hh"),
    Hypothesis("F451", recurrent(_without_state), RNN, note="the old state"),
    Hypothesis("F451", recurrent(_without_input), RNN, note="the input"),
    Hypothesis("F103", recurrent(_transposed_state), RNN, note="the recurrent one"),
    Hypothesis("F451", recurrent(_bare_state), RNN, note="the old state's weight"),
    Hypothesis("F452", lambda o, _: preactivation(o), RNN, note="it is missing"),
    Hypothesis("F452", lambda o, _: sigmoid(preactivation(o)), RNN, note="a sigmoid"),
    Hypothesis("F452", lambda o, _: np.tanh(preactivation(o)), RNN, note="always tanh"),
    Hypothesis("F452", lambda o, _: np.maximum(preactivation(o), 0), RNN, note="always ReLU"),
    Hypothesis("F453", lstm(LstmSwitches(order=(0, 1, 3, 2))), LSTM, note="i, f, o, g"),
    Hypothesis("F453", lstm(LstmSwitches(order=(1, 0, 2, 3))), LSTM, note="f, i, g, o"),
    Hypothesis("F453", lstm(LstmSwitches(order=(0, 2, 1, 3))), LSTM, note="i, g, f, o"),
    Hypothesis("F453", lstm(LstmSwitches(order=(1, 0, 3, 2))), LSTM, note="f, i, o, g"),
    Hypothesis("F454", lstm(LstmSwitches(forget=False)), LSTM, note="the forget gate is missing"),
    Hypothesis(
        "F454", lstm(LstmSwitches(squashed=False)), LSTM, note="the tanh of the cell state is missing"
    ),
    Hypothesis("F454", lstm(LstmSwitches(g_sigmoid=True)), LSTM, note="a sigmoid for the candidate"),
    Hypothesis("F455", lstm_swapped, LSTM, note="they are exchanged"),
    Hypothesis("F455", lstm_hidden, LSTM, note="the hidden state alone"),
    Hypothesis("F461", attention(AttentionSwitches(scale="none")), ATTENTION, note="it is missing"),
    Hypothesis("F461", attention(AttentionSwitches(scale="linear")), ATTENTION, note="1/E"),
    Hypothesis("F461", attention(AttentionSwitches(scale="inverse")), ATTENTION, note="√E"),
    Hypothesis("F461", attention(AttentionSwitches(scale="keys")), ATTENTION, note="the number of keys"),
    Hypothesis("F461", attention(AttentionSwitches(scale="twice")), ATTENTION, note="twice"),
    Hypothesis("F462", attention(AttentionSwitches(masked=False)), ATTENTION, note="the mask"),
    Hypothesis("F462", attention(AttentionSwitches(causal=False)), ATTENTION, note="causal"),
    Hypothesis("F201", attention(AttentionSwitches(axis=-2)), ATTENTION, note="the queries"),
    Hypothesis("F201", attention(AttentionSwitches(sum_axis=-2)), ATTENTION, note="the queries, in the sum"),
    Hypothesis("F461", attention(AttentionSwitches(scale="value")), ATTENTION, note="the values' size"),
    Hypothesis(
        "F462", attention(AttentionSwitches(hidden="after")), ATTENTION, note="after the softmax alone"
    ),
    Hypothesis(
        "F462", attention(AttentionSwitches(hidden="zero")), ATTENTION, note="a score of 0 hides nothing"
    ),
    Hypothesis("F463", attention(AttentionSwitches(activation="none")), ATTENTION, note="it is missing"),
    Hypothesis("F463", attention(AttentionSwitches(activation="sigmoid")), ATTENTION, note="a sigmoid"),
    Hypothesis("F463", attention(AttentionSwitches(activation="uniform")), ATTENTION, note="all keys alike"),
    Hypothesis("F454", lstm(LstmSwitches(shown=False)), LSTM, note="the output gate is missing"),
    Hypothesis("F454", lstm(LstmSwitches(coupled=True)), LSTM, note="1 - f in place of the input gate"),
    Hypothesis(
        "F454", lstm(LstmSwitches(forget_bias=1.0)), LSTM, note="1 is added to the forget gate's input"
    ),
    Hypothesis("F441", scaled_rows, EMBEDDING, note="renormalised to length 1"),
)
