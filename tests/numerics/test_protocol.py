"""Protocol faults are named, and right layers in the same situation are left alone."""

from __future__ import annotations

import numpy as np
import pytest

from grader.numerics import Event, GradientReport, Judgement, check_gradients
from grader.numerics.adapters.local import copy_alike, frozen_generators

X = np.random.default_rng(3).standard_normal((5, 4))


class Square:
    """A right layer that faults are planted in."""

    def forward(self, x):
        self.x = x
        return x**2

    def backward(self, dout):
        return 2 * self.x * dout


def faults(report: GradientReport) -> set[tuple[str, str]]:
    return {(event.kind, event.tensor) for event in report.faults}


def event(report: GradientReport, kind: str) -> Event:
    return next(event for event in report.events if event.kind == kind)


def test_the_right_layer_causes_no_event() -> None:
    report = check_gradients(Square(), X)
    assert report.ok, str(report)
    assert report.events == ()


def test_a_changed_input_and_a_changed_cotangent() -> None:
    class Changes(Square):
        def forward(self, x):
            self.x = x.copy()
            x *= x
            return x.copy()

        def backward(self, dout):
            dout *= 2 * self.x
            return dout

    report = check_gradients(Changes(), X)
    assert {("mutation", "x"), ("mutation", "cotangent")} <= faults(report)
    assert report["x"].own is Judgement.CONSISTENT


def test_an_output_that_is_a_buffer_written_later() -> None:
    class Buffer(Square):
        def forward(self, x):
            self.x = x
            if getattr(self, "out", np.zeros(0)).shape != x.shape:
                self.out = np.empty_like(x)
            self.out[...] = x**2
            return self.out

    report = check_gradients(Buffer(), X)
    assert ("alias", "output") in faults(report)
    assert "changed after it was returned" in event(report, "alias").detail


def test_accumulated_gradients_are_named_and_the_values_still_judged() -> None:
    class Accumulates:
        def __init__(self):
            self.params, self.grads = {"w": np.ones(4)}, {"w": np.zeros(4)}

        def forward(self, x):
            self.x = x
            return x * self.params["w"]

        def backward(self, dout):
            self.grads["w"] += (self.x * dout).sum(0)
            return dout * self.params["w"]

    report = check_gradients(Accumulates(), X)
    assert ("accumulation", "w") in faults(report)
    assert report["w"].own is Judgement.CONSISTENT
    spoiled = [record for record in report.records if record.before is not None]
    assert spoiled
    assert "after other calls" in spoiled[0].probe


def test_state_kept_from_the_first_batch() -> None:
    class Keeps(Square):
        def forward(self, x):
            self.x = getattr(self, "x", x) if getattr(self, "x", x).shape == x.shape else x
            return x**2

    class KeepsItsSize(Square):
        def backward(self, dout):
            self.n = getattr(self, "n", len(dout))
            dx = 2 * self.x * dout
            dx[self.n :] = 0
            return dx

    for layer in (Keeps(), KeepsItsSize()):
        report = check_gradients(layer, X)
        assert "state" in {kind for kind, _ in faults(report)}, str(report)
        assert report["x"].own is Judgement.CONSISTENT


def test_a_random_layer_is_told_from_one_that_does_not_repeat() -> None:
    class Dropout:
        def forward(self, x):
            self.mask = (np.random.rand(*x.shape) < 0.5) * 2.0
            return x * self.mask

        def backward(self, dout):
            return dout * self.mask

    class Counts(Square):
        def forward(self, x):
            self.n = getattr(self, "n", 0) + 1
            self.x = x
            return x**2 + 0.1 * self.n

    report = check_gradients(Dropout(), X)
    assert report.random
    assert report.ok, str(report)
    counted = check_gradients(Counts(), X)
    assert not counted.random
    assert ("state", "output") in faults(counted)


def test_shapes_that_only_broadcast() -> None:
    class Summed(Square):
        def backward(self, dout):
            return (2 * self.x * dout).sum(axis=0, keepdims=True)

    report = check_gradients(Summed(), X)
    assert ("shape", "x") in faults(report)
    assert event(report, "shape").got == (1, 4)
    assert event(report, "shape").want == (5, 4)
    assert "it broadcasts, but it is not the same array" in event(report, "shape").detail
    assert report["x"].own is Judgement.INCONSISTENT


def test_axes_that_vanish_at_a_batch_of_one() -> None:
    class Squeezed(Square):
        def forward(self, x):
            self.x = x
            return np.squeeze(x**2)

    report = check_gradients(Squeezed(), X)
    assert ("shape", "output") in faults(report)
    assert event(report, "shape").probe == "batch of 1"


