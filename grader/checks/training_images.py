"""The sets of images that a trained model is asked about, and the forms in which models take them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grader.checks.context import Context
from grader.checks.training_budget import Budget, Floats, Trial
from grader.data import DataSet
from grader.data.dataset import VALIDATION_SIZE, train_rows, validation_rows

FORMS = ("flat", "images", "height, width, channel")
MIDDLES = 64  # images between which lie the middles that show whether a model is affine


def image_set(data: DataSet, name: str, budget: Budget) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images and labels of a set, cut as the budget cuts them."""
    if name == "private":
        return data.private_images, data.private_labels
    if name == "public":
        images, labels = data.public()
        return images[: budget.held_out], labels[: budget.held_out]
    images, labels = data.train()
    if name == "middles":
        return _middles(images[:MIDDLES], images[MIDDLES : 2 * MIDDLES]), labels[: 3 * MIDDLES]
    size = min(VALIDATION_SIZE, len(labels))
    if name == "validation":
        rows = validation_rows(len(labels), size=size)[: budget.held_out]
    else:
        rows = train_rows(len(labels), size=size)[: min(budget.images, 1_000)]
    return images[rows], labels[rows]


def _middles(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Images, others, and the exact middles between them; others change by 1 where there is no middle."""
    other = (other ^ ((one ^ other) & 1)).astype(np.uint8)
    middle = ((one.astype(np.uint16) + other) // 2).astype(np.uint8)
    return np.concatenate([one, other, middle])


def predicted(outputs: Floats) -> NDArray[np.int64]:
    """(N,) the class with the largest output; -1 where an output is not finite."""
    found = np.argmax(np.nan_to_num(outputs, nan=-np.inf), axis=1)
    return np.where(np.isfinite(outputs).all(axis=1), found, -1).astype(np.int64)


def measure(context: Context, trial: Trial, name: str) -> tuple[float, int]:
    """Accuracy of the returned model on a set of images, and how many they are."""
    _, labels = image_set(context.data(), name, trial.budget)
    return float(np.mean(predicted(trial.outputs[name]) == labels)), len(labels)


def formed(images: NDArray[np.float32], form: str) -> NDArray[np.float32]:
    if form == "images":
        return images
    if form == "flat":
        return images.reshape(len(images), -1)
    return np.ascontiguousarray(images.transpose(0, 2, 3, 1)).reshape(len(images), -1)


def formed_shape(form: str) -> tuple[int, ...]:
    return (3, 32, 32) if form == "images" else (3072,)
