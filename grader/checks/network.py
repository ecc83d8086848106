"""Is the NumPy network the composition of linear, activation, ..., linear, softmax, forward and backward?

The network is built, its layers are found by their calls, its weights are set to drawn values, and its output is
compared with the reference at these weights. Where a layer of its own is wrong (and has lost its points already), the
network is right if it calls its own layers in the right order and hands each result on: one fault costs once.
"""

from __future__ import annotations

from dataclasses import replace

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.network_forward import judge_forward
from grader.checks.network_gradient import judge_gradient
from grader.checks.network_init import input_layer_fault
from grader.checks.network_sizes import Judged, try_sizes
from grader.checks.support import absent, printed
from grader.conventions.numpy_network import run_network
from grader.conventions.numpy_run import HIDDEN
from grader.diagnose import name_fault
from grader.model import Evidence, Verdict
from grader.rubric import NetworkSpec

FLAGGED = 0.8  # share of the points for a network that is right but for its first layer's initialisation
EQUAL = (6, 6, 6)  # hidden layers that could share a weight
HINTS = {
    "forward": "Follow one batch by hand: print each layer's class, input shape and output shape, in order.",
    "gradient": "Compare the order of the layers in backward with the order in forward, and what each is handed.",
}


def check_network(spec: NetworkSpec, context: Context) -> Finding:
    """Judge forward, or backward, for two, one and no hidden layers."""
    module, name = context.target
    method = "forward" if spec.ask == "forward" else "backward"
    missing = absent(context, module, name, methods=("__init__", method))
    if missing is not None:
        return missing

    def judge(hidden: tuple[int, ...]) -> Judged:
        with context.worker() as worker:
            run = run_network(context, worker, module, name, hidden, backward=spec.ask == "gradient")
        return (judge_forward if spec.ask == "forward" else judge_gradient)(context, spec, run)

    finding = try_sizes(context, HIDDEN, judge, hint=HINTS[spec.ask])
    if finding.verdict is not Verdict.PASSED or spec.ask != "forward":
        return finding
    return _shared(context) or _flagged(context, finding)


def _flagged(context: Context, finding: Finding) -> Finding:
    """The finding, less a part where the wrong layer is initialised as the input layer."""
    fault = input_layer_fault(context)
    if not fault:
        return finding
    return replace(
        finding,
        verdict=Verdict.PARTIAL,
        message=fault,
        share=FLAGGED,
        hint="Which layers get the input_layer argument of the linear module, and with which value?",
        diagnoses=(name_fault("N115"),),
    )


def _shared(context: Context) -> Finding | None:
    """Hidden layers of one width that are a single object; None if they are not, or cannot be tried."""
    module, name = context.target
    try:
        with context.worker() as worker:
            run_network(context, worker, module, name, EQUAL, backward=False)
    except CannotJudge as stop:
        text = f"Right with layers of different widths; with {list(EQUAL)}: {stop.finding.message}"
        return replace(
            stop.finding,
            verdict=Verdict.FAILED,
            message=text,
            evidence=(Evidence(what=f"hidden layers {list(EQUAL)}", agreed=False, detail=text),),
            diagnoses=(name_fault("N106"),),
            output=printed(context),
        )
    return None
