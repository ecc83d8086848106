"""Does training reach accuracy bands in a budget, and is it done right?

Accuracy is measured here, on images whose labels never enter the worker: the model that ``train`` returns stays in
the worker and is asked for its outputs. Everything else that is asked is seen in what further, shorter calls of
``train`` do: with spoilt labels, twice with one seed, with other layers, with another learning rate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from grader.checks.context import Context, Finding
from grader.checks.network_sizes import Fault
from grader.checks.support import printed
from grader.checks.training_arguments import architectures, learning_rate
from grader.checks.training_best import best_model
from grader.checks.training_budget import Trial
from grader.checks.training_curves import curves
from grader.checks.training_images import image_set, measure, predicted
from grader.checks.training_main import main_trial
from grader.checks.training_modes import train_eval_mode
from grader.checks.training_repeats import repeats
from grader.checks.training_report import honest_report
from grader.checks.training_statistics import cross_entropy, exceeds, lower_bound, upper_bound
from grader.checks.training_steps import step_fault
from grader.diagnose import name_fault
from grader.model import Band, Diagnosis, Evidence, Verdict
from grader.rubric import TrainingSpec
from grader.score import band_share

CHANCE_LOSS = float(np.log(10))
LEARNT = 0.95  # the loss of a model that learnt something is below this share of chance's
EXPLODED = 10.0  # times chance's: a loss that steps have driven up
FAR_ABOVE = 0.15  # of accuracy on unseen images above that on training images
HALF = 0.5  # share of the points where the loss falls, and the parameters do not change as they should
STAYED = 0.05  # of the loss from chance's
CERTAIN = (
    "T110",
    "T113",
    "T116",
    "T117",
)  # faults of steps that cost the point of the loss even where it falls
DEFAULT_BANDS = (Band(at_least=0.25, share=0.5), Band(at_least=0.33, share=1.0))


def check_training(spec: TrainingSpec, context: Context) -> Finding:
    """Judge what the spec asks for.

    Raises:
        DataError: there is no data set for this run.
    """
    return ASKS[spec.ask](spec, context)


def _accuracy(spec: TrainingSpec, context: Context) -> Finding:
    trial = main_trial(spec, context)
    private, count = measure(context, trial, "private")
    public, public_count = measure(context, trial, "public")
    bands = _bands(spec, context)
    high, low = upper_bound(private, count, spec.confidence), lower_bound(private, count, spec.confidence)
    share = band_share(high, bands)
    full = max(band.share for band in bands)
    verdict = Verdict.PASSED if share >= full else Verdict.PARTIAL if share > 0 else Verdict.FAILED
    percent = f"{spec.confidence * 100:g}"
    rule = f"a band counts unless it lies above the {percent} % upper bound ({high:.1%}) of {count:,} private images"
    evidence = Evidence(
        what="accuracy on private test images",
        agreed=verdict is Verdict.PASSED,
        detail=f"{private:.1%}, with {percent} % confidence between {low:.1%} and {high:.1%}; {rule}",
        got=private,
        want=max(band.at_least for band in bands),
        total=count,
    )
    training, training_count = measure(context, trial, "training")
    if share > 0 and not learnt_here(private, count, training, training_count):
        text = (
            f"{private:.1%} right on {count:,} private images, but only {training:.1%} on the images that it was to "
            "learn from: what is right was not learnt in this run. A person must look at where it comes from."
        )
        return Finding(Verdict.MANUAL, text, evidence=(evidence,), output=printed(context))
    fault = None if verdict is Verdict.PASSED else _step_fault(spec, context, trial)
    missed = "" if verdict is Verdict.PASSED else f" {_bands_in_words(bands)}"
    return Finding(
        verdict,
        f"{private:.1%} right on {count:,} private images, {public:.1%} on {public_count:,} public ones "
        f"({trial.budget}).{missed}",
        share=share / full,
        hint=""
        if verdict is Verdict.PASSED
        else fault.diagnosis.hint
        if fault
        else _accuracy_hint(context, trial),
        evidence=(evidence,),
        diagnoses=(fault.diagnosis,) if fault else (),
        curves=curves(context.data(), trial),
        bands=bands,
        output=printed(context),
    )


def _bands(spec: TrainingSpec, context: Context) -> tuple[Band, ...]:
    kind = context.data().kind
    own = spec.bands.cifar10 if kind == "cifar10" else spec.bands.stand_in
    return own or spec.bands.cifar10 or spec.bands.stand_in or DEFAULT_BANDS


def _bands_in_words(bands: Sequence[Band]) -> str:
    ordered = sorted(bands, key=lambda band: band.at_least)
    return "Points: " + ", ".join(f"{band.share:.0%} from {band.at_least:.0%}" for band in ordered) + "."


def learnt_here(private: float, count: int, training: float, training_count: int) -> bool:
    """Whether an accuracy on unseen images can come from training: it is not far above that on the training images.

    A model that looks images up, or that was trained elsewhere on other images, is the other way round.
    """
    above, _ = exceeds(private, count, training, training_count)
    return not (above and private > training + FAR_ABOVE)


def _accuracy_hint(context: Context, trial: Trial) -> str:
    outputs = trial.outputs["private"]
    if not np.isfinite(outputs).all():
        return "The model's outputs are not finite: print the loss of the first steps."
    if len(np.unique(predicted(outputs))) == 1:
        return "The model gives every image the same class: does each step change the parameters?"
    training, _ = measure(context, trial, "training")
    private, _ = measure(context, trial, "private")
    if training > private + 0.15:
        return "The training images are learnt by heart: look at how batches are drawn and shuffled."
    return "Train on one batch only, again and again: its loss should come near zero."


def _loss_falls(spec: TrainingSpec, context: Context) -> Finding:
    trial = main_trial(spec, context)
    _, labels = image_set(context.data(), "training", trial.budget)
    loss = cross_entropy(trial.outputs["training"], labels)
    right, count = measure(context, trial, "training")
    agreed = loss < LEARNT * CHANCE_LOSS or lower_bound(right, count, 0.999) > 0.15
    evidence = Evidence(
        what=f"cross-entropy on {count:,} of its training images after {trial.budget}",
        agreed=agreed,
        detail=f"{loss:.3f}; a model that knows nothing has ln 10 = {CHANCE_LOSS:.3f} at best",
        got=loss,
        want=CHANCE_LOSS,
        total=count,
    )
    text = f"After {trial.budget} the loss on its training images is {loss:.3f} ({right:.1%} right)."
    if not agreed:
        text = f"{text[:-1]}: no better than chance (loss {CHANCE_LOSS:.3f}, 10 %)."
    fault = _step_fault(spec, context, trial)
    verdict = Verdict.PASSED if agreed else Verdict.FAILED
    if agreed and fault is not None and fault.id in CERTAIN and not _paid_elsewhere(context):
        verdict, text = Verdict.PARTIAL, f"{text[:-1]}, but {fault.text}."
    diagnoses = () if verdict is Verdict.PASSED else _named(fault, loss)
    return Finding(
        verdict,
        text,
        share=HALF,
        hint="" if verdict is Verdict.PASSED else diagnoses[0].hint if diagnoses else _loss_hint(loss),
        evidence=(evidence,),
        diagnoses=diagnoses,
        curves=curves(context.data(), trial),
        output=printed(context),
    )


def _named(fault: Fault | None, loss: float) -> tuple[Diagnosis, ...]:
    """The fault of a step; a loss that stays where it began, though steps are made, follows from wrong labels."""
    if fault is not None:
        return (fault.diagnosis,)
    return (name_fault("T115", certain=False),) if abs(loss - CHANCE_LOSS) < STAYED else ()


def _step_fault(spec: TrainingSpec, context: Context, trial: Trial) -> Fault | None:
    """What single steps do wrong; the host's own loop does nothing wrong."""
    return None if spec.loop == "host" else step_fault(spec, context, trial.form)


def _paid_elsewhere(context: Context) -> bool:
    """Whether a layer's or a network's own check has been lost, which explains what steps do."""
    lost = (Verdict.FAILED, Verdict.ERRORED)
    layers, networks = ("forward", "gradient", "contract"), ("network", "torch_module")
    return any(
        (result.kind in layers and result.verdict in (*lost, Verdict.PARTIAL))
        or (result.kind in networks and result.verdict in lost)
        for result in context.earlier.values()
    )


def _loss_hint(loss: float) -> str:
    if not loss < EXPLODED * CHANCE_LOSS:
        return "The loss explodes: what do the gradients hold when the second step begins, and which way does a step go?"
    return "Print one weight before and after a step: does it change, and by learning rate times gradient?"


ASKS: dict[str, Callable[[TrainingSpec, Context], Finding]] = {
    "accuracy": _accuracy,
    "loss_falls": _loss_falls,
    "parameters_change": _loss_falls,
    "best_model": best_model,
    "repeats": repeats,
    "learning_rate": learning_rate,
    "architectures": architectures,
    "honest_report": honest_report,
    "train_eval_mode": train_eval_mode,
}
