"""Does the NumPy network tell its first linear layer, and no other, that it is the input layer?

It can matter only where the submission's own linear layer draws its weights differently then, so that is what is
compared: the spread of the network's fresh weights with that of its own layer, made with the flag and without it.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from grader.checks.context import CannotJudge, Context
from grader.checks.support import keep_output
from grader.conventions.numpy_network import extra_arguments, linear_spelling
from grader.conventions.spelling import Spelling
from grader.rubric import InitSpec
from grader.sandbox import Program, Ref, Reply

SIZES = (400, 300, 200, 10)
APART = 1.2  # ratio of the two spreads from which they can be told apart with certainty


def input_layer_fault(context: Context) -> str:
    """What the network gets wrong about the input layer, as a sentence; "" if nothing, or if it cannot matter."""
    if not _asked(context):
        return ""
    spelling = linear_spelling(context)
    if spelling is None or not spelling.input_layer or not spelling.parameters:
        return ""
    try:
        drawn = _draw(context, spelling)
    except CannotJudge:
        return ""  # what cannot be built is told elsewhere
    for number, (fan_in, fan_out) in enumerate(itertools.pairwise(SIZES), 1):
        hidden, first = _spread(drawn, f"hidden {number}"), _spread(drawn, f"first {number}")
        built = _built(drawn, (fan_in, fan_out))
        if not (hidden and first and built) or max(hidden / first, first / hidden) < APART:
            continue
        like_first = abs(math.log(built / first)) < abs(math.log(built / hidden))
        if like_first != (number == 1):
            which = "the first linear layer is not told" if number == 1 else f"linear layer {number} is told"
            return (
                f"{which.capitalize()} that it is the input layer: its fresh weights have standard deviation "
                f"{built:.3g}; {first if number == 1 else hidden:.3g} is due."
            )
    return ""


def _asked(context: Context) -> bool:
    """Whether the rubric knows an exception for the input layer."""
    checks = [check for part in context.rubric.parts if part.layer == "linear" for check in part.checks]
    return any(isinstance(check, InitSpec) and check.input_gain is not None for check in checks)


def _draw(context: Context, spelling: Spelling) -> Reply:
    """Fresh weights of the network's layers, in order of construction, and of single layers of the same sizes."""
    module, name = context.target
    program = Program()
    linear = program.import_(spelling.module).attr(spelling.name)
    with program.trace([linear], ("__init__",)) as trace:
        inputs, *hidden, classes = SIZES
        program.call(program.import_(module).attr(name), inputs, hidden, classes, *extra_arguments(context))
    for number, sizes in enumerate(itertools.pairwise(SIZES), 1):
        _send(program, spelling, f"built {number}", trace.instances.item(number - 1))
        for label, flag in (("hidden", False), ("first", True)):
            layer = program.call(linear, *sizes, **{spelling.input_layer: flag})
            _send(program, spelling, f"{label} {number}", layer)
    with context.worker() as worker:
        reply = worker.run(program, timeout=context.seconds)
    keep_output(context, reply)
    return reply


def _send(program: Program, spelling: Spelling, label: str, layer: Ref) -> None:
    with program.attempt():
        program.send(label, layer.attr("params").item(spelling.parameters["weight"].key))


def _spread(reply: Reply, label: str) -> float:
    weight = reply.values.get(label)
    return float(weight.std()) if isinstance(weight, np.ndarray) and weight.dtype.kind == "f" else 0.0


def _built(reply: Reply, sizes: tuple[int, int]) -> float:
    """Spread of the network's weight of these sizes, in whatever order and layout its layers were made; 0 if none."""
    for label in ("built 1", "built 2", "built 3"):
        weight = reply.values.get(label)
        if isinstance(weight, np.ndarray) and weight.shape in (sizes, sizes[::-1]):
            return _spread(reply, label)
    return 0.0
