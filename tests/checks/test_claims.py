"""Claims and experiments: right, wrong and missing numbers."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from grader.checks import claim as claim_module
from grader.checks.claim import check_claim
from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.experiment import check_experiment
from grader.checks.experiment_settings import settings_in
from grader.checks.reported import reported, value_at
from grader.checks.training_budget import Budget, Trial
from grader.checks.training_images import image_set
from grader.data import DataSet
from grader.model import Verdict
from grader.rubric import ClaimSpec, ExperimentSpec, PartSpec, load_rubric
from grader.submission import submission_from_files
from tests.data.conftest import small

__all__ = ["small"]  # the fixture

VALUES = {
    "numpy.test": "test_accuracy",
    "numpy.best": "best_validation_accuracy",
    "numpy.val": "validation_accuracies",
}


def context_of(spec: Any, files: dict[str, Any], data: DataSet | None = None) -> Context:
    encoded = {name: json.dumps(value).encode() for name, value in files.items()}
    part = PartSpec(id="claims", title="claims", target="train_mlp_numpy:train", checks=(spec,))
    submission = submission_from_files({"modules.py": b"", **encoded}, name="made", modules=("modules.py",))
    load = (lambda: data) if data is not None else None
    return Context(load_rubric("uva_dl1_a1"), part, spec, submission, None, 0, load_data=load)  # type: ignore[arg-type]


def experiment(name: str, numbers: Any) -> Finding:
    spec = ExperimentSpec(kind="experiment", experiment=name)
    return check_experiment(spec, context_of(spec, {"results.json": {name: numbers}}))


SWEEP = {"1e-6": 0.10, "1e-4": 0.30, "1e-2": 0.47, "0.1": 0.49, "1": 0.2, "10": "NaN", "100": 0.1}


@pytest.mark.parametrize(
    ("name", "numbers", "verdict", "said"),
    [
        ("lr-sweep", SWEEP, Verdict.PASSED, "The numbers show the trend"),
        ("lr-sweep", [{"lr": float(k), "best_val_acc": v} for k, v in SWEEP.items()], Verdict.PASSED, ""),
        ("lr-sweep", {k: {"val_accuracies": [0.1, v]} for k, v in SWEEP.items()}, Verdict.PASSED, ""),
        ("lr-sweep", {**SWEEP, "100": 0.49}, Verdict.PARTIAL, "so large a rate diverges"),
        ("lr-sweep", {**SWEEP, "1e-6": 0.45}, Verdict.PARTIAL, "so small a rate learns little"),
        ("lr-sweep", {**SWEEP, "1": 0.6}, Verdict.PARTIAL, "lr 1 is best with 60.0%"),
        ("lr-sweep", {**SWEEP, "1e-6": "nan"}, Verdict.PARTIAL, "lr 1e-06: diverged against 49.0%"),
        ("lr-sweep", {**SWEEP, "10": None, "100": "diverged", "epochs": 5, "-0.1": 0.9}, Verdict.PASSED, ""),
        ("lr-sweep", {**{k: f"{v:.1%}" for k, v in SWEEP.items() if v != "NaN"}, "10": "0.9 %"}, Verdict.PASSED, ""),
        ("lr-sweep", {f"lr={k}": [[1, 0.05], [2, v]] for k, v in SWEEP.items()}, Verdict.PASSED, ""),
        ("lr-sweep", [[float(k), {"train_acc": 0.9, "val_acc": v}] for k, v in SWEEP.items()], Verdict.PASSED, ""),
        ("lr-sweep", {"lrs": [float(k) for k in SWEEP], "val_accuracy": list(SWEEP.values())}, Verdict.PASSED, ""),
        ("lr-sweep", {"with_bn": {**SWEEP, "1": 0.47}, "no_bn": {**SWEEP, "10": 0.48}}, Verdict.PARTIAL, "without batch norm, lr 10: 48.0%"),
        ("lr-sweep", {"0.1": 0.5, "0.01": 0.4}, Verdict.FAILED, "2 learning rates with accuracies"),
        ("batch-norm", {"with": 0.4726, "without": 0.46}, Verdict.PASSED, ""),
        ("batch-norm", {"with": 0.30, "without": 0.46}, Verdict.FAILED, "30.0% with and 46.0% without"),
        ("batch-norm", {"with": 0.47}, Verdict.FAILED, "one accuracy 'with' and one 'without'"),
        ("batch-norm", {"with": 0.1, "without": 0.1}, Verdict.FAILED, "10.0% with and 10.0% without"),
        ("batch-norm", {"MLP + BN": 49.0, "baseline": 46.0}, Verdict.PASSED, ""),
        ("batch-norm", [{"use_batch_norm": on, "test_accuracy": 0.46} for on in (True, False)], Verdict.PASSED, ""),
        ("batch-norm", {"lr 0.1 without BN": "nan", "lr 0.1 with BN": 0.46}, Verdict.PASSED, ""),
        ("schedules", {"constant": 0.1, "time-decay": 0.1}, Verdict.FAILED, "time-decay has 10.0%"),
        ("schedules", {"no_decay": 0.49, "Time-based decay": 0.51, "training_time": 30}, Verdict.PASSED, ""),
        ("schedules", {"constant": 0.49, "time-decay": 0.51}, Verdict.PASSED, ""),
        ("schedules", {"constant": 0.49, "time-decay": 0.31}, Verdict.FAILED, "time-decay has 31.0%"),
    ],
)  # fmt: skip
def test_trends(name: str, numbers: Any, verdict: Verdict, said: str) -> None:
    found = experiment(name, numbers)
    assert found.verdict is verdict
    assert said in found.message


@pytest.mark.parametrize(
    ("files", "verdict", "said"),
    [
        ({}, Verdict.MISSING, "results.json is not in the submission."),
        ({"results.json": {"other": 1}}, Verdict.MISSING, "lr-sweep: no numbers found"),
        ({"results.json": {"lr-sweep": "see plot"}}, Verdict.MISSING, "nothing of that name"),
        ({"results.json": {"lr-sweep": {"loss": [2.3]}}}, Verdict.MISSING, "an object with 'loss'"),
        ({"results.json": {"LR sweep": {"lr": [0.1, 1], "acc": [0.4]}}}, Verdict.MISSING, "no numbers found"),
    ],
)
def test_missing_numbers(files: dict[str, Any], verdict: Verdict, said: str) -> None:
    spec = ExperimentSpec(kind="experiment", experiment="lr-sweep")
    with pytest.raises(CannotJudge) as reason:
        check_experiment(spec, context_of(spec, files))
    assert reason.value.finding.verdict is verdict
    assert said in reason.value.finding.message


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"{", "is not JSON"), (b"[" * 200_000, "nested too deep"), (b" " * 4_000_001, "characters")],
)
def test_files_that_are_no_json(content: bytes, said: str) -> None:
    spec = ExperimentSpec(kind="experiment", experiment="lr-sweep")
    context = context_of(spec, {})
    context.submission = submission_from_files(
        {"results.json": content}, name="made", modules=("results.json",)
    )
    with pytest.raises(CannotJudge, match=said):
        check_experiment(spec, context)


def test_settings_and_paths() -> None:
    assert settings_in({"a": 50, "b": "x", "c": {"accuracy": 40}}) == {"a": 0.5, "c": 0.4}
    assert settings_in({"0.1": json.loads("[" * 900 + "0.5" + "]" * 900)}) == {}
    content = {"a": {"b.c": [1, {"d": 2}]}}
    assert value_at(content, "a.b.c.1.d") is None  # the dot in the key hides the rest
    assert value_at({"a": {"b": [1, {"d": 2}]}}, "a.b.1.d") == 2
    assert value_at({"a.b": 3}, "a.b") == 3
    assert value_at([1], "7") is None


def claimed(monkeypatch: pytest.MonkeyPatch, data: DataSet, right: float, **numbers: Any) -> Finding:
    """A claim about a run whose model is right on a share of all images."""

    def run(context: Context, budget: Budget, sets: Any) -> Trial:
        trial = Trial(budget)
        for name in sets:
            _, labels = image_set(data, name, budget)
            hit = np.arange(len(labels)) < right * len(labels)
            trial.outputs[name] = np.eye(10)[np.where(hit, labels, (labels + 1) % 10)]
        return trial

    monkeypatch.setattr(claim_module, "run_train", run)
    spec = ClaimSpec(kind="claim", values={k: v for k, v in VALUES.items() if k.split(".")[1] in numbers})
    return check_claim(spec, context_of(spec, {"results.json": {"numpy": numbers}}, data))


def test_claims_that_come_out_again(monkeypatch: pytest.MonkeyPatch, small: DataSet) -> None:
    found = claimed(monkeypatch, small, 0.49, test=0.4912, best=0.4962, val=[0.43, 0.4962, 0.48])
    assert found.verdict is Verdict.PASSED
    assert len(found.evidence) == 3
    assert {curve.name for curve in found.curves} == {"reported: validation accuracy"}


@pytest.mark.parametrize(
    "numbers",
    [
        {"test": "49.1 %", "best": "0.4962", "val": [[0.43], [0.4962]]},
        {"test": 49, "best": 0.5, "val": [[1, 0.43], [2, 0.4962]]},
        {"test": [0.4912], "best": 49.62, "val": {"epoch 1": 0.43, "epoch 2": 0.4962}},
        {"test": {"accuracy": 0.4912}, "best": 0.4962, "val": {"accuracy": [0.4962, "nan"]}},
        {"test": 0.49, "val": [0.43] * 300 + [0.4962]},
    ],
)
def test_claims_in_other_shapes(monkeypatch: pytest.MonkeyPatch, small: DataSet, numbers: Any) -> None:
    found = claimed(monkeypatch, small, 0.49, **numbers)
    assert (found.verdict, found.message) == (Verdict.PASSED, "The reported numbers come out again.")
    assert all("stand-in (10 epochs" in item.detail for item in found.evidence[-1:]) is (
        len(numbers["val"]) == 301
    )


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ({"test": 0.60, "val": [0.43, 0.49]}, "test accuracy: reported 0.6000; a run here"),
        (
            {"best": 0.51, "val": [0.43, 0.49]},
            "reported 0.5100; the largest of the 2 reported ones is 0.4900",
        ),
        ({"test": True, "val": [0.43, 0.49]}, "numpy.test: found True; an accuracy is due"),
        ({"test": 0.49, "val": [2.3, -1]}, "numpy.val: found a list of 2; a list of accuracies is due"),
    ],
)
def test_claims_that_do_not(monkeypatch: pytest.MonkeyPatch, small: DataSet, numbers: Any, said: str) -> None:
    found = claimed(monkeypatch, small, 0.49, **numbers)
    assert found.verdict is Verdict.PARTIAL
    assert said in found.message


def test_numbers_that_agree_only_with_each_other_earn_nothing(
    monkeypatch: pytest.MonkeyPatch, small: DataSet
) -> None:
    found = claimed(monkeypatch, small, 0.49, test=1.0, best=1.0, val=[1.0, 1.0])
    assert (found.verdict, found.share) == (Verdict.FAILED, 0)


def test_a_claim_without_its_number_is_missing(monkeypatch: pytest.MonkeyPatch, small: DataSet) -> None:
    with pytest.raises(CannotJudge, match=r"numpy.test: found 'about half'; an accuracy is due"):
        claimed(monkeypatch, small, 0.49, test="about half")


def notebook(*cells: tuple[str, str]) -> bytes:
    return json.dumps(
        {
            "cells": [
                {"cell_type": "code", "source": source.splitlines(keepends=True),
                 "outputs": [{"output_type": "stream", "name": "stdout", "text": output}]}
                for source, output in cells
            ]
        }
    ).encode()  # fmt: skip


@pytest.mark.parametrize(
    "cells",
    [
        [("results = {'numpy': {'test': 0.49, 'val': (0.4, 0.5)}}", "")],
        [("results = {}\nresults['numpy'] = {'test': 0.1, 'val': [.4, .5]}", ""), ("results['numpy']['test'] = 0.49", "")],
        [("print(numbers)", "epoch 1\n{'numpy': {'test': np.float64(0.49), 'val': [0.4, 0.5]}}\n")],
        [("%matplotlib inline\nnumpy: dict = dict(test=np.float64(0.49), val=np.array([0.4, 0.5]))", "")],
        [("show()", "done\n{'numpy': {'test': tensor(0.49),\n  'val': [0.4, 0.5]},\n 'other': {10: nan}}\nend")],
        [("x = 1 +", '{"numpy": {"test": 0.49, "val": [0.4, 0.5]}}')],
        [("numpy = {'test': 0.49, 'val': [0.4, 0.5]}", "no dict {"), ("plot()", "x" * 40_000)],
    ],
)  # fmt: skip
def test_numbers_may_stand_in_a_notebook(cells: list[tuple[str, str]]) -> None:
    spec = ClaimSpec(kind="claim", values={"numpy.test": "test_accuracy"})
    context = context_of(spec, {})
    context.submission = submission_from_files({"work.ipynb": notebook(*cells)}, name="made")
    content = reported(context, "results.json")
    assert (value_at(content, "numpy.test"), value_at(content, "numpy.val")) == (0.49, [0.4, 0.5])


@pytest.mark.parametrize("content", [b"{", b"[" * 200_000, b"[1]", b'{"cells": [{"cell_type": "code", "source": 7}]}', notebook(("x = f()", ""))])  # fmt: skip
def test_notebooks_without_numbers_are_no_results(content: bytes) -> None:
    spec = ClaimSpec(kind="claim", values={"numpy.test": "test_accuracy"})
    context = context_of(spec, {})
    context.submission = submission_from_files({"work.ipynb": content}, name="made")
    with pytest.raises(CannotJudge, match=r"results\.json is not in the submission"):
        reported(context, "results.json")
