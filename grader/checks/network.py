"""Is the NumPy network the composition of linear, activation, ..., linear, softmax, forward and backward?

The network is built, its layers are found by their calls, its weights are set to drawn values, and its output is
compared with the reference at these weights. Where a layer of its own is wrong (and has lost its points already), the
network is right if it calls its own layers in the right order and hands each result on: one fault costs once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.network_init import input_layer_fault
from grader.checks.support import absent, evidence_of, in_words, printed, raised, worst_first
from grader.conventions.numpy_network import HIDDEN, Run, run_network
from grader.model import Evidence, Verdict
from grader.numerics import Array, Comparison, compare
from grader.rubric import NetworkSpec
from grader.truth import LAYERS

PRECISION = 1e-4
FLAGGED = 0.8  # share of the points for a network that is right but for its first layer's initialisation


def check_network(spec: NetworkSpec, context: Context) -> Finding:
    """Judge forward, or backward, for two, one and no hidden layers."""
    module, name = context.target
    missing = absent(
        context, module, name, methods=("__init__", "forward" if spec.ask == "forward" else "backward")
    )
    if missing is not None:
        return missing
    evidence: list[Evidence] = []
    notes: list[str] = []
    judge = _judge_forward if spec.ask == "forward" else _judge_gradient
    for hidden in HIDDEN:
        try:
            with context.worker() as worker:
                run = run_network(context, worker, module, name, hidden, backward=spec.ask == "gradient")
        except CannotJudge as stop:
            if hidden or not all(item.agreed for item in evidence):
                raise
            return without_hidden(stop.finding, evidence)
        found, note = judge(context, spec, run)
        evidence += found
        notes += [note] if note else []
    bad = [item for item in evidence if not item.agreed]
    fault = input_layer_fault(context) if spec.ask == "forward" and not bad else ""
    if fault:
        return Finding(
            Verdict.PARTIAL,
            fault,
            share=FLAGGED,
            hint="Which layers get the input_layer argument of the linear module, and with which value?",
            evidence=tuple(evidence[:3]),
            output=printed(context),
        )
    if not bad:
        return Finding(
            Verdict.PASSED, notes[0] if notes else "", evidence=tuple(evidence[:3]), output=printed(context)
        )
    hint = "Follow one batch by hand: print each layer's class, input shape and output shape, in order."
    if spec.ask == "gradient":
        hint = "Compare the order of the layers in backward with the order in forward, and what each one is handed."
    return Finding(
        Verdict.FAILED,
        _message(bad[0]),
        hint=hint,
        evidence=worst_first(evidence),
        output=printed(context),
    )


def without_hidden(found: Finding, evidence: Sequence[Evidence]) -> Finding:
    """Networks with hidden layers are right, and the one without cannot be judged: a part of the points is lost."""
    return replace(
        found,
        verdict=Verdict.PARTIAL,
        share=FLAGGED,
        message=f"Right with hidden layers; with none (n_hidden = []): {found.message}",
        hint=found.hint
        or "An empty n_hidden is due to give multinomial logistic regression: one linear layer.",
        evidence=tuple(evidence[:3]),
    )


def _activation(context: Context, run: Run) -> tuple[str, list[float]]:
    """The activation of the variant, and the alphas worth trying: the instances' own first."""
    layer = next(
        (part.layer for part in context.rubric.parts if part.layer in ("elu", "relu", "leaky_relu")), "elu"
    )
    own = [run.alphas[s.instance] for s in run.forward if s.kind == "activation" and s.instance in run.alphas]
    default = {"elu": [1.0], "relu": [0.0], "leaky_relu": [0.02, 0.01]}[layer]
    return layer, list(dict.fromkeys([*own, *default]))


