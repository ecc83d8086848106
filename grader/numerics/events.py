"""Writing down what happens beside the values: mutation, aliases, shapes, dtypes, NaN, non-linearity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from grader.numerics.compare import drop_ones, shape_fault
from grader.numerics.points import Setup
from grader.numerics.probes import GENERIC, LARGER, READ_ONLY, Probe
from grader.numerics.report import Event
from grader.numerics.subject import COTANGENT, OUTPUT, Array, Call, Outcome

_NOT_LINEAR = 1e-3  # relative deviation from linearity that rounding in float32 does not reach
_VANISHING = 1e-5  # of the natural size of a gradient; below it is rounding, even in float32


def why_absent(outcome: Outcome) -> str:
    """Why there is no output: the error, or what came in its place."""
    return outcome.error or f"forward returned {outcome.note or 'no array'}"


class Events:
    """Events in order, the first of each kind for each tensor."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Event] = {}

    def add(
        self,
        kind: str,
        tensor: str,
        probe: str,
        detail: str,
        *,
        fault: bool = True,
        got: tuple[int, ...] | str | None = None,
        want: tuple[int, ...] | str | None = None,
    ) -> None:
        """Write an event down, unless this kind was seen for this tensor; a fault replaces a note."""
        before = self._found.get((kind, tensor))
        if before is None or (fault and not before.fault):
            self._found[kind, tensor] = Event(kind, tensor, probe, detail, fault, got, want)

    def raised(self, probe: str, outcome: Outcome, *, guessed: bool) -> None:
        """The layer raised or returned no array. Where the sizes were guessed it is a note."""
        self.add("raised", "", probe, f"at {probe}: {why_absent(outcome)}", fault=not guessed)

    def aliases(self, probe: str, outcome: Outcome) -> None:
        """Returned values that changed when later calls were made."""
        for name in outcome.late:
            what = "the output" if name == OUTPUT else f"the gradient of {name}"
            self.add(
                "alias", name, probe, f"{what} changed after it was returned, when another call was made"
            )

    def all(self) -> tuple[Event, ...]:
        """All events, faults first."""
        return tuple(sorted(self._found.values(), key=lambda event: not event.fault))

    def about(self, kind: str, tensor: str) -> Event | None:
        """The event of this kind about this tensor."""
        return self._found.get((kind, tensor))


def look_at_shape(
    events: Events, setup: Setup, probe: Probe, shape: tuple[int, ...], generic: tuple[int, ...]
) -> None:
    """An output whose shape does not follow the batch as the generic one does."""
    batch, size = setup.batch, probe.kind.batch(setup.batch)
    if not setup.inputs or not generic or generic[0] != batch or batch in generic[1:]:
        return
    want = (size, *generic[1:])
    if shape != want:
        _, detail = shape_fault(shape, want)
        events.add(
            "shape", OUTPUT, probe.kind.name, f"output at {probe.kind.name}: {detail}", got=shape, want=want
        )


def look_at_call(
    events: Events, probe: Probe, call: Call, outcome: Outcome, truth: Outcome | None, setup: Setup
) -> None:
    """Everything that one call shows by itself."""
    name = probe.kind.name
    if outcome.error or outcome.output is None:
        _look_at_error(events, name, outcome, setup)
        return
    for tensor in outcome.mutated:
        what = "the cotangent" if tensor == COTANGENT else tensor
        events.add("mutation", tensor, name, f"{what} is changed in place")
    output = outcome.output
    if output.dtype.kind != "f":
        events.add(
            "dtype", OUTPUT, name, f"the output is of {output.dtype}", got=output.dtype.name, want="float64"
        )
    if truth is not None and truth.output is not None:
        fault, detail = shape_fault(output.shape, truth.output.shape)
        if fault and not output.size == truth.output.size == 1:
            events.add("shape", OUTPUT, name, f"output: {detail}", got=output.shape, want=truth.output.shape)
    _look_at_finite(events, probe, OUTPUT, output, truth.output if truth else None)
    for tensor in setup.wrt or tuple(call.tensors):
        _look_at_gradient(events, probe, tensor, call.tensors[tensor], outcome, truth, setup)


def look_at_copy(events: Events, probe: Probe, equal: bool) -> None:
    """The generic point in another memory layout must give what it gave before."""
    if not equal:
        detail = f"a {probe.kind.name} gives other values than the same numbers in a plain array"
        events.add("memory_layout", "", probe.kind.name, detail)


