"""Forward, gradient, contract and init: each right, wrong and missing, on one changed line of a right submission."""

from __future__ import annotations

import pytest

from grader.model import Verdict
from grader.sandbox import Sandbox
from tests.grading_support import check, full_marks_with, grade_files

LAYER_PARTS = ("linear", "elu", "softmax", "cross_entropy")


def test_the_right_layers_pass_everything(sandbox: Sandbox) -> None:
    report = grade_files(sandbox, full_marks_with(), *LAYER_PARTS)
    assert {c.id: c.verdict for c in report.checks if c.verdict is not Verdict.PASSED} == {}
    assert report.earned == report.points == 40


# one line of modules.py changed; the checks that lose points, and what one of them says
FAULTS = [
    ("self.params['weight'].T + self.params['bias']", "self.params['weight'].T", {"linear.forward"}, "linear.forward", ""),
    ("dout.T @ self.x", "dout.T @ self.x / len(dout)", {"linear.gradient"}, "linear.gradient", "weight"),
    ("self.grads['bias'] = dout.sum(axis=0)", "self.grads['bias'] = dout.mean(axis=0)", {"linear.gradient"}, "linear.gradient", "bias"),
    ("self.grads['bias'] = dout.sum(axis=0)", "pass", {"linear.gradient", "linear.contract"}, "linear.gradient", "bias"),
    ("self.grads['weight'] = dout.T", "self.grads['weight'] += dout.T", {"linear.contract"}, "linear.contract", "overwrite"),
    ("of the last forward pass.\"\"\"\n        self.x = None", "\"\"\"", {"linear.contract"}, "linear.contract", "clear_cache drops nothing"),
    ("dx = dout @ self.params['weight']", "dx = -dout @ self.params['weight']", {"linear.gradient"}, "linear.gradient", "x"),
    ("gain = 1.0 if input_layer else 2.0", "gain = 2.0", {"linear.init"}, "linear.init", "input layer"),
    ("np.random.normal(0.0, std,", "np.random.uniform(-std * 3**0.5, std * 3**0.5,", {"linear.init"}, "linear.init", "uniform"),
    ("'bias': np.zeros(out_features),\n        }\n        self.grads", "'bias': np.ones(out_features),\n        }\n        self.grads", {"linear.init"}, "linear.init", "bias"),
    ("std = np.sqrt(gain / in_features)", "std = np.sqrt(gain / out_features)", {"linear.init"}, "linear.init", "fan-out"),
    ("self.alpha * np.exp(np.minimum(self.x, 0))", "np.exp(np.minimum(self.x, 0))", {"elu.gradient"}, "elu.gradient", "alpha"),
    ("self.alpha * (np.exp(np.minimum(x, 0)) - 1)", "np.exp(np.minimum(x, 0)) - 1", {"elu.forward"}, "elu.forward", ""),
    ("(np.exp(np.minimum(x, 0)) - 1))", "(np.exp(np.clip(x, -3, 0)) - 1))", {"elu.forward"}, "elu.forward", ""),
    ("dx = dout * np.where(self.x > 0", "dx = np.where(self.x > 0", {"elu.gradient"}, "elu.gradient", "x"),
    ("        self.x = x\n        # minimum", "        self.x = x\n        x *= 1.5\n        # minimum", {"elu.forward", "elu.gradient", "elu.contract"}, "elu.contract", "in place"),
    ("shifted = x - x.max(axis=1, keepdims=True)", "shifted = x", {"softmax.contract"}, "softmax.contract", "not stable: softmax does not subtract the maximum"),
    ("shifted = x - x.max(axis=1, keepdims=True)", "shifted = x - x[:, :1]", {"softmax.contract"}, "softmax.contract", "reaches from -1000 to 1000"),
    ("shifted = x - x.max(axis=1, keepdims=True)", "shifted = x - x.max()", {"softmax.contract"}, "softmax.contract", "not stable: softmax subtracts the maximum of the whole batch"),
    ("dx = y * (dout - (dout * y).sum(axis=1, keepdims=True))", "dx = y * (1 - y) * dout", {"softmax.gradient"}, "softmax.gradient", "x"),
    ("exps / exps.sum(axis=1, keepdims=True)", "exps / exps.sum(axis=0, keepdims=True)", {"softmax.forward", "softmax.gradient"}, "softmax.forward", ""),
    ("        self.y = out\n        return out", "        self.y = out\n        return out + 0j", {"softmax.forward"}, "softmax.forward", "an array of complex128 came"),
    ("exps / exps.sum(axis=1, keepdims=True)", "(exps / exps.sum(axis=1, keepdims=True)).astype(str)", {"softmax.forward", "softmax.gradient", "softmax.contract"}, "softmax.forward", "softmax of the reference: a numpy.ndarray of dtype <U32"),
    ("out = -np.log(x[np.arange(n), y]).mean()", "out = np.log(x[np.arange(n), y]).mean()", {"cross_entropy.forward"}, "cross_entropy.forward", ""),
    ("dx[np.arange(n), y] = -1.0 / (n * x", "dx[np.arange(n), y] = -1.0 / (x", {"cross_entropy.gradient"}, "cross_entropy.gradient", "x"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "loses", "check_id", "words"), FAULTS, ids=[f[1][:40] for f in FAULTS]
)
def test_one_fault_costs_where_it_is(
    sandbox: Sandbox, old: str, new: str, loses: set[str], check_id: str, words: str
) -> None:
    report = grade_files(
        sandbox, full_marks_with(modules=(old, new)), *{name.split(".")[0] for name in loses}
    )
    lost = {c.id for c in report.checks if c.earned < c.points}
    assert lost == loses, [(c.id, c.message) for c in report.checks if c.id in lost ^ loses]
    said = next(c for c in report.checks if c.id == check_id)
    assert words in said.message
    assert said.hint
    assert said.evidence


