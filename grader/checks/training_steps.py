"""What single steps of a submission's training do to the parameters.

``train`` is called with as many training images as a batch has: each epoch then is one step along the gradient of one
known batch. From the weights before (learning rate 0) and after, the reference's gradient tells which way a step went,
how far, and which parameters it reached; after several steps, whether gradients of earlier ones were added up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from grader.checks.context import Context
from grader.checks.network_sizes import Fault
from grader.checks.training_budget import Budget, Floats
from grader.checks.training_images import FORMS, formed, image_set
from grader.checks.training_parameters import Parameters, Start, read_parameters
from grader.checks.training_short import short_budget
from grader.data import normalise
from grader.rubric import TrainingSpec
from grader.truth import LAYERS, mlp_gradients, mlp_output

RATE = 0.05
STEPS = 3
NOTHING = 1e-9  # steps that are due and no longer than this say nothing
HELD_OUT = 256
ALIKE = 0.3  # correlation of weights after some steps with those before
CLOSE = 0.02  # relative difference of a step from the one that was due, for float32
REPRODUCED = 1e-3  # relative difference of the reference's output from the model's, at the same weights
UNITS = {"elu": (1.0, 0.5, 2.0), "relu": (0.0,), "leaky_relu": (0.02, 0.01, 0.2)}


@dataclass(frozen=True)
class Mlp:
    """The reference's network of some activation, and the batch that each step is made with."""

    activation: str
    alpha: float
    x: Floats  # (N, 3072)
    labels: NDArray[np.int64]  # (N,)

    def logits(self, x: Floats, parameters: Parameters) -> Floats:
        """(N, C) at these parameters."""
        return mlp_output(x, parameters, self.activation, self.alpha)

    def gradient(self, parameters: Parameters, *, twice: bool = False) -> Parameters:
        """Of the mean cross-entropy of the batch; of probabilities that are taken for logits, if ``twice``."""
        softmax = LAYERS["softmax"]
        z = self.logits(self.x, parameters)
        p = softmax.forward(x=z)
        dout = softmax.forward(x=p) if twice else p
        dout[np.arange(len(dout)), self.labels] -= 1
        dout /= len(dout)
        if twice:
            dout = softmax.backward(dout, x=z)["x"]
        return mlp_gradients(dout, self.x, parameters, self.activation, self.alpha)


def step_fault(spec: TrainingSpec, context: Context, form: str) -> Fault | None:
    """What is wrong with the steps of training; None if nothing is, as far as can be seen.

    Args:
        spec: of the check.
        context: of the check.
        form: of the images that the network is trained with.
    """
    budget = _step_budget(spec)
    before, one = read_parameters(context, replace(budget, rate=0.0)), read_parameters(context, budget)
    if before is None or one is None:
        return None
    for name in dict.fromkeys((form, *FORMS)):  # a network that learnt nothing does not show its form
        mlp = _reproducing(context, before, name)
        step = None if mlp is None else _first_step(mlp, before.layers, one.layers)
        if isinstance(step, Fault) and step.id == "T112" and _rate_ignored(context, budget, before):
            return Fault("T120", "a step is the same whatever lr is: with lr = 0 the parameters change, too")
        if isinstance(step, Fault):
            return step
        if mlp is not None and step is not None:
            later = read_parameters(context, replace(budget, epochs=STEPS))
            return None if later is None else _added_up(mlp, before.layers, later.layers)
    return None


def steps_change(spec: TrainingSpec, context: Context) -> bool:
    """Whether a step changes a parameter, as far as can be seen."""
    budget = _step_budget(spec)
    before, one = read_parameters(context, replace(budget, rate=0.0)), read_parameters(context, budget)
    if before is None or one is None or not _equal(before, one):
        return True
    return _rate_ignored(context, budget, before)


def _equal(one: Start, other: Start) -> bool:
    pairs = zip(one.layers, other.layers, strict=True)
    return all(np.array_equal(a, b) for old, new in pairs for a, b in zip(old, new, strict=True))


def _rate_ignored(context: Context, budget: Budget, before: Start) -> bool:
    """Whether steps change parameters where the learning rate is 0: two batches change them otherwise than one."""
    two = read_parameters(context, replace(budget, rate=0.0, images=2 * budget.batch_size))
    return two is not None and not _equal(before, two)


def _step_budget(spec: TrainingSpec) -> Budget:
    """One epoch of one batch."""
    off = None if spec.batch_norm is None else False
    return short_budget(spec, images=spec.batch_size, held_out=HELD_OUT, rate=RATE, batch_norm=off)


