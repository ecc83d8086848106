"""Does the same seed give the same run?"""

from __future__ import annotations

import numpy as np

from grader.checks.context import Context, Finding
from grader.checks.support import printed
from grader.checks.training_images import predicted
from grader.checks.training_run import run_train
from grader.checks.training_short import listed, short_budget
from grader.diagnose import name_fault
from grader.model import Evidence, Verdict
from grader.rubric import TrainingSpec

SEEDS = (11, 12)  # of the generators before a call, which a seeded train overrides


def repeats(spec: TrainingSpec, context: Context) -> Finding:
    """Call ``train`` twice with one seed, after seeding the generators differently."""
    budget = short_budget(spec)
    with context.worker(readonly=(context.data().root,)) as worker:
        first, second = (
            run_train(context, budget, ("validation",), worker=worker, fresh_seed=seed) for seed in SEEDS
        )
    one, two = first.outputs["validation"], second.outputs["validation"]
    same = bool(np.allclose(one, two, rtol=1e-3, atol=1e-5, equal_nan=True))
    lists = first.validation == second.validation or _close(first.validation, second.validation)
    differing = float(np.mean(predicted(one) != predicted(two)))
    evidence = Evidence(
        what=f"two calls with seed {budget.seed} ({budget})",
        agreed=same and lists,
        detail=f"the two models differ on {differing:.1%} of {len(one):,} validation images; "
        f"reported validation accuracies {listed(first.validation)} and {listed(second.validation)}",
        got=differing,
        want=0.0,
    )
    if same and lists:
        return Finding(
            Verdict.PASSED,
            "The same seed gives the same model and the same accuracies.",
            evidence=(evidence,),
            output=printed(context),
        )
    return Finding(
        Verdict.FAILED,
        f"Two calls with the same seed give different results: the models differ on {differing:.1%} of the "
        f"validation images, accuracies {listed(first.validation)} and {listed(second.validation)}.",
        hint="Three generators draw here: Python's, NumPy's and PyTorch's (the loader's order, too). Which are seeded?",
        evidence=(evidence,),
        diagnoses=(name_fault("T130"),),
        output=printed(context),
    )


def _close(one: tuple[float, ...] | None, two: tuple[float, ...] | None) -> bool:
    if one is None or two is None or len(one) != len(two):
        return False
    return all(abs(a - b) < 1e-3 for a, b in zip(one, two, strict=True))
