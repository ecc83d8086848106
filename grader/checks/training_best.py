"""Does the best model on validation come back?

It cannot be seen from accuracies alone. So the training labels are shifted by one class after some epochs: training on
gets worse, and the model of the epochs before must come back. The labels of the test images are shifted from the start:
where they decide, the model of the last epochs comes back.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from grader.checks.context import Context, Finding
from grader.checks.support import printed
from grader.checks.training_budget import CLASSES, Trial
from grader.checks.training_choice import chosen_on_test, failed, tested_instead, unseen, validated_by_heart
from grader.checks.training_images import image_set, measure, predicted
from grader.checks.training_short import listed, short_budget, short_trial
from grader.diagnose import name_fault
from grader.model import Evidence, Verdict
from grader.rubric import TrainingSpec

IMAGES = 4_000
CLEAN, SPOILT = 2, 2  # epochs with right labels, then epochs with labels shifted by one class
SPOILING = f"training labels are right in the first {CLEAN} epochs and shifted by one class after that"
DROP = 0.08  # of validation accuracy, that spoilt labels must cause before anything is concluded
LONGER = (2.0, 1.5, 3.0, 1.0, 5.0, 10.0)  # times the learning rate, with which accuracy rises and falls
SHORTER = 4.0  # times shorter steps, with which the loss falls in each epoch
ROUNDS = 6  # epochs in which it does
FALL = 0.015  # of it, that steps that are too long must cause
SAME = 0.03  # difference between a reported accuracy and a measured one that means the same model


def best_model(spec: TrainingSpec, context: Context) -> Finding:
    """Train two epochs with right labels and two with shifted ones: the model of the first two must come back."""
    images = min(IMAGES, spec.images)
    budget = short_budget(spec, epochs=CLEAN + SPOILT, images=images, spoil_after=CLEAN, test_shift=1)
    trial = short_trial(context, budget)
    returned = measure(context, trial, "validation")[0]
    found = (
        _spoilt_without_list(trial, returned)
        if trial.validation is None
        else _judge_best(context, trial, returned)
    )
    if found.verdict is Verdict.PASSED:
        found = _another_tested(context, trial) or found
    evidence = Evidence(
        what="returned model on the validation images",
        agreed=found.verdict is Verdict.PASSED,
        detail=f"{returned:.1%}; reported after each epoch: {listed(trial.validation)} "
        f"({SPOILING if trial.spoilt else 'training labels are kept from the first epoch on'})",
        got=returned,
        want=max(trial.validation) if trial.validation else None,
    )
    return Finding(
        found.verdict,
        found.message,
        share=found.share,
        hint=found.hint,
        evidence=(evidence, *found.evidence),
        diagnoses=found.diagnoses,
        output=printed(context),
    )


def _another_tested(context: Context, trial: Trial) -> Finding | None:
    """That the reported test accuracy belongs to another model than the returned one."""
    _, labels = image_set(context.data(), "public", trial.budget)
    shifted = (labels + trial.budget.test_shift) % CLASSES
    tested = float(np.mean(predicted(trial.outputs["public"]) == shifted))
    if trial.test is None or not trial.tested or abs(trial.test - tested) <= SAME + 0.02:
        return None
    text = (
        f"The best model comes back, but the reported test accuracy {trial.test:.1%} belongs to another one: the "
        f"returned model is right on {tested:.1%} of the same images (whose labels were shifted for this run)."
    )
    hint = "Is the best model restored before it is tested?"
    return Finding(Verdict.PARTIAL, text, share=0.5, hint=hint, diagnoses=(name_fault("T105"),))


def _spoilt_without_list(trial: Trial, returned: float) -> Finding:
    text = (
        f"train returns no validation accuracies (it returned {trial.returned}); one for each epoch is due."
    )
    if trial.spoilt and returned > 0.1 + DROP:
        return Finding(Verdict.PARTIAL, text + " A model from before the worse epochs comes back.", share=0.5)
    return Finding(Verdict.FAILED, text, diagnoses=(name_fault("T104"),))


def _judge_best(context: Context, trial: Trial, returned: float) -> Finding:
    values = trial.validation or ()
    epochs = trial.budget.epochs
    if len(values) not in (epochs, epochs + 1) and not _stopped_early(trial):
        text = (
            f"{len(values)} validation accuracies come back for {epochs} epochs; one after each epoch is due."
        )
        return failed("T104", text, "Where in the loops is the model evaluated?")
    chosen = tested_instead(context, trial) or validated_by_heart(context, trial)
    if chosen is not None:
        return chosen
    if max(values) - values[-1] < DROP:
        return _no_drop(context, trial, returned)
    found = _compared(trial, returned)
    if found.verdict is Verdict.PASSED:
        return found
    return (
        chosen_on_test(context, trial, returned, DROP) or _chosen_by_loss(context, trial, returned) or found
    )


def _chosen_by_loss(context: Context, trial: Trial, returned: float) -> Finding | None:
    """The best epoch, where short steps let the loss fall in each epoch with right labels.

    With longer steps, the epoch with the lowest loss on the validation images need not be the one with the highest
    accuracy, and either may be called best.
    """
    clean = (trial.validation or ())[:CLEAN]
    if not any(abs(returned - value) <= SAME / 2 for value in clean):
        return None
    gentle = short_trial(context, replace(trial.budget, rate=trial.budget.rate / SHORTER))
    values = gentle.validation or (0.0,)
    rise = max(values) - max(values[: CLEAN - 1], default=1.0)
    if max(values) - values[-1] < DROP or rise < FALL:
        return None
    found = _compared(gentle, measure(context, gentle, "validation")[0], min(SAME, rise / 3))
    return found if found.verdict is Verdict.PASSED else None


def _compared(trial: Trial, returned: float, same: float = SAME) -> Finding:
    """Which of the epochs' models the returned one is, where the last is worse than the best."""
    values = trial.validation or ()
    best, last = max(values), values[-1]
    if abs(returned - best) <= same:
        text = (
            f"The best of {trial.budget.epochs} epochs comes back ({best:.1%} on the validation images; the last "
            f"has {last:.1%})."
        )
        return Finding(Verdict.PASSED, text)
    if abs(returned - last) <= same:
        text = (
            f"The last model comes back, not the best: on the validation images it is right on {returned:.1%}, "
            f"the best epoch reported {best:.1%}."
        )
        hint = (
            "Keeping a reference to the model keeps the object that training goes on changing: is it a copy?"
        )
        return failed("T101", text, hint)
    if trial.served > (len(values) + 0.5) * max(trial.per_epoch, 1):
        raise unseen(
            "it goes on training after the epochs that it reports, so that these say nothing about it"
        )
    text = (
        f"The returned model is right on {returned:.1%} of the validation images; the best epoch reported "
        f"{best:.1%}, the last {last:.1%}."
    )
    known = any(abs(returned - value) <= SAME / 2 for value in values)
    return failed("T106" if known else "T103", text)