def test_cotangents_ignored_squared_or_clipped() -> None:
    class Ignores(Square):
        def backward(self, dout):
            return 2 * self.x

    class Squares(Square):
        def backward(self, dout):
            return 2 * self.x * dout * np.abs(dout)

    class Clips(Square):
        def backward(self, dout):
            return np.clip(2 * self.x * dout, -20, 20)

    assert ("ignored_cotangent", "x") in faults(check_gradients(Ignores(), X))
    assert ("not_linear", "x") in faults(check_gradients(Squares(), X))
    assert ("not_linear", "x") in faults(check_gradients(Clips(), X))


def test_nan_is_a_fault_at_ordinary_points_and_a_note_at_huge_values() -> None:
    class Nan(Square):
        def forward(self, x):
            self.x = x
            return np.where(np.abs(x) > 1, np.nan, x**2)

    class Overflows:
        def forward(self, x):
            e = np.exp(x)
            self.y = e / (1 + e)
            return self.y

        def backward(self, dout):
            return dout * self.y * (1 - self.y)

    assert ("non_finite", "output") in faults(check_gradients(Nan(), X))
    report = check_gradients(Overflows(), X)
    assert report.ok, str(report)
    assert event(report, "non_finite").probe == "huge values"
    assert not event(report, "non_finite").fault


def test_integers_and_missing_gradients() -> None:
    class Integers(Square):
        def forward(self, x):
            self.x = x
            return np.round(x * 100).astype(int)

    class Forgets(Square):
        def backward(self, dout):
            return None

    assert ("dtype", "output") in faults(check_gradients(Integers(), X))
    report = check_gradients(Forgets(), X)
    assert ("missing_gradient", "x") in faults(report)
    assert report["x"].own is Judgement.INCONSISTENT


def test_memory_layout_and_read_only_inputs() -> None:
    class ReadsMemory(Square):
        def forward(self, x):
            if x.base is not None:
                x = x.base.ravel()[: x.size].reshape(x.shape)
            self.x = x
            return x**2

    class Writes(Square):
        def forward(self, x):
            kept = x[0, 0]
            x[0, 0] = 0
            x[0, 0] = kept
            self.x = x
            return x**2

    assert "memory_layout" in {kind for kind, _ in faults(check_gradients(ReadsMemory(), X))}
    assert "read_only" in {kind for kind, _ in faults(check_gradients(Writes(), X))}


def test_backward_twice_is_a_note() -> None:
    class Consumes(Square):
        def backward(self, dout):
            x = self.x
            del self.x
            return 2 * x * dout

    report = check_gradients(Consumes(), X)
    assert report.ok, str(report)
    assert "backward cannot be called twice" in event(report, "cache").detail


def test_copies_keep_layout_and_flags() -> None:
    strided = np.arange(24.0).reshape(4, 6)[:, ::2]
    copied = copy_alike(strided)
    assert np.array_equal(copied, strided)
    assert not copied.flags.c_contiguous
    assert not np.shares_memory(copied, strided)
    fixed = np.arange(3.0)
    fixed.flags.writeable = False
    assert not copy_alike(fixed).flags.writeable
    assert copy_alike(np.asfortranarray(np.ones((3, 4)))).flags.f_contiguous


def test_global_generators_get_their_state_back() -> None:
    np.random.seed(5)
    want = np.random.rand(3)
    np.random.seed(5)
    with frozen_generators(True) as freeze:
        freeze(None)
        first = np.random.default_rng().random(), np.random.rand()
        freeze(None)
        assert (np.random.default_rng().random(), np.random.rand()) == first
    assert np.array_equal(np.random.rand(3), want)


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0])
def test_any_subgradient_at_a_kink_is_right(slope: float) -> None:
    class Rectifier:
        def forward(self, x):
            self.x = x
            return np.maximum(x, 0)

        def backward(self, dout):
            return dout * np.where(self.x == 0, slope, self.x > 0)

    assert check_gradients(Rectifier(), X).ok


@pytest.mark.parametrize("slope", [-0.2, 1.2, 2.0])
def test_a_value_beyond_the_one_sided_slopes_is_wrong(slope: float) -> None:
    class Rectifier:
        def forward(self, x):
            self.x = x
            return np.maximum(x, 0)

        def backward(self, dout):
            return dout * np.where(self.x == 0, slope, self.x > 0)

    report = check_gradients(Rectifier(), X)
    assert report["x"].own is Judgement.INCONSISTENT
    assert {evidence.probe for evidence in report["x"].evidence if not evidence.comparison.agreed} == {
        "zeros",
        "ties",
    }
