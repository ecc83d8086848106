"""Dropout that draws its own mask: functions, objects and torch modules, right and with one fault."""

from __future__ import annotations

import pytest

from grader.model import Verdict
from grader.rubric import Rubric
from grader.sandbox import Sandbox
from grader.session import GradeSettings, Session
from grader.submission import submission_from_files

FUNCTIONS = """
import numpy as np
def dropout_forward(x, dropout_param):
    p, mode = dropout_param["p"], dropout_param["mode"]
    if mode == "test":
        return x, (mode, None)
    mask = (np.random.rand(*x.shape) < p) / p
    return x * mask, (mode, mask)
def dropout_backward(dout, cache):
    mode, mask = cache
    return dout if mode == "test" else dout * mask
"""
OBJECT = """
import numpy as np
class Dropout:
    def __init__(self, rate): self.rate, self.training = rate, True
    def eval(self): self.training = False
    def forward(self, x):
        if not self.training: self.mask = np.ones_like(x)
        else: self.mask = np.random.binomial(1, 1 - self.rate, x.shape) / (1 - self.rate)
        return x * self.mask
    def backward(self, dout): return dout * self.mask
"""
MODULE = """
import torch
class Dropout(torch.nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p
    def forward(self, x):
        if not self.training: return x
        return x * (torch.rand_like(x) > self.p) / (1 - self.p)
"""
SOURCES = {"functions": FUNCTIONS, "object": OBJECT, "module": MODULE}


def graded(
    sandbox: Sandbox, form: str, old: str = "", new: str = "", *, asked: tuple[str, ...] = ()
) -> dict[str, tuple[Verdict, str]]:
    source = SOURCES[form]
    assert not old or source.count(old) == 1
    target = "hw:dropout_forward" if form == "functions" else "hw:Dropout"
    asks = [{"kind": "contract", "asks": list(asked)}] if asked else []
    checks = [{"kind": "forward"}, {"kind": "gradient"}, *asks]
    part = {"id": "drop", "title": "D", "target": target, "layer": "dropout", "checks": checks}
    rubric = Rubric.model_validate({"schema": 1, "id": "r", "title": "R", "parts": [part]})
    made = submission_from_files({"hw.py": source.replace(old, new).encode()}, name="made")
    report = Session(made, rubric, sandbox, GradeSettings(seed=2, stamp=False)).grade()
    return {check.kind: (check.verdict, check.message) for check in report.checks}


@pytest.mark.parametrize("form", SOURCES)
def test_a_right_dropout_passes(sandbox: Sandbox, form: str) -> None:
    assert graded(sandbox, form) == dict.fromkeys(("forward", "gradient"), (Verdict.PASSED, ""))


@pytest.mark.parametrize(
    ("form", "old", "new", "lost", "said"),
    [
        ("functions", "< p) / p", "< p)", "forward", "what is kept is multiplied by 1, and 1 / (1 - p) = 1.429 is due"),
        ("functions", "< p) / p", "> p) / p", "forward", "of the elements are dropped, and p = 0.3 is due"),
        ("functions", "rand(*x.shape)", "rand(1, x.shape[1])", "forward", "Every example gets the same mask"),
        ("functions", "    mask = ", "    np.random.seed(3); mask = ", "forward", "Every call of forward drops the same"),
        ("functions", 'if mode == "test":', 'if mode == "eval":', "forward", "elements are dropped in evaluation"),
        ("functions", "else dout * mask", "else dout", "gradient", "The gradient of x is wrong (p = 0.3)"),
        ("functions", "return x * mask, (mode, mask)", "return x, (mode, 1.0)", "both", "drops all or nothing"),
        ("object", "self.training = False", "pass", "forward", "(p = 0.3, evaluation): elements are dropped"),
        ("object", "return dout * self.mask", "return dout * (self.mask > 0)", "gradient", "The gradient of x is wrong"),
        ("module", "if not self.training: return x", "", "forward", "elements are dropped in evaluation"),
        ("module", "return x * (torch", "return x.detach() * (torch", "gradient", ""),
    ],
)  # fmt: skip
def test_a_fault_costs_its_check(
    sandbox: Sandbox, form: str, old: str, new: str, lost: str, said: str
) -> None:
    found = graded(sandbox, form, old, new)
    wrong = {kind for kind, (verdict, _) in found.items() if verdict is not Verdict.PASSED}
    assert wrong == ({"forward", "gradient"} if lost == "both" else {lost})
    assert said in found["gradient" if lost == "both" else lost][1]


def test_questions_that_compare_calls_cannot_be_asked(sandbox: Sandbox) -> None:
    asked = graded(sandbox, "object", asked=("inputs_untouched",))
    assert asked["contract"][0] is Verdict.PASSED
    verdict, said = graded(sandbox, "object", asked=("inputs_untouched", "batch_of_one"))["contract"]
    assert (verdict, said.partition(" gives")[0]) == (Verdict.FAILED, "A dropout that draws its own mask")
