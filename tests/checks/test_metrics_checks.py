"""Metrics functions: right in several styles, wrong in named ways, missing."""

from __future__ import annotations

import pytest

from grader.model import CheckResult, Verdict
from grader.sandbox import Sandbox
from tests.grading_support import grade_files

ACCURACY = """
import numpy as np
def accuracy(predictions, targets):
    {body}
"""
MATRIX = """
import numpy as np
def train(hidden_dims): return 1
def confusion_matrix(predictions, targets):
    c = np.zeros((10, 10))
    for p, t in zip(predictions.argmax(1), targets): c[{place}] += 1
    return c
def confusion_matrix_to_metrics(c, beta=1.):
    tp = np.diag(c)
    precision, recall = tp / c.sum({axis}), tp / c.sum(1 - {axis})
    f = (1 + beta**2) * precision * recall / ({weight} * precision + recall)
    return {{'accuracy': tp.sum() / c.sum(), 'precision': precision, 'recall': recall, 'f1_beta': f}}
"""
EVALUATE = """
import numpy as np
def evaluate_model(model, data_loader{extra}):
    {body}
"""


def graded(sandbox: Sandbox, text: str, name: str, variant: str = "2025") -> CheckResult:
    report = grade_files(sandbox, {"train_mlp_numpy.py": text.encode()}, "metrics", variant=variant)
    return next(c for c in report.checks if c.id == f"metrics.{name}")


@pytest.mark.parametrize(
    ("body", "verdict", "fault"),
    [
        ("return np.mean(predictions.argmax(1) == targets)", Verdict.PASSED, ""),
        ("return np.mean(predictions.argmax(1) == targets.argmax(1))", Verdict.PASSED, ""),
        (
            "return float((predictions.argmax(axis=1) == targets).sum()) / predictions.shape[0]",
            Verdict.PASSED,
            "",
        ),
        ("return np.array([np.mean(predictions.argmax(1) == targets)])", Verdict.PASSED, ""),
        ("return np.mean(predictions.argmax(0) == targets)", Verdict.FAILED, "M101"),
        ("return (predictions.argmax(1) == targets).sum()", Verdict.FAILED, "M103"),
        ("return 100 * np.mean(predictions.argmax(1) == targets)", Verdict.FAILED, "M102"),
        ("return np.mean(predictions.argmax(1) != targets)", Verdict.FAILED, "M104"),
        ("return (predictions.argmax(1) == targets).sum() / predictions.shape[1]", Verdict.FAILED, "M105"),
        ("return np.mean(predictions.argmin(1) == targets)", Verdict.FAILED, ""),
        ("raise ValueError('no')", Verdict.ERRORED, ""),
        ("return accuracy", Verdict.MISSING, ""),
        ("print(np.mean(predictions.argmax(1) == targets))", Verdict.FAILED, ""),
        ("return predictions.argmax(1) == targets", Verdict.FAILED, ""),  # one for each row
        ("return np.array([np.mean(predictions.argmax(1) == targets) + 1j])", Verdict.FAILED, ""),
    ],
)
def test_accuracy(sandbox: Sandbox, body: str, verdict: Verdict, fault: str) -> None:
    result = graded(sandbox, ACCURACY.format(body=body), "accuracy")
    assert result.verdict is verdict
    assert [named.id for named in result.diagnoses] == ([fault] if fault else [])


@pytest.mark.parametrize(
    ("place", "axis", "weight", "matrix", "metrics", "said"),
    [
        ("t, p", 0, "beta**2", Verdict.PASSED, Verdict.PASSED, ""),
        ("p, t", 1, "beta**2", Verdict.PASSED, Verdict.PASSED, ""),  # predictions in rows, and used so
        ("t, p", 1, "beta**2", Verdict.PASSED, Verdict.FAILED, "precision and recall are swapped"),
        ("p, p", 0, "beta**2", Verdict.FAILED, Verdict.PASSED, ""),
        ("t, p", 0, "beta", Verdict.PASSED, Verdict.FAILED, "beta is not squared in the denominator"),
        ("t, p", 0, "1", Verdict.PASSED, Verdict.FAILED, "f1_beta"),
    ],
)
def test_confusion_matrix_and_what_is_computed_from_it(
    sandbox: Sandbox, place: str, axis: int, weight: str, matrix: Verdict, metrics: Verdict, said: str
) -> None:
    text = MATRIX.format(place=place, axis=axis, weight=weight)
    assert graded(sandbox, text, "confusion_matrix", "2023").verdict is matrix
    found = graded(sandbox, text, "metrics", "2023")
    assert found.verdict is metrics
    assert said in found.message