def _reproducing(context: Context, start: Start, form: str) -> Mlp | None:
    """The reference's network that gives what the submission's model gives at these parameters; None if none does."""
    trial = start.trial
    images, labels = image_set(context.data(), "training", trial.budget)
    asked, trained = (
        formed(normalise(images), name).reshape(len(images), -1).astype(np.float64)
        for name in (trial.form, form)
    )
    got = trial.outputs["training"]
    named = next((part.layer for part in context.rubric.parts if part.layer in UNITS), "elu")
    for alpha in UNITS[str(named)]:
        mlp = Mlp(str(named), alpha, trained, labels)
        logits = mlp.logits(asked, start.layers)
        for want in (logits, LAYERS["softmax"].forward(x=logits)):
            if np.abs(got - want).max() <= REPRODUCED * np.abs(want).max():
                return mlp
    return None


def _first_step(mlp: Mlp, before: Parameters, after: Parameters) -> Fault | float | None:
    """What is wrong with one step; 1 where it is learning rate times gradient, None where it is something else."""
    ratios = _ratios(before, after, mlp.gradient(before))
    still = [name for name, ratio in ratios.items() if ratio == 0]
    if still and len(still) == len(ratios):
        return Fault("T112", "one step leaves every parameter as it was")
    if still:
        named = ", ".join(still)
        return Fault("T113", f"a step never changes the {named}", named)
    values = np.array(list(ratios.values()))
    if not len(values):
        return None
    up = [name for name, ratio in ratios.items() if abs(ratio + 1) < CLOSE]
    if up and (np.abs(np.abs(values) - 1) < CLOSE).all():
        named = "" if len(up) == len(values) else ", ".join(up)
        return Fault("T111", f"a step goes up the gradient{f' of the {named}' if named else ''}", named)
    return _of_one_length(values) if np.isfinite(values).all() else _of_two_softmaxes(mlp, before, after)


def _of_two_softmaxes(mlp: Mlp, before: Parameters, after: Parameters) -> Fault | None:
    """A step that is the one due where the loss takes probabilities for logits."""
    values = np.array(list(_ratios(before, after, mlp.gradient(before, twice=True)).values()))
    if len(values) and (np.abs(values - 1) < CLOSE).all():
        return Fault(
            "T116", "a step goes along the gradient of a loss that is given probabilities for logits"
        )
    return None


def _of_one_length(values: Floats) -> Fault | float | None:
    ratio = float(values.mean())
    if np.ptp(values) > CLOSE * abs(ratio):
        return None
    if abs(ratio - 1) < CLOSE:
        return ratio
    text = f"a step is {ratio:.4g} times learning rate times gradient"
    return Fault("T114", text, f"factor {ratio:.4g}")


def _ratios(before: Parameters, after: Parameters, gradient: Parameters) -> dict[str, float]:
    """How far each parameter moved in units of the step that was due; NaN where it moved another way."""
    found = {}
    for number, (old, new, slope) in enumerate(zip(before, after, gradient, strict=True), 1):
        for name, a, b, g in zip(("weight", "bias"), old, new, slope, strict=True):
            due, moved = -RATE * g, b - a
            if np.abs(due).max() < NOTHING:
                continue
            ratio = float((moved * due).sum() / (due * due).sum())
            off = float(np.abs(moved - ratio * due).max())
            fits = off <= CLOSE * float(np.abs(moved).max())
            found[f"{name} of linear layer {number}"] = ratio if fits else math.nan
    return found


def _added_up(mlp: Mlp, before: Parameters, later: Parameters) -> Fault | None:
    """Whether the parameters after some steps are those of steps along the sum of all gradients so far, or drawn anew."""
    if all(_unlike(old, new) for (old, _), (new, _) in zip(before, later, strict=True)):
        return Fault(
            "T117", "after some epochs of one step each, the weights have nothing of those at the start"
        )
    plain = added = before
    total: Parameters = [(0 * w, 0 * b) for w, b in before]
    for step in range(STEPS):
        plain = _moved(plain, mlp.gradient(plain))
        total = [(w + v, b + c) for (w, b), (v, c) in zip(total, mlp.gradient(added), strict=True)]
        added = _moved(added, total)
        if _near(later, plain, before):
            return None
        if step and _near(later, added, before):
            text = "each step goes along the sum of the gradients of all steps before it"
            return Fault("T110", text)
    return None


def _unlike(one: Floats, other: Floats) -> bool:
    """Whether two weights were drawn independently; a step of plain SGD leaves a weight much as it was."""
    return bool(np.corrcoef(one.ravel(), other.ravel())[0, 1] < ALIKE)


def _moved(parameters: Parameters, gradient: Parameters) -> Parameters:
    return [(w - RATE * v, b - RATE * c) for (w, b), (v, c) in zip(parameters, gradient, strict=True)]


def _near(one: Parameters, other: Parameters, start: Parameters) -> bool:
    """Whether two sets of parameters are the same, measured by how far they are from where training started."""
    return all(
        np.abs(a - b).max() <= CLOSE * np.abs(b - s).max()
        for pair in zip(one, other, start, strict=True)
        for a, b, s in zip(*pair, strict=True)
    )
