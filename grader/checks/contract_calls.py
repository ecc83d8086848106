"""Calls that the questions of a contract make, and what their outcomes are worth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from grader.checks.context import Context
from grader.checks.layer import LayerUnderTest
from grader.numerics import Array, Call, Outcome
from grader.truth import Case

Answer = tuple[bool, str] | None  # kept or not, and one sentence; None: does not apply
PLAIN = Case("plain", {"n": 5})
_NAMES = {"x": "an input"}


def call_of(context: Context, under: LayerUnderTest, purpose: str, n: int) -> Call:
    """Forward and backward at a generic point of n examples."""
    return under.call(context.generator(purpose), replace(PLAIN, sizes={"n": n}), backward=True)


def why_dead(under: LayerUnderTest, call: Call, outcome: Outcome) -> str:
    """Why an outcome cannot earn anything: it raised, or it is empty, a stub's or not finite; "" if it is fine."""
    if outcome.error:
        return f"The call raised {outcome.error}."
    first = under.layer.tensors[0]
    dx = outcome.grads.get(first)
    if outcome.output is None or dx is None:
        return "forward or backward returned nothing."
    if dx.shape != call.tensors[first].shape:
        return f"backward returned shape {dx.shape} for {_NAMES.get(first, first)} of shape {call.tensors[first].shape}."
    for name in under.spelling.parameters:
        gradient = outcome.grads.get(name)
        if gradient is None or not np.isfinite(gradient).all() or not gradient.any():
            return f"backward leaves no gradient of {name}, or an empty one."
    if not np.isfinite(outcome.output).all() or not np.isfinite(dx).all() or not dx.any():
        return "forward or backward returned zeros or no finite numbers."
    due = under.truth(call)
    if _idle(call, outcome.output, due.output) and _idle(call, dx, due.grads.get(first)):
        return "forward and backward give back what they were given, or one number everywhere."
    return ""


def _idle(call: Call, got: Array, due: Array | None) -> bool:
    """Whether nothing was computed, though something is due: a stub keeps every contract."""
    if alike(got, due) or got.size < 2:
        return False
    given = [
        item
        for item in (*call.tensors.values(), *call.constants.values(), call.cotangent)
        if item is not None
    ]
    return bool((got == got.flat[0]).all()) or any(np.array_equal(got, item) for item in given)


def parameters_of(under: LayerUnderTest, call: Call) -> dict[str, Array]:
    """The parameters that a call sets."""
    return {name: call.tensors[name] for name in under.layer.parameters}


def input_gradient(under: LayerUnderTest, outcome: Outcome) -> Array | None:
    """The gradient of the layer's first tensor."""
    return outcome.grads.get(under.layer.tensors[0])


def alike(a: Array | None, b: Array | None) -> bool:
    """Whether two results are the same but for rounding."""
    if a is None or b is None or a.shape != b.shape:
        return False
    scale = max(float(np.abs(b).max()), 1e-30) if b.size else 1.0
    return bool(np.allclose(a, b, rtol=1e-4, atol=1e-5 * scale))
