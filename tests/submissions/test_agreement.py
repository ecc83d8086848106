"""The grader agrees with the corpus: every right submission keeps its points, every wrong one loses the named checks.

Grading all of it takes minutes. Without GRADMARK_CORPUS=all, those that were misjudged once and some of the others are
graded: right ones on all parts but training, wrong ones on the parts that their fault touches. With it, all of them,
and those whose fault is in training too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.grading import GradeRequest, grade_submission
from grader.model import Report, Verdict
from grader.rubric import load_rubric
from grader.sandbox import Sandbox, SandboxSettings
from tests.submissions import Entry, entries, write

ALL = os.environ.get("GRADMARK_CORPUS") == "all"
RUBRIC = load_rubric("uva_dl1_a1")
TRAINING = ("train_numpy", "train_torch")
LAYERS = ("linear", "elu", "relu", "leaky_relu", "softmax")
SEED = 3

MISJUDGED = {
    "right/clear_cache_deletes",  # a dict filled by subscripts was taken for an unfilled template
    "right/torch_modules_overwritten",  # so was a method that ends with `return None`
    "right/base_class_call",  # layers inside containers that are called were not found
    "right/height_width_channel",  # images flattened channels last were wrong
    "right/data_parallel",  # the year was found from the NumPy file alone
    "wrong/linear_buffer_of_first_batch",  # an output of the wrong shape took the grader down
    "wrong/cross_entropy_per_sample",  # so did a loss with an axis
    "wrong/cross_entropy_prints",  # and no loss at all
    "wrong/linear_dw_transposed",  # one fault cost twice
    "wrong/elu_derivative_output_without_alpha",  # the network alone was read in the wrong layout
    "wrong/softmax_minimum",
    "wrong/mlp_only_first_hidden_size",
    "wrong/torch_batch_norm_before_linear",
    "wrong/torch_batch_norm_first_layer_only",
    "wrong/clear_cache_passes",  # these passed
    "wrong/mlp_input_layer_not_told",
    "wrong/evaluate_averages_precision_of_batches",
    "wrong/torch_dropout_added",
}


def _selected(some: list[Entry], *, every: int) -> list[Entry]:
    return [entry for i, entry in enumerate(some) if ALL or i % every == 0 or entry.name in MISJUDGED]


RIGHT = [entry for entry in entries().values() if entry.name.startswith("right/")]
WRONG = [entry for entry in entries().values() if entry.name.startswith("wrong/")]
WRONG_LAYERS = [entry for entry in WRONG if not entry.trains]
WRONG_TRAINING = [entry for entry in WRONG if entry.trains]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings()) as one:
        yield one


def _own_parts(entry: Entry) -> set[str]:
    """Parts that the fault touches: those it names and its base does not, and the network that uses a wrong layer."""
    base = entries().get(entry.base)
    before = set(base.loses) if base else set()
    parts = {pattern.partition(".")[0] for pattern in {*entry.loses, *entry.may_lose} - before}
    if parts & set(LAYERS):
        parts.add("mlp_numpy")
    return parts


def _only(entry: Entry, *, training: bool) -> tuple[str, ...]:
    graded = [
        part.id
        for part in RUBRIC.for_variant(entry.variant).parts
        if any(check.kind not in ("manual", "formula") for check in part.checks)
        and (part.id in TRAINING) == training
    ]
    if entry.base and "*" not in _own_parts(entry):
        graded = [part for part in graded if part in _own_parts(entry)]
    return tuple(f"{part}.*" for part in graded)


def disagreements(entry: Entry, report: Report) -> list[str]:
    """Checks that earned less, or more, than the manifest says."""
    said = []
    for check in report.checks:
        if check.verdict is Verdict.INTERNAL:
            said.append(f"{check.id}: a fault of the grader: {check.message}")
        lost = check.earned < check.points - 1e-9
        if lost and not entry.allows_loss(check.id):
            said.append(f"{check.id}: {check.verdict} {check.earned:g} of {check.points:g}: {check.message}")
        if not lost and entry.expects_loss(check.id):
            said.append(f"{check.id}: {check.verdict}, but {entry.about}")
    return said


def _grade(entry: Entry, folder: Path, sandbox: Sandbox, *, training: bool) -> Report:
    request = GradeRequest(
        write(entry.name, folder),
        rubric="uva_dl1_a1",
        variant=entry.variant,
        device="cpu",
        seed=SEED,
        only=_only(entry, training=training),
    )
    return grade_submission(request, sandbox=sandbox)


@pytest.mark.parametrize("entry", _selected(RIGHT, every=6), ids=lambda entry: entry.name)
def test_right_submission_keeps_its_points(entry: Entry, tmp_path: Path, sandbox: Sandbox) -> None:
    report = _grade(entry, tmp_path, sandbox, training=False)
    assert disagreements(entry, report) == []


@pytest.mark.parametrize("entry", _selected(WRONG_LAYERS, every=12), ids=lambda entry: entry.name)
def test_wrong_submission_loses_what_it_should(entry: Entry, tmp_path: Path, sandbox: Sandbox) -> None:
    report = _grade(entry, tmp_path, sandbox, training=False)
    assert disagreements(entry, report) == []


@pytest.mark.skipif(not ALL, reason="trains; GRADMARK_CORPUS=all runs it")
@pytest.mark.parametrize("entry", [*RIGHT, *WRONG_TRAINING], ids=lambda entry: entry.name)
def test_training_is_judged_as_it_should(entry: Entry, tmp_path: Path, sandbox: Sandbox) -> None:
    if not _only(entry, training=True):
        pytest.skip("this year's rubric has no training part")
    report = _grade(entry, tmp_path, sandbox, training=True)
    assert disagreements(entry, report) == []


def test_a_right_submission_claimed_to_be_wrong_is_a_disagreement(tmp_path: Path, sandbox: Sandbox) -> None:
    entry = Entry("right/closures", "planted", "2025", loses=("elu.forward",), base="planted")
    said = disagreements(entry, _grade(entry, tmp_path, sandbox, training=False))
    assert said == ["elu.forward: passed, but planted"]


def test_a_wrong_submission_claimed_to_be_right_is_a_disagreement(tmp_path: Path, sandbox: Sandbox) -> None:
    entry = Entry("wrong/elu_backward_is_relu", "planted", "2025", may_lose=("elu.forward",), base="planted")
    said = disagreements(entry, _grade(entry, tmp_path, sandbox, training=False))
    assert [line.split(":")[0] for line in said] == ["elu.gradient"]