@pytest.mark.parametrize("value", ["['a'] * 10", "[1, [2, 3]]", "[object()] * 10"])
def test_metrics_that_are_no_numbers_are_wrong(sandbox: Sandbox, value: str) -> None:
    text = MATRIX.format(place="t, p", axis=0, weight="1").replace("'recall': recall", f"'recall': {value}")
    assert graded(sandbox, text, "metrics", "2023").verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("body", "extra", "verdict"),
    [
        ("r = n = 0\n    for x, y in data_loader:\n        r += (model.forward(x.reshape(len(x), -1)).argmax(1) == y).sum(); n += len(y)\n    return r / n", "", Verdict.PASSED),
        ("r = n = 0\n    for x, y in data_loader:\n        r += (model.forward(x).argmax(1) == y).sum(); n += len(y)\n    return {'accuracy': r / n}", ", num_classes", Verdict.PASSED),
        ("return np.mean([np.mean(model.forward(x).argmax(1) == y) for x, y in data_loader])", "", "M110"),
        ("return [np.mean(model.forward(x).argmax(1) == y) for x, y in data_loader][-1]", "", "M111"),
        ("for x, y in data_loader:\n        return np.mean(model.forward(x).argmax(1) == y)", "", "M115"),
        ("return np.mean([np.mean(model.forward(x).argmax(1) == y) for x, y in data_loader if len(x) == data_loader.batch_size])", "", "M112"),
        ("return sum((model.forward(x).argmax(1) == y).sum() for x, y in data_loader) / len(data_loader) / data_loader.batch_size", "", "M113"),
        ("return sum(np.mean(model.forward(x).argmax(1) == y) for x, y in data_loader)", "", "M114"),
        ("return np.concatenate([model.forward(x).argmax(1) == y for x, y in data_loader])", "", Verdict.FAILED),
        ("return data_loader.nothing", "", Verdict.ERRORED),
        ("return avg_accuracy", "", Verdict.MISSING),
    ],
)  # fmt: skip
def test_evaluate_model(sandbox: Sandbox, body: str, extra: str, verdict: Verdict | str) -> None:
    result = graded(sandbox, EVALUATE.format(body=body, extra=extra), "evaluate_model")
    if isinstance(verdict, Verdict):
        assert result.verdict is verdict
        return
    assert result.verdict is Verdict.FAILED
    assert [named.id for named in result.diagnoses] == [verdict]


def test_an_accuracy_in_percent_costs_once(sandbox: Sandbox) -> None:
    body = "return 100 * np.mean(predictions.argmax(1) == targets)"
    loop = "return sum(accuracy(model.forward(x), y) * len(y) for x, y in data_loader) / 29"
    text = ACCURACY.format(body=body) + EVALUATE.format(extra="", body=loop)
    report = grade_files(sandbox, {"train_mlp_numpy.py": text.encode()}, "metrics", variant="2025")
    assert [c.verdict for c in report.checks] == [Verdict.FAILED, Verdict.PASSED]
    assert "these are percent" in report.checks[0].message


def test_stubs_that_agree_with_each_other_earn_nothing(sandbox: Sandbox) -> None:
    text = ACCURACY.format(body="return 0.5") + EVALUATE.format(extra="", body="return 0.5")
    report = grade_files(sandbox, {"train_mlp_numpy.py": text.encode()}, "metrics", variant="2025")
    assert [c.earned for c in report.checks] == [0, 0]
