"""Drawn predictions with labels, what is right about them, and how a metrics function is called with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.checks.context import Context
from grader.checks.support import keep_output
from grader.numerics import Array
from grader.rubric import MetricsSpec
from grader.sandbox import Program, Reply, Worker

CLASSES = 10


@dataclass(frozen=True)
class Batch:
    """Predictions (N, C), class numbers (N,) and what is right about them."""

    predictions: Array
    labels: Array

    @property
    def confusion(self) -> Array:
        """(C, C) counts, true classes in rows."""
        matrix = np.zeros((CLASSES, CLASSES))
        np.add.at(matrix, (self.labels, self.predictions.argmax(axis=1)), 1)
        return matrix

    @property
    def accuracy(self) -> float:
        """Share of rows whose largest prediction is at the label."""
        return float((self.predictions.argmax(axis=1) == self.labels).mean())


def metrics_of(confusion: Array, beta: float) -> dict[str, Array]:
    """Accuracy, and precision, recall and F-beta of each class, from counts with true classes in rows."""
    hits = np.diag(confusion)
    precision, recall = hits / confusion.sum(axis=0), hits / confusion.sum(axis=1)
    f_beta = (1 + beta**2) * precision * recall / (beta**2 * precision + recall)
    return {
        "accuracy": hits.sum() / confusion.sum(),
        "precision": precision,
        "recall": recall,
        "f1_beta": f_beta,
    }


def draw(rng: np.random.Generator, n: int, *, every_class: bool = False) -> Batch:
    """Predictions that are right about half of the time; the highest class may be absent."""
    labels = rng.integers(0, CLASSES - (0 if every_class else 2), n)
    if every_class:
        labels[:CLASSES] = np.arange(CLASSES)
    logits = rng.standard_normal((n, CLASSES)) + 1.6 * np.eye(CLASSES)[labels]
    exps = np.exp(logits)
    return Batch(exps / exps.sum(axis=1, keepdims=True), labels.astype(np.int64))


def numbers(program: Program, spec: MetricsSpec, array: Array) -> Any:
    return (
        program.tensor(array, dtype="int64" if array.dtype.kind == "i" else "float32")
        if spec.torch
        else array
    )


def forms(labels: Array) -> dict[str, Array]:
    return {"integers": labels, "one-hot": np.eye(CLASSES)[labels]}


def call_each(context: Context, spec: MetricsSpec, worker: Worker, calls: list[tuple[Array, Array]]) -> Reply:
    module, name = context.target
    program = Program()
    function = program.import_(module).attr(name)
    for number, arguments in enumerate(calls):
        with program.attempt(f"call {number}"):
            given = [numbers(program, spec, a) for a in arguments]
            program.send(f"{number}", program.call(function, *given))
    reply = worker.run(program, timeout=context.seconds)
    keep_output(context, reply)
    return reply


def scalar(value: object) -> object:
    """A number, or an array of one, as float64; anything else as it is."""
    if isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "fiub":
        return np.asarray(value, np.float64).reshape(())
    return float(value) if isinstance(value, (int, float)) else value


def is_number(value: object) -> bool:
    """Whether ``scalar`` made it a number: no accuracy for each row, nothing complex."""
    return isinstance(value, float) or (
        isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind == "f"
    )