def reference_forward(
    run: Run, activation: str, alpha: float, *, softmax: bool = True
) -> tuple[Array, list[Array]]:
    """Output at the run's weights, and the input of every linear and activation layer, in order."""
    h, inputs = run.x, []
    for number, index in enumerate(run.linears):
        weight, bias = run.weights[index]
        inputs.append(h)
        h = h @ weight.T + bias
        if number < len(run.linears) - 1:
            inputs.append(h)
            h = LAYERS[activation].forward(x=h, **_options(activation, alpha))
    inputs.append(h)
    return (LAYERS["softmax"].forward(x=h) if softmax else h), inputs


def _options(activation: str, alpha: float) -> dict[str, Any]:
    return {name: alpha for name in LAYERS[activation].options if name == "alpha"}


def _message(evidence: Evidence) -> str:
    return (
        f"{evidence.what}: {in_words(evidence)}."
        if evidence.got is not None and not evidence.detail
        else evidence.detail
    )


def _judge_forward(context: Context, spec: NetworkSpec, run: Run) -> tuple[list[Evidence], str]:
    comparison, _ = _best_forward(context, run, softmax=spec.softmax)
    label = f"output with hidden layers {list(run.hidden)}"
    if comparison.agreed:
        return [evidence_of(label, comparison, tensor="output")], ""
    fault = forward_fault(run)
    if not fault and _wrong_layers(context):
        return (
            [
                Evidence(
                    what=label,
                    agreed=True,
                    detail="differs from the reference only through a layer judged elsewhere",
                )
            ],
            "The layers are put together right; what differs comes from a layer that is judged in its own part.",
        )
    evidence = evidence_of(label, comparison, tensor="output")
    detail = f"With hidden layers {list(run.hidden)}: {fault or in_words(evidence)}."
    return [evidence.model_copy(update={"detail": detail})], ""


def _best_forward(context: Context, run: Run, *, softmax: bool) -> tuple[Comparison, float]:
    activation, alphas = _activation(context, run)
    best: tuple[Comparison, float] | None = None
    for alpha in alphas:
        want, _ = reference_forward(run, activation, alpha, softmax=softmax)
        comparison = compare(run.output, want, relative=PRECISION, floor=1e-5)
        if best is None or comparison.agreed:
            best = (comparison, alpha)
        if comparison.agreed:
            break
    assert best is not None
    return best


def forward_fault(run: Run) -> str:
    """What is wrong with the order of the layers that forward called; "" if it is the right one."""
    kinds = [step.kind for step in run.forward]
    n = len(run.linears)
    due = [kind for _ in range(n - 1) for kind in ("linear", "activation")] + ["linear", "softmax"]
    if kinds != due:
        named = " -> ".join(step.name.rpartition(".")[2] for step in run.forward) or "nothing"
        return f"forward calls {named}; {' -> '.join(due)} is due"
    given = run.x
    for step in run.forward:
        if not _hands_on(given, step.given):
            return f"{step.name.rpartition('.')[2]} is not given what the layer before it returned"
        if step.result is None:
            return f"{step.name.rpartition('.')[2]} returned no array"
        given = step.result
    if not _hands_on(given, run.output):
        return "forward does not return what its last layer returned"
    if given.std() < 1e-12 or not np.isfinite(given).all():
        return "the output does not depend on the input"
    return ""


def _hands_on(before: Array, after: Array | None) -> bool:
    if after is None or after.size != before.size:
        return False
    return bool(np.allclose(np.sort(before, axis=None), np.sort(after, axis=None), rtol=1e-4, atol=1e-6))


def _wrong_layers(context: Context, *, gradient: bool = False) -> list[str]:
    """Layer checks that did not pass: their fault is paid for."""
    kinds = ("forward", "gradient", "contract") if gradient else ("forward", "contract")
    bad = (Verdict.FAILED, Verdict.PARTIAL, Verdict.ERRORED, Verdict.MISSING)
    return [
        name for name, result in context.earlier.items() if result.kind in kinds and result.verdict in bad
    ]


