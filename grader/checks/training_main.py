"""The run of the whole budget, made once for all checks that judge its model."""

from __future__ import annotations

from grader.checks.context import Context
from grader.checks.training_budget import Trial, asked_budget
from grader.checks.training_host import run_host_loop
from grader.checks.training_run import run_train
from grader.rubric import TrainingSpec

MAIN_SETS = ("training", "public", "private")


def main_trial(spec: TrainingSpec, context: Context) -> Trial:
    """The run of the whole budget; made once for all checks of a target that ask for the same one.

    Raises:
        CannotJudge: there is no model to judge.
    """
    budget = asked_budget(spec)
    run = run_host_loop if spec.loop == "host" else run_train
    key = f"training:{context.target}:{spec.loop}:{budget!r}"
    return context.once(key, lambda: run(context, budget, MAIN_SETS))
