"""Layers of other courses: other names, other forms, other places of parameters and gradients."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.model import CheckResult, Verdict
from grader.rubric import Rubric
from grader.sandbox import Sandbox
from grader.session import GradeSettings, Session
from grader.submission import submission_from_files

SPELLED = Path(__file__).parent / "spelled"

# target, layer, what the rubric says beside them, one fault in the file
FORMS = [
    ("functions:linear_forward", "linear", {"spelling": {"data_layout": "columns"}}, ("dZ @ A.T", "dZ @ A.T / A.shape[1]")),
    ("functions:svm_loss", "hinge", {}, ("dx[rows, y] -= dx.sum(axis=1)", "pass")),
    ("functions:batchnorm_forward", "batch_norm", {}, (" - d.mean(axis=0)", "")),
    ("functions:tanh_forward", "tanh", {}, ("1 - out**2", "1 - out")),
    ("functions:rnn_step_forward", "rnn_cell", {}, ("prev_h.T @ dz", "prev_h.T @ dnext_h")),
    ("functions:lstm_step_forward", "lstm_cell", {"spelling": {"gates": "i f o g"}}, ("dc * prev_c * f", "dc * next_c * f")),
    ("objects:LSTMCell", "lstm_cell", {}, ("dc = dc_next + ", "dc = ")),
    ("functions:attention", "attention", {}, ('"dk": ds.transpose', '"dk": -ds.transpose')),
    ("objects:Conv2D", "conv2d", {}, ("dout.sum(axis=(0, 2, 3))", "dout.mean(axis=(0, 2, 3))")),
    ("objects:Linear", "linear", {}, ("dLdZ.sum(axis=0)", "dLdZ.mean(axis=0)")),
    ("objects:Affine", "linear", {}, ('"W1": cache.T @ dout', '"W1": cache.T @ dout * 2')),
    ("objects:CrossEntropyLoss", "softmax_cross_entropy", {}, ("/ len(self.p)", "")),
    ("objects:Embedding", "embedding", {}, ("np.add.at(self.dW, self.ids, dout)", "self.dW[self.ids] = dout")),
    ("modules_of_torch:Wrapped", "linear", {}, ("self.fc(x)", "self.fc(x.detach())")),
    ("modules_of_torch:Norm", "batch_norm", {}, (", dout.sum(0), None", ", dout.mean(0), None")),
    ("modules_of_torch:squared_error", "mse", {"convention": "torch"}, ("(pred - y)", "(pred.detach() - y)")),
]  # fmt: skip


def grade_form(
    sandbox: Sandbox, form: tuple[str, str, dict[str, object], tuple[str, str]], *, faulty: bool
) -> list[CheckResult]:
    """Forward and gradient of one layer, right as it is; or the gradient of one with its fault."""
    target, layer, extra, (old, new) = form
    name = target.partition(":")[0]
    source = (SPELLED / f"{name}.py").read_text("utf-8")
    assert old in source
    files = {f"{name}.py": (source.replace(old, new) if faulty else source).encode()}
    checks = [{"kind": "forward"}, {"kind": "gradient"}]
    part = {"id": "layer", "title": "Layer", "target": target, "layer": layer, "checks": checks, **extra}
    rubric = Rubric.model_validate({"schema": 1, "id": "other", "title": "Other", "parts": [part]})
    submission = submission_from_files(files, name="made", modules=rubric.modules)
    only = ("layer.gradient",) if faulty else ()
    return list(
        Session(submission, rubric, sandbox, GradeSettings(seed=3, only=only, stamp=False)).grade().checks
    )


@pytest.mark.parametrize("form", FORMS, ids=[form[0] for form in FORMS])
def test_a_right_layer_passes_and_a_faulty_one_does_not(sandbox: Sandbox, form) -> None:  # type: ignore[no-untyped-def]
    right = grade_form(sandbox, form, faulty=False)
    assert [(c.verdict, c.message) for c in right] == [(Verdict.PASSED, "")] * 2
    faulty = grade_form(sandbox, form, faulty=True)
    assert faulty[-1].verdict in (Verdict.FAILED, Verdict.PARTIAL), faulty


def test_a_forward_with_another_derivative_is_asked_for_all_of_it(sandbox: Sandbox) -> None:
    """Thousands of calls of one probe: more than one request holds."""
    flipped = (
        "objects:Conv2D",
        "conv2d",
        {},
        ("self.filters, ([1, 2, 3]", "self.filters[:, :, ::-1, ::-1], ([1, 2, 3]"),
    )
    found = grade_form(sandbox, flipped, faulty=True)
    assert [check.verdict for check in found] == [Verdict.PASSED], found[0].message


@pytest.mark.parametrize(("ties", "verdict"), [(True, Verdict.FAILED), (False, Verdict.PASSED)])
def test_a_course_may_not_mind_ties(sandbox: Sandbox, ties: bool, verdict: Verdict) -> None:
    extra: dict[str, object] = {
        "options": {"kernel_size": 2, "stride": 2},
        "checks": [{"kind": "gradient", "ties": ties}],
    }
    found = grade_form(
        sandbox,
        ("functions:max_pool_forward", "max_pool2d", extra, ("axis=(2, 3)", "axis=(2, 3)")),
        faulty=False,
    )
    assert [(check.id, check.verdict) for check in found] == [("layer.gradient", verdict)]
