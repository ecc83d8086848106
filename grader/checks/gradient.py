"""Is each gradient right: of the input and of every parameter?

Two truths stand side by side: the reference (is it the derivative of the right function?) and finite differences of the
submission's own forward (is it the derivative of *this* forward?). A wrong forward with a backward that fits it loses
the forward's points and no more, as long as that forward is a recognised slip and not an empty function.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from grader import diagnose, numerics
from grader.checks.context import Context, Finding
from grader.checks.excerpts import agreeing, shown
from grader.checks.layer import LayerUnderTest, asks_elsewhere, layer_under_test
from grader.checks.observed import events_of, observations_of
from grader.checks.own_mask import draws_its_own, gradient_of_own_mask
from grader.checks.support import best_hint, evidence_of, fault_in_words, named, printed, worst_first
from grader.model import Diagnosis, Evidence, Verdict
from grader.numerics import (
    PROBES,
    Against,
    GradientReport,
    Judgement,
    Point,
    Setup,
    TensorVerdict,
    check_setups,
)
from grader.rubric import GradientSpec
from grader.truth import Case

SINGLE = "batch of 1"
WITH_TIES = frozenset({"zeros", "ties", "rows of one value", "equal rows"})  # kinds of probes
# Forward faults that leave the layer recognisable: what is computed is named exactly, and its derivative has all the
# parts of the right one (or all but one), so that a backward that fits it is worth its points. Not among them: an
# empty or unrelated function (F113, F114, F117), one side of zero replaced by whatever is easy (F125, F126), terms
# or inputs put together freely (F150, F165), a layer without its nonlinearity (F463). A constant added (F144) needs no
# entry: its gradient is the right one.
SLIPS = frozenset(
    f"F{number}"
    for number in (
        *(101, 102, 103, 106, 107, 108, 109, 111, 112, 118, 119),
        *(201, 202, 205, 206, 210, 211, 213, 214, 216, 218, 219, 220),
        *range(301, 312),
        *(401, 402, 403, 411, 412, 421, 422),
        *(431, 432, 433, 434, 436, 437, 441, 451, 452, 453, 454, 455, 461, 462),
    )
)
HINT = "Pick one element, change it by 1e-5, and see by how much the loss moves: that is the gradient of that element."


def check_gradient(spec: GradientSpec, context: Context) -> Finding:
    """Check the gradient of every tensor; the share of right ones is the share of the points."""
    with layer_under_test(context, methods=("forward", "backward")) as under:
        if draws_its_own(under):
            return gradient_of_own_mask(context, under)
        if under.spelling.is_loss and not _gives_one_number(context, under):
            return _backward_alone(context, under)
        probes = [kind for kind in PROBES if spec.ties or kind.name not in WITH_TIES]
        report = check_setups(_setups(under), seed=int(context.rng.integers(2**31)), probes=probes)
    wanted = spec.tensors or under.layer.tensors
    return _finding(context, under, report, tuple(wanted))


def _gives_one_number(context: Context, under: LayerUnderTest) -> bool:
    """Whether a loss's forward returns one number; without, there is nothing to differentiate."""
    call = under.call(context.generator("one number"), Case("plain"), backward=False)
    output = under.subject.run([call], fresh=True)[0].output
    return output is not None and output.size == 1


def _backward_alone(context: Context, under: LayerUnderTest) -> Finding:
    """A loss whose forward gives no number: backward is compared with the reference's gradient of the mean loss."""
    evidence = []
    for case in under.cases(single=False):
        if case.options:
            continue
        call = under.call(context.generator(case.name), case, backward=False)
        call = replace(call, cotangent=np.asarray(1.0))
        got, want = under.subject.run([call], fresh=True)[0].grads.get("x"), under.truth(call).grads["x"]
        assert want is not None
        comparison = numerics.compare(got, want, relative=1e-5, floor=1e-6)
        evidence.append(
            evidence_of(f"gradient of x against the reference ({case.name})", comparison, tensor="x")
        )
    if all(item.agreed for item in evidence):
        note = "Backward is right; forward gives no single number and is judged in its own check."
        return Finding(Verdict.PASSED, note, evidence=tuple(evidence[:2]), output=printed(context))
    return Finding(
        Verdict.FAILED,
        "The gradient of x is wrong, and forward gives no single number that it could be the gradient of.",
        hint="A loss is one number for the whole batch: get forward right first.",
        evidence=worst_first(evidence),
        output=printed(context),
    )


def _setups(under: LayerUnderTest) -> list[Setup]:
    """The layer at its plain size and at the sizes that show other things (one feature, more outputs than inputs)."""
    cases = [case for case in under.cases(single=True) if case.sizes.get("n") != 1]
    return [
        Setup(
            here.subject,
            _draw(here, case),
            inputs=tuple(name for name in here.layer.tensors if name not in here.layer.parameters),
            truth=here.truth,
            name=case.name,
            batch=int(case.sizes.get("n", 5)),
            options=here.layer.settings(dict(here.spelling.options)),
        )
        for case in cases
        for here in (under.at(case),)
    ]


