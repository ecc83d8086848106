"""Do the reported numbers come out again?

A submission hands in numbers, the rubric says which of them is what. They are compared with a run of the submission's
own ``train`` here, whose model is measured by the grader, and with themselves (the best accuracy is the largest of its
list). What is only written, and does not come out again, earns nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.reported import reported, value_at
from grader.checks.reported_numbers import share_of, shares_in
from grader.checks.support import printed
from grader.checks.training_budget import Budget, Trial
from grader.checks.training_images import measure
from grader.checks.training_run import run_train
from grader.data.dataset import VALIDATION_SIZE
from grader.model import Curve, Evidence, Verdict
from grader.rubric import ClaimSpec

EPOCHS = 10  # of the homework's default run, where no list of accuracies says how many
LONGEST = 50  # accuracies of a list that has one for every epoch
ROUNDING = 5e-3 + 1e-9  # of a share written with two decimals
STAND_IN = 0.02  # by which the stand-in may differ from CIFAR-10, whose numbers are reported
ACCURACY = "an accuracy is due, from 0 to 1 or in percent"
LISTED = "a list of accuracies is due, one for each epoch"


@dataclass(frozen=True)
class Claims:
    """What is reported, as shares from 0 to 1."""

    test: float | None = None
    best: float | None = None
    listed: tuple[float, ...] | None = None
    unread: tuple[Evidence, ...] = ()  # values of the rubric that are not there, or are no accuracies

    @property
    def epochs(self) -> int:
        """Of the run that they are of."""
        return len(self.listed) if self.listed and len(self.listed) <= LONGEST else EPOCHS

    @property
    def largest(self) -> float | None:
        """Of the list; None if there is none."""
        return max((item for item in self.listed or () if not math.isnan(item)), default=None)


def check_claim(spec: ClaimSpec, context: Context) -> Finding:
    """Read the claimed numbers, compare them with a run and with each other.

    Raises:
        CannotJudge: none of them can be read, or there is no run to compare with.
    """
    claims = _read(spec, reported(context, spec.file))
    if claims == Claims(unread=claims.unread):
        text = " ".join(f"{spec.file}: {item.what}: {item.detail}." for item in claims.unread[:3])
        raise CannotJudge(Finding(Verdict.MISSING, text))
    trial = _run(context, claims.epochs)
    again = _with_a_run(claims, trial, context, spec.tolerance)
    evidence = [*claims.unread, *_with_themselves(claims), *again]
    bad = [item for item in evidence if not item.agreed]
    share = 1 - len(bad) / len(evidence) if any(item.agreed for item in again) else 0.0
    verdict = Verdict.PASSED if not bad else Verdict.PARTIAL if share else Verdict.FAILED
    message = (
        " ".join(f"{item.what}: {item.detail}." for item in bad[:3]) or "The reported numbers come out again."
    )
    hint = "Write the file in the run that gives the numbers, and hand in the code that made it."
    return Finding(
        verdict,
        message,
        share=share,
        hint=hint if bad else "",
        evidence=tuple(sorted(evidence, key=lambda item: item.agreed)),
        curves=_curves(claims, trial),
        output=printed(context),
    )


def _read(spec: ClaimSpec, content: Any) -> Claims:
    claims, unread = Claims(), []
    for path, meaning in spec.values.items():
        raw = value_at(content, path)
        if meaning == "validation_accuracies":
            series = shares_in(raw)
            claims = replace(claims, listed=series)
            if claims.largest is None:
                claims = replace(claims, listed=None)
                unread.append(_unread(path, raw, LISTED))
            continue
        one = share_of(raw)
        if one is None or math.isnan(one):
            unread.append(_unread(path, raw, ACCURACY))
        elif meaning == "test_accuracy":
            claims = replace(claims, test=one)
        else:
            claims = replace(claims, best=one)
    return replace(claims, unread=tuple(unread))


def _unread(path: str, raw: Any, due: str) -> Evidence:
    text = (
        repr(raw)[:60]
        if isinstance(raw, bool | int | float | str)
        else f"{_kind(raw)} of {len(raw)}"
        if raw
        else _kind(raw)
    )
    return Evidence(what=path, agreed=False, detail=f"found {text}; {due}")


def _kind(raw: Any) -> str:
    return (
        "nothing" if raw is None else "an object" if isinstance(raw, Mapping) else f"a {type(raw).__name__}"
    )


def _with_themselves(claims: Claims) -> list[Evidence]:
    """The best of a list is its largest; numbers may be rounded to two decimals."""
    best, largest = claims.best, claims.largest
    if best is None or largest is None or claims.listed is None:
        return []
    return [
        Evidence(
            what="best validation accuracy",
            agreed=abs(best - largest) <= ROUNDING,
            detail=f"reported {best:.4f}; the largest of the {len(claims.listed)} reported ones is {largest:.4f}",
            got=best,
            want=largest,
            tolerance=ROUNDING,
            tolerance_reason="numbers may be rounded to two decimals",
        )
    ]


def _run(context: Context, epochs: int) -> Trial:
    """The homework's default run, made once for all claims about a target."""
    images, _ = context.data().train()
    budget = Budget(epochs=epochs, images=len(images) - VALIDATION_SIZE)
    if "torch" in context.target[0]:
        budget = replace(budget, batch_norm=False)
    key = f"training:{context.target}:claim:{budget!r}"
    return context.once(key, lambda: run_train(context, budget, ("public", "private", "validation")))


def _with_a_run(claims: Claims, trial: Trial, context: Context, tolerance: float) -> list[Evidence]:
    test = float(np.mean([measure(context, trial, name)[0] for name in ("public", "private")]))
    validation, _ = measure(context, trial, "validation")
    best = claims.largest if claims.best is None else claims.best
    reason, where = "the rubric's, for seeds and machines", ""
    if context.data().kind != "cifar10":
        tolerance += STAND_IN
        where = " on the offline stand-in"
        reason += f", and {STAND_IN:g} as the offline stand-in is not CIFAR-10"
    return [
        Evidence(
            what=what,
            agreed=abs(claimed - measured) <= tolerance,
            detail=f"reported {claimed:.4f}; a run here{where} ({trial.budget}) measures {measured:.4f}",
            got=claimed,
            want=measured,
            abs_error=abs(claimed - measured),
            tolerance=tolerance,
            tolerance_reason=reason,
        )
        for what, claimed, measured in (
            ("test accuracy", claims.test, test),
            ("best validation accuracy in a run", best, validation),
        )
        if claimed is not None
    ]


def _curves(claims: Claims, trial: Trial) -> tuple[Curve, ...]:
    """The reported accuracies, and those of the run here."""
    rows = {"reported": claims.listed, "run here": trial.validation}
    return tuple(
        Curve(
            name=f"{who}: validation accuracy",
            x=tuple(float(epoch) for epoch in range(1, len(row) + 1)),
            y=tuple(row),
            y_label="accuracy",
        )
        for who, row in rows.items()
        if row and claims.listed
    )
