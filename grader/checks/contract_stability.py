"""Is a softmax finite and right where exp alone would overflow?"""

from __future__ import annotations

import numpy as np

from grader.checks.context import Context
from grader.checks.layer import LayerUnderTest
from grader.model import Verdict
from grader.numerics import Array, Call, compare

Answer = tuple[bool, str] | None  # kept or not, and one sentence; None: does not apply


def stable(context: Context, under: LayerUnderTest) -> Answer:
    """Large logits, in rows alike and in one row alone."""
    logits = context.generator("stable").standard_normal((4, 5)) + 1000.0
    together = _finite_softmax(context, under, logits, "logits near 1000")
    if (together is not None and not together[0]) or _forward_lost(context):
        return together
    logits[0] = [3.0, 0.0, 1000.0, 500.0, -1000.0]  # the largest neither first nor last
    return _finite_softmax(context, under, logits[:1], "a row that reaches from -1000 to 1000")


def stable_rows(context: Context, under: LayerUnderTest) -> Answer:
    """Rows far apart from each other, which the maximum of the whole batch does not bring near zero."""
    base = context.generator("rows").standard_normal((4, 5))
    return _finite_softmax(
        context, under, base + np.array([[1000.0], [0.0], [-1000.0], [5.0]]), "rows near 1000, 0 and -1000"
    )


def _forward_lost(context: Context) -> bool:
    """Whether forward has lost its points already: its fault is paid for."""
    forward = context.earlier.get(f"{context.part.id}.forward")
    return forward is not None and forward.verdict is not Verdict.PASSED


def _finite_softmax(context: Context, under: LayerUnderTest, logits: Array, what: str) -> Answer:
    """The right probabilities or loss; of a forward that has lost its points already, finite numbers are enough."""
    point = under.layer.draw(context.generator("labels"), n=len(logits), c=logits.shape[1])
    call = Call({"x": logits}, {name: point[name] for name in under.layer.constants})
    outcome = under.subject.run([call], fresh=True)[0]
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
