"""Does ``forward`` compute the layer? Compared with the reference at several sizes."""

from __future__ import annotations

from grader.checks.context import Context, Finding
from grader.checks.layer import LayerUnderTest, asks_elsewhere, layer_under_test
from grader.checks.support import best_hint, evidence_of, named, printed, worst_first
from grader.diagnose import Observation, diagnose_forward
from grader.model import Evidence, Verdict
from grader.numerics import Call, Comparison, Outcome, compare
from grader.rubric import ForwardSpec

TINY = 1e-10  # absolute noise let through ten times: an output may be exactly 0
LOSS_NOISE = 1e-6  # the same for a loss: a small epsilon in the logarithm of a probability near 1
COARSE = 1e-4  # float32 inside, or a small epsilon in a logarithm: said, not punished


def check_forward(spec: ForwardSpec, context: Context) -> Finding:
    """Compare forward with the reference at generic points of several sizes."""
    with layer_under_test(context, methods=("forward",)) as under:
        return _judge(spec, context, under)


def _judge(spec: ForwardSpec, context: Context, under: LayerUnderTest) -> Finding:
    rng = context.rng
    single = not asks_elsewhere(context, "batch_of_one")
    evidence: list[Evidence] = []
    observations: list[Observation] = []
    coarse = False
    for case in under.cases(single=single):
        here = under.at(case)
        call = here.call(rng, case, backward=False)
        outcome = here.subject.run([call], fresh=True)[0]
        want = here.truth(call).output
        assert want is not None
        if outcome.error:
            return _raised(context, outcome, case.name)
        fine, comparison = _compare(spec, under, outcome, want)
        coarse = coarse or (comparison.agreed and not fine)
        evidence.append(
            evidence_of(
                f"output against the reference ({case.name})", comparison, probe=case.name, tensor="output"
            )
        )
        observations.append(_observation(here, case.name, call, outcome, want))
    bad = [item for item in evidence if not item.agreed]
    if not bad:
        note = "agrees to float32 precision, not to float64" if coarse else ""
        return Finding(Verdict.PASSED, note, evidence=tuple(evidence[:2]), output=printed(context))
    diagnoses = tuple(named(lambda: diagnose_forward(under.spelling.layer, observations, [])))
    reason = f": {diagnoses[0].title}" if diagnoses else ""
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


def _compare(
    spec: ForwardSpec, under: LayerUnderTest, outcome: Outcome, want: object
) -> tuple[bool, Comparison]:
    """Whether it agrees to float64, and the comparison at float32's precision."""
    import numpy as np

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


def _observation(
    under: LayerUnderTest, probe: str, call: Call, outcome: Outcome, want: object
) -> Observation:
    import numpy as np

    return Observation(
        probe=probe,
        layer=under.spelling.layer,
        tensors=call.tensors,
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
