"""The output of a NumPy network, and the order of the layers that its forward calls."""

from __future__ import annotations

import numpy as np

from grader.checks.context import Context
from grader.checks.network_sizes import Fault, Judged
from grader.checks.support import evidence_of, in_words
from grader.conventions.numpy_run import Run, Step
from grader.model import Evidence, Verdict
from grader.numerics import Array, Comparison, compare
from grader.rubric import NetworkSpec
from grader.truth import mlp_output

PRECISION = 1e-4
ELSEWHERE = (
    "The layers are put together right; what differs comes from a layer that is judged in its own part."
)


def judge_forward(context: Context, spec: NetworkSpec, run: Run) -> Judged:
    """The output, compared with the reference at the run's weights."""
    comparison, _ = best_forward(context, run, softmax=spec.softmax)
    label = f"output with hidden layers {list(run.hidden)}"
    if comparison.agreed:
        return Judged((evidence_of(label, comparison, tensor="output"),))
    fault = order_fault(run, softmax=spec.softmax) or _other_activation(context, run)
    if fault is None and wrong_layers(context):
        detail = "differs from the reference only through a layer judged elsewhere"
        return Judged((Evidence(what=label, agreed=True, detail=detail),), note=ELSEWHERE)
    evidence = evidence_of(label, comparison, tensor="output")
    detail = f"With hidden layers {list(run.hidden)}: {fault.text if fault else in_words(evidence)}."
    return Judged((evidence.model_copy(update={"detail": detail}),), fault)


def activation_of(context: Context, run: Run) -> tuple[str, list[float]]:
    """The activation of the variant, and the alphas worth trying: the instances' own first."""
    named = (part.layer for part in context.rubric.parts)
    layer = next((name for name in named if name in ("elu", "relu", "leaky_relu")), "elu")
    own = [run.alphas[s.instance] for s in run.forward if s.kind == "activation" and s.instance in run.alphas]
    default = {"elu": [1.0], "relu": [0.0], "leaky_relu": [0.02, 0.01]}[layer]
    return layer, list(dict.fromkeys([*own, *default]))


def parameters_of(run: Run) -> list[tuple[Array, Array]]:
    """Weight and bias of every linear layer, in the order in which forward calls them."""
    return [run.weights[index] for index in run.linears]


def best_forward(context: Context, run: Run, *, softmax: bool) -> tuple[Comparison, float]:
    """The comparison of the output with the alpha that fits best."""
    activation, alphas = activation_of(context, run)
    best: tuple[Comparison, float] | None = None
    for alpha in alphas:
        want = mlp_output(run.x, parameters_of(run), activation, alpha, softmax=softmax)
        comparison = compare(run.output, want, relative=PRECISION, floor=1e-5)
        if best is None or comparison.agreed:
            best = (comparison, alpha)
        if comparison.agreed:
            break
    assert best is not None
    return best


def order_fault(run: Run, *, softmax: bool = True) -> Fault | None:
    """What is wrong with the order of the layers that forward called; None if it is the right one."""
    kinds = [step.kind for step in run.forward]
    last = ["softmax"] if softmax else []
    due = ["linear", "activation"] * (len(run.linears) - 1) + ["linear", *last]
    if kinds != due:
        text = f"forward calls {called(run.forward)}; {' -> '.join(due)} is due"
        return Fault(_named_order(kinds, due, len(run.linears)), text)
    given = run.x
    for step in run.forward:
        if not hands_on(given, step.given):
            return Fault("N111", f"{_short(step)} is not given what the layer before it returned")
        if step.result is None:
            return Fault("N111", f"{_short(step)} returned no array")
        given = step.result
    if not hands_on(given, run.output):
        return Fault("N111", "forward does not return what its last layer returned")
    if given.std() < 1e-12 or not np.isfinite(given).all():
        return Fault("N111", "the output does not depend on the input")
    return None


def _named_order(kinds: list[str], due: list[str], linears: int) -> str:
    """The catalogue's id of an order that is not the due one."""
    body = ["linear", "activation"] * (linears - 1) + ["linear"]
    named = {
        "N104": [body, [*body, "activation"]],
        "N102": [[*body, "activation", "softmax"]],
        "N101": [["linear"] * linears + due[len(body) :]],
    }
    orders = (fault for fault, wrong in named.items() if kinds in wrong and kinds != due)
    return next(orders, "N110")


def _other_activation(context: Context, run: Run) -> Fault | None:
    """That the activations between the layers are of another class than the part of the layer that is asked for."""
    part = next((p for p in context.rubric.parts if p.layer in ("elu", "relu", "leaky_relu")), None)
    if part is None or part.target is None:
        return None
    due = part.target.rpartition(":")[2]
    other = next((s for s in run.forward if s.kind == "activation" and _short(s) != due), None)
    if other is None:
        return None
    return Fault("N105", f"the activation is {_short(other)}; {due} is due", f"{_short(other)} for {due}")


def called(steps: list[Step]) -> str:
    """The classes of layers in the order of their calls."""
    return " -> ".join(_short(step) for step in steps) or "nothing"


def _short(step: Step) -> str:
    return step.name.rpartition(".")[2]


def hands_on(before: Array, after: Array | None) -> bool:
    """Whether an array is the one before it, but for its shape and order."""
    if after is None or after.size != before.size:
        return False
    return bool(np.allclose(np.sort(before, axis=None), np.sort(after, axis=None), rtol=1e-4, atol=1e-6))


def wrong_layers(context: Context, *, gradient: bool = False) -> list[str]:
    """Layer checks that did not pass: their fault is paid for."""
    kinds = ("forward", "gradient", "contract") if gradient else ("forward", "contract")
    bad = (Verdict.FAILED, Verdict.PARTIAL, Verdict.ERRORED, Verdict.MISSING)
    return [
        name for name, result in context.earlier.items() if result.kind in kinds and result.verdict in bad
    ]
