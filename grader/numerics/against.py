"""Comparing a layer's outputs and gradients with the reference's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from grader.numerics.compare import Comparison, compare, compare_within
from grader.numerics.conversation import Asked, Conversation, natural_size
from grader.numerics.events import gradient_shape_fault
from grader.numerics.judge import Judge
from grader.numerics.report import Against, Evidence, Judgement
from grader.numerics.subject import OUTPUT, Array
from grader.numerics.vectors import root_mean_square

_UNIT = {False: 2.0**-52, True: 2.0**-23}  # rounding of one operation, by whether it is done in float32
_GROSS = 0.05  # of the gradient's size
_LOSS = 1e-7  # of a loss's usual size: an epsilon in its logarithm, ten times of which are let through


@dataclass(eq=False)
class Agreement:
    """What the reference says about one setup: evidence by tensor, the output among them."""

    evidence: dict[str, list[Evidence]] = field(default_factory=dict)
    compared: dict[str, int] = field(default_factory=dict)


def compare_with_truth(talk: Conversation, judge: Judge, *, relative: float | None = None) -> Agreement:
    """Compare every probe that has a reference's answer.

    Args:
        talk: the layer's answers beside the reference's.
        judge: knows the noise, the kinks and what the layer's own forward says.
        relative: relative tolerance of outputs; by default 1e-6, and 1e-4 for float32.
    """
    found = Agreement()
    for asked in talk.asked:
        truth = asked.truth
        if truth is None or truth.output is None or asked.outcome.output is None:
            continue
        if not (asked.probe.kind.slopes or asked.probe.kind.copies):
            continue
        _write(found, asked, OUTPUT, _compare_output(asked, judge, relative))
        for name in talk.setup.wrt or tuple(asked.call.tensors):
            if truth.grads.get(name) is not None:
                _write(found, asked, name, _compare_gradient(asked, name, judge))
    return found


def _write(found: Agreement, asked: Asked, name: str, comparison: Comparison) -> None:
    judgement = Judgement.CONSISTENT if comparison.agreed else Judgement.INCONSISTENT
    found.compared[name] = found.compared.get(name, 0) + 1
    if not comparison.agreed or found.compared[name] == 1:
        evidence = Evidence(asked.name, name, Against.REFERENCE, judgement, comparison)
        found.evidence.setdefault(name, []).append(evidence)


def _compare_output(asked: Asked, judge: Judge, relative: float | None) -> Comparison:
    got, want = asked.outcome.output, asked.truth.output if asked.truth else None
    assert got is not None
    assert want is not None
    if got.size == want.size == 1:
        got = got.reshape(want.shape)
    precision = "float32" if judge.noise.low_precision else None
    sigma = judge.noise.sigma(want)
    if want.size == 1:
        sigma = max(sigma, _LOSS * _usual_size(judge.talk))
    result = compare(got, want, relative=relative, noise=sigma, precision=precision)
    if result.fault == "values" and judge.noise.low_precision:
        result = compare(got, want, relative=relative, noise=judge.noise_at(asked), precision=precision)
    return result


def _usual_size(talk: Conversation) -> float:
    """The size of the right output at the generic point, 1 where that is zero."""
    truth = talk.asked[0].truth
    return (root_mean_square(truth.output) if truth is not None and truth.output is not None else 0.0) or 1.0


def _compare_gradient(asked: Asked, name: str, judge: Judge) -> Comparison:
    truth = asked.truth
    assert truth is not None
    want = truth.grads[name]
    assert want is not None
    got = asked.outcome.grads.get(name)
    if got is not None and gradient_shape_fault(name, got.shape, want.shape, asked.setup.inputs)[0] == "":
        got = got.reshape(want.shape)
    band = judge.noise.band
    share = min(max(judge.talk.precision.get(name, 0.0), 2.0**-50), judge.noise.worst_rounding)
    rounding = share * root_mean_square(want) if want.size else 0.0
    rounding = max(rounding, _UNIT[judge.noise.low_precision] * natural_size(asked, name))
    precision = "float32" if judge.noise.low_precision else "float64"
    result = compare(got, want, relative=band, noise=rounding, precision=precision, integers=False)
    if result.fault != "values" or got is None:
        return result
    if name in judge.talk.unsteady:  # it moves by itself, which is no rounding
        return result
    if judge.allows_at_kink(asked, name):
        return _excused(result)
    if judge.settled(name) and _is_gross(np.asarray(got, np.float64), want, natural_size(asked, name)):
        return result
    return _with_rounding(asked, name, np.asarray(got, np.float64), want, judge)


def _is_gross(got: Array, want: Array, natural: float) -> bool:
    """Whether a difference is beyond what rounding leaves of a gradient, at any ordinary point."""
    if got.shape != want.shape or not np.isfinite(got).all():
        return False
    return float(np.abs(got - want).max(initial=0.0)) > _GROSS * max(
        float(np.abs(want).max(initial=0.0)), natural
    )


def _with_rounding(asked: Asked, name: str, got: Array, want: Array, judge: Judge) -> Comparison:
    """Once more, with the rounding of the gradient measured at this point."""
    rounding = judge.rounding_at(asked)
    largest = float(np.abs(want).max(initial=0.0))
    floor = 1e-6 if judge.noise.low_precision else 1e-9
    natural = 10.0 * _UNIT[judge.noise.low_precision] * natural_size(asked, name)
    moved = rounding.of(name, want.shape).reshape(want.shape)
    allowed = judge.noise.band * np.abs(want) + floor * largest + np.maximum(moved, natural)
    reason = (
        f"{judge.noise.band:.0e} of |want| + {floor:.0e} of max |want| + measured rounding of the gradient"
    )
    return compare_within(got, want, allowed, reason=reason)


def _excused(result: Comparison) -> Comparison:
    """At a kink the reference's choice is one of several; the layer's own forward allows this one."""
    fields: Mapping[str, object] = {
        **result.__dict__,
        "agreed": True,
        "fault": "",
        "detail": "another choice than the reference's at a kink or tie; both are subgradients",
        "off": 0,
    }
    return Comparison(**fields)  # type: ignore[arg-type]
