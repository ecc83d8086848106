"""Does ``forward`` compute the layer? Compared with the reference at several sizes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader import diagnose
from grader.checks.context import Context, Finding
from grader.checks.layer import LayerUnderTest, asks_elsewhere, layer_under_test
from grader.checks.own_mask import draws_its_own, forward_of_own_mask
from grader.checks.support import best_hint, evidence_of, fault_in_words, named, printed, worst_first
from grader.conventions.lacking import completed
from grader.diagnose import Observation
from grader.model import Evidence, Verdict
from grader.numerics import Call, Comparison, Outcome, compare
from grader.rubric import ForwardSpec

WIDE = 4.0  # so that a bend or a cut away from 0 is met
TINY = 1e-10  # absolute noise let through ten times: an output may be exactly 0
LOSS_NOISE = 1e-6  # the same for a loss: a small epsilon in the logarithm of a probability near 1
COARSE = 1e-4  # float32 inside, or a small epsilon in a logarithm: said, not punished


def check_forward(spec: ForwardSpec, context: Context) -> Finding:
    """Compare forward with the reference at generic points of several sizes."""
    with layer_under_test(context, methods=("forward",)) as under:
        if draws_its_own(under):
            return forward_of_own_mask(context, under)
        return _judge(spec, context, under)


def _judge(spec: ForwardSpec, context: Context, under: LayerUnderTest) -> Finding:
    rng = context.rng
    single = not asks_elsewhere(context, "batch_of_one")
    evidence: list[Evidence] = []
    observations: list[Observation] = []
    coarse, strange = False, ""
    for name, here, call in _probes(under, rng, single=single):
        outcome = here.subject.run([call], fresh=True)[0]
        want = here.truth(call).output
        assert want is not None
        if outcome.error:
            return _raised(context, outcome, name)
        strange = strange or (outcome.note if outcome.output is None else "")
        fine, comparison = _compare(spec, under, outcome, want)
        coarse = coarse or (comparison.agreed and not fine)
        evidence.append(
            evidence_of(f"output against the reference ({name})", comparison, probe=name, tensor="output")
        )
        observations.append(observation(here, name, call, outcome, want))
    bad = [item for item in evidence if not item.agreed]
    if not bad:
        note = "agrees to float32 precision, not to float64" if coarse else ""
        return Finding(Verdict.PASSED, note, evidence=tuple(evidence[:2]), output=printed(context))
    faults = named(lambda: diagnose.diagnose_forward(under.spelling.layer, observations, []))
    diagnoses = () if strange else tuple(faults)
    no_numbers = bad[0].detail if bad[0].abs_error is None else ""
    what = f"{strange} comes back" if strange else fault_in_words(diagnoses[0]) if diagnoses else no_numbers
    reason = f": {what}" if what else ""
    shown = worst_first(evidence)
    return Finding(
        Verdict.FAILED,
        f"forward is not the {under.spelling.layer.replace('_', ' ')} of the reference{reason}.",
        hint=best_hint(
            diagnoses, "Work one small row out by hand and print every intermediate result beside it."
        ),
        evidence=shown,
        diagnoses=diagnoses[:3],
        output=printed(context),
    )


def _probes(
    under: LayerUnderTest, rng: np.random.Generator, *, single: bool
) -> Iterator[tuple[str, LayerUnderTest, Call]]:
    """Every case at a generic point; the first of a layer of x alone at inputs of up to about 12 as well."""
    cases = under.cases(single=single)
    for case in cases:
        here = under.at(case)
        yield case.name, here, here.call(rng, case, backward=False)
    if under.layer.tensors == ("x",) and not under.layer.constants:
        call = under.call(rng, cases[0], backward=False)
        yield "wide inputs", under, Call({"x": WIDE * call.tensors["x"]})


def _compare(
    spec: ForwardSpec, under: LayerUnderTest, outcome: Outcome, want: object
) -> tuple[bool, Comparison]:
    """Whether it agrees to float64, and the comparison at float32's precision."""
    truth = np.asarray(want)
    loss = under.spelling.is_loss
    fine = compare(
        outcome.output, truth, relative=spec.tolerance, noise=TINY, ones_are_free=loss, precision="float64"
    )
    if fine.agreed:
        return True, fine
    return False, compare(
        outcome.output,
        truth,
        relative=max(COARSE, spec.tolerance),
        floor=1e-5,
        noise=LOSS_NOISE if loss else TINY,
        ones_are_free=loss,
    )


def observation(under: LayerUnderTest, probe: str, call: Call, outcome: Outcome, want: object) -> Observation:
    """One call as a diagnosis sees it."""
    return Observation(
        probe=probe,
        layer=under.spelling.layer,
        tensors=completed(under.layer, call.tensors),
        constants=call.constants,
        options=under.layer.settings(dict(under.spelling.options)),
        output_got=outcome.output,
        output_want=np.asarray(want),
    )


def _raised(context: Context, outcome: Outcome, probe: str) -> Finding:
    return Finding(
        Verdict.ERRORED,
        f"forward raised {outcome.error} ({probe})",
        hint="Call forward on one small array yourself and read the whole traceback.",
        output=printed(context),
    )
