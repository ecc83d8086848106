"""Do the arguments of ``train`` have the effect that they should have?"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.support import printed
from grader.checks.training_budget import Budget, Floats, Trial
from grader.checks.training_images import image_set, measure
from grader.checks.training_short import short_budget, short_trial
from grader.checks.training_statistics import cross_entropy
from grader.checks.training_steps import steps_change
from grader.diagnose import name_fault
from grader.model import Evidence, Verdict
from grader.rubric import TrainingSpec

LOW_RATE = 1e-6
BENT = 0.02  # share of the logits' deviation that rounding explains at most
EQUAL = 1e-4  # share of the largest output below which two models are the same
GENTLE = 1e-3  # times the learning rate, where training with it ends in numbers that are not finite
CHANCE = 0.2  # of the images: below it, a run that is this short may have learnt nothing
GUESSING = 0.1  # of the images are right by chance
TRAINED = 0.06  # of accuracy: more than the start of one run differs from that of another
FAULTS = {  # by what was tried, and whether it gave nothing to measure
    ("hidden_dims", False): "T121",
    ("epochs", False): "T122",
    ("lr", False): "T120",
    ("batch_size", False): "T124",
}


def learning_rate(spec: TrainingSpec, context: Context) -> Finding:
    """Train with the rubric's learning rate and with a very small one."""
    evidence = _rate_evidence(spec, context)
    if evidence.agreed:
        text = "The lr argument has an effect."
        return Finding(Verdict.PASSED, text, evidence=(evidence,), output=printed(context))
    return Finding(
        Verdict.FAILED,
        f"The lr argument has no effect: {evidence.detail}.",
        hint="Follow lr from the arguments of train to the line that changes the parameters.",
        evidence=(evidence,),
        diagnoses=(name_fault("T120"),),
        output=printed(context),
    )


def _rate_evidence(spec: TrainingSpec, context: Context) -> Evidence:
    budget = short_budget(spec)
    usual, small = short_trial(context, budget), short_trial(context, short_budget(spec, rate=LOW_RATE))
    _, labels = image_set(context.data(), "validation", budget)
    high, low = (cross_entropy(trial.outputs["validation"], labels) for trial in (usual, small))
    chance = measure(context, small, "validation")[0] < CHANCE
    differs = not np.isfinite(high) or not _same(usual.outputs["validation"], small.outputs["validation"])
    idle = not differs and not steps_change(spec, context)
    detail = (
        f"after {_passes(usual)}, the loss on the validation images is {high:.3f} with lr = {budget.rate:g} and "
        f"{low:.3f} with lr = {LOW_RATE:g}"
    )
    return Evidence(
        what=f"lr = {budget.rate:g} against lr = {LOW_RATE:g}",
        agreed=bool(differs and chance),
        detail=f"{detail}: no step changes the parameters" if idle else detail,
        got=None if idle else high,
    )


def _passes(trial: Trial) -> str:
    return "one epoch" if trial.budget.epochs == 1 else f"{trial.budget.epochs} epochs"


