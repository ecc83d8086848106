"""Is a softmax finite and right where exp alone would overflow?"""

from __future__ import annotations

import numpy as np

from grader import diagnose
from grader.checks.context import Context
from grader.checks.contract_calls import Answer
from grader.checks.forward import observation
from grader.checks.layer import LayerUnderTest
from grader.checks.support import fault_in_words, named
from grader.model import Diagnosis, Evidence, Verdict
from grader.numerics import Array, Call, Outcome, compare

ASKS = ("stable", "stable rows")  # as evidence names them


def stable(context: Context, under: LayerUnderTest) -> Answer:
    """Large logits, in rows alike and in one row alone."""
    logits = _near_1000(context)
    together = _finite_softmax(context, under, logits, "logits near 1000")
    if (together is not None and not together[0]) or _forward_lost(context):
        return together
    logits[0] = [3.0, 0.0, 1000.0, 500.0, -1000.0]  # the largest neither first nor last
    return _finite_softmax(context, under, logits[:1], "a row that reaches from -1000 to 1000")


def stable_rows(context: Context, under: LayerUnderTest) -> Answer:
    """Rows far apart from each other, which the maximum of the whole batch does not bring near zero."""
    return _finite_softmax(context, under, _rows_apart(context), "rows near 1000, 0 and -1000")


def why_unstable(
    context: Context, under: LayerUnderTest, broken: list[Evidence]
) -> tuple[str, list[Diagnosis]]:
    """One sentence on all that overflows, and the fault that explains it, where there is one."""
    if _forward_lost(context):  # then its fault is not that of large logits alone
        return broken[0].detail, []
    observations = []
    for name, logits in {
        "small logits": _near_1000(context) - 1000.0,
        "logits near 1000": _near_1000(context),
        "rows far apart": _rows_apart(context),
    }.items():
        call, outcome = _called(context, under, logits)
        observations.append(observation(under, name, call, outcome, under.truth(call).output))
    faults = named(lambda: diagnose.diagnose_forward(under.spelling.layer, observations, []))
    if not faults:
        return broken[0].detail, []
    return f"forward is not stable: {fault_in_words(faults[0])}.", faults[:2]


def _near_1000(context: Context) -> Array:
    return np.asarray(context.generator("stable").standard_normal((4, 5)) + 1000.0)


def _rows_apart(context: Context) -> Array:
    base = context.generator("rows").standard_normal((4, 5))
    return np.asarray(base + np.array([[1000.0], [0.0], [-1000.0], [5.0]]))


def _forward_lost(context: Context) -> bool:
    """Whether forward has lost its points already: its fault is paid for."""
    forward = context.earlier.get(f"{context.part.id}.forward")
    return forward is not None and forward.verdict is not Verdict.PASSED


def _finite_softmax(context: Context, under: LayerUnderTest, logits: Array, what: str) -> Answer:
    """The right probabilities or loss; of a forward that has lost its points already, finite numbers are enough."""
    call, outcome = _called(context, under, logits)
    if outcome.error:
        return False, f"forward raised {outcome.error} for {what}."
    comparison = compare(
        outcome.output,
        np.asarray(under.truth(call).output),
        relative=1e-4,
        floor=1e-5,
        ones_are_free=under.spelling.is_loss,
    )
    if comparison.agreed:
        return True, f"{what} give the right {'loss' if under.spelling.is_loss else 'probabilities'}"
    if _forward_lost(context) and outcome.output is not None and np.isfinite(outcome.output).all():
        return True, f"{what} give finite numbers; that they are wrong is judged by forward"
    return False, f"forward is not stable for {what}: {comparison.detail}."


def _called(context: Context, under: LayerUnderTest, logits: Array) -> tuple[Call, Outcome]:
    point = under.layer.draw(context.generator("labels"), n=len(logits), c=logits.shape[1])
    call = Call({"x": logits}, {name: point[name] for name in under.layer.constants})
    return call, under.subject.run([call], fresh=True)[0]
