"""What a diagnosis is made from: the numbers of one probe, and the events that a protocol check saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]


class EventKind(StrEnum):
    """What a probe saw happen, apart from the values that came back."""

    ACCUMULATION = "accumulation"  # the same backward twice gave doubled gradients
    STATE = "state"  # the first point, asked again after others, gave another answer
    STALE_CACHE = "stale_cache"  # backward used the input of an earlier forward
    ALIAS = "alias"  # a returned array changed when a later call was made
    MUTATION = "mutation"  # an input, a parameter or the cotangent was changed in place
    SHAPE = "shape"  # a result has another shape
    DTYPE = "dtype"  # a result has another dtype (integers, objects)
    PRECISION = "precision"  # float32 (or less) inside a float64 computation
    NON_FINITE = "non_finite"  # NaN or infinity where the truth is finite
    NON_DETERMINISTIC = "non_deterministic"  # the same call twice differs, seeds frozen or not
    RAISED = "raised"  # the call raised; `detail` is the error's text
    MISSING_GRADIENT = "missing_gradient"  # no gradient of this name came back
    IGNORED_COTANGENT = "ignored_cotangent"  # another cotangent, the same gradient
    NOT_LINEAR = "not_linear"  # backward is not linear in the cotangent
    READ_ONLY = "read_only"  # raised on an array that must not be written
    CLEARED_CACHE = "cleared_cache"  # clear_cache left state behind, or cleared too much


@dataclass(frozen=True)
class Event:
    """One thing that happened in one probe.

    Args:
        kind: what happened.
        tensor: what it happened to: a tensor's or parameter's name, "output", "cotangent" or "".
        probe: the probe that showed it, as in `Observation.probe`.
        detail: one sentence for people.
        got: the shape (or dtype's name) that came back, for SHAPE and DTYPE.
        want: the one that was due.
    """

    kind: EventKind
    tensor: str = ""
    probe: str = ""
    detail: str = ""
    got: tuple[int, ...] | str | None = None
    want: tuple[int, ...] | str | None = None


@dataclass(frozen=True, eq=False)
class Observation:
    """One call of one layer: what went in, what came back and what should have come back.

    Every probe in which a value was compared belongs here, those that agreed included: they tell
    explanations apart (a batch of one tells a sum from a mean).

    Args:
        probe: its name, "batch of 1".
        layer: the name in the reference's table of layers, "linear".
        tensors: the differentiable inputs by name, as the reference stores them ("weight" is (out, in)).
        constants: the other inputs by name ("labels", "mask").
        options: the layer's options by name ("alpha", "epsilon").
        cotangent: the gradient at the output; None stands for 1 (a scalar loss).
        output_got: the submission's output in the reference's layout; None where there is none.
        output_want: the true output; None where it was not computed.
        grads_got: the submission's gradients by tensor name, in the reference's layout where the shapes
            allow it, as they came otherwise; None where none came back.
        grads_want: the true gradients by tensor name.
        before: the call made just before on the same instance, where there was one. It names an accumulated
            gradient and a stale cache exactly.
    """

    probe: str
    layer: str
    tensors: Mapping[str, Array]
    constants: Mapping[str, Array] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)
    cotangent: Array | None = None
    output_got: Array | None = None
    output_want: Array | None = None
    grads_got: Mapping[str, Array | None] = field(default_factory=dict)
    grads_want: Mapping[str, Array] = field(default_factory=dict)
    before: Observation | None = None