def _batch_evidence(spec: TrainingSpec, context: Context) -> Evidence:
    """With batches half as large, training draws and steps otherwise: the same model means that it does not."""
    size = max(spec.batch_size // 2, 1)
    what = f"batch_size = {size} against batch_size = {spec.batch_size}"
    halved = _tried(context, short_budget(spec, batch_size=size), "validation")
    if isinstance(halved, str):
        return Evidence(what=what, agreed=False, detail=halved)
    trial, slow = (
        short_trial(context, short_budget(spec, rate=rate)) for rate in (spec.learning_rate, LOW_RATE)
    )
    usual, small = trial.outputs["validation"], slow.outputs["validation"]
    learnt = not _same(usual, small) or measure(context, trial, "validation")[0] >= CHANCE
    told = np.isfinite(usual).all() and learnt  # a model that learns nothing tells nothing
    same = bool(told and _same(halved, usual))
    return Evidence(
        what=what, agreed=not same, detail=f"the models {'are the same' if same else 'differ'}", got=1.0
    )


def architectures(spec: TrainingSpec, context: Context) -> Finding:
    """Train with no and with two hidden layers, for one epoch, and with a very small learning rate."""
    trials = [short_trial(context, short_budget(spec, rate=rate)) for rate in (spec.learning_rate, LOW_RATE)]
    why = _no_training(*trials)
    if why:
        text = f"{why}, whatever lr is: no argument can be seen to have an effect."
        return Finding(Verdict.FAILED, text, hint="Make training work first.", output=printed(context))
    evidence = [
        _linear_evidence(spec, context),
        _deep_evidence(spec, context),
        _epochs_evidence(spec, context),
        _rate_evidence(spec, context),
        _batch_evidence(spec, context),
    ]
    bad = [item for item in evidence if not item.agreed]
    if not bad:
        text = "hidden_dims = [] and [256, 128], epochs, lr and batch_size have the effect that they should have."
        return Finding(Verdict.PASSED, text, evidence=tuple(evidence), output=printed(context))
    share = 1 - len(bad) / len(evidence)
    named = [FAULTS.get((item.what.partition(" ")[0], item.got is None), "") for item in bad]
    faults = [name_fault(fault) for fault in dict.fromkeys(filter(None, named))]
    return Finding(
        Verdict.PARTIAL if share else Verdict.FAILED,
        " ".join(f"{item.what}: {item.detail}." for item in bad),
        share=share,
        hint=faults[0].hint
        if len(faults) == len(bad) == 1
        else "Call train by hand with these arguments, and follow each one from there to where it is used.",
        evidence=tuple(sorted(evidence, key=lambda item: item.agreed)),
        diagnoses=tuple(faults),
        output=printed(context),
    )


def _linear_evidence(spec: TrainingSpec, context: Context) -> Evidence:
    """Without hidden layers, the logits are an affine function of the images."""
    what = "hidden_dims = []"
    budget = short_budget(spec, hidden=(), rate=min(spec.learning_rate, 0.01))
    outputs, _ = _finite(context, budget, "middles")
    if isinstance(outputs, str):
        return Evidence(what=what, agreed=False, detail=outputs)
    bend = bend_of(outputs)
    agreed = not bend >= BENT  # where nothing can be compared, nothing is held against it
    detail = f"the part of the logits that no affine function of the image explains is {bend:.1%}"
    return Evidence(
        what=what,
        agreed=agreed,
        detail=detail + ("" if agreed else "; without hidden layers it is none"),
        got=bend,
    )


def _deep_evidence(spec: TrainingSpec, context: Context) -> Evidence:
    what = "hidden_dims = [256, 128]"
    outputs, rate = _finite(context, short_budget(spec, hidden=(256, 128)), "validation")
    if isinstance(outputs, str):
        return Evidence(what=what, agreed=False, detail=outputs)
    usual = short_trial(context, short_budget(spec, rate=rate)).outputs["validation"]
    agreed = not _same(outputs, usual)
    detail = "the model differs from the one" if agreed else "the model is the same as the one"
    return Evidence(
        what=what, agreed=agreed, detail=f"{detail} with {list(spec.hidden_dims)}", got=float(agreed)
    )


def _finite(context: Context, budget: Budget, name: str) -> tuple[Floats | str, float]:
    """Outputs after a short run, and its learning rate: a much lower one where training explodes."""
    for rate in (budget.rate, GENTLE * budget.rate):
        outputs = _tried(context, replace(budget, rate=rate), name)
        if isinstance(outputs, str) or np.isfinite(outputs).all():
            return outputs, rate
    return "the model's outputs are not finite", budget.rate


def _same(one: Floats, other: Floats) -> bool:
    """Whether two models give the same, up to rounding: models that hardly learnt anything may differ by little."""
    scale = float(np.abs(np.nan_to_num(other)).max())
    return bool(np.allclose(one, other, rtol=0, atol=EQUAL * scale, equal_nan=True))


def _no_training(usual: Trial, small: Trial) -> str:
    """Why nothing can be seen of what the arguments do, at the usual and at a very small learning rate; "" if it can."""
    outputs = [trial.outputs["validation"] for trial in (usual, small)]
    if all(_tells_nothing(item) for item in outputs):
        return "The model gives the same for every image"
    if usual.served + small.served == 0 and _same(*outputs):
        return "No training image is read, and the model is the same"
    return ""


def _tells_nothing(outputs: Floats) -> bool:
    """Whether no number tells one image from another."""
    return not np.isfinite(outputs).any() or _same(outputs, np.broadcast_to(outputs[:1], outputs.shape))


def _epochs_evidence(spec: TrainingSpec, context: Context) -> Evidence:
    """One epoch serves the training images once; loaders may drop the last batch, or look at one in "
    "advance."""
    trial = short_trial(context, short_budget(spec))
    epochs = trial.budget.epochs  # one, unless train raises with one
    passes = trial.served / max(trial.per_epoch, 1)
    count = len(trial.validation) if trial.validation is not None else epochs
    agreed = 1 <= count <= epochs + 1 and 0.5 < passes < epochs + 2.5
    detail = (
        f"with epochs = {epochs} the training images are read {passes:.1f} times, and {count} validation accuracies "
        "come back"
    )
    if agreed and count == 2 and passes > 1.5 and _first_is_trained(spec, context, trial):
        agreed, detail = False, f"{detail}, both of models that were trained"
    if epochs > 1:
        detail += "; with epochs = 1, train raises"
    return Evidence(what="epochs", agreed=agreed, detail=detail, got=float(count), want=float(epochs))


def _first_is_trained(spec: TrainingSpec, context: Context, trial: Trial) -> bool:
    """Whether the first of the accuracies is far above that of a model that hardly learnt; a look at the start is not."""
    small = measure(context, short_trial(context, short_budget(spec, rate=LOW_RATE)), "validation")[0]
    start = small if small < CHANCE else GUESSING  # where lr is ignored, the small one has learnt, too
    return (trial.validation or (0.0,))[0] > start + TRAINED


def _tried(context: Context, budget: Budget, name: str) -> Floats | str:
    try:
        return short_trial(context, budget).outputs[name]
    except CannotJudge as reason:
        return reason.finding.message.rstrip(".")


def bend_of(outputs: Floats) -> float:
    """How far the logits of middles are from the middle of the logits, relative to the logits' deviation.

    Args:
        outputs: (3 N, C) for N images, N others, and the middles between them; logits or probabilities.

    Returns:
        0 for an affine function of the image; NaN where nothing can be compared.
    """
    with np.errstate(all="ignore"):
        if outputs.min() >= 0 and np.allclose(outputs.sum(axis=1), 1, atol=1e-3):
            outputs = np.where(outputs > 1e-9, np.log(outputs), np.nan)
        one, other, middle = np.split(outputs, 3)
        bend = middle - (one + other) / 2
        bend = bend[np.isfinite(bend).any(axis=1)]  # rows of saturated probabilities tell nothing
        if not len(bend):
            return math.nan
        bend -= np.nanmean(bend, axis=1, keepdims=True)  # probabilities leave the logits' mean open
        spread = outputs[np.isfinite(outputs).any(axis=1)]
        spread = spread - np.nanmean(spread, axis=1, keepdims=True)
        return float(np.sqrt(np.nanmean(bend**2) / np.nanmean(spread**2)))
