"""The run of the whole budget, made once for all checks that judge its model."""

from __future__ import annotations

import numpy as np

from grader.checks.context import CannotJudge, Context
from grader.checks.training_budget import Budget, Trial
from grader.checks.training_host import run_host_loop
from grader.checks.training_images import image_set, predicted
from grader.checks.training_run import run_train
from grader.rubric import TrainingSpec

MAIN_SETS = ("training", "public", "private")


def main_trial(spec: TrainingSpec, context: Context) -> Trial:
    """The run of the whole budget; made once for all checks of a target that ask for the same one.

    Raises:
        CannotJudge: there is no model to judge.
    """
    budget = Budget(
        hidden=spec.hidden_dims,
        rate=spec.learning_rate,
        batch_norm=spec.batch_norm,
        batch_size=spec.batch_size,
        epochs=spec.epochs,
        images=spec.images,
    )
    key = f"training:{context.target}:{spec.loop}:{budget!r}"
    if key not in context.facts:
        try:
            run = run_host_loop if spec.loop == "host" else run_train
            context.facts[key] = run(context, budget, MAIN_SETS)
        except CannotJudge as reason:
            context.facts[key] = reason
    found: Trial | CannotJudge = context.facts[key]
    if isinstance(found, CannotJudge):
        raise found
    return found


def measure(context: Context, trial: Trial, name: str) -> tuple[float, int]:
    """Accuracy on a set of images, and how many they are."""
    _, labels = image_set(context.data(), name, trial.budget)
    return float(np.mean(predicted(trial.outputs[name]) == labels)), len(labels)
