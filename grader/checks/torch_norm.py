"""Does batch norm stand between linear and activation when the PyTorch network is asked for it?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grader.checks.context import Context, Finding
from grader.checks.network_sizes import Fault, Judged, other_number, try_sizes
from grader.checks.support import evidence_of, in_words
from grader.checks.torch_reference import (
    FLOOR,
    OTHERS,
    act,
    activation_of,
    compared,
    evaluate,
    norm_fault,
    placed_right,
)
from grader.conventions.torch_build import BATCH, HIDDEN
from grader.conventions.torch_network import Net, measure
from grader.model import Evidence, Verdict
from grader.numerics import Array, Comparison, compare
from grader.rubric import TorchModuleSpec
from grader.truth import LAYERS

SETTLED = 1e-3  # relative, of running averages of the student's own after many batches
ELSEWHERE = "Batch norm stands in the right place; what differs is judged in the network's own check."


def check_batch_norm(context: Context, spec: TorchModuleSpec) -> Finding:
    """Compare train mode and evaluation mode with the reference; dropout is the network check's business."""

    def judge(hidden: tuple[int, ...]) -> Judged:
        with context.worker() as worker:
            return _judged(context, measure(context, worker, hidden, batch_norm=True))

    hint = "Print the network that is built with batch norm, and read its layers in order."
    return try_sizes(context, HIDDEN[:2], judge, hint=hint)


def _judged(context: Context, net: Net) -> Judged:
    label = f"hidden layers {list(net.hidden)} with batch norm"
    if net.norms and len(net.weights) != len(net.hidden) + 1:
        text = f"{len(net.weights)} linear layers are called; {len(net.hidden) + 1} are due"
        raise other_number(context, net.hidden, text)
    fault = _count_fault(net)
    if fault is not None:
        return _wrong(Evidence(what=label, agreed=False), label, fault, "")
    activation, alphas = activation_of(context)
    found = []
    for mode in ("train", "eval"):
        comparisons = _compared(net, activation, alphas, mode)
        best = next((item for item in comparisons if item.agreed), comparisons[0] if comparisons else None)
        what = f"{label}, {mode} mode"
        evidence = (
            Evidence(what=what, agreed=False) if best is None else evidence_of(what, best, tensor="output")
        )
        if evidence.agreed:
            found.append(evidence)
            continue
        if _paid(context, net, activation, alphas):
            told = {"agreed": True, "detail": "differs through what the network's own check judges"}
            return Judged((*found, evidence.model_copy(update=told)), note=ELSEWHERE)
        fault = (
            norm_fault(net, activation, alphas[0])
            if mode == "train"
            else _eval_fault(net, activation, alphas)
        )
        if fault is None and best is None:
            fault = Fault("N110", "batch norm has other sizes than the hidden layers")
        return _wrong(evidence, label, fault, in_words(evidence), net.order)
    return Judged(tuple(found))


def _wrong(evidence: Evidence, label: str, fault: Fault | None, words: str, order: str = "") -> Judged:
    places = f" (layers in order of their calls: {order})" if order else ""
    detail = f"With {label}: {fault.text if fault else words}{places}."
    return Judged((evidence.model_copy(update={"detail": detail}),), fault)


def _compared(net: Net, activation: str, alphas: Sequence[float], mode: str) -> list[Comparison]:
    """With the reference, for each alpha, and for each variance that averages may keep; none if nothing can be right."""
    kept = ("unbiased", "biased") if net.settled and mode == "eval" else ("unbiased",)
    got = net.outputs.get(mode)
    try:
        wants = [
            evaluate(net, activation, alpha, norm="before", train=mode == "train", averages=averages)
            for alpha in alphas
            for averages in kept
        ]
    except ValueError:  # batch norms of other sizes than the hidden layers
        return []
    if mode == "eval" and _depends_on_batch(net):
        return []  # nothing that looks at the other rows is right
    if mode == "eval" and net.settled:
        return [compare(got, want, relative=SETTLED, floor=FLOOR) for want in wants]
    return [compared(got, want) for want in wants]


def _depends_on_batch(net: Net) -> bool:
    """Whether a row of the output in evaluation mode changes with the other rows."""
    half, whole = net.outputs.get("eval half"), net.outputs["eval"]
    if half is None or not whole.ndim or half.shape[:1] != (BATCH // 2,):
        return False
    return not compared(half, whole[: BATCH // 2]).agreed


def _eval_fault(net: Net, activation: str, alphas: Sequence[float]) -> Fault | None:
    """What is wrong in evaluation mode with a network that is right in train mode; None if it has no name."""
    if _depends_on_batch(net):
        return Fault("N136", "in evaluation mode batch norm still takes the mean and variance of the batch")
    for alpha in alphas:
        initial = evaluate(net, activation, alpha, norm="before", averages="initial")
        if compared(net.outputs["eval"], initial).agreed:
            text = "in evaluation mode batch norm takes the averages that it began with, which training left alone"
            return Fault("N137", text)
    return None


def _count_fault(net: Net) -> Fault | None:
    """Too few or too many layers; None if their numbers are right."""
    norms, hidden = len(net.norms), len(net.hidden)
    if not norms:
        return Fault("N133", "no batch norm layer is called when the constructor is asked for batch norm")
    if norms != hidden:
        sizes = [len(gamma) for gamma, _, _ in net.norms]
        named = {hidden + 1: "N131" if sizes[-1] == len(net.weights[-1][1]) else "N132"}
        text = (
            f"{norms} batch norm layers are called; one for each hidden layer is due (layers in order of their "
            f"calls: {net.order})"
        )
        return Fault(named.get(norms, "N110"), text)
    return None


def _paid(context: Context, net: Net, activation: str, alphas: Sequence[float]) -> bool:
    """Whether only a fault of the network check's (another activation, a softmax at the end) is left."""
    before = context.earlier.get(f"{context.part.id}.network")
    if before is None or before.verdict is not Verdict.FAILED:
        return False
    if placed_right(net):
        return True
    tries = [(other, alpha) for other in (*OTHERS, "none") for alpha in (*alphas, 1.0, 0.01, 0.1)]
    return any(
        compared(net.outputs.get("train"), value).agreed
        for other, alpha in tries
        for value in _followed(net, other, alpha, (activation, alphas[0]))
    )


def _followed(net: Net, other: str, alpha: float, last: tuple[str, float]) -> list[Array]:
    """Outputs of the network with another activation, and what may wrongly follow its last layer."""
    try:
        want = evaluate(net, other, alpha, norm="before", train=True)
    except ValueError:
        return []
    softmax = LAYERS["softmax"].forward(x=want)
    return [want, softmax, np.log(softmax), act(*last, want)]
