"""A dropout that draws its own mask: the mask is read off its output, and everything else is compared under it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.layer import LayerUnderTest
from grader.checks.support import evidence_of, judged, printed
from grader.conventions.form_subject import FormSubject, new_instance
from grader.conventions.layer_form import LayerForm
from grader.model import Evidence, Verdict
from grader.numerics import Array, Call, Comparison, Outcome, compare
from grader.sandbox import Program

SHAPE = (60, 50)
SPREAD = 6.5  # standard deviations of a share that are let through: a right dropout fails once in ten billion
SHARES = (0.3, 0.6)  # of elements that are dropped, where the layer can be told
CLOSE = 1e-3


@dataclass(frozen=True)
class Run:
    """One call: the share to drop, the mode, and what came."""

    p: float
    training: bool
    x: Array
    dout: Array
    output: Array
    dx: object

    @property
    def what(self) -> str:
        """For reports."""
        return f"p = {self.p:g}" + ("" if self.training else ", evaluation")

    @property
    def factor(self) -> Array:
        """What every element is due to be multiplied by, given which were dropped."""
        return (self.output != 0) / (1 - self.p) if self.training else np.ones(SHAPE)


def draws_its_own(under: LayerUnderTest) -> bool:
    """Whether the layer is a dropout whose forward is not given a mask."""
    form = under.spelling
    return isinstance(form, LayerForm) and form.layer == "dropout" and not form.gets("mask")


def forward_of_own_mask(context: Context, under: LayerUnderTest) -> Finding:
    """Are the kept elements scaled, is the right share kept, is each mask another, is nothing dropped in evaluation?"""
    evidence: list[Evidence] = []
    masks = []
    for run in _runs(context, under, backward=False):
        result = compare(run.output, run.x * run.factor, relative=CLOSE)
        said = f"forward is not a dropout ({run.what}): {_scale(run) or result.detail}."
        evidence.append(_evidence(f"output under its own mask ({run.what})", result, said))
        if run.training:
            evidence += _share(run)
            masks.append(run.output != 0)
    if len(masks) > 1 and np.array_equal(masks[-1], masks[-2]):
        evidence.append(
            Evidence(what="two masks", agreed=False, detail="Every call of forward drops the same elements.")
        )
    return judged(
        context, evidence, hint="Drop many ones: what share is zero, and what became of the others?"
    )


def gradient_of_own_mask(context: Context, under: LayerUnderTest) -> Finding:
    """Does backward use the mask of the forward before it, with the scale of that forward or the right one?"""
    evidence = []
    for run in _runs(context, under, backward=True):
        result = compare(run.dx, run.dout * run.output / run.x, relative=CLOSE)
        with_due_scale = compare(run.dx, run.dout * run.factor, relative=CLOSE)
        if with_due_scale.agreed and not result.agreed:
            result = with_due_scale
        said = f"The gradient of x is wrong ({run.what}): {result.detail}."
        if run.training and np.unique(run.output == 0).size == 1:
            said = f"forward drops all or nothing ({run.what}), so that backward's mask cannot be seen."
            result = replace(result, agreed=False)
        evidence.append(_evidence(f"gradient of x under the mask of its forward ({run.what})", result, said))
    return judged(
        context, evidence, hint="Which elements of the input have an effect on the output, and how much?"
    )


def _evidence(what: str, result: Comparison, said: str) -> Evidence:
    item = evidence_of(what, result, tensor="x")
    return item if result.agreed else item.model_copy(update={"detail": said})


def _scale(run: Run) -> str:
    """Which other factor the kept elements have; "" if they have no common one."""
    kept = run.output != 0
    if not run.training or not kept.any():
        return "elements are dropped in evaluation" if kept.any() and not kept.all() else ""
    factors = run.output[kept] / run.x[kept]
    if np.ptp(factors) > CLOSE * abs(float(factors[0])):
        return ""
    return f"what is kept is multiplied by {float(factors[0]):.4g}, and 1 / (1 - p) = {1 / (1 - run.p):.4g} is due"


def _share(run: Run) -> Iterator[Evidence]:
    """Whether the share of what is dropped is p, over the batch and from one example to the next."""
    dropped = run.output == 0
    share, spread = float(dropped.mean()), (run.p * (1 - run.p) / dropped.size) ** 0.5
    alike = [axis for axis in (0, 1) if (dropped == dropped.take([0], axis=axis)).all()]
    if alike and run.p:
        of = "example" if alike[0] == 0 else "feature"
        yield Evidence(what="masks", agreed=False, detail=f"Every {of} gets the same mask ({run.what}).")
    said = f"{share:.3f} of the elements are dropped, and p = {run.p:g} is due ({run.what})."
    yield Evidence(
        what="share of dropped elements", agreed=abs(share - run.p) <= SPREAD * spread, detail=said
    )


def _runs(context: Context, under: LayerUnderTest, *, backward: bool) -> Iterator[Run]:
    """Calls at other shares where the layer can be told, twice in training, and in evaluation where it has that.

    Raises:
        CannotJudge: it raises, or returns no array of the input's shape.
    """
    form, subject = under.spelling, under.subject
    assert isinstance(form, LayerForm)
    assert isinstance(subject, FormSubject)
    told = bool({"training", "mode"} & form.sources)
    rng = context.generator("own mask")
    shares = SHARES if "p" in form.taken else (float(str(form.settings()["p"])),)
    for p, training in [*((p, True) for p in shares), (shares[0], False)]:
        here = replace(form, options={**form.options, "p": p, "training": training})
        own = replace(subject, spelling=here, _instance=None)
        x, dout = rng.uniform(0.5, 1.5, SHAPE) * rng.choice((-1.0, 1.0), SHAPE), rng.standard_normal(SHAPE)
        if not training and not told and not _set_to_evaluate(context, own, x):
            continue
        call = Call({"x": x}, {"mask": np.ones(SHAPE)}, dout if backward else None)
        for outcome in own.run([call, call], fresh=training or told):
            yield Run(p, training, x, dout, _output(context, form.name, p, outcome), outcome.grads.get("x"))


def _output(context: Context, name: str, p: float, outcome: Outcome) -> Array:
    if outcome.error or outcome.output is None or outcome.output.shape != SHAPE:
        what = f"raised {outcome.error}" if outcome.error else "returned no array of the input's shape"
        raise CannotJudge(Finding(Verdict.ERRORED, f"{name} {what} (p = {p:g})", output=printed(context)))
    return np.asarray(outcome.output, np.float64)


def _set_to_evaluate(context: Context, subject: FormSubject, x: Array) -> bool:
    """Make an instance and call its eval(); whether it has one."""
    form = subject.spelling
    if form.construct is None:
        return False
    made = form.constructor_call({"x": x})
    program = Program()
    instance = new_instance(program, form, *made)
    with program.attempt("eval"):
        program.call(instance.attr("eval"))
    reply = subject.worker.run(program, timeout=context.seconds)
    subject._instance, subject._made_with = instance, made
    return not reply.error and not reply.errors
