"""check_gradients on objects, pairs of functions and torch, and what its report says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import grader
from grader import check_gradients
from grader.errors import UsageError
from grader.numerics import PROBES, FunctionsSubject, Judgement, Outcome, Setup, check_setups, draw_like
from grader.numerics.points import Point
from grader.numerics.subject import Array, Call
from grader.truth import truth_of

RNG = np.random.default_rng(7)
X, W, B = RNG.standard_normal((5, 4)), RNG.standard_normal((4, 3)), RNG.standard_normal(3)


def affine_forward(x, w, b):
    return x @ w + b, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


def affine_backward_wrong(dout, cache):
    dx, dw, db = affine_backward(dout, cache)
    dw = dw.copy()
    dw[1, 2] *= 1.01
    return {"dx": dx, "dw": dw, "db": db}


class Affine:
    """With attributes for parameters."""

    def __init__(self):
        self.W, self.b, self.dW, self.db = W.copy(), B.copy(), None, None

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout, dout.sum(0)
        return dout @ self.W.T


def test_every_public_name_is_there() -> None:
    assert grader.__all__ == sorted(grader.__all__)
    for name in grader.__all__:
        assert getattr(grader, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'check_gradient'"):
        _ = grader.check_gradient


def test_a_pair_of_functions() -> None:
    report = check_gradients((affine_forward, affine_backward), X, W, B)
    assert report.ok, str(report)
    assert [verdict.tensor for verdict in report.tensors] == ["x", "w", "b"]
    assert all(verdict.resolved > 3 for verdict in report.tensors)


def test_one_wrong_element_is_found_and_located() -> None:
    report = check_gradients((affine_forward, affine_backward_wrong), X, W, B, seed=3)
    assert report.own is Judgement.INCONSISTENT
    assert report["x"].own is report["b"].own is Judgement.CONSISTENT
    worst = report["w"].worst
    assert worst is not None
    assert worst.comparison.worst_index == (1, 2)
    assert (worst.comparison.off, worst.comparison.total) == (1, 12)
    assert worst.comparison.got == pytest.approx(1.01 * worst.comparison.want)
    assert "repeat with seed=3" in str(report)
    with pytest.raises(AssertionError, match="1 of 12 elements are off"):
        report.require()


def test_a_verdict_repeats_from_its_seed() -> None:
    reports = [check_gradients((affine_forward, affine_backward_wrong), X, W, B, seed=11) for _ in range(2)]
    assert str(reports[0]) == str(reports[1])
    assert str(reports[0]) != str(check_gradients((affine_forward, affine_backward_wrong), X, W, B, seed=12))


def test_an_object_is_copied_and_never_called() -> None:
    layer = Affine()
    report = check_gradients(layer, X)
    assert report.ok, str(report)
    assert {verdict.tensor for verdict in report.tensors} == {"x", "W", "b"}
    assert not hasattr(layer, "x")
    assert np.array_equal(layer.W, W)


def test_named_parameters_and_wrt() -> None:
    report = check_gradients(Affine(), X, parameters={"W": ("W", "dW")}, wrt=("W",))
    assert [verdict.tensor for verdict in report.tensors] == ["W"]


def test_a_torch_module_and_a_torch_function() -> None:
    module = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.ReLU(), torch.nn.Linear(6, 2)).double()
    report = check_gradients(module, X)
    assert report.own is Judgement.CONSISTENT, str(report)
    assert "0.weight" in {verdict.tensor for verdict in report.tensors}
    assert check_gradients(torch.tanh, X).ok


class WrongSquare(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**2

    @staticmethod
    def backward(ctx, dout):
        return dout * ctx.saved_tensors[0]


def test_a_wrong_autograd_function() -> None:
    report = check_gradients(WrongSquare, X)
    assert report["x"].own is Judgement.INCONSISTENT


def test_float32_torch_is_judged_as_float32() -> None:
    report = check_gradients(torch.nn.Linear(4, 2), X.astype(np.float32))
    assert report.own is Judgement.CONSISTENT, str(report)
    assert report.noise is not None
    assert report.noise.low_precision


def test_labels_are_constants() -> None:
    def forward(x, labels):
        p = np.exp(x - x.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        return -np.log(p[np.arange(len(x)), labels]).mean(), (p, labels)

    def backward(dout, cache):
        p, labels = cache
        dx = p.copy()
        dx[np.arange(len(dx)), labels] -= 1
        return dout * dx / len(dx)

    report = check_gradients((forward, backward), X, np.array([0, 3, 1, 1, 2]))
    assert report.ok, str(report)


def test_two_truths_are_told_apart() -> None:
    def wrong_forward(x, w, b):
        return x @ w - b, (x, w)

    def consistent_backward(dout, cache):
        dx, dw, db = affine_backward(dout, cache)
        return dx, dw, -db

    def truth(call: Call) -> Outcome:
        out, cache = affine_forward(*(call.tensors[name] for name in "xwb"))
        grads = (
            {}
            if call.cotangent is None
            else dict(zip("xwb", affine_backward(call.cotangent, cache), strict=True))
        )
        return Outcome(out, grads)

    both_wrong = check_gradients((wrong_forward, consistent_backward), X, W, B, truth=truth)
    assert both_wrong.forward is Judgement.INCONSISTENT
    assert both_wrong.own is Judgement.CONSISTENT
    assert both_wrong["b"].reference is Judgement.INCONSISTENT
    assert both_wrong["w"].reference is Judgement.CONSISTENT
    assert both_wrong.summary == "forward is wrong, and backward is the derivative of that wrong forward"
    backward_wrong = check_gradients((affine_forward, affine_backward_wrong), X, W, B, truth=truth)
    assert backward_wrong.forward is Judgement.CONSISTENT
    assert backward_wrong["w"].own is backward_wrong["w"].reference is Judgement.INCONSISTENT
    assert backward_wrong.summary == "forward is right, backward is not its derivative"


def test_records_hold_the_numbers_of_every_probe() -> None:
    report = check_gradients((affine_forward, affine_backward_wrong), X, W, B)
    names = [record.probe for record in report.records]
    assert names[0] == "generic point"
    assert {"batch of 1", "zeros", "ties", "tiny values"} <= set(names)
    first = report.records[0]
    assert first.grads_want["w"].shape == (4, 3)
    assert np.allclose(first.grads_want["w"], first.tensors["x"].T @ first.cotangent, rtol=1e-6)
    assert not np.allclose(first.grads_got["w"], first.grads_want["w"], rtol=1e-6)


def test_one_wrong_weight_of_many_is_found_by_halving() -> None:
    rng = np.random.default_rng(5)
    x, w, b = rng.standard_normal((8, 256)), rng.standard_normal((256, 64)), rng.standard_normal(64)

    def backward(dout, cache):
        dx, dw, db = affine_backward(dout, cache)
        dw = dw.copy()
        dw[200, 17] *= 1.01
        return dx, dw, db

    report = check_gradients((affine_forward, backward), x, w, b)
    worst = report["w"].worst
    assert worst is not None
    assert worst.comparison.worst_index == (200, 17)
    assert "found by halving" in worst.detail
    assert check_gradients((affine_forward, affine_backward), x, w, b).ok


def test_a_layer_that_raises_is_an_answer() -> None:
    def broken(x, w, b):
        raise ValueError("matmul: shapes do not fit")

    report = check_gradients((broken, affine_backward), X, W, B)
    assert not report.ok
    assert report.own is Judgement.INCONCLUSIVE
    assert "ValueError: matmul: shapes do not fit" in report.events[0].detail
    assert report.summary.startswith("nothing could be judged: ")


def test_misuse_is_named() -> None:
    with pytest.raises(UsageError, match="at least one array"):
        check_gradients(Affine())
    with pytest.raises(UsageError, match=r"a pair is \(forward, backward\)"):
        check_gradients((affine_forward,), X, W, B)
    with pytest.raises(UsageError, match="is no layer"):
        check_gradients(object(), X)
    with pytest.raises(UsageError, match=r"Affine is a class; give an object of it, Affine\(...\)"):
        check_gradients(Affine, X)
    with pytest.raises(UsageError, match="x holds NaN or infinity"):
        check_gradients(Affine(), X * np.nan)
    with pytest.raises(UsageError, match=r"x of shape \(0, 3\) is empty"):
        check_gradients(Affine(), np.zeros((0, 3)))
    with pytest.raises(UsageError, match="wrt names 'y'; the tensors are: x, "):
        check_gradients(Affine(), X, wrt=["y"])
    with pytest.raises(UsageError, match="no setup"):
        check_setups([])
    point = Point({"x": X})

    class Nothing:
        def run(self, calls, *, fresh=False, freeze_seeds=False):
            return []

    with pytest.raises(UsageError, match="first probe must be 'generic point'"):
        check_setups([Setup(Nothing(), draw_like(point, ("x",)))], probes=PROBES[1:])


def test_other_sizes_are_checked_too() -> None:
    def setup(d: int, c: int) -> Setup:
        def draw(rng: np.random.Generator, n: int) -> Point:
            return Point(
                {
                    "x": rng.standard_normal((n, d)),
                    "w": rng.standard_normal((d, c)),
                    "b": rng.standard_normal(c),
                }
            )

        def backward(dout: Array, cache: tuple[Array, Array]) -> tuple[Array, Array, Array]:
            dx, dw, db = affine_backward(dout, cache)
            return dx, dw * (2 if d == 1 else 1), db

        from grader.numerics import FunctionsSubject

        return Setup(
            FunctionsSubject(affine_forward, backward, tensors=("x", "w", "b")), draw, name=f"d={d}, c={c}"
        )

    assert check_setups([setup(4, 3), setup(2, 1)]).ok
    report = check_setups([setup(4, 3), setup(1, 3)])
    worst = report["w"].worst
    assert worst is not None
    assert worst.probe == "generic point, d=1, c=3"


def test_few_calls_for_a_right_layer() -> None:
    report = check_gradients((affine_forward, affine_backward), X, W, B)
    assert report.forward_calls <= 100
    assert report.backward_calls <= 30
    assert report.runs <= 10


def test_where_a_reference_says_the_rest_a_wrong_gradient_is_not_searched_again() -> None:
    def truth(call: Call) -> Outcome:
        out, cache = affine_forward(*(call.tensors[name] for name in "xwb"))
        grads = affine_backward(call.cotangent, cache) if call.cotangent is not None else ()
        return Outcome(out, dict(zip("xwb", grads, strict=False)))

    alone = check_gradients((affine_forward, affine_backward_wrong), X, W, B)
    beside = check_gradients((affine_forward, affine_backward_wrong), X, W, B, truth=truth)
    assert beside.forward_calls < 0.5 * alone.forward_calls
    assert beside["w"].own is beside["w"].reference is Judgement.INCONSISTENT


def test_a_gradient_that_is_random_is_not_excused_as_rounding() -> None:
    """A fresh mask in backward, where the mask is given."""

    def backward(dout, mask):
        return dout * 2 * (np.random.rand(*dout.shape) < 0.5)

    mask = np.random.default_rng(1).integers(0, 2, X.shape)
    report = check_gradients(
        (lambda x, mask: (2 * x * mask, mask), backward),
        X,
        mask,
        batched=["x"],
        truth=truth_of("dropout", {"p": 0.5}),
    )
    assert report["x"].reference is Judgement.INCONSISTENT


def test_a_torch_module_of_float32_is_judged_in_the_precision_of_its_input() -> None:
    report = check_gradients(torch.nn.Linear(3, 2), np.random.default_rng(0).standard_normal((4, 3)))
    assert report.ok, str(report)
    assert report.noise is not None
    assert not report.noise.low_precision


def test_overflow_where_the_truth_is_finite_is_a_fault() -> None:
    """A softmax that does not subtract the maximum is right at every ordinary point."""

    def forward(x):
        y = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
        return y, y

    def backward(dout, y):
        return y * (dout - (dout * y).sum(axis=1, keepdims=True))

    x = np.random.default_rng(3).standard_normal((4, 3))
    assert check_gradients((forward, backward), x).ok
    report = check_gradients((forward, backward), x, truth=truth_of("softmax", {}))
    assert [event.kind for event in report.faults] == ["non_finite", "non_finite"]


def test_two_points_settle_a_line_that_agrees() -> None:
    """3 to learn the shapes, 22 calls of the probes, 8 for the noise, and 2 a line; gradcheck needs more for one point."""
    report = check_gradients((affine_forward, affine_backward), X, W, B)
    assert report.ok
    assert report.forward_calls <= 62
    subject = FunctionsSubject(affine_forward, affine_backward, tensors=("x", "w", "b"))
    setup = Setup(subject, lambda rng, batch: Point({"x": X, "w": W, "b": B}))
    assert check_setups([setup], probes=PROBES[:1]).forward_calls <= 24
