"""Which images decide on the best model: those for validation alone, or others, too?"""

from __future__ import annotations

from dataclasses import replace

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.training_budget import Trial
from grader.checks.training_images import image_set, measure
from grader.checks.training_short import short_trial
from grader.diagnose import name_fault
from grader.model import Verdict

MINGLED = 0.6  # of the passes over the training images, that read the validation images among them
DECIDES = "Which loader is evaluated after each epoch, and which one once at the end?"


def failed(fault: str, text: str, hint: str = "") -> Finding:
    """No points, for a fault that is named."""
    named = name_fault(fault)
    return Finding(Verdict.FAILED, text, hint=hint or named.hint, diagnoses=(named,))


def unseen(why: str) -> CannotJudge:
    """No verdict on the choice of a model, and why there is none."""
    text = f"Which model comes back cannot be seen from outside: {why}. A person must look."
    return CannotJudge(Finding(Verdict.MANUAL, text))


def tested_instead(context: Context, trial: Trial) -> Finding | None:
    """That the test images take the place of the validation images, as far as can be seen."""
    count = len(image_set(context.data(), "public", trial.budget)[1])
    if trial.validated or trial.tested < trial.budget.epochs * count:
        return None
    text = (
        f"The best of {trial.budget.epochs} epochs is chosen on the test images: they are read "
        f"{trial.tested // count} times, the validation images never."
    )
    return failed("T102", text, DECIDES)


def validated_by_heart(context: Context, trial: Trial) -> Finding | None:
    """That the images that are validated on are trained on: each pass over the training images reads them, too.

    Raises:
        CannotJudge: the submission cuts a validation set of its own, so that these images are read among others alone.
    """
    count = len(image_set(context.data(), "validation", trial.budget)[1])
    if trial.mingled < MINGLED * trial.budget.epochs * count:
        return None
    if trial.validated - trial.mingled < count:
        raise unseen("it is chosen on other images than the course's validation images")
    text = (
        f"The validation images are trained on: {trial.mingled // count} times each, they are read in batches or orders "
        "in which they are mixed with training images, besides being validated on."
    )
    return failed("T108", text)


def chosen_on_test(context: Context, trial: Trial, returned: float, apart: float) -> Finding | None:
    """That another model comes back where the labels of the test images are right.

    Args:
        context: of the check.
        trial: a run with shifted labels of the test images.
        returned: accuracy of its model on the validation images.
        apart: accuracies that differ by more are those of different models.
    """
    count = len(image_set(context.data(), "public", trial.budget)[1])
    if trial.tested < trial.budget.epochs * count:
        return None
    right = short_trial(context, replace(trial.budget, test_shift=0))
    again = measure(context, right, "validation")[0]
    if abs(again - returned) <= apart:
        return None
    text = (
        f"The best of {trial.budget.epochs} epochs is chosen on the test images: another model comes back where their "
        f"labels are shifted by one class (right on {returned:.1%} of the validation images, not on {again:.1%})."
    )
    return failed("T102", text, DECIDES)