def _stopped_early(trial: Trial) -> bool:
    """Whether training went on no further than the validation accuracies, and these had begun to fall."""
    values = trial.validation or ()
    passes = trial.served / max(trial.per_epoch, 1)
    if not 1 < len(values) < trial.budget.epochs or abs(passes - len(values)) >= 0.5:
        return False
    return len(values) > CLEAN or values[-1] <= max(values[:-1])


def _no_drop(context: Context, trial: Trial, returned: float) -> Finding:
    """Shifted labels did no harm: the labels are kept by the submission, or it does not learn."""
    values = trial.validation or ()
    best, last = max(values), values[-1]
    if best < 0.1 + DROP < returned:
        text = (
            f"The validation accuracies that come back are {best:.1%} at most, but the returned model is right on "
            f"{returned:.1%} of the validation images."
        )
        return failed("T103", text, "Are these accuracies, and of which images?")
    if best < 0.1 + DROP:
        text = (
            f"Nothing is learnt in {trial.budget.epochs} epochs (at best {best:.1%} on the validation images), so "
            "there is no best model to keep."
        )
        return Finding(Verdict.FAILED, text, hint="Make training work first.")
    if trial.spoilt and len(set(values)) == 1:
        text = f"The validation accuracies are all {best:.1%}, though the model changes: each epoch is to be evaluated."
        return failed("T107", text)
    count = len(image_set(context.data(), "validation", trial.budget)[1])
    if trial.spoilt and 0 < trial.validated < trial.budget.epochs * count:
        raise unseen(
            "it does not read the validation images in every epoch, and its accuracies hardly fall where the training "
            "labels are wrong"
        )
    if abs(best - last) > SAME and abs(returned - best) <= SAME / 3:
        return Finding(Verdict.PASSED, f"The best of the epochs comes back ({best:.1%}).")
    guessing = returned < 0.1 + DROP / 2
    if (trial.spoilt or guessing) and abs(returned - best) > DROP:
        though = "they stay so though the labels were spoilt; " if trial.spoilt else ""
        text = (
            f"The last validation accuracy that comes back is {last:.1%}; {though}the returned model is right on "
            f"{returned:.1%}."
        )
        hint = "Which images and which model are the validation accuracies computed with?"
        return failed("T103", text, hint)
    return _with_long_steps(context, trial)


def _with_long_steps(context: Context, trial: Trial) -> Finding:
    """The labels are kept by the submission: steps that are too long make its accuracy rise and fall instead.

    It falls by less than spoilt labels cause, but accuracies are those of the very images that are measured here. A run
    that ends where another one has fallen most ends with a worse model than its best.
    """
    for factor in LONGER:
        budget = replace(trial.budget, rate=factor * trial.budget.rate, images=IMAGES // 2, spoil_after=None)
        longer = short_trial(context, replace(budget, epochs=ROUNDS))
        values = longer.validation or ()
        falls = [max(values[: i + 1]) - value for i, value in enumerate(values[:ROUNDS])]
        if max(falls, default=0.0) <= FALL:
            continue
        if falls[-1] <= FALL:
            longer = short_trial(context, replace(budget, epochs=1 + int(np.argmax(falls))))
            values = longer.validation or (0.0,)
        returned = measure(context, longer, "validation")[0]
        fall = max(values) - values[-1]
        same = min(SAME, fall / 3)
        if fall > FALL and min(abs(returned - max(values)), abs(returned - values[-1])) <= same:
            return _compared(longer, returned, same)
    why = (
        "labels that were shifted did no harm"
        if trial.spoilt
        else "this submission keeps the training labels"
    )
    raise unseen(f"{why}, so that no epoch can be made worse than another")
