"""The right formula with something wrong put into it: another cotangent, input or option."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from grader.diagnose.hypothesis import OUTPUT, Predict
from grader.diagnose.observation import Array, Observation
from grader.diagnose.variants.point import Floats, Integers, indices, upstream
from grader.diagnose.variants.table import GRADIENTS, OUTPUTS

Change = Callable[[Observation], Observation | None]


def right_value(observation: Observation, target: str) -> Floats | None:
    """What the right formula makes of an observation; None where there is no formula for the layer."""
    if target == OUTPUT:
        output = OUTPUTS.get(observation.layer)
        return None if output is None else output(observation)
    gradients = GRADIENTS.get(observation.layer)
    return None if gradients is None else gradients(observation).get(target)


def changed(change: Change) -> Predict:
    """Predicts the right formula after a change of what goes in."""

    def predict(observation: Observation, target: str) -> Array | None:
        other = change(observation)
        return None if other is None else right_value(other, target)

    return predict


def with_cotangent(transform: Callable[[Floats], Floats]) -> Predict:
    """Another cotangent of the same shape (or one that broadcasts to it)."""

    def change(observation: Observation) -> Observation | None:
        dout = upstream(observation)
        other = np.broadcast_to(transform(dout), dout.shape)
        return replace(observation, cotangent=other)

    return changed(change)


def with_tensor(name: str, transform: Callable[[Floats], Floats | None]) -> Predict:
    """Another value of one tensor; the shape stays."""

    def change(observation: Observation) -> Observation | None:
        value = np.asarray(observation.tensors[name], dtype=np.float64)
        other = transform(value)
        if other is None or other.shape != value.shape:
            return None
        return replace(observation, tensors={**observation.tensors, name: other})

    return changed(change)


def with_options(options: Mapping[str, object]) -> Predict:
    """Other options."""
    return changed(lambda o: replace(o, options={**o.options, **options}))


def at_output(observation: Observation) -> Observation | None:
    """The formula evaluated at the layer's output in place of its input."""
    output, x = observation.output_want, observation.tensors.get("x")
    if output is None or x is None or np.shape(output) != np.shape(x):
        return None
    return replace(observation, tensors={**observation.tensors, "x": output})


def at_own_output(observation: Observation) -> Observation | None:
    """The same with the submission's own output."""
    output, x = observation.output_got, observation.tensors.get("x")
    if output is None or x is None or np.shape(output) != np.shape(x):
        return None
    return replace(observation, tensors={**observation.tensors, "x": output})


def at_upstream(observation: Observation) -> Observation | None:
    """The formula evaluated at the upstream gradient in place of the input."""
    dout, x = observation.cotangent, observation.tensors.get("x")
    if dout is None or x is None or np.shape(dout) != np.shape(x):
        return None
    return replace(observation, tensors={**observation.tensors, "x": dout})


def at_previous_input(observation: Observation) -> Observation | None:
    """The formula with the input of the call before, parameters of this one: a stale cache."""
    before, x = observation.before, observation.tensors.get("x")
    if before is None:
        return observation
    if x is None:
        return None
    old = before.tensors.get("x")
    if old is None or np.shape(old) != np.shape(x):
        return None
    return replace(
        observation,
        tensors={**observation.tensors, "x": before.tensors["x"]},
        constants={**observation.constants, **before.constants},
    )


def at_previous_parameters(observation: Observation) -> Observation | None:
    """The formula with the parameters of the call before and the input of this one."""
    before = observation.before
    if before is None:
        return observation
    old = {name: value for name, value in before.tensors.items() if name != "x"}
    if not old:
        return None
    return replace(observation, tensors={**observation.tensors, **old})


def with_labels(transform: Callable[[Integers], Integers]) -> Predict:
    """Other integer labels of the same shape."""

    def change(observation: Observation) -> Observation | None:
        if "labels" not in observation.constants:
            return None
        labels = transform(indices(observation, "labels"))
        return replace(observation, constants={**observation.constants, "labels": labels})

    return changed(change)


def predicted_labels(observation: Observation) -> Observation | None:
    """The class with the largest score in place of the label."""
    if "labels" not in observation.constants:
        return None
    labels = np.asarray(observation.tensors["x"]).argmax(axis=1)
    return replace(observation, constants={**observation.constants, "labels": labels})


def times_output(observation: Observation) -> Observation | None:
    """The cotangent multiplied by the output."""
    if observation.cotangent is None or observation.output_want is None:
        return None
    return replace(observation, cotangent=upstream(observation) * np.asarray(observation.output_want))
