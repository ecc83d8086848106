"""Faults that any layer's gradient can have."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from grader.diagnose.fit import as_floats
from grader.diagnose.hypotheses.changes import (
    at_output,
    at_own_output,
    at_previous_input,
    at_previous_parameters,
    at_upstream,
    changed,
    predicted_labels,
    times_output,
    with_cotangent,
    with_labels,
)
from grader.diagnose.hypotheses.examples import (
    all_examples,
    first_example,
    largest_example,
    last_example,
    product_of_sums,
    without_first,
    without_last,
)
from grader.diagnose.hypotheses.put_in import parts_of_cotangent, put_in
from grader.diagnose.hypothesis import Hypothesis, Predict
from grader.diagnose.observation import Array, Observation
from grader.diagnose.variants.point import Floats


def of_truth(transform: Callable[[Floats], Floats | None]) -> Predict:
    """Predicts a transformation of the true gradient."""

    def predict(observation: Observation, target: str) -> Array | None:
        want = as_floats(observation.grads_want.get(target))
        return None if want is None else transform(want)

    return predict


def truth(observation: Observation, target: str) -> Array | None:
    """The true gradient: with a factor in front it names sign and constant faults."""
    return observation.grads_want.get(target)


def input_returned(observation: Observation, _: str) -> Array | None:
    """The layer's input."""
    return observation.tensors.get("x")


def upstream_returned(observation: Observation, _: str) -> Array | None:
    """The gradient at the output, passed on as it is."""
    return observation.cotangent


def output_returned(observation: Observation, _: str) -> Array | None:
    """The layer's output."""
    return observation.output_got if observation.output_got is not None else observation.output_want


def itself_returned(observation: Observation, target: str) -> Array | None:
    """The parameter in place of its gradient."""
    return None if target == "x" else observation.tensors.get(target)


def another_gradient(name: str) -> Predict:
    """The true gradient of another tensor."""

    def predict(observation: Observation, target: str) -> Array | None:
        return None if target == name else observation.grads_want.get(name)

    return predict


def accumulated(observation: Observation, target: str) -> Array | None:
    """This gradient on top of what the call before left."""
    want = observation.grads_want.get(target)
    if observation.before is None:
        return want
    before = observation.before.grads_got.get(target)
    if want is None or before is None or np.shape(before) != np.shape(want):
        return None
    return np.asarray(np.asarray(want) + np.asarray(before))


def previous_gradient(observation: Observation, target: str) -> Array | None:
    """The gradient of the call before."""
    return (observation.before or observation).grads_want.get(target)


def _transposed(want: Floats) -> Floats | None:
    return np.swapaxes(want, -1, -2) if want.ndim >= 2 else None


def _refilled(want: Floats) -> Floats | None:
    """Transposed memory read in the right shape: reshape where a transpose is due."""
    return want.T.reshape(want.shape) if want.ndim >= 2 else None


def _clipped(observation: Observation, target: str) -> Array | None:
    want, got = as_floats(observation.grads_want.get(target)), as_floats(observation.grads_got.get(target))
    if want is None or got is None or got.size == 0:
        return None
    bound = float(np.max(np.abs(got)))
    if not bound:
        return None  # nothing is left that a bound could be read from
    return np.clip(want, -bound, bound) if np.any(np.abs(want) > bound) else want


def _unit(want: Floats) -> Floats | None:
    norm = float(np.linalg.norm(want))
    return want / norm if norm else None


def _averaged(axis: int | None) -> Callable[[Floats], Floats | None]:
    """Every element replaced by the mean over an axis."""

    def transform(want: Floats) -> Floats | None:
        if axis is not None and want.ndim < 2:
            return None
        return np.broadcast_to(want.mean(axis=axis, keepdims=True), want.shape)

    return transform


def _summed(axis: int | None) -> Callable[[Floats], Floats | None]:
    """Summed over an axis that should stay."""

    def transform(want: Floats) -> Floats | None:
        return want.sum(axis=axis) if want.ndim >= (1 if axis in (0, None) else 2) else None

    return transform


def _rolled(shift: int, axis: int) -> Callable[[Floats], Floats | None]:
    return lambda want: np.roll(want, shift, axis=axis) if want.ndim > axis else None


def _flipped(axis: int) -> Callable[[Floats], Floats | None]:
    return lambda want: np.flip(want, axis=axis) if want.ndim > axis else None


def _last_axes_refilled(want: Floats) -> Floats | None:
    return np.swapaxes(want, -1, -2).reshape(want.shape) if want.ndim > 2 else None


def _rowless(dout: Floats) -> Floats:
    return dout.mean(axis=0, keepdims=True) if dout.ndim else dout


def _rowsum(dout: Floats) -> Floats:
    return dout.sum(axis=0, keepdims=True) if dout.ndim else dout


TENSORS = (
    *("x", "weight", "bias", "gamma", "beta", "hidden", "cell", "query", "key", "value"),
    *("weight_ih", "weight_hh", "bias_ih", "bias_hh"),
)
INPUTS = ("x", "hidden", "cell", "query", "key", "value")