def test_each_gradient_earns_its_share(sandbox: Sandbox) -> None:
    files = full_marks_with(modules=("self.grads['bias'] = dout.sum(axis=0)", "self.grads['bias'] = dout"))
    result = check(sandbox, files, "linear.gradient")
    assert result.verdict is Verdict.PARTIAL
    assert result.earned == pytest.approx(4.0)
    assert "not summed over the batch" in result.message


def test_a_layer_that_is_not_there_is_missing(sandbox: Sandbox) -> None:
    result = check(sandbox, full_marks_with(modules=("class ELUModule", "class EluModule")), "elu.forward")
    assert result.verdict is Verdict.MISSING
    assert "is EluModule meant?" in result.message


def test_an_unfilled_backward_is_missing_and_the_rest_is_graded(sandbox: Sandbox) -> None:
    files = full_marks_with(modules=("        dx = dout * np.where(self.x > 0, 1.0, self.alpha * np.exp(np.minimum(self.x, 0)))\n        return dx", "        pass\n        return dx"))  # fmt: skip
    report = grade_files(sandbox, files, "elu.forward", "elu.gradient")
    assert [c.verdict for c in report.checks] == [Verdict.PASSED, Verdict.MISSING]


@pytest.mark.parametrize("more", [" * 0", "", " * 0 + 1"])
def test_stubs_earn_nothing(sandbox: Sandbox, more: str) -> None:
    """Zeros, what was given, ones: forward and backward are consistent with each other, and still worth nothing."""
    zeros = b"""
import numpy as np
class LinearModule:
    def __init__(self, a, b, input_layer=False):
        self.params = {'weight': np.zeros((b, a)), 'bias': np.zeros(b)}
        self.grads = {'weight': np.zeros((b, a)), 'bias': np.zeros(b)}
    def forward(self, x): return np.zeros((len(x), self.params['bias'].size))
    def backward(self, dout): return np.zeros((len(dout), self.params['weight'].shape[1]))
class ELUModule:
    def forward(self, x): return x * 0
    def backward(self, dout): return dout * 0
class SoftMaxModule:
    def forward(self, x): return x * 0
    def backward(self, dout): return dout * 0
class CrossEntropyModule:
    def forward(self, x, y): return 0.0
    def backward(self, x, y): return x * 0
"""
    stubs = zeros.replace(b" * 0", more.encode())
    report = grade_files(sandbox, {"modules.py": stubs}, *LAYER_PARTS)
    assert {c.id: c.earned for c in report.checks if c.earned} == {}


def test_the_identity_earns_nothing_as_an_activation(sandbox: Sandbox) -> None:
    identity = (
        b"class ELUModule:\n    def forward(self, x): return x\n    def backward(self, dout): return dout\n"
    )
    report = grade_files(sandbox, {"modules.py": identity}, "elu.forward", "elu.gradient")
    assert {c.id: c.earned for c in report.checks if c.earned} == {}


def test_a_crash_and_a_hang_cost_their_own_part(sandbox: Sandbox) -> None:
    files = full_marks_with(modules=("        y = self.y\n", "        import os; os._exit(3)\n"))
    report = grade_files(sandbox, files, "softmax", "elu.forward")
    verdicts = {c.id: c.verdict for c in report.checks}
    assert verdicts["softmax.forward"] is Verdict.PASSED
    assert verdicts["softmax.gradient"] is Verdict.ERRORED
    assert verdicts["elu.forward"] is Verdict.PASSED


def test_prints_never_count_and_are_kept(sandbox: Sandbox) -> None:
    files = full_marks_with(
        modules=("        shifted = x -", "        print('shape', x.shape)\n        shifted = x -")
    )
    result = check(sandbox, files, "softmax.forward")
    assert result.verdict is Verdict.PASSED
    assert "shape (4, 3)" in result.output


def test_a_package_that_is_not_there_is_named(sandbox: Sandbox) -> None:
    files = full_marks_with(modules=("import numpy as np", "import numpy as np\nimport seabornish"))
    result = check(sandbox, files, "elu.forward")
    assert result.verdict is Verdict.ERRORED
    assert "'seabornish' is not installed" in result.message


def test_a_verdict_repeats_from_its_seed(sandbox: Sandbox) -> None:
    files = full_marks_with(modules=("dout.T @ self.x", "dout.T @ self.x * 1.001"))
    first, again, other = (check(sandbox, files, "linear.gradient", seed=seed) for seed in (5, 5, 6))
    assert first == again
    assert first.evidence != other.evidence


@pytest.mark.parametrize(
    ("value", "said"),
    [("None", "no array"), ("'x'", "a str"), ("[[1, 2], [3]]", "a list of other things"), ("{}", "a dict")],
)
def test_a_forward_that_returns_no_array_is_the_submissions_fault(
    sandbox: Sandbox, value: str, said: str
) -> None:
    files = full_marks_with(
        modules=(
            "out = x @ self.params['weight'].T + self.params['bias']\n        return out",
            f"return {value}",
        )
    )
    report = grade_files(sandbox, files, "linear")
    assert {str(result.verdict) for result in report.checks if result.asked} <= {
        "failed",
        "passed",
        "partial",
    }
    gradient = next(result for result in report.checks if result.id == "linear.gradient")
    assert f"forward returned {said}" in gradient.message
