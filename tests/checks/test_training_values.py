"""Numbers out of whatever a submission's ``train`` returns, and the statistics about them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from grader.checks.training import learnt_here
from grader.checks.training_arguments import bend_of
from grader.checks.training_budget import Budget, arguments
from grader.checks.training_images import predicted
from grader.checks.training_statistics import cross_entropy, exceeds, lower_bound, upper_bound
from grader.checks.training_values import accuracies, accuracy_of, losses_in, row_of_accuracies
from grader.sandbox import Opaque


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ([0.3, 0.4], (0.3, 0.4)),
        ((30.0, 41.5), (0.3, 0.415)),
        (np.array([0.3, 0.4]), (0.3, 0.4)),
        ([np.array(0.3), np.array([0.4])], (0.3, 0.4)),
        ([{"accuracy": 0.3, "precision": [1, 2]}, {"accuracy": 0.4}], (0.3, 0.4)),
        ({"accuracy": [0.3, 0.4]}, (0.3, 0.4)),
        ({2: 0.4, 1: 0.3}, (0.3, 0.4)),
        ([0, 1], (0.0, 1.0)),
        ([], None),
        (None, None),
        (Opaque("builtins.ellipsis"), None),
        ([0.3, float("nan")], None),
        ([0.3, -1.0], None),
        (["0.3"], None),
        (0.4, None),
    ],
)
def test_accuracies(value: object, read: object) -> None:
    assert accuracies(value) == pytest.approx(read) if read else accuracies(value) is None


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (0.41, 0.41),
        (41, 0.41),
        (np.array([[0.5]]), 0.5),
        ({"acc": 0.2}, 0.2),
        ([0.3], 0.3),
        (True, None),
        ("x", None),
    ],
)
def test_one_accuracy(value: object, read: float | None) -> None:
    assert accuracy_of(value) == read


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ([[2.3, 1.9], [0.3, 0.4]], 1),
        ([[12.0, 2.1, 1.9], [30.0, 41.0]], 1),
        ([[0.3, 0.4], [0.2, 0.1]], 0),
        ([None, [2.0, 3.0]], 1),
        ([0.4, {}], None),
    ],
)
def test_losses_are_not_taken_for_accuracies(values: list[object], place: int | None) -> None:
    assert row_of_accuracies(values) == place


def test_losses_are_found_wherever_they_are() -> None:
    assert losses_in([{"train": {"loss": [[3.0, 2.0], [1.0]]}, "val_loss": [9.0] * 9}]) == (3.0, 2.0, 1.0)
    assert losses_in([{"losses": np.array([2.0, 1.0])}, 0.4]) == (2.0, 1.0)
    assert losses_in([{"loss": None}, [0.1, 0.2], Opaque("x.Y")]) == ()


def test_bounds_hold_the_accuracy_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    seen = rng.binomial(500, 0.4, 4_000) / 500
    assert np.mean([upper_bound(p, 500, 0.99) < 0.4 for p in seen]) == pytest.approx(0.01, abs=0.006)
    assert np.mean([lower_bound(p, 500, 0.95) > 0.4 for p in seen]) == pytest.approx(0.05, abs=0.015)


def test_a_reported_accuracy_exceeds_by_chance_once_in_a_thousand() -> None:
    rng = np.random.default_rng(1)
    pairs = rng.binomial(5_000, 0.4, (20_000, 2)) / 5_000
    false_alarms = np.mean([exceeds(a, 5_000, b, 5_000)[0] for a, b in pairs])
    assert false_alarms == pytest.approx(0.001, abs=0.0008)
    assert exceeds(1.0, 5_000, 0.4, 5_000)[0]
    assert exceeds(0.45, 5_000, 0.4, 5_000)[0]
    assert not exceeds(0.3, 5_000, 0.4, 5_000)[0]
    assert not exceeds(0.0, 5_000, 0.0, 5_000)[0]


def test_cross_entropy_of_probabilities_and_of_logits_is_one() -> None:
    logits = np.random.default_rng(2).normal(size=(50, 10)) * 3
    labels = np.arange(50) % 10
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert cross_entropy(logits, labels) == pytest.approx(cross_entropy(probabilities, labels))
    assert math.isnan(cross_entropy(np.full((2, 10), np.nan), np.array([0, 1])))


def test_no_class_is_predicted_by_outputs_that_are_not_finite() -> None:
    assert predicted(np.array([[1.0, 2], [np.nan, 1], [np.inf, 0]])).tolist() == [1, -1, -1]


@pytest.mark.parametrize("as_probabilities", [False, True])
def test_bend_tells_affine_functions_from_others(as_probabilities: bool) -> None:
    rng = np.random.default_rng(3)
    one, other = rng.normal(size=(2, 20, 30))
    x = np.concatenate([one, other, (one + other) / 2])
    w = rng.normal(size=(30, 10)) / 4

    def shown(z: np.ndarray) -> np.ndarray:
        return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) if as_probabilities else z

    assert bend_of(shown(x @ w + 1)) < 1e-6
    assert bend_of(shown(np.maximum(x @ w, 0) * 2)) > 0.1


def test_saturated_probabilities_tell_nothing_about_a_bend() -> None:
    outputs = np.zeros((6, 10))
    outputs[range(6), [0, 1, 2, 3, 4, 5]] = 1.0
    assert np.isnan(bend_of(outputs))


def parameter(name: str, *, default: bool = False) -> dict[str, object]:
    return {"name": name, "kind": "either", "has_default": default, "default": None, "literal": True}


def test_arguments_follow_the_names_that_train_has() -> None:
    budget = Budget(hidden=(5,), rate=0.2, epochs=3)
    names = ["hidden_dims", "lr", "batch_size", "epochs", "seed", "data_dir"]
    assert arguments(budget, [parameter(name) for name in names])[1]["lr"] == 0.2
    other = ["n_hidden", "learning_rate", "batch_size", "num_epochs", "seed", "data_path"]
    assert arguments(budget, [parameter(name) for name in other])[1]["num_epochs"] == 3
    strange = ["a", "b", "c", "d", "e", "f"]
    assert arguments(budget, [parameter(name) for name in strange])[0] == ([5], 0.2, 128, 3, 42, "data/")
    with_norm = Budget(batch_norm=True)
    assert arguments(with_norm, [parameter("use_batch_norm")])[1] == {"use_batch_norm": True}
    assert arguments(budget, None)[1]["hidden_dims"] == [5]
    assert arguments(budget, [parameter("lr"), parameter("verbose", default=True)])[1] == {"lr": 0.2}


@pytest.mark.parametrize(
    ("private", "training", "learnt"),
    [(0.5, 0.6, True), (0.5, 0.48, True), (0.5, 0.37, True), (1.0, 0.11, False), (0.45, 0.1, False)],
)
def test_what_was_never_learnt_is_not_taken_for_training(
    private: float, training: float, learnt: bool
) -> None:
    assert learnt_here(private, 5_000, training, 1_000) is learnt
