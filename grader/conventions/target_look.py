"""What the target of a layer's part is, before anything of it is called: a class, a function, torch code; and its backward."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.support import keep_output, printed, raised
from grader.model import Verdict
from grader.rubric import Spelled
from grader.sandbox import Program, Reply, Worker


@dataclass(frozen=True)
class Look:
    """What the target is: values that the worker sent, and what they mean."""

    values: Mapping[str, Any]
    is_class: bool
    is_autograd: bool  # a torch.autograd.Function
    is_torch: bool


def look_at(context: Context, worker: Worker, spelled: Spelled) -> Look:
    """What the target is, and what it and its backward take."""
    module, name = context.target
    program = Program()
    found = program.import_(module)
    target = found.attr(name)
    program.send("exists", program.exists(target))
    program.send("what", program.describe(target))
    program.send("signature", program.signature(target))
    with program.attempt():
        program.send("takes", program.signature(target.attr("forward")))
    for candidate in backward_names(name, spelled.backward):
        if candidate != name:
            program.send("back:" + candidate, program.exists(found.attr(candidate)))
            with program.attempt():
                program.send("takes:" + candidate, program.signature(found.attr(candidate)))
    reply = told_of_target(context, worker, program)
    what: Any = reply.values["what"]
    methods = set(what.get("methods", ()))
    autograd = "apply" in methods and "Function" in what.get("bases", ())
    module_of_torch = {"named_parameters", "register_buffer"} <= methods
    return Look(
        reply.values,
        is_class=bool(what.get("is_class")),
        is_autograd=autograd,
        is_torch=context.part.convention == "torch" or module_of_torch or autograd,
    )


def told_of_target(context: Context, worker: Worker, program: Program) -> Reply:
    """The reply to a program that imports the target and sends whether it ``exists``.

    Raises:
        CannotJudge: it does not, or importing its module raised.
    """
    module, name = context.target
    reply = worker.run(program, timeout=context.seconds)
    keep_output(context, reply)
    if reply.values.get("exists") is False:
        raise CannotJudge(Finding(Verdict.MISSING, f"{module}.py does not define {name}."))
    if reply.error:
        raise CannotJudge(raised(reply.error, doing=f"importing {module}", output=printed(context)))
    return reply


def backward_names(name: str, declared: str) -> tuple[str, ...]:
    """Names that the backward of a forward function may have, the likeliest first."""
    if declared:
        return (declared,)
    stem = name.removesuffix("_forward").removesuffix("_fwd").removeprefix("forward_")
    swapped = [
        name.replace(a, b)
        for a, b in (("forward", "backward"), ("Forward", "Backward"), ("fwd", "bwd"))
        if a in name
    ]
    forms = (
        "{}_backward",
        "{}_bwd",
        "backward_{}",
        "{}_grad",
        "grad_{}",
        "{}_gradient",
        "d_{}",
        "d{}",
        "{}_derivative",
        "{}_prime",
        "{}_back",
        "{}_backprop",
    )
    return tuple(dict.fromkeys([*swapped, *(form.format(stem) for form in forms)]))
