"""Is the initialisation of the PyTorch network Kaiming? The same statistical test as for the NumPy layer.

Biases may start at zero or as `torch.nn.Linear` leaves them: what the homework asks for says nothing about them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.init import weight_evidence
from grader.checks.support import judged, keep_output, printed, raised
from grader.conventions.torch_build import extra_arguments, not_built
from grader.diagnose import name_fault
from grader.model import Diagnosis, Evidence, Verdict
from grader.numerics import Array
from grader.rubric import TorchModuleSpec
from grader.sandbox import Program, Reply

SIZES = (400, 300, 200, 10)
ONE_HIDDEN = (400, 300, 10)  # for a network that is built for one hidden layer only, which costs it elsewhere
FLAGGED = 0.8  # share of the points for right weights and biases of another start
DEFAULT_BAND = 0.25  # relative, of the spread of a bias that is taken for PyTorch's default
FEW = 30  # biases of which a spread says nothing


def check_torch_init(context: Context, spec: TorchModuleSpec) -> Finding:
    """Kaiming spread of every linear layer's weights; the first layer may take the input layer's gain."""
    sizes: tuple[int, ...] = SIZES
    values = _parameters(context, SIZES)
    matrices = [v for v in values if v.ndim == 2]
    if _weight(matrices, (200, 300)) is None:
        try:
            one = _parameters(context, ONE_HIDDEN)
        except CannotJudge:
            one = []
        if _weight(one, (10, 300)) is not None:
            sizes, values = ONE_HIDDEN, one
    evidence: list[Evidence] = []
    for number, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes), 1):
        weight = _weight(values, (fan_out, fan_in))
        label = f"linear layer {number}"
        if weight is None:
            units = f"{', '.join(map(str, sizes[:-1]))} and {sizes[-1]} units"
            text = f"No weight of shape {(fan_out, fan_in)} for a network of {units}."
            evidence.append(Evidence(what=label, agreed=False, detail=text))
            continue
        gains = [spec.gain] if number > 1 or spec.input_gain is None else [spec.input_gain, spec.gain]
        tries = [
            weight_evidence(label, weight.astype(np.float64), g, spec.error_rate, normal=False) for g in gains
        ]
        evidence += next((t for t in tries if all(item.agreed for item in t)), tries[0])
    hint = "Print the standard deviation of each layer's fresh weights beside sqrt(2 / fan_in)."
    finding = judged(context, evidence, hint=hint)
    if finding.verdict is Verdict.PASSED:
        return _with_biases(finding, values, sizes)
    return replace(finding, diagnoses=_diagnoses(evidence))


def _diagnoses(evidence: Sequence[Evidence]) -> tuple[Diagnosis, ...]:
    bad = next(item for item in evidence if not item.agreed)
    if bad.got is None or "standard deviation" not in bad.what or bad.want is None:
        return ()
    fault = "N140" if "PyTorch's default" in bad.detail else "N141"
    return (name_fault(fault, note=f"standard deviation {bad.got:.4g}, expected {bad.want:.4g}"),)


def _with_biases(finding: Finding, values: Sequence[Array], sizes: tuple[int, ...]) -> Finding:
    """The finding, less a part where a bias starts neither at zero nor as `torch.nn.Linear` leaves it."""
    for number, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes), 1):
        biases = [v for v in values if v.size == fan_out and max(v.shape, default=0) == fan_out]
        odd = [bias for bias in biases if not _usual_bias(bias.astype(np.float64), fan_in)]
        if odd:
            text = (
                f"The weights are right; the bias of linear layer {number} starts with mean {odd[0].mean():.3g} and "
                f"standard deviation {odd[0].std():.3g}: 0 is due (what torch.nn.Linear gives by itself is let through)."
            )
            evidence = Evidence(
                what=f"linear layer {number}: fresh bias", agreed=False, detail=text, tensor="bias"
            )
            fault = name_fault("N142")
            return replace(
                finding,
                verdict=Verdict.PARTIAL,
                share=FLAGGED,
                message=text,
                hint=fault.hint,
                evidence=(evidence, *finding.evidence),
                diagnoses=(fault,),
            )
    return finding


def _usual_bias(bias: Array, fan_in: int) -> bool:
    """Zero, uniform with the bounds of `torch.nn.Linear`, or one: the weight of a batch norm."""
    if (bias == 0).all() or (bias == 1).all():
        return True
    bound = 1 / math.sqrt(fan_in)
    if not np.abs(bias).max() <= bound * (1 + 1e-6):  # NaN is no usual bias
        return False
    return bias.size < FEW or abs(bias.std() / (bound / math.sqrt(3)) - 1) < DEFAULT_BAND


def _weight(values: Sequence[Array], shape: tuple[int, int]) -> Array | None:
    """The weight of that shape (out, in), turned where the student's own layer stores it (in, out)."""
    found = (w if w.shape == shape else w.T for w in values if w.shape in (shape, shape[::-1]))
    return next(found, None)


def _parameters(context: Context, sizes: tuple[int, ...]) -> list[Array]:
    """The fresh network's parameters, and the weights of the linear layers that its forward calls.

    Raises:
        CannotJudge: it cannot be built, or has no weights that PyTorch sees.
    """
    _, name = context.target
    reply = _fresh(context, sizes)
    if reply.error:
        raise CannotJudge(
            not_built(context, raised(reply.error, doing=f"constructing {name}", output=printed(context)))
        )
    found = reply.values.get("parameters")
    sent = list(found.values()) if isinstance(found, dict) else []
    sent += [reply.values.get(f"called {index}") for index in range(len(sizes) - 1)]
    values = [v for v in sent if isinstance(v, np.ndarray) and v.dtype.kind == "f"]
    if not any(v.ndim == 2 for v in values):
        text = f"PyTorch sees no weights in {name}: layers in a plain list or dict are not registered."
        raise CannotJudge(Finding(Verdict.FAILED, text, output=printed(context)))
    return values


def _fresh(context: Context, sizes: tuple[int, ...]) -> Reply:
    """A network of these sizes, its parameters by name; layers in a plain list are found by their calls."""
    module, name = context.target
    program = Program()
    torch = program.import_("torch")
    inputs, *hidden, classes = sizes
    net = program.call(program.import_(module).attr(name), inputs, hidden, classes, *extra_arguments(context))
    named = program.call(torch.attr("nn").attr("Module").attr("named_parameters"), net)
    program.send("parameters", program.call(program.import_("builtins").attr("dict"), named))
    layers = [torch.attr("nn").attr("Linear")]
    with program.trace(layers, ("forward",)) as trace, program.attempt("forward"):
        program.call(net, program.tensor(np.zeros((2, inputs)), dtype="float32"))
    for index in range(len(hidden) + 1):
        with program.attempt(f"called {index}"):
            program.send(f"called {index}", trace.instances.item(index).attr("weight"))
    with context.worker() as worker:
        reply = worker.run(program, timeout=context.seconds)
    keep_output(context, reply)
    return reply
