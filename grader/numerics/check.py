"""The check as a whole: ask, judge against the layer's own forward and against the reference, collect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from grader.errors import UsageError
from grader.numerics.against import Agreement, compare_with_truth
from grader.numerics.conversation import Conversation, converse
from grader.numerics.events import Events
from grader.numerics.findings import Findings
from grader.numerics.judge import Judge
from grader.numerics.noise import Noise
from grader.numerics.points import Setup
from grader.numerics.probes import GENERIC, PROBES, SMALLER, ProbeKind, draw_probes
from grader.numerics.records import records_of
from grader.numerics.report import GradientReport, Judgement, TensorVerdict
from grader.numerics.runner import Runner
from grader.numerics.subject import OUTPUT

_AT_EVERY_SIZE = (GENERIC, SMALLER)


@dataclass(eq=False)
class _Setup:
    """Everything that was found at one setup."""

    talk: Conversation
    findings: Findings = field(default_factory=Findings)
    agreement: Agreement = field(default_factory=Agreement)


def check_setups(
    setups: Sequence[Setup],
    *,
    seed: int = 0,
    probes: Sequence[ProbeKind] = PROBES,
    relative: float | None = None,
) -> GradientReport:
    """Check the gradients of a layer at one or more sizes.

    All probes are made at the first setup, the generic point and a batch of 1 at the others.

    Args:
        setups: the layer at its sizes, with the ways to draw points; with truths, or all without.
        seed: repeats the check; all points, directions and cotangents come from it.
        probes: the kinds of probes, the generic point first.
        relative: relative tolerance of outputs against the reference; by default 1e-6, and 1e-4 for float32.

    Returns:
        The report: verdicts, evidence, events, and the numbers of every probe.

    Raises:
        UsageError: without setups, or without the generic point as the first probe.
    """
    if not setups:
        raise UsageError("check_setups: no setup was given; nothing would be checked")
    if not probes or probes[0].name != GENERIC:
        raise UsageError(f"check_setups: the first probe must be {GENERIC!r}; take them from PROBES")
    rng = np.random.default_rng(seed)
    events = Events()
    runners: list[Runner] = []
    parts: list[_Setup] = []
    noise: Noise | None = None
    wrong = Counter[str]()
    for i, setup in enumerate(setups):
        kinds = tuple(probes) if i == 0 else tuple(kind for kind in probes if kind.name in _AT_EVERY_SIZE)
        runner = Runner(setup.subject)
        if runners:
            runner.frozen, runner.fresh_each = runners[0].frozen, runners[0].fresh_each
        runners.append(runner)
        with np.errstate(all="ignore"):
            part, noise = _one_setup(setup, kinds, runner, rng, events, noise, relative, wrong)
        parts.append(part)
    return _collect(parts, runners, events, noise, seed)


def _one_setup(
    setup: Setup,
    kinds: tuple[ProbeKind, ...],
    runner: Runner,
    rng: np.random.Generator,
    events: Events,
    noise: Noise | None,
    relative: float | None,
    wrong: Counter[str],
) -> tuple[_Setup, Noise | None]:
    drawn = draw_probes(setup, rng, kinds=kinds)
    part = _Setup(converse(setup, drawn, runner, rng, events))
    if part.talk.failed:
        return part, noise
    judge = Judge(part.talk, runner, rng, events, noise=noise, wrong=wrong)
    part.findings = judge.judge()
    part.agreement = compare_with_truth(part.talk, judge, relative=relative)
    return part, judge.noise


def _collect(
    parts: Sequence[_Setup], runners: Sequence[Runner], events: Events, noise: Noise | None, seed: int
) -> GradientReport:
    names = dict.fromkeys(name for part in parts for name in _judged(part))
    outputs = [e for part in parts for e in part.agreement.evidence.get(OUTPUT, [])]
    wrong_outputs = tuple(e for e in outputs if e.judgement is Judgement.INCONSISTENT)
    forward = None
    if outputs:
        forward = Judgement.INCONSISTENT if wrong_outputs else Judgement.CONSISTENT
    if noise is not None and noise.low_precision:
        detail = (
            f"the layer computes in float32 or worse (relative noise {noise.relative:.1e}); judged by that"
        )
        events.add("precision", OUTPUT, GENERIC, detail, fault=False)
    return GradientReport(
        tensors=tuple(_verdict(name, parts, events, forward) for name in names),
        forward=forward,
        forward_evidence=wrong_outputs,
        events=events.all(),
        records=tuple(record for part in parts for record in records_of(part.talk, part.findings)),
        noise=noise,
        random=any(part.talk.random for part in parts),
        seed=seed,
        forward_calls=sum(runner.forward_calls for runner in runners),
        backward_calls=sum(runner.backward_calls for runner in runners),
        runs=sum(runner.runs for runner in runners),
    )


def _judged(part: _Setup) -> tuple[str, ...]:
    return part.talk.setup.wrt or part.talk.tensors


def _verdict(name: str, parts: Sequence[_Setup], events: Events, forward: Judgement | None) -> TensorVerdict:
    """What was found about one tensor.

    Where forward is the right function and the gradient is the right function's, it is the derivative of forward, also
    where differences in float32 are too coarse to tell.
    """
    own = [e for part in parts for e in part.findings.evidence.get(name, [])]
    reference = [e for part in parts for e in part.agreement.evidence.get(name, [])]
    accepted = sum(found == name for part in parts for _, found in part.findings.accepted)
    vanishing = any(found == name for part in parts for _, found in part.findings.vanishing)
    unusable = [
        events.about(kind, name) for kind in ("missing_gradient", "shape", "not_linear", "ignored_cotangent")
    ]
    wrong = any(e.judgement is Judgement.INCONSISTENT for e in own) or any(e and e.fault for e in unusable)
    if wrong:
        verdict = Judgement.INCONSISTENT
    elif accepted or (vanishing and not any(part.findings.open.get(name) for part in parts)):
        verdict = Judgement.CONSISTENT
    else:
        verdict = Judgement.INCONCLUSIVE
    against = None
    if reference:
        bad = any(e.judgement is Judgement.INCONSISTENT for e in reference)
        against = Judgement.INCONSISTENT if bad else Judgement.CONSISTENT
    if verdict is Judgement.INCONCLUSIVE and against is forward is Judgement.CONSISTENT:
        verdict = Judgement.CONSISTENT
    evidence = sorted([*own, *reference], key=lambda e: e.judgement is not Judgement.INCONSISTENT)
    return TensorVerdict(name, verdict, against, tuple(evidence), accepted)
