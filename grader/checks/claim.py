"""Do the reported numbers come out again?

A submission hands in numbers, the rubric says which of them is what. They are compared with themselves (the best
accuracy is the largest of its list) and with a run of the submission's own ``train`` here, whose model is measured by
the grader. What is only written, and cannot be run again, earns nothing.
"""

from __future__ import annotations

import numpy as np

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.reported import reported, value_at
from grader.checks.support import printed
from grader.checks.training_budget import Budget, Trial
from grader.checks.training_images import measure
from grader.checks.training_run import run_train
from grader.checks.training_values import accuracies, accuracy_of
from grader.data.dataset import VALIDATION_SIZE
from grader.errors import RubricError
from grader.model import Evidence, Verdict
from grader.rubric import ClaimSpec

EPOCHS = 10  # of the homework's default run, where no list of accuracies says how many
ROUNDING = 5e-4  # of a number written with three decimals
MEANINGS = ("test_accuracy", "best_validation_accuracy", "validation_accuracies")


def check_claim(spec: ClaimSpec, context: Context) -> Finding:
    """Read the claimed numbers, compare them with each other and with a run.

    Raises:
        RubricError: the rubric names a meaning that there is not.
    """
    wrong = [meaning for meaning in spec.values.values() if meaning not in MEANINGS]
    if wrong or not spec.values:
        named = f"{wrong[0]!r} is none of" if wrong else "no value is named; each means one of"
        raise RubricError(f"rubric {context.rubric.id}: {context.id}: values: {named} {', '.join(MEANINGS)}")
    claims = _claims(spec, context)
    lists = claims.get("validation_accuracies")
    epochs = len(lists) if isinstance(lists, tuple) else EPOCHS
    evidence = [
        *_with_themselves(claims),
        *_with_a_run(claims, _run(context, epochs), context, spec.tolerance),
    ]
    bad = [item for item in evidence if not item.agreed]
    if not bad:
        return Finding(
            Verdict.PASSED,
            "The reported numbers come out again.",
            evidence=tuple(evidence),
            output=printed(context),
        )
    share = 1 - len(bad) / len(evidence)
    return Finding(
        Verdict.PARTIAL if share else Verdict.FAILED,
        " ".join(f"{item.what}: {item.detail}." for item in bad[:3]),
        share=share,
        hint="Write the file in the run that gives the numbers, and hand in the code that made it.",
        evidence=tuple(sorted(evidence, key=lambda item: item.agreed)),
        output=printed(context),
    )


def _claims(spec: ClaimSpec, context: Context) -> dict[str, float | tuple[float, ...]]:
    content = reported(context, spec.file)
    found: dict[str, float | tuple[float, ...]] = {}
    for path, meaning in spec.values.items():
        raw = value_at(content, path)
        read = accuracies(raw) if meaning == "validation_accuracies" else accuracy_of(raw)
        if read is None:
            kind = "nothing" if raw is None else f"a {type(raw).__name__}"
            due = "a list of accuracies" if meaning == "validation_accuracies" else "an accuracy"
            raise CannotJudge(Finding(Verdict.MISSING, f"{spec.file}: {path}: found {kind}; {due} is due."))
        found[meaning] = read
    return found


def _with_themselves(claims: dict[str, float | tuple[float, ...]]) -> list[Evidence]:
    """The best of a list is its largest."""
    best, listed = claims.get("best_validation_accuracy"), claims.get("validation_accuracies")
    if not isinstance(best, float) or not isinstance(listed, tuple):
        return []
    agreed = abs(best - max(listed)) <= ROUNDING
    detail = f"reported {best:.4f}; the largest of the {len(listed)} reported ones is {max(listed):.4f}"
    return [
        Evidence(what="best validation accuracy", agreed=agreed, detail=detail, got=best, want=max(listed))
    ]


def _run(context: Context, epochs: int) -> Trial:
    """The homework's default run, made once for all claims about a target."""
    images, _ = context.data().train()
    budget = Budget(epochs=min(epochs, 50), images=len(images) - VALIDATION_SIZE)
    if "pytorch" in context.target[0] or "torch" in context.target[0]:
        budget = Budget(epochs=budget.epochs, images=budget.images, batch_norm=False)
    key = f"training:{context.target}:claim:{budget!r}"
    return context.once(key, lambda: run_train(context, budget, ("public", "private", "validation")))


def _with_a_run(
    claims: dict[str, float | tuple[float, ...]], trial: Trial, context: Context, tolerance: float
) -> list[Evidence]:
    test = np.mean([measure(context, trial, name)[0] for name in ("public", "private")])
    measured = {
        "test_accuracy": float(test),
        "best_validation_accuracy": measure(context, trial, "validation")[0],
    }
    found = []
    for meaning, value in measured.items():
        claimed = claims.get(meaning)
        if claimed is None and meaning == "best_validation_accuracy":
            listed = claims.get("validation_accuracies")
            claimed = max(listed) if isinstance(listed, tuple) else None
        if isinstance(claimed, float):
            found.append(_compared(meaning.replace("_", " "), claimed, value, tolerance, trial))
    return found


def _compared(what: str, claimed: float, measured: float, tolerance: float, trial: Trial) -> Evidence:
    return Evidence(
        what=what,
        agreed=abs(claimed - measured) <= tolerance,
        detail=f"reported {claimed:.4f}; a run here ({trial.budget}) measures {measured:.4f}",
        got=claimed,
        want=measured,
        abs_error=abs(claimed - measured),
        tolerance=tolerance,
        tolerance_reason="the rubric's, for seeds and machines",
    )
