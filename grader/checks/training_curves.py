"""Loss and accuracy over epochs: the submission's, and the reference's with the same budget beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from grader.checks.training_budget import Budget, Trial
from grader.data import DataSet
from grader.data.dataset import train_rows
from grader.model import Curve
from grader.truth import training_run

if TYPE_CHECKING:
    from grader.truth import TrainingRun

CURVE = 200  # points of a curve at most
_runs: dict[tuple[Path, Budget], TrainingRun] = {}


def curves(data: DataSet, trial: Trial) -> tuple[Curve, ...]:
    """The submission's own curves, thinned, with the reference's; none where the submission returned none."""
    own = _pair("submission", trial.losses, trial.validation or (), trial.budget.epochs)
    if not own:
        return ()
    run = _reference(data, trial.budget)
    wanted = {curve.y_label for curve in own}
    theirs = _pair("reference", run.losses, run.validation_accuracies, trial.budget.epochs)
    return (*own, *(curve for curve in theirs if curve.y_label in wanted))


def _reference(data: DataSet, budget: Budget) -> TrainingRun:
    """The reference's run, made once per process for all submissions that get the same budget."""
    if (data.root, budget) not in _runs:
        images, labels = data.train()
        rows = train_rows(len(labels))[: budget.images]
        _runs[data.root, budget] = training_run(
            (images[rows], labels[rows]),
            data.validation(),
            hidden=budget.hidden,
            rate=budget.rate,
            batch_norm=bool(budget.batch_norm),
            batch_size=budget.batch_size,
            epochs=budget.epochs,
        )
    return _runs[data.root, budget]


def _pair(who: str, losses: Sequence[float], accuracies: Sequence[float], epochs: int) -> tuple[Curve, ...]:
    found = []
    if losses:
        found.append(_losses(f"{who}: training loss", losses, epochs))
    if accuracies:
        numbers = tuple(float(epoch) for epoch in range(1, len(accuracies) + 1))
        name = f"{who}: validation accuracy"
        found.append(Curve(name=name, x=numbers, y=tuple(accuracies), y_label="accuracy"))
    return tuple(found)


def _losses(name: str, values: Sequence[float], epochs: int) -> Curve:
    """Losses over epochs; of several steps, their mean."""
    parts = np.array_split(np.asarray(values), min(len(values), CURVE))
    ends = np.cumsum([len(part) for part in parts]) / len(values) * epochs
    means = tuple(float(np.mean(part)) for part in parts)
    return Curve(name=name, x=tuple(float(end) for end in ends), y=means, y_label="loss")
