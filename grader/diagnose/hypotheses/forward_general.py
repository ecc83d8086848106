"""Faults that any layer's output can have."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from grader.diagnose.fit import as_floats
from grader.diagnose.hypotheses.changes import (
    at_previous_input,
    at_previous_parameters,
    changed,
    predicted_labels,
    with_labels,
)
from grader.diagnose.hypotheses.put_in import put_in
from grader.diagnose.hypothesis import Hypothesis, Predict
from grader.diagnose.observation import Array, Observation
from grader.diagnose.variants.point import Floats

Transform = Callable[[Floats], Floats | None]


def of_output(transform: Transform) -> Predict:
    """Predicts a transformation of the true output."""

    def predict(observation: Observation, _: str) -> Array | None:
        want = as_floats(observation.output_want)
        if want is None:
            return None
        with np.errstate(all="ignore"):
            return transform(want)

    return predict


def input_returned(observation: Observation, _: str) -> Array | None:
    """The input as it came."""
    return observation.tensors.get("x")


def parameter_returned(name: str) -> Predict:
    """A parameter in place of the output."""
    return lambda observation, _: observation.tensors.get(name)


def previous_output(observation: Observation, _: str) -> Array | None:
    """The output of the call before."""
    return (observation.before or observation).output_want


def _transposed(want: Floats) -> Floats | None:
    return want.T if want.ndim >= 2 else None


def _refilled(want: Floats) -> Floats | None:
    return want.T.reshape(want.shape) if want.ndim >= 2 else None


def _reduced(axis: int | None, mean: bool) -> Transform:
    def transform(want: Floats) -> Floats | None:
        if want.ndim == 0 or (axis is not None and want.ndim <= axis):
            return None
        return np.asarray(want.mean(axis=axis) if mean else want.sum(axis=axis))

    return transform


def _broadcast_mean(axis: int) -> Transform:
    def transform(want: Floats) -> Floats | None:
        if want.ndim < 2:
            return None
        return np.broadcast_to(want.mean(axis=axis, keepdims=True), want.shape)

    return transform


def _flipped(axis: int) -> Transform:
    return lambda want: np.flip(want, axis=axis) if want.ndim > axis else None


def _rolled(shift: int, axis: int) -> Transform:
    return lambda want: np.roll(want, shift, axis=axis) if want.ndim > axis else None


def _rounded(decimals: int) -> Transform:
    return lambda want: np.round(want, decimals)


FORWARD_GENERAL: tuple[Hypothesis, ...] = (
    Hypothesis("F117", of_output(np.zeros_like), alone=True),
    Hypothesis("F113", input_returned),
    Hypothesis("F110", of_output(_transposed)),
    Hypothesis("F121", previous_output, alone=True),
    Hypothesis("F121", changed(at_previous_input), alone=True),
    Hypothesis("F121", changed(at_previous_parameters), note="of the parameters", alone=True),
    Hypothesis("F135", of_output(np.abs)),
    Hypothesis("F141", of_output(lambda want: np.maximum(want, 0)), note="negative"),
    Hypothesis("F141", of_output(lambda want: np.minimum(want, 0)), note="positive"),
    Hypothesis("F153", of_output(np.square), note="squared"),
    Hypothesis("F153", of_output(lambda want: np.sqrt(want)), note="its square root"),
    Hypothesis("F153", of_output(np.exp), note="its exponential"),
    Hypothesis("F153", of_output(np.log), note="its logarithm"),
    Hypothesis("F153", of_output(lambda want: 1 / want), note="its reciprocal"),
    Hypothesis("F153", of_output(lambda want: 1 - want), note="1 minus it"),
    Hypothesis("F153", of_output(lambda want: 1 + want), note="1 plus it"),
    Hypothesis("F153", of_output(np.tanh), note="its tanh"),
    Hypothesis("F153", of_output(lambda want: 1 / (1 + np.exp(-want))), note="its sigmoid"),
    Hypothesis("F152", of_output(np.sign)),
    Hypothesis("F139", of_output(np.trunc), note="cut to integers", alone=True),
    Hypothesis("F139", of_output(np.round), note="rounded to integers", alone=True),
    *(Hypothesis("F139", of_output(_rounded(k)), note=f"to {k} decimals", alone=True) for k in (1, 2, 3, 4)),
    Hypothesis("F132", of_output(_refilled)),
    Hypothesis("F132", of_output(_flipped(0)), note="the first axis runs backwards"),
    Hypothesis("F132", of_output(_flipped(1)), note="the second axis runs backwards"),
    Hypothesis("F132", of_output(_rolled(1, 0)), note="shifted along the first axis"),
    Hypothesis("F132", of_output(_rolled(-1, 0)), note="shifted along the first axis"),
    Hypothesis("F132", of_output(_rolled(1, 1)), note="shifted along the second axis"),
    Hypothesis("F132", of_output(_rolled(-1, 1)), note="shifted along the second axis"),
    Hypothesis("F151", of_output(_reduced(0, False)), note="summed over the first axis"),
    Hypothesis("F151", of_output(_reduced(0, True)), note="averaged over the first axis"),
    Hypothesis("F151", of_output(_reduced(1, False)), note="summed over the second axis"),
    Hypothesis("F151", of_output(_reduced(1, True)), note="averaged over the second axis"),
    Hypothesis("F151", of_output(_reduced(None, False)), note="summed over everything"),
    Hypothesis("F151", of_output(_reduced(None, True)), note="averaged over everything"),
    Hypothesis("F151", of_output(_broadcast_mean(0)), note="each replaced by the batch's mean"),
    Hypothesis("F151", of_output(_broadcast_mean(1)), note="each replaced by its row's mean"),
    *put_in("F150"),
    Hypothesis("F166", with_labels(lambda labels: np.full_like(labels, labels[0])), note="the first for all"),
    Hypothesis("F166", with_labels(lambda labels: np.full_like(labels, labels[-1])), note="the last for all"),
    Hypothesis("F166", with_labels(lambda labels: labels[::-1]), note="in reverse order"),
    Hypothesis("F166", with_labels(np.zeros_like), note="class 0 for all"),
    Hypothesis("F166", changed(predicted_labels), note="the predicted class"),
    Hypothesis("F136", parameter_returned("weight"), note="weight"),
    Hypothesis("F136", parameter_returned("bias"), note="bias"),
)