def _draw(under: LayerUnderTest, case: Case) -> numerics.Draw:
    layer, settings = under.layer, under.layer.settings(dict(under.spelling.options))
    sizes = {name: size for name, size in under.sizes(case).items() if name != "n"}

    def draw(rng: np.random.Generator, batch: int) -> Point:
        point = layer.draw(rng, n=batch, **sizes, **settings)
        return Point({n: point[n] for n in layer.tensors}, {n: point[n] for n in layer.constants})

    return draw


def _finding(
    context: Context, under: LayerUnderTest, report: GradientReport, wanted: tuple[str, ...]
) -> Finding:
    verdicts = {v.tensor: v for v in report.tensors if v.tensor in wanted}
    if not verdicts:
        return _unusable(context, report)
    lenient = asks_elsewhere(context, "batch_of_one")
    fits = _fits_its_forward(context, under, report)
    right: dict[str, str] = {}
    for name, verdict in verdicts.items():
        reason = _right(verdict, report, lenient=lenient, fits=fits)
        if reason is not None:
            right[name] = reason
    wrong = [name for name in wanted if name not in right]
    if not wrong:
        notes = sorted({note for note in right.values() if note})
        return Finding(
            Verdict.PASSED,
            " ".join(notes),
            evidence=tuple(agreeing(report, verdict) for verdict in verdicts.values()),
            output=printed(context),
        )
    return _wrong(context, under, report, verdicts, right, wrong)


def _right(verdict: TensorVerdict, report: GradientReport, *, lenient: bool, fits: bool) -> str | None:
    """A note if the gradient is right ("" for plainly right), None if it is wrong."""
    bad = [e for e in verdict.evidence if e.judgement is Judgement.INCONSISTENT]
    against_reference = [e for e in bad if e.against is Against.REFERENCE]
    if lenient:
        against_reference = [e for e in against_reference if e.probe != SINGLE]
    unusable = any(
        event.fault and event.tensor == verdict.tensor
        for event in report.events
        if event.kind in ("missing_gradient", "shape", "ignored_cotangent")
        and not (lenient and event.probe == SINGLE)
    )
    if unusable:
        return None
    if verdict.reference is Judgement.CONSISTENT or (verdict.reference is not None and not against_reference):
        return ""
    if verdict.own is Judgement.CONSISTENT and fits:
        return "Backward is the derivative of the submission's own forward; what is wrong in forward is judged there."
    return None


def _fits_its_forward(context: Context, under: LayerUnderTest, report: GradientReport) -> bool:
    """Whether forward is wrong in a way that is recognised, so that its own derivative is worth points."""
    if report.forward is not Judgement.INCONSISTENT:
        return False
    before = context.earlier.get(f"{context.part.id}.forward")
    diagnoses: Sequence[Diagnosis]
    if before is not None and before.diagnoses:
        diagnoses = before.diagnoses
    else:
        observations, events = observations_of(under, report), events_of(report)
        diagnoses = named(lambda: diagnose.diagnose_forward(under.spelling.layer, observations, events))
    return any(found.id in SLIPS for found in diagnoses[:1])


def _wrong(
    context: Context,
    under: LayerUnderTest,
    report: GradientReport,
    verdicts: dict[str, TensorVerdict],
    right: dict[str, str],
    wrong: list[str],
) -> Finding:
    observations, events = observations_of(under, report), events_of(report)
    diagnoses: list[Diagnosis] = []
    evidence: list[Evidence] = []
    texts = []
    for name in wrong:
        found = named(partial(diagnose.diagnose_gradient, under.spelling.layer, name, observations, events))
        diagnoses += found[:2]
        what = fault_in_words(found[0]) if found else "not recognised as a known mistake"
        texts.append(f"The gradient of {name} is wrong: {what}.")
        if name in verdicts:
            evidence += shown(report, verdicts[name])
    for name, verdict in verdicts.items():
        if name in right:
            evidence.append(agreeing(report, verdict))
    own = [name for name in wrong if name in verdicts and verdicts[name].own is Judgement.CONSISTENT]
    if own and report.forward is Judgement.INCONSISTENT:
        texts.append("It does fit the submission's own forward, but that forward is not this layer.")
    elif report.forward is Judgement.CONSISTENT:
        texts.append("Forward itself is right.")
    return Finding(
        Verdict.PARTIAL if right else Verdict.FAILED,
        " ".join(texts),
        share=len(right) / (len(right) + len(wrong)),
        hint=best_hint(tuple(diagnoses), HINT),
        evidence=tuple(evidence[:8]),
        diagnoses=tuple(diagnoses),
        output=printed(context),
    )


def _unusable(context: Context, report: GradientReport) -> Finding:
    """Nothing could be judged: forward or backward raised at the generic point."""
    raised = [event for event in report.events if event.kind == "raised"]
    detail = raised[0].detail if raised else "forward or backward gave nothing that could be compared"
    return Finding(
        Verdict.ERRORED if raised else Verdict.FAILED,
        detail[0].upper() + detail[1:],
        hint="Call forward and then backward on one small array yourself and read the whole traceback.",
        output=printed(context),
    )
