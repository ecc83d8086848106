"""Metrics on cases small enough to count by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reference.metrics import (
    accuracy,
    accuracy_of,
    average_over_batches,
    confusion_matrix,
    f_beta,
    precision,
    predicted_classes,
    recall,
)

TARGETS = np.array([0, 0, 0, 1, 1, 2])
PREDICTED = np.array([0, 0, 1, 1, 0, 1])
MATRIX = np.array([[2, 1, 0], [1, 1, 0], [0, 1, 0]])  # rows: true, columns: predicted
SCORES = np.eye(3)[PREDICTED] * 0.5


def test_rows_are_true_classes_and_columns_predicted_ones() -> None:
    np.testing.assert_array_equal(confusion_matrix(SCORES, TARGETS), MATRIX)
    np.testing.assert_array_equal(confusion_matrix(PREDICTED, TARGETS), MATRIX)
    assert confusion_matrix(PREDICTED, TARGETS).dtype == np.int64


def test_classes_that_do_not_occur_have_their_rows() -> None:
    assert confusion_matrix(PREDICTED, TARGETS, 5).shape == (5, 5)
    assert confusion_matrix(np.zeros((1, 7)), np.array([0])).shape == (7, 7)
    np.testing.assert_array_equal(confusion_matrix(PREDICTED, TARGETS, 5)[:3, :3], MATRIX)


def test_accuracy() -> None:
    assert accuracy(SCORES, TARGETS) == pytest.approx(3 / 6)
    assert accuracy_of(MATRIX) == pytest.approx(3 / 6)
    assert math.isnan(accuracy_of(np.zeros((2, 2))))


def test_first_of_equal_scores_is_predicted() -> None:
    assert predicted_classes(np.array([[1.0, 1.0], [0.0, 2.0]])).tolist() == [0, 1]


def test_precision_and_recall() -> None:
    np.testing.assert_allclose(precision(MATRIX), [2 / 3, 1 / 3, 0])
    np.testing.assert_allclose(recall(MATRIX), [2 / 3, 1 / 2, 0])
    assert math.isnan(precision(MATRIX, undefined=math.nan)[2])
    assert recall(MATRIX, undefined=math.nan)[2] == 0


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
def test_f_beta_is_the_weighted_harmonic_mean(beta: float) -> None:
    p, r = precision(MATRIX)[:2], recall(MATRIX)[:2]
    want = (1 + beta**2) * p * r / (beta**2 * p + r)
    np.testing.assert_allclose(f_beta(MATRIX, beta=beta)[:2], want)
    assert f_beta(MATRIX, beta=beta, undefined=math.nan)[2] == 0


def test_f_beta_of_a_class_that_nowhere_occurs_is_undefined() -> None:
    assert math.isnan(f_beta(np.diag([3, 0]), undefined=math.nan)[1])


def test_batches_weigh_by_their_size() -> None:
    assert average_over_batches([1.0, 0.0], [3, 1]) == pytest.approx(0.75)


def test_messages() -> None:
    with pytest.raises(ValueError, match=r"\(1,\) predictions for \(2,\) targets"):
        accuracy(np.array([0]), np.array([0, 1]))
    with pytest.raises(ValueError, match=r"\(2, 1\) targets"):
        accuracy(np.array([0, 1]), np.array([[0], [1]]))
    with pytest.raises(ValueError, match="class indices outside 0 to 1"):
        confusion_matrix(np.array([0, 2]), np.array([0, 1]), 2)
    with pytest.raises(ValueError, match="class indices outside 0 to 1"):
        confusion_matrix(np.array([0, 1]), np.array([0, -1]), 2)
    with pytest.raises(ValueError, match="1 values for 2 batches"):
        average_over_batches([1.0], [1, 2])
    with pytest.raises(ValueError, match="no samples"):
        average_over_batches([], [])