GENERAL: tuple[Hypothesis, ...] = (
    Hypothesis("G102", of_truth(np.zeros_like), alone=True),
    Hypothesis("G120", accumulated, alone=True),
    Hypothesis("G121", changed(at_previous_input), alone=True),
    Hypothesis("G121", previous_gradient, alone=True),
    Hypothesis("G121", changed(at_previous_parameters), note="of the parameters", alone=True),
    Hypothesis("G103", all_examples),
    Hypothesis("G111", with_cotangent(np.ones_like)),
    Hypothesis("G112", with_cotangent(np.square)),
    Hypothesis("G110", of_truth(_transposed)),
    Hypothesis("G114", upstream_returned, tensors=INPUTS),
    Hypothesis("G113", input_returned),
    Hypothesis("G115", output_returned),
    Hypothesis("G136", itself_returned),
    Hypothesis("G130", changed(at_output)),
    Hypothesis("G130", changed(at_own_output)),
    Hypothesis("G131", changed(at_upstream)),
    *(Hypothesis("G118", another_gradient(name), note=name) for name in TENSORS),
    Hypothesis("G142", first_example, note="the first"),
    Hypothesis("G142", last_example, note="the last"),
    Hypothesis("G143", without_last, note="the last"),
    Hypothesis("G143", without_first, note="the first"),
    Hypothesis("G142", largest_example, note="the largest, element by element"),
    Hypothesis("G145", product_of_sums),
    Hypothesis("G135", of_truth(np.abs)),
    Hypothesis("G141", of_truth(lambda want: np.maximum(want, 0)), note="negative"),
    Hypothesis("G141", of_truth(lambda want: np.minimum(want, 0)), note="positive"),
    Hypothesis("G153", of_truth(np.square)),
    Hypothesis("G152", of_truth(np.sign)),
    Hypothesis("G134", of_truth(_unit), alone=True),
    Hypothesis("G133", _clipped, alone=True),
    Hypothesis("G132", of_truth(_refilled)),
    Hypothesis("G132", of_truth(_last_axes_refilled), note="the last two axes by a reshape"),
    Hypothesis("G146", with_cotangent(np.abs), note="its absolute value"),
    Hypothesis("G146", with_cotangent(lambda dout: np.maximum(dout, 0)), note="its positive part"),
    Hypothesis("G146", with_cotangent(lambda dout: np.minimum(dout, 0)), note="its negative part"),
    Hypothesis("G146", with_cotangent(np.sign), note="its sign"),
    Hypothesis("G146", with_cotangent(lambda dout: np.clip(dout, -1, 1)), note="cut at 1 and -1"),
    Hypothesis("G146", with_cotangent(np.tanh), note="its tanh"),
    Hypothesis("G146", changed(times_output), note="multiplied by the output"),
    Hypothesis("G140", with_cotangent(np.mean), note="its mean over everything"),
    Hypothesis("G140", with_cotangent(_rowless), note="its mean over the batch"),
    Hypothesis("G140", with_cotangent(_rowsum), note="its sum over the batch"),
    Hypothesis("G140", with_cotangent(np.sum), note="its sum over everything"),
    Hypothesis("G147", of_truth(_averaged(0)), note="the batch"),
    Hypothesis("G147", of_truth(_averaged(1)), note="the features"),
    Hypothesis("G147", of_truth(_averaged(None)), note="everything"),
    Hypothesis("G151", of_truth(_summed(0)), note="the first axis"),
    Hypothesis("G151", of_truth(_summed(1)), note="the second axis"),
    Hypothesis("G151", of_truth(_summed(None)), note="everything"),
    Hypothesis("G132", of_truth(_flipped(0)), note="the first axis runs backwards"),
    Hypothesis("G132", of_truth(_flipped(1)), note="the second axis runs backwards"),
    Hypothesis("G148", of_truth(_rolled(1, 0)), note="the first axis"),
    Hypothesis("G148", of_truth(_rolled(-1, 0)), note="the first axis"),
    Hypothesis("G148", of_truth(_rolled(1, 1)), note="the second axis"),
    Hypothesis("G148", of_truth(_rolled(-1, 1)), note="the second axis"),
    Hypothesis("G139", of_truth(np.trunc), note="cut to integers", alone=True),
    Hypothesis("G139", of_truth(np.round), note="rounded to integers", alone=True),
    Hypothesis("G139", of_truth(lambda want: np.round(want, 1)), note="rounded to 1 decimal", alone=True),
    Hypothesis("G139", of_truth(lambda want: np.round(want, 2)), note="rounded to 2 decimals", alone=True),
    Hypothesis("G139", of_truth(lambda want: np.round(want, 3)), note="rounded to 3 decimals", alone=True),
    Hypothesis("G139", of_truth(lambda want: np.round(want, 4)), note="rounded to 4 decimals", alone=True),
    *put_in("G150"),
    *parts_of_cotangent(),
    Hypothesis("G166", with_labels(lambda labels: np.full_like(labels, labels[0])), note="the first for all"),
    Hypothesis("G166", with_labels(lambda labels: np.full_like(labels, labels[-1])), note="the last for all"),
    Hypothesis("G166", with_labels(lambda labels: labels[::-1]), note="in reverse order"),
    Hypothesis("G166", with_labels(np.sort), note="sorted"),
    Hypothesis("G166", with_labels(np.zeros_like), note="class 0 for all"),
    Hypothesis("G166", changed(predicted_labels), note="the predicted class"),
)