def look_at_linearity(
    events: Events,
    outcomes: Sequence[Outcome],
    factors: tuple[float, float],
    naturals: Mapping[str, float],
) -> dict[str, float]:
    """How far backward is from linear in the cotangent, by tensor, as a share of its largest value.

    Args:
        events: where what happens is written down.
        outcomes: for the cotangents u, v and a u + b v.
        factors: a and b.
        naturals: tensors to look at, with the size that their gradients have where nothing is saturated; a
            gradient that vanishes beside it is rounding.
    """
    precision = {}
    for name in naturals:
        grads = [outcome.grads.get(name) for outcome in outcomes]
        found = [np.asarray(g, np.float64) for g in grads if g is not None and g.dtype.kind in "fiu"]
        if len({(len(found), g.shape) for g in found}) != 1 or len(found) != len(grads):
            continue
        u, v, mixed = found
        a, b = factors
        if not np.isfinite(u.sum() + v.sum() + mixed.sum()) or not u.size:
            continue
        size = abs(a) * _largest(u) + abs(b) * _largest(v)
        rounding = abs(a) * _VANISHING * naturals.get(name, 0.0)
        deviation = _largest(mixed - a * u - b * v)
        share = deviation / max(size, 1e-300)
        if share <= _NOT_LINEAR:
            if size > rounding:
                precision[name] = share
        elif deviation > rounding:
            constant = _largest(u - v) < 1e-9 * _largest(u) and _largest(u - mixed) < 1e-9 * _largest(u)
            detail = (
                f"the gradient of {name} does not depend on the cotangent" if constant else _not_linear(name)
            )
            events.add("ignored_cotangent" if constant else "not_linear", name, GENERIC, detail)
    return precision


def gradient_shape_fault(
    name: str, got: tuple[int, ...], want: tuple[int, ...], inputs: Sequence[str]
) -> tuple[str, str]:
    """Why the shape of a gradient is wrong. A parameter's may differ by axes of length 1, an input's may not."""
    if name not in inputs and drop_ones(got) == drop_ones(want):
        return "", ""
    return shape_fault(got, want)


def _not_linear(name: str) -> str:
    return f"the gradient of {name} is not linear in the cotangent"


def _look_at_error(events: Events, name: str, outcome: Outcome, setup: Setup) -> None:
    guessed = setup.guessed and name not in (GENERIC, READ_ONLY)
    if name == READ_ONLY:
        detail = f"a read-only input is refused: {outcome.error}"
        events.add("read_only", "", name, detail, fault="read-only" in outcome.error)
    else:
        events.raised(name, outcome, guessed=guessed)


def _look_at_gradient(
    events: Events,
    probe: Probe,
    tensor: str,
    value: Array,
    outcome: Outcome,
    truth: Outcome | None,
    setup: Setup,
) -> None:
    name, grad = probe.kind.name, outcome.grads.get(tensor)
    if grad is None:
        events.add("missing_gradient", tensor, name, f"no gradient of {tensor} came back")
        return
    if grad.dtype.kind != "f":
        events.add(
            "dtype",
            tensor,
            name,
            f"the gradient of {tensor} is of {grad.dtype}",
            got=grad.dtype.name,
            want="float64",
        )
    fault, detail = gradient_shape_fault(tensor, grad.shape, value.shape, setup.inputs)
    if fault:
        events.add("shape", tensor, name, f"gradient of {tensor}: {detail}", got=grad.shape, want=value.shape)
    _look_at_finite(events, probe, tensor, grad, truth.grads.get(tensor) if truth else None)


def _look_at_finite(events: Events, probe: Probe, tensor: str, got: Array, want: Array | None) -> None:
    """NaN or infinity: a fault where the truth is finite, however large the input; without a truth at plain points."""
    if got.dtype.kind != "f" or np.isfinite(got.sum()) or np.isfinite(got).all():
        return
    if want is not None and not np.isfinite(want).all():
        return
    fault = want is not None or probe.kind.name in (GENERIC, LARGER)
    what = "the output" if tensor == OUTPUT else f"the gradient of {tensor}"
    count = int((~np.isfinite(got)).sum())
    detail = f"{what} has {count} of {got.size} elements NaN or infinite at {probe.kind.name}"
    events.add("non_finite", tensor, probe.kind.name, detail, fault=fault)


def _largest(array: Array) -> float:
    return float(np.abs(array).max()) if array.size else 0.0
