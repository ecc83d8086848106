"""The gradients of a NumPy network's parameters, and the order of the layers that its backward calls."""

from __future__ import annotations

from grader.checks.context import CannotJudge, Context
from grader.checks.network_forward import (
    PRECISION,
    activation_of,
    best_forward,
    called,
    hands_on,
    parameters_of,
    wrong_layers,
)
from grader.checks.network_sizes import Fault, Judged
from grader.checks.support import evidence_of, printed, raised
from grader.conventions.numpy_run import Run
from grader.model import Evidence
from grader.numerics import Array, compare
from grader.rubric import NetworkSpec
from grader.truth import mlp_gradients

ELSEWHERE = "Backward passes each layer's gradient on right; what differs is judged in another part."


def judge_gradient(context: Context, spec: NetworkSpec, run: Run) -> Judged:
    """The gradient of every weight and bias, compared with the reference at the run's weights."""
    label = f"hidden layers {list(run.hidden)}"
    if run.backward_error is not None:
        fault = _shared_layer(run) or _begun_wrong(run) or _handed_wrong(run)
        if fault is None:
            raise CannotJudge(
                raised(run.backward_error, doing=f"backward ({label})", output=printed(context))
            )
        detail = f"With {label}: {fault.text}; backward raised {run.backward_error}."
        return Judged((Evidence(what=label, agreed=False, detail=detail),), fault)
    comparison, alpha = best_forward(context, run, softmax=spec.softmax)
    evidence = _gradient_evidence(context, run, alpha, label, softmax=spec.softmax)
    if all(item.agreed for item in evidence):
        return Judged(tuple(evidence))
    fault = _shared_layer(run) or _order_fault(run)
    if fault is None and (wrong_layers(context, gradient=True) or not comparison.agreed):
        detail = "differs only through what is judged elsewhere"
        return Judged((Evidence(what=label, agreed=True, detail=detail),), note=ELSEWHERE)
    if fault is None:
        return Judged(tuple(evidence))
    told = {"detail": f"With {label}: {fault.text}."}
    return Judged(tuple(item if item.agreed else item.model_copy(update=told) for item in evidence), fault)


def _gradient_evidence(
    context: Context, run: Run, alpha: float, label: str, *, softmax: bool
) -> list[Evidence]:
    activation, _ = activation_of(context, run)
    assert run.dout is not None
    due_of = mlp_gradients(run.dout, run.x, parameters_of(run), activation, alpha, softmax=softmax)
    found = []
    for number, (index, want) in reversed([*enumerate(zip(run.linears, due_of, strict=True), 1)]):
        for name, got, due in zip(("weight", "bias"), run.grads[index], want, strict=True):
            comparison = compare(_orient(got, due), due, relative=PRECISION, floor=1e-5, ones_are_free=True)
            what = f"gradient of {name} of linear layer {number} ({label})"
            found.append(evidence_of(what, comparison, tensor=name))
    return found


def _orient(got: Array | None, due: Array) -> Array | None:
    if got is not None and due.ndim == 2 and got.shape == due.shape[::-1] != due.shape:
        return got.T
    return got


def _order_fault(run: Run) -> Fault | None:
    """What is wrong with the order of the layers in backward; None if it mirrors forward and hands gradients on."""
    due = [step.instance for step in run.forward][::-1]
    backward = [step.instance for step in run.backward]
    if backward == due:
        return _handed_wrong(run)
    text = f"backward calls {called(run.backward)}; the layers of forward in reverse order are due"
    rest = iter(due)
    in_order = all(instance in rest for instance in backward)  # some of the due ones, in the due order
    return Fault("N120" if in_order else "N121", text)


def _begun_wrong(run: Run) -> Fault | None:
    """A backward that raised before it got through, and had left the reverse order of forward before that."""
    for seen, due in zip(run.backward, reversed(run.forward), strict=False):
        if seen.instance != due.instance:
            names = [step.name.rpartition(".")[2] for step in (seen, due)]
            return Fault(
                "N121", f"backward goes to {names[0]} where {names[1]} is due, in the reverse of forward"
            )
    return None


def _handed_wrong(run: Run) -> Fault | None:
    """The first layer whose backward got something else than the layer after it returned; None if none did."""
    given = run.dout
    for step in run.backward:
        if given is None or not hands_on(given, step.given):
            name = step.name.rpartition(".")[2]
            return Fault("N122", f"{name}.backward is not given what the layer after it returned")
        given = step.result
    return None


def _shared_layer(run: Run) -> Fault | None:
    """A layer object that forward calls more than once, so that only its last call is in its cache."""
    seen: set[int] = set()
    for step in run.forward:
        if step.instance in seen and step.instance >= 0:
            name = step.name.rpartition(".")[2]
            text = f"one {name} object is called more than once in forward, and its later call replaces what it cached"
            return Fault("N106", text)
        seen.add(step.instance)
    return None
