"""Does the same seed give the same run?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from grader.checks.context import Context, Finding
from grader.checks.network_sizes import Fault
from grader.checks.support import printed
from grader.checks.training_budget import Trial
from grader.checks.training_images import predicted
from grader.checks.training_run import run_train
from grader.checks.training_short import listed, short_budget
from grader.model import Evidence, Verdict
from grader.rubric import TrainingSpec

HALF = 0.5  # share of the points where runs repeat, but not because of the seed
HINT = (
    "Three generators draw here: Python's, NumPy's and PyTorch's (the loader's order, too). Which are seeded?"
)
SEEDS = (11, 12)  # of the generators before a call, which a seeded train overrides


def repeats(spec: TrainingSpec, context: Context) -> Finding:
    """Call ``train`` twice with one seed, after seeding the generators differently, and with another seed.

    The second call is made in a process that knows nothing of the first, but where ``train`` has run before: neither a
    result that is kept for its arguments nor a generator that goes on where it was looks like a seed.
    """
    budget = short_budget(spec)
    first = run_train(context, budget, ("validation",), fresh_seed=SEEDS[0])
    with context.worker(readonly=(context.data().root,)) as worker:
        other, second = (
            run_train(context, asked, ("validation",), worker=worker, fresh_seed=seed)
            for asked, seed in zip((replace(budget, seed=budget.seed + 1), budget), SEEDS, strict=True)
        )
    fault = _differing(first, second) or _seed_ignored(first, other)
    one, two = (trial.outputs["validation"] for trial in (first, second))
    differing = float(np.mean(predicted(one) != predicted(two)))
    evidence = Evidence(
        what=f"two calls with seed {budget.seed} ({budget})",
        agreed=fault is None or fault.id != "T130",
        detail=f"the two models differ on {differing:.1%} of {len(one):,} validation images; "
        f"reported validation accuracies {listed(first.validation)} and {listed(second.validation)}",
        got=differing,
        want=0.0,
    )
    if fault is None:
        text = "The same seed gives the same model and the same accuracies."
        return Finding(Verdict.PASSED, text, evidence=(evidence,), output=printed(context))
    return Finding(
        Verdict.FAILED if fault.id == "T130" else Verdict.PARTIAL,
        f"{fault.text}.",
        share=HALF,
        hint=HINT if fault.id == "T130" else fault.diagnosis.hint,
        evidence=(evidence,),
        diagnoses=(fault.diagnosis,),
        output=printed(context),
    )


def _differing(first: Trial, second: Trial) -> Fault | None:
    """That two calls with one seed gave different models or accuracies."""
    if _same_model(first, second) and (
        first.validation == second.validation or _close(first.validation, second.validation)
    ):
        return None
    share = np.mean(predicted(first.outputs["validation"]) != predicted(second.outputs["validation"]))
    return Fault(
        "T130",
        f"Two calls with the same seed give different results: the models differ on {share:.1%} of the "
        f"validation images, accuracies {listed(first.validation)} and {listed(second.validation)}",
    )


def _seed_ignored(one: Trial, other: Trial) -> Fault | None:
    """That another seed gave the same model."""
    if not np.isfinite(one.outputs["validation"]).all() or not _same_model(one, other):
        return None
    seeds = f"{one.budget.seed} and {other.budget.seed}"
    return Fault(
        "T131",
        f"The same seed gives the same model, but so does another one: calls with seeds {seeds} end in one model",
    )


def _same_model(one: Trial, other: Trial) -> bool:
    first, second = one.outputs["validation"], other.outputs["validation"]
    return bool(np.allclose(first, second, rtol=1e-3, atol=1e-5, equal_nan=True))


def _close(one: tuple[float, ...] | None, two: tuple[float, ...] | None) -> bool:
    if one is None or two is None or len(one) != len(two):
        return False
    return all(abs(a - b) < 1e-3 for a, b in zip(one, two, strict=True))
