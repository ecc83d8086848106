"""Is the initialisation of the PyTorch network Kaiming? The same statistical test as for the NumPy layer."""

from __future__ import annotations

import itertools

import numpy as np

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.init import weight_evidence
from grader.checks.support import judged, keep_output, printed, raised
from grader.conventions.torch_network import extra_arguments, not_built
from grader.model import Evidence, Verdict
from grader.numerics import Array
from grader.rubric import TorchModuleSpec
from grader.sandbox import Program

SIZES = (400, 300, 200, 10)


def check_torch_init(context: Context, spec: TorchModuleSpec) -> Finding:
    """Kaiming spread of every linear layer's weights; the first layer may take the input layer's gain."""
    weights = _weights(context)
    evidence: list[Evidence] = []
    for number, (fan_in, fan_out) in enumerate(itertools.pairwise(SIZES), 1):
        shapes = (
            (fan_out, fan_in),
            (fan_in, fan_out),
        )  # the second where the student's own layer stores it so
        weight = next((w if w.shape == shapes[0] else w.T for w in weights if w.shape in shapes), None)
        label = f"linear layer {number}"
        if weight is None:
            text = f"No weight of shape {(fan_out, fan_in)} for a network of 400, 300, 200 and 10 units."
            evidence.append(Evidence(what=label, agreed=False, detail=text))
            continue
        gains = [spec.gain] if number > 1 or spec.input_gain is None else [spec.input_gain, spec.gain]
        tries = [
            weight_evidence(label, weight.astype(np.float64), g, spec.error_rate, normal=False) for g in gains
        ]
        evidence += next((t for t in tries if all(item.agreed for item in t)), tries[0])
    return judged(
        context,
        evidence,
        hint="Print the standard deviation of each layer's fresh weights beside sqrt(2 / fan_in).",
    )


def _weights(context: Context) -> list[Array]:
    """The matrices among the fresh network's parameters.

    Raises:
        CannotJudge: it cannot be built, or has none that PyTorch sees.
    """
    module, name = context.target
    program = Program()
    torch = program.import_("torch")
    inputs, *hidden, classes = SIZES
    net = program.call(program.import_(module).attr(name), inputs, hidden, classes, *extra_arguments(context))
    named = program.call(torch.attr("nn").attr("Module").attr("named_parameters"), net)
    program.send("parameters", program.call(program.import_("builtins").attr("dict"), named))
    layers = [
        torch.attr("nn").attr("Linear")
    ]  # those called may be missing among the parameters: a list of layers
    with program.trace(layers, ("forward",)) as trace, program.attempt("forward"):
        program.call(net, program.tensor(np.zeros((2, inputs)), dtype="float32"))
    for index in range(len(hidden) + 1):
        with program.attempt(f"called {index}"):
            program.send(f"called {index}", trace.instances.item(index).attr("weight"))
    with context.worker() as worker:
        reply = worker.run(program, timeout=context.seconds)
    keep_output(context, reply)
    if reply.error:
        raise CannotJudge(
            not_built(context, raised(reply.error, doing=f"constructing {name}", output=printed(context)))
        )
    found = reply.values.get("parameters")
    values = list(found.values()) if isinstance(found, dict) else []
    values += [reply.values.get(f"called {index}") for index in range(len(hidden) + 1)]
    weights = [v for v in values if isinstance(v, np.ndarray) and v.ndim == 2]
    if not weights:
        text = f"PyTorch sees no weights in {name}: layers in a plain list or dict are not registered."
        raise CannotJudge(Finding(Verdict.FAILED, text, output=printed(context)))
    return weights
