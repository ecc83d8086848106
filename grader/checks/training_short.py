"""Short calls of ``train``, which show more than accuracy, and are made once for all checks that want the "
"same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from grader.checks.context import Context
from grader.checks.training_budget import Budget, Trial, asked_budget
from grader.checks.training_run import run_train
from grader.rubric import TrainingSpec

HELD_OUT = 1_000  # validation images, and test images
IMAGES = 2_000
SETS = ("validation", "public", "middles")


def short_budget(spec: TrainingSpec, **changes: Any) -> Budget:
    """One epoch of few images, with the rubric's other arguments, or changed ones."""
    short = replace(asked_budget(spec), epochs=1, images=min(IMAGES, spec.images), held_out=HELD_OUT)
    return replace(short, **changes)


def short_trial(context: Context, budget: Budget) -> Trial:
    """A short run, made once for all checks that want the same.

    Raises:
        CannotJudge: there is no model to judge.
    """
    key = f"training:{context.target}:short:{budget!r}"
    return context.once(key, lambda: run_train(context, budget, SETS))


def listed(values: tuple[float, ...] | None) -> str:
    """Accuracies in words."""
    if not values:
        return "nothing"
    shown = ", ".join(f"{value:.1%}" for value in values[:12])
    return shown + (", ..." if len(values) > 12 else "")
