"""Is the PyTorch network right: its forward at drawn weights, batch norm between linear and activation, its init?

The network's own modules are traced to see which linear and batch-norm layers are called, and in which order. Their
weights are set to drawn values, and the output is compared with the reference at these weights.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from grader.checks.context import Context, Finding
from grader.checks.network_sizes import Fault, Judged, other_number, try_sizes
from grader.checks.support import absent, evidence_of, in_words, printed
from grader.checks.torch_init import check_torch_init
from grader.checks.torch_norm import check_batch_norm
from grader.checks.torch_reference import activation_of, compared, evaluate, forward_fault
from grader.conventions.torch_build import HIDDEN, N_CLASSES, N_INPUTS, build
from grader.conventions.torch_network import Net, measure
from grader.model import Evidence, Verdict
from grader.numerics import Array, Comparison
from grader.rubric import TorchModuleSpec

DROPPED = 0.5  # share of the points for a network that is right but for layers that drop activations
EQUAL = (6, 6, 6)  # hidden layers that could share a weight
PLACES = ("none", "before", "after")  # of batch norm in years that leave it to the student


def check_torch_module(spec: TorchModuleSpec, context: Context) -> Finding:
    """Judge forward, batch norm or the initialisation."""
    module, name = context.target
    missing = absent(context, module, name, methods=("__init__", "forward"))
    if missing is not None:
        return missing
    return ASKS[spec.ask](context, spec)


def _forward(context: Context, spec: TorchModuleSpec) -> Finding:
    nets: list[Net] = []

    def judge(hidden: tuple[int, ...]) -> Judged:
        with context.worker() as worker:
            nets.append(measure(context, worker, hidden, batch_norm=False))
        return _judged(context, nets[-1])

    hint = "Print the module, then follow one batch through it layer by layer."
    finding = try_sizes(context, HIDDEN, judge, hint=hint)
    if finding.verdict is not Verdict.PASSED:
        return finding
    fault = _shared(context)
    if fault is not None:
        evidence = Evidence(
            what=f"parameters with hidden layers {list(EQUAL)}", agreed=False, detail=fault.text
        )
        return Finding(
            Verdict.FAILED, f"{fault.text}.", hint=fault.diagnosis.hint, evidence=(evidence,),
            diagnoses=(fault.diagnosis,), output=printed(context),
        )  # fmt: skip
    dropping = next((found for net in nets if (found := _random(context, net))), None)
    if dropping is None:
        return finding
    return replace(
        finding,
        verdict=Verdict.PARTIAL,
        message=dropping.text,
        share=DROPPED,
        hint="Whatever is added has to be off unless an argument asks for it.",
        diagnoses=(dropping.diagnosis,),
    )


def _norm_is_asked(context: Context) -> bool:
    """Whether batch norm comes on request in this year's network; else the student may add it."""
    checks = [check for part in context.rubric.parts for check in part.checks]
    return any(isinstance(check, TorchModuleSpec) and check.ask == "batch_norm" for check in checks)


def _random(context: Context, net: Net) -> Fault | None:
    """What makes the plain network differ between train and eval mode; None if nothing does, or if it may."""
    if not _norm_is_asked(context):
        return None
    told = f"With hidden layers {list(net.hidden)}, built with its default arguments, the network"
    if net.dropped:
        text = f"{told} has dropout (p = {net.dropped[0]:g}), which the hand-out does not ask for."
        return Fault("N108", text, f"p = {net.dropped[0]:g}")
    train = net.outputs.get("train")
    if train is not None and not compared(train, net.outputs["eval"]).agreed:
        text = f"{told} gives another output in train mode than in eval mode; nothing in it should depend on the mode."
        return Fault("N108", text, "or another layer that depends on the mode")
    return None


def _shared(context: Context) -> Fault | None:
    """Hidden layers of one width that share their weight; None if they do not, as far as can be seen."""
    with context.worker() as worker:
        x = np.zeros((2, N_INPUTS))
        built = build(context, worker, x, EQUAL, batch_norm=False)
    sizes = (N_INPUTS, *EQUAL, N_CLASSES)
    due = sum(a * b for a, b in itertools.pairwise(sizes))
    found = sum(value.size for value in built.values if value is not None and value.ndim > 1)
    if not 0 < found < due:
        return None
    text = f"With hidden layers {list(EQUAL)} the network has {found} weights; {due} are due: layers share theirs"
    return Fault("N106", text)


def _judged(context: Context, net: Net) -> Judged:
    label = f"logits with hidden layers {list(net.hidden)}"
    activation, alphas = activation_of(context)
    if len(net.weights) != len(net.hidden) + 1:
        text = f"forward uses {len(net.weights)} linear layers; {len(net.hidden) + 1} are due"
        if not net.weights:
            text += ". Nor has it one parameter that PyTorch sees for each of their weights"
        raise other_number(context, net.hidden, text)
    fault = _size_fault(net)
    got = net.outputs["eval"]
    best = None if fault else _best(context, net, got, activation, alphas)
    if best is not None and best.agreed and not net.without_bias:
        return Judged((evidence_of(label, best, tensor="output"),))
    if fault is None and net.without_bias:
        fault = Fault("N107", f"linear layer {net.without_bias[0]} has no bias")
    if fault is None and net.norms and _norm_is_asked(context):
        fault = Fault("N134", f"batch norm is there without being asked for ({net.order})")
    fault = fault or forward_fault(net, got, activation, alphas[0])
    evidence = (
        Evidence(what=label, agreed=False) if best is None else evidence_of(label, best, tensor="output")
    )
    detail = f"With hidden layers {list(net.hidden)}: {fault.text if fault else in_words(evidence)}."
    return Judged((evidence.model_copy(update={"detail": detail, "agreed": False}),), fault)


def _size_fault(net: Net) -> Fault | None:
    """Weights of other shapes than asked for, or that PyTorch does not see; None if they are right."""
    shapes = [weight.shape for weight, _ in net.weights]
    sizes = (N_INPUTS, *net.hidden, N_CLASSES)
    due_shapes = [(b, a) for a, b in itertools.pairwise(sizes)]
    if shapes != due_shapes:
        return Fault("N112", f"the weights have the shapes {shapes}; {due_shapes} are due")
    if net.registered:
        return None
    text = (
        "PyTorch does not see the weights of every linear layer that is called, so that an optimizer does not get "
        "them: layers in a plain list or dict are not registered (nn.ModuleList and nn.Sequential are)"
    )
    return Fault("N109", text)


def _best(context: Context, net: Net, got: Array, activation: str, alphas: list[float]) -> Comparison:
    """The comparison with the value of the activation's parameter that fits."""
    places = PLACES if net.norms and not _norm_is_asked(context) else ("none",)
    found = []
    for place in places:
        try:
            found += [compared(got, evaluate(net, activation, alpha, norm=place)) for alpha in alphas]
        except ValueError:  # batch norms of other sizes than the hidden layers
            continue
    return next((comparison for comparison in found if comparison.agreed), found[0])


ASKS: dict[str, Callable[[Context, TorchModuleSpec], Finding]] = {
    "forward": _forward,
    "batch_norm": check_batch_norm,
    "init": check_torch_init,
}
