"""Is the PyTorch network right: its forward at drawn weights, batch norm between linear and activation, its init?

The network's own modules are traced to see which linear and batch-norm layers are called, and in which order. Their
weights are set to drawn values, and the output is compared with the reference at these weights.
"""

from __future__ import annotations

from collections.abc import Callable

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.network import without_hidden
from grader.checks.support import absent, evidence_of, in_words, printed, worst_first
from grader.checks.torch_init import check_torch_init
from grader.checks.torch_norm import check_batch_norm
from grader.checks.torch_reference import activation_of, compared, evaluate, forward_fault
from grader.conventions.torch_network import HIDDEN, Net, measure
from grader.model import Evidence, Verdict
from grader.numerics import Array, Comparison
from grader.rubric import TorchModuleSpec

DROPPED = 0.5  # share of the points for a network that is right but for layers that drop activations


def check_torch_module(spec: TorchModuleSpec, context: Context) -> Finding:
    """Judge forward, batch norm or the initialisation."""
    module, name = context.target
    missing = absent(context, module, name, methods=("__init__", "forward"))
    if missing is not None:
        return missing
    return ASKS[spec.ask](context, spec)


def _forward(context: Context, spec: TorchModuleSpec) -> Finding:
    evidence: list[Evidence] = []
    nets = []
    for hidden in HIDDEN:
        try:
            with context.worker() as worker:
                nets.append(measure(context, worker, hidden, batch_norm=False))
        except CannotJudge as stop:
            if hidden or not all(item.agreed for item in evidence):
                raise
            return without_hidden(stop.finding, evidence)
        evidence.append(_forward_evidence(context, nets[-1]))
    bad = [item for item in evidence if not item.agreed]
    if bad:
        return Finding(
            Verdict.FAILED,
            bad[0].detail,
            hint="Print the module, then follow one batch through it layer by layer.",
            evidence=worst_first(evidence),
            output=printed(context),
        )
    dropping = next((text for net in nets if (text := _random(net))), "")
    return Finding(
        Verdict.PARTIAL if dropping else Verdict.PASSED,
        dropping,
        share=DROPPED if dropping else 0.0,
        hint="Whatever is added has to be off unless an argument asks for it." if dropping else "",
        evidence=tuple(evidence),
        output=printed(context),
    )


def _random(net: Net) -> str:
    """What makes the plain network differ between train and eval mode; "" if nothing does."""
    told = f"With hidden layers {list(net.hidden)}, built with its default arguments, the network"
    if net.dropped:
        return f"{told} has dropout (p = {net.dropped[0]:g}), which the hand-out does not ask for."
    train = net.outputs.get("train")
    if train is not None and not compared(train, net.outputs["eval"]).agreed:
        return f"{told} gives another output in train mode than in eval mode; nothing in it should depend on the mode."
    return ""


def _forward_evidence(context: Context, net: Net) -> Evidence:
    label = f"logits with hidden layers {list(net.hidden)}"
    activation, alphas = activation_of(context)
    due = len(net.hidden) + 1
    if len(net.weights) != due:
        detail = f"With hidden layers {list(net.hidden)}, forward uses {len(net.weights)} linear layers; {due} are due."
        if not net.weights:
            detail += " Nor has it one parameter that PyTorch sees for each of their weights."
        return Evidence(what=label, agreed=False, detail=detail)
    if not net.registered:
        detail = (
            f"With hidden layers {list(net.hidden)}: PyTorch does not see the weights of every linear layer that is "
            "called, so that an optimizer does not get them: layers in a plain list or dict are not registered "
            "(nn.ModuleList and nn.Sequential are)."
        )
        return Evidence(what=label, agreed=False, detail=detail)
    got = net.outputs["eval"]
    best = _best(net, got, activation, alphas)
    evidence = evidence_of(label, best, tensor="output")
    if best.agreed:
        return evidence
    fault = forward_fault(net, got, activation, alphas[0])
    detail = f"With hidden layers {list(net.hidden)}: {fault or in_words(evidence)}."
    return evidence.model_copy(update={"detail": detail})


def _best(net: Net, got: Array, activation: str, alphas: list[float]) -> Comparison:
    """The comparison with the value of the activation's parameter that fits."""
    found = [compared(got, evaluate(net, activation, alpha)) for alpha in alphas]
    return next((comparison for comparison in found if comparison.agreed), found[0])


ASKS: dict[str, Callable[[Context, TorchModuleSpec], Finding]] = {
    "forward": _forward,
    "batch_norm": check_batch_norm,
    "init": check_torch_init,
}
