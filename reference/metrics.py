"""How good predictions are: confusion matrix, accuracy, precision, recall and F-beta."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reference.layers import Array


def predicted_classes(predictions: Array) -> Array:
    """(N,) class indices: of scores (N, C) the first largest of each row; (N,) indices stay as they are."""
    return np.asarray(predictions) if np.ndim(predictions) == 1 else np.argmax(predictions, axis=1)


def accuracy(predictions: Array, targets: Array) -> float:
    """Share of right predictions, in [0, 1].

    Args:
        predictions: (N, C) scores or (N,) class indices; N at least 1.
        targets: (N,) class indices.

    Raises:
        ValueError: if there are not as many predictions as targets.
    """
    predicted = _fitting(predictions, targets)
    return float(np.mean(predicted == targets))


def confusion_matrix(predictions: Array, targets: Array, num_classes: int | None = None) -> Array:
    """Counts of (true class, predicted class).

    Args:
        predictions: (N, C) scores or (N,) class indices.
        targets: (N,) class indices.
        num_classes: C; None: the number of scores, or the largest index that occurs plus one.

    Returns:
        (C, C) int64; rows are true classes, columns are predicted ones.

    Raises:
        ValueError: if there are not as many predictions as targets, or an index is not in [0, C).
    """
    predicted = _fitting(predictions, targets)
    if num_classes is None:
        scores = np.ndim(predictions) == 2
        largest = max(np.max(predicted, initial=-1), np.max(targets, initial=-1))
        num_classes = np.shape(predictions)[1] if scores else int(largest) + 1
    for indices in (predicted, targets):
        if np.any((indices < 0) | (indices >= num_classes)):
            raise ValueError(f"class indices outside 0 to {num_classes - 1}")
    matrix = np.zeros((num_classes, num_classes), np.int64)
    np.add.at(matrix, (targets, predicted), 1)
    return matrix


def accuracy_of(matrix: Array) -> float:
    """Share of right predictions from a confusion matrix (C, C); NaN for no predictions at all."""
    total = float(np.sum(matrix))
    return float(np.trace(matrix)) / total if total else float("nan")


def precision(matrix: Array, *, undefined: float = 0.0) -> Array:
    """(C,): of what was predicted as a class, the share that is of it; ``undefined`` where nothing was."""
    return _ratio(np.diagonal(matrix), np.sum(matrix, axis=0), undefined)


def recall(matrix: Array, *, undefined: float = 0.0) -> Array:
    """(C,): of what is of a class, the share that was predicted as it; ``undefined`` where nothing is."""
    return _ratio(np.diagonal(matrix), np.sum(matrix, axis=1), undefined)


def f_beta(matrix: Array, *, beta: float = 1.0, undefined: float = 0.0) -> Array:
    """(C,): ``(1 + beta^2) P R / (beta^2 P + R)``, recall weighing beta times as much as precision.

    In counts, ``(1 + beta^2) TP / ((1 + beta^2) TP + beta^2 FN + FP)``, which is 0 and not undefined where a
    class occurs but no prediction of it is right; ``undefined`` where it neither occurs nor is predicted.
    """
    right = np.diagonal(matrix)
    true, predicted = np.sum(matrix, axis=1), np.sum(matrix, axis=0)
    return _ratio((1 + beta**2) * right, beta**2 * true + predicted, undefined)


def average_over_batches(values: Sequence[float], sizes: Sequence[int]) -> float:
    """Mean over all samples of a value known per batch: batches weigh by their size.

    Raises:
        ValueError: if there are not as many values as sizes, or no samples at all.
    """
    if len(values) != len(sizes):
        raise ValueError(f"{len(values)} values for {len(sizes)} batches; expected as many")
    if sum(sizes) <= 0:
        raise ValueError("no samples to average over")
    return float(np.average(values, weights=sizes))


def _fitting(predictions: Array, targets: Array) -> Array:
    """The predicted classes, as many as there are targets."""
    predicted = predicted_classes(predictions)
    if predicted.shape != np.shape(targets):
        raise ValueError(f"{predicted.shape} predictions for {np.shape(targets)} targets; expected as many")
    return predicted


def _ratio(numerator: Array, denominator: Array, undefined: float) -> Array:
    """Elementwise quotient, ``undefined`` where the denominator is 0."""
    filled = np.full(np.shape(denominator), undefined, np.float64)
    return np.divide(numerator, denominator, out=filled, where=denominator != 0)
