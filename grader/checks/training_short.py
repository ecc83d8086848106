"""Short calls of ``train``, which show more than accuracy, and are made once for all checks that want the "
"same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from grader.checks.context import CannotJudge, Context
from grader.checks.training_budget import Budget, Trial
from grader.checks.training_images import image_set, predicted
from grader.checks.training_run import run_train
from grader.rubric import TrainingSpec

HELD_OUT = 1_000  # validation images, and test images
IMAGES = 2_000
SETS = ("validation", "public", "middles")


def short_budget(spec: TrainingSpec, **changes: Any) -> Budget:
    """One epoch of few images, with the rubric's other arguments, or changed ones."""
    budget = Budget(
        hidden=spec.hidden_dims,
        rate=spec.learning_rate,
        batch_norm=spec.batch_norm,
        batch_size=spec.batch_size,
        epochs=1,
        images=min(IMAGES, spec.images),
        held_out=HELD_OUT,
    )
    return replace(budget, **changes)


def short_trial(context: Context, budget: Budget) -> Trial:
    """A short run, made once for all checks that want the same.

    Raises:
        CannotJudge: there is no model to judge.
    """
    key = f"training:{context.target}:short:{budget!r}"
    if key not in context.facts:
        try:
            context.facts[key] = run_train(context, budget, SETS)
        except CannotJudge as reason:
            context.facts[key] = reason
    found: Trial | CannotJudge = context.facts[key]
    if isinstance(found, CannotJudge):
        raise found
    return found


def measured(context: Context, trial: Trial, name: str) -> float:
    """Accuracy of the returned model on a set of images."""
    _, labels = image_set(context.data(), name, trial.budget)
    return float(np.mean(predicted(trial.outputs[name]) == labels))


def listed(values: tuple[float, ...] | None) -> str:
    """Accuracies in words."""
    if not values:
        return "nothing"
    shown = ", ".join(f"{value:.1%}" for value in values[:12])
    return shown + (", ..." if len(values) > 12 else "")
