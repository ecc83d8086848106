"""Does batch norm stand between linear and activation when the PyTorch network is asked for it?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grader.checks.context import Context, Finding
from grader.checks.support import evidence_of, in_words, judged
from grader.checks.torch_reference import OTHERS, act, activation_of, compared, evaluate, norm_fault
from grader.conventions.torch_network import HIDDEN, Net, measure
from grader.model import Evidence, Verdict
from grader.rubric import TorchModuleSpec
from grader.truth import LAYERS


def check_batch_norm(context: Context, spec: TorchModuleSpec) -> Finding:
    """Compare train mode and evaluation mode with the reference; dropout is the network check's business."""
    evidence: list[Evidence] = []
    for hidden in HIDDEN[:2]:
        with context.worker() as worker:
            net = measure(context, worker, hidden, batch_norm=True)
        evidence += _evidence(context, net)
    return judged(
        context,
        evidence,
        hint="Print the network that is built with batch norm, and read its layers in order.",
    )


def _evidence(context: Context, net: Net) -> list[Evidence]:
    label = f"hidden layers {list(net.hidden)} with batch norm"
    fault = _count_fault(net)
    if fault:
        return [Evidence(what=label, agreed=False, detail=f"With {label}: {fault}.")]
    activation, alphas = activation_of(context)
    found = []
    for mode in ("train", "eval"):
        try:
            wants = [
                evaluate(net, activation, alpha, norm="before", train=mode == "train") for alpha in alphas
            ]
        except ValueError:  # batch norms of other sizes than the hidden layers
            fault = (
                norm_fault(net, activation, alphas[0]) or "batch norm has other sizes than the hidden layers"
            )
            return [Evidence(what=label, agreed=False, detail=_placed(label, fault, net))]
        comparisons = [compared(net.outputs.get(mode), want) for want in wants]
        best = next((item for item in comparisons if item.agreed), comparisons[0])
        evidence = evidence_of(f"{label}, {mode} mode", best, tensor="output")
        if best.agreed or _paid(context, net, activation, alphas):
            found.append(evidence.model_copy(update={"agreed": True}))
            continue
        fault = norm_fault(net, activation, alphas[0]) or in_words(evidence)
        found.append(evidence.model_copy(update={"detail": _placed(label, fault, net)}))
    return found


def _placed(label: str, fault: str, net: Net) -> str:
    return f"With {label}: {fault} (layers in order of their calls: {net.order})."


def _count_fault(net: Net) -> str:
    """Too few or too many layers; "" if their numbers are right."""
    linear, norms, hidden = len(net.weights), len(net.norms), len(net.hidden)
    if not norms:
        return "no batch norm layer is called when the constructor is asked for batch norm"
    if linear != hidden + 1:
        return f"{linear} linear layers are called; {hidden + 1} are due"
    if norms != hidden:
        return (
            f"{norms} batch norm layers are called; one for each hidden layer is due "
            f"(layers in order of their calls: {net.order})"
        )
    return ""


def _paid(context: Context, net: Net, activation: str, alphas: Sequence[float]) -> bool:
    """Whether only a fault of the network check's (another activation, a softmax at the end) is left."""
    before = context.earlier.get(f"{context.part.id}.network")
    if before is None or before.verdict is not Verdict.FAILED:
        return False
    tries = [(other, alpha) for other in (*OTHERS, "none") for alpha in (*alphas, 1.0, 0.01, 0.1)]
    for other, alpha in tries:
        want = evaluate(net, other, alpha, norm="before", train=True)
        softmax = LAYERS["softmax"].forward(x=want)
        for value in (want, softmax, np.log(softmax), act(activation, alphas[0], want)):
            if compared(net.outputs.get("train"), value).agreed:
                return True
    return False
