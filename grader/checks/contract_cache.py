"""Does clear_cache drop what forward cached, and leave a layer that works?"""

from __future__ import annotations

import numpy as np

from grader.checks.context import Context
from grader.checks.contract_calls import Answer, alike, call_of, input_gradient, why_dead
from grader.checks.layer import LayerUnderTest
from grader.conventions.layer_form import LayerForm
from grader.conventions.spelling import Parameter
from grader.numerics import Call
from grader.sandbox import Program, Ref, Reply


def clear_cache(context: Context, under: LayerUnderTest) -> Answer:
    """clear_cache drops what forward cached, and leaves a layer that works. A class without one is not asked."""
    call = call_of(context, under, "cache", 4)
    before = under.subject.run([call], fresh=True)[0]
    reply = _cleared(context, under, call)
    if reply.values.get("there") is not True:
        return None
    if "clear" in reply.errors:
        return False, f"clear_cache raised {reply.errors['clear']}."
    dead = why_dead(under, call, before)
    if dead:
        return False, dead
    due, kept = reply.values.get("due"), reply.values.get("kept")
    if isinstance(kept, np.ndarray) and isinstance(due, np.ndarray) and np.array_equal(kept, due):
        return False, "clear_cache drops nothing: backward still gives the same gradient after it."
    after = under.subject.run([call])[0]
    if after.error:
        return False, f"After clear_cache, the next call raised {after.error}."
    if not alike(after.output, before.output) or not alike(
        input_gradient(under, after), input_gradient(under, before)
    ):
        return False, "After clear_cache, the next call gives other numbers."
    return True, "clear_cache drops what was cached and leaves a layer that works"


def _cleared(context: Context, under: LayerUnderTest, call: Call) -> Reply:
    """Backward before and after clear_cache, on the instance of the last call: what it gives of the cache's making."""
    program = Program()
    instance = under.subject.instance
    parameter = under.spelling.parameters.get("weight")
    weight = parameter if isinstance(parameter, Parameter) else None

    def backward(name: str) -> None:
        with program.attempt():
            dx = program.call(instance.attr("backward"), np.array(call.cotangent))
            program.send(name, program.copy(_weight_gradient(under, instance) or dx))

    backward("due")
    kept = _weight_gradient(under, instance)
    if kept is not None:
        with program.attempt():  # so that a gradient that is left over is not taken for one computed again
            blank = np.zeros(1) if weight is None else np.zeros_like(weight.stored(call.tensors["weight"]))
            program.set(kept, blank)
    program.send("there", program.exists(instance.attr("clear_cache")))
    with program.attempt("clear"):
        program.call(instance.attr("clear_cache"))
    backward("kept")
    return under.subject.worker.run(program, timeout=context.seconds)


def _weight_gradient(under: LayerUnderTest, instance: Ref) -> Ref | None:
    """Where the gradient of the weight is kept, in a layer that has one."""
    if isinstance(under.spelling, LayerForm):
        member = under.spelling.gradients.get("weight")
        return member.under(instance) if member else None
    weight = under.spelling.parameters.get("weight")
    return instance.attr("grads").item(weight.key) if weight else None
