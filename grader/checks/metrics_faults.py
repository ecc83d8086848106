"""Which well-known mistake gives the numbers that a metrics function returned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from grader.checks.metrics_batches import CLASSES, Batch, is_number, metrics_of
from grader.checks.network_sizes import Fault
from grader.numerics import Array, compare

CLOSE = 1e-4


def accuracy_fault(got: Sequence[object], batches: Sequence[Batch]) -> Fault | None:
    """A mistake that gives these values for these batches; None if none does."""
    values = _numbers(got)
    if values is None:
        return None
    due = [batch.accuracy for batch in batches]
    sizes = [len(batch.labels) for batch in batches]
    guesses: list[tuple[Fault, list[float]]] = [
        (Fault("M102", "these are percent, and a share from 0 to 1 is due"), [100 * a for a in due]),
        (Fault("M103", "these are numbers of rows, and a share from 0 to 1 is due"), _times(due, sizes)),
        (Fault("M104", "this is the share of wrong rows"), [1 - a for a in due]),
        (
            Fault("M105", "the count of right rows is divided by the number of classes"),
            [count / CLASSES for count in _times(due, sizes)],
        ),
    ]
    return _first(guesses, values)


def column_fault(got: object, square: Batch) -> Fault | None:
    """That a batch with as many rows as classes is judged by columns; other batches of that code raise."""
    values = _numbers([got])
    by_column = float((square.predictions.argmax(axis=0) == square.labels).mean())
    if values is None or abs(values[0] - by_column) > CLOSE:
        return None
    return Fault("M101", "the largest value of each column is taken, not of each row")


def evaluate_fault(got: object, parts: Sequence[Batch]) -> Fault | None:
    """The same for the average over batches, of which the last one is smaller."""
    values = _numbers([got])
    if values is None:
        return None
    sizes, each = [len(part.labels) for part in parts], [part.accuracy for part in parts]
    hits, count = sum(_times(each, sizes)), sum(sizes)
    full, whole = sizes[0], [part for part in parts if len(part.labels) == sizes[0]]
    guesses: list[tuple[Fault, float]] = [
        (
            Fault("M110", "it is the mean of the batches' means, and the last batch is smaller"),
            float(np.mean(each)),
        ),
        (Fault("M102", "it is in percent, and a share from 0 to 1 is due"), 100 * hits / count),
        (Fault("M111", "it is the last batch's"), each[-1]),
        (Fault("M115", "it is the first batch's"), each[0]),
        (
            Fault("M112", "the smaller last batch is left out"),
            float(np.mean([part.accuracy for part in whole])),
        ),
        (Fault("M113", "every batch is counted as a full one"), hits / (full * len(parts))),
        (Fault("M114", "it is the sum of the batches' accuracies"), sum(each)),
        (Fault("M103", "it is a number of images"), hits),
        (Fault("M104", "it is the share of wrong images"), 1 - hits / count),
    ]
    return _first([(fault, [value]) for fault, value in guesses], values)


def matrix_fault(got: Sequence[object], batches: Sequence[Batch]) -> Fault | None:
    """The same for a confusion matrix."""
    for value, batch in zip(got, batches, strict=True):
        if not isinstance(value, np.ndarray) or value.shape != batch.confusion.shape:
            return None
        shares = (batch.confusion / len(batch.labels), batch.confusion.T / len(batch.labels))
        if not any(np.allclose(value, share, atol=CLOSE) for share in shares):
            return None
    return Fault("M126", "these are shares, and counts are due")


def metrics_fault(got: Mapping[str, Array], confusion: Array, beta: float) -> Fault | None:
    """The same for precision, recall and F-beta, at a beta that is not 1, by their names."""
    due = metrics_of(confusion, beta)
    p, r = due["precision"], due["recall"]
    hits = np.diag(confusion)
    guesses: list[tuple[Fault, dict[str, Array]]] = [
        (Fault("M120", "precision and recall are swapped"), {"precision": r, "recall": p}),
        (Fault("M121", "beta is not squared"), {"f1_beta": (1 + beta) * p * r / (beta * p + r)}),
        (
            Fault("M121", "beta is not squared in the denominator"),
            {"f1_beta": (1 + beta**2) * p * r / (beta * p + r)},
        ),
        (Fault("M122", "beta has no effect"), {"f1_beta": metrics_of(confusion, 1.0)["f1_beta"]}),
        (
            Fault("M123", "beta weighs the precision in place of the recall"),
            {"f1_beta": (1 + beta**2) * p * r / (p + beta**2 * r)},
        ),
        (Fault("M124", "the factor 1 + beta**2 is missing"), {"f1_beta": p * r / (beta**2 * p + r)}),
        (
            Fault("M125", "the mean over the classes is given; one value for each class is due"),
            {"precision": p.mean(), "recall": r.mean()},
        ),
        (
            Fault("M127", "precision and recall are divided by the sum of the whole matrix"),
            {"precision": hits / confusion.sum(), "recall": hits / confusion.sum()},
        ),
    ]
    for fault, wrong in guesses:
        if all(
            name in got and compare(got[name], np.asarray(value), relative=1e-4, ones_are_free=True).agreed
            for name, value in wrong.items()
        ):
            return fault
    return None


def _numbers(got: Sequence[object]) -> list[float] | None:
    if not all(is_number(item) for item in got):
        return None
    return [float(np.asarray(item)) for item in got]


def _times(values: Sequence[float], sizes: Sequence[int]) -> list[float]:
    return [value * size for value, size in zip(values, sizes, strict=True)]


def _first(guesses: Sequence[tuple[Fault, Sequence[float]]], values: Sequence[float]) -> Fault | None:
    """The first guess that fits."""
    return next(
        (fault for fault, wanted in guesses if np.allclose(values, wanted, atol=CLOSE, rtol=CLOSE)), None
    )