def _judge_gradient(context: Context, spec: NetworkSpec, run: Run) -> tuple[list[Evidence], str]:
    label = f"hidden layers {list(run.hidden)}"
    shared = shared_layer(run)
    if run.backward_error is not None:
        if why := shared or handed_wrong(run):
            detail = f"With {label}: {why}; backward raised {run.backward_error}"
            return [Evidence(what=label, agreed=False, detail=f"{detail}.")], ""
        raise CannotJudge(raised(run.backward_error, doing=f"backward ({label})", output=printed(context)))
    comparison, alpha = _best_forward(context, run, softmax=spec.softmax)
    evidence = _gradient_evidence(context, run, alpha, label)
    if all(item.agreed for item in evidence):
        return evidence, ""
    forward_wrong = not comparison.agreed
    paid = _wrong_layers(context, gradient=True) or forward_wrong
    fault = shared or backward_fault(run)
    if not fault and paid:
        note = "Backward passes each layer's gradient on right; what differs is judged in another part."
        return [
            Evidence(what=label, agreed=True, detail="differs only through what is judged elsewhere")
        ], note
    detail = f"With {label}: {fault}." if fault else ""
    return [
        item if item.agreed or not detail else item.model_copy(update={"detail": detail}) for item in evidence
    ], ""


def _gradient_evidence(context: Context, run: Run, alpha: float, label: str) -> list[Evidence]:
    activation, _ = _activation(context, run)
    found = []
    for index, want in reference_gradients(run, activation, alpha).items():
        number = run.linears.index(index) + 1
        for name, got, due in zip(("weight", "bias"), run.grads[index], want, strict=True):
            oriented = _orient(got, due)
            comparison = compare(oriented, due, relative=PRECISION, floor=1e-5, ones_are_free=True)
            what = f"gradient of {name} of linear layer {number} ({label})"
            found.append(evidence_of(what, comparison, tensor=name))
    return found


def _orient(got: Array | None, due: Array) -> Array | None:
    if got is not None and due.ndim == 2 and got.shape == due.shape[::-1] != due.shape:
        return got.T
    return got


def reference_gradients(run: Run, activation: str, alpha: float) -> dict[int, tuple[Array, Array]]:
    """Gradient of every weight and bias at the run's weights, by instance."""
    _, inputs = reference_forward(run, activation, alpha)
    assert run.dout is not None
    grads: dict[int, tuple[Array, Array]] = {}
    dout = LAYERS["softmax"].backward(run.dout, x=inputs[-1])["x"]
    for number in range(len(run.linears) - 1, -1, -1):
        index = run.linears[number]
        weight, bias = run.weights[index]
        back = LAYERS["linear"].backward(dout, x=inputs[2 * number], weight=weight, bias=bias)
        grads[index] = (back["weight"], back["bias"])
        dout = back["x"]
        if number:
            before = inputs[2 * number - 1]
            dout = LAYERS[activation].backward(dout, x=before, **_options(activation, alpha))["x"]
    return grads


def backward_fault(run: Run) -> str:
    """What is wrong with the order of the layers in backward; "" if it mirrors forward and hands gradients on."""
    forward = [step.instance for step in run.forward]
    backward = [step.instance for step in run.backward]
    if backward != forward[::-1]:
        named = " -> ".join(step.name.rpartition(".")[2] for step in run.backward) or "no layer"
        return f"backward calls {named}; the layers of forward in reverse order are due"
    return handed_wrong(run)


def handed_wrong(run: Run) -> str:
    """The first layer whose backward got something else than the layer after it returned; "" if none did."""
    given = run.dout
    for step in run.backward:
        if given is None or not _hands_on(given, step.given):
            return f"{step.name.rpartition('.')[2]}.backward is not given what the layer after it returned"
        given = step.result
    return ""


def shared_layer(run: Run) -> str:
    """A layer object that forward calls more than once, so that only its last call is in its cache; "" if none."""
    seen: set[int] = set()
    for step in run.forward:
        if step.instance in seen and step.instance >= 0:
            name = step.name.rpartition(".")[2]
            return f"one {name} object is called more than once in forward, and its later call replaces what it cached"
        seen.add(step.instance)
    return ""
