"""Find out how a submission's layer is called: from signatures, names, shapes, and one call of each way that could be meant."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from typing import Any

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.support import absent, keep_output, printed, raised
from grader.conventions.arguments import Unbound, bind, constructor_quantities, sources_of
from grader.conventions.form_subject import new_instance
from grader.conventions.form_trial import best_layout, settle, told_layout
from grader.conventions.layer_form import LOSSES, LayerForm
from grader.conventions.layouts import parameter_layouts
from grader.conventions.members import Member, Step, declared_member, find_parameter, members_of
from grader.conventions.target_look import Look, backward_names, look_at
from grader.model import Verdict
from grader.numerics import Array
from grader.rubric import Spelled
from grader.sandbox import Program, Ref, Reply, Worker
from grader.truth import Layer

SIZES = {
    "n": 4,
    "d": 5,
    "c": 3,
    "height": 6,
    "width": 7,
    "kernel_height": 2,
    "kernel_width": 2,
}  # so that a layout shows
METHODS = ("forward", "backward")
SECOND_BIAS = "bias_hh"
Signature = Sequence[Mapping[str, Any]]


def find_form(context: Context, worker: Worker, *, methods: Container[str] = METHODS) -> LayerForm:
    """How the part's layer is called; each step is done once per submission.

    Args:
        context: of the check.
        worker: that holds the submission.
        methods: "forward", "backward": what will be called. Another is not called here either, as it may not end.

    Raises:
        CannotJudge: it is missing, unfilled, raises, or asks for something that no layer of this kind has.
        WorkerError: the worker died.
    """
    module, name = context.target
    key = f"form:{context.part.id}:{module}:{name}"
    made = context.once(key, lambda: _find(context, worker))
    point = discovery_point(context, made.reference, made.options)
    if "forward" not in methods and (told := told_layout(context, made, point)):
        return told
    form = context.once(f"{key}:forward", lambda: best_layout(context, worker, made, point))
    if "backward" not in methods:
        return form
    return context.once(f"{key}:backward", lambda: settle(context, worker, form, point))


def discovery_point(context: Context, layer: Layer, options: Mapping[str, object]) -> dict[str, Array]:
    """Tensors and constants whose sizes all differ, so that a layout shows."""
    sizes = {name: size for name, size in SIZES.items() if name in layer.sizes}
    return layer.draw(context.generator("spelling"), **sizes, **layer.settings(dict(options)))


def _find(context: Context, worker: Worker) -> LayerForm:
    spelled = context.part.spelling
    look = look_at(context, worker, spelled)
    form = LayerForm(
        *context.target,
        context.part.layer,
        "object",
        options=dict(context.part.options),
        without=spelled.without,
    )
    if look.is_torch:
        form = replace(form, shape="torch")
    if look.is_class and not look.is_autograd:
        form = _object(context, worker, form, spelled, look)
    else:
        form = _functions(context, worker, form, spelled, look)
    return form


def _functions(context: Context, worker: Worker, form: LayerForm, spelled: Spelled, look: Look) -> LayerForm:
    """A forward function, perhaps with a backward function; or torch code."""
    layer = form.reference
    signature = look.values.get("signature") or []
    if look.is_autograd:
        signature = (look.values.get("takes") or [])[1:]  # without ctx
    takes = bind_or_say(context, form.name, signature, _givable(layer, layer.tensors), spelled)
    if _one_bias(layer, sources_of(takes)):
        form = replace(form, without=(*form.without, SECOND_BIAS))
        layer = form.reference
    order = tuple(name for argument in takes for name in [argument.source] if name in layer.tensors)
    form = replace(form, forward=form.name, takes=takes, returns=spelled.returns or order or layer.tensors)
    if form.shape == "torch":
        called = f"{form.name}.apply" if look.is_autograd else form.name
        return replace(form, forward=called, backward="autograd")
    for candidate in backward_names(form.name, spelled.backward):
        if look.values.get("back:" + candidate) is True:
            unfilled = absent(context, form.module, candidate) if context.spec.kind != "forward" else None  # type: ignore[attr-defined]
            if unfilled is not None:
                raise CannotJudge(unfilled)
            back = bind_or_say(
                context,
                candidate,
                look.values.get("takes:" + candidate) or [],
                _givable_back(layer, layer.tensors),
                spelled,
            )
            return replace(form, backward=candidate, takes_back=back)
    return form


def _object(context: Context, worker: Worker, form: LayerForm, spelled: Spelled, look: Look) -> LayerForm:
    """A class: construct it, see its methods and where its parameters are."""
    layer = form.reference
    construct = bind_or_say(
        context, form.name, look.values.get("signature") or [], constructor_quantities(layer), spelled
    )
    form = replace(
        form, construct=construct, forward="" if form.shape == "torch" else spelled.forward or "forward"
    )
    point = discovery_point(context, layer, form.options)
    reply, doing = _constructed(context, worker, form, spelled, point)
    if reply.error:
        unfilled = absent(context, form.module, form.name, methods=("__init__",))
        raise CannotJudge(unfilled or raised(reply.error, doing=doing, output=printed(context)))
    form = _parameters(context, form, spelled, point, reply.values.get("what"), doing)
    layer = form.reference
    inputs = tuple(name for name in layer.tensors if name not in form.parameters)
    if not form.forward or reply.values.get("has_forward") is not True:
        form = replace(form, forward="")
    signature = reply.values.get("takes") or []
    takes = bind_or_say(
        context, f"{form.name}.{form.forward or '__call__'}", signature, _givable(layer, inputs), spelled
    )
    order = (*inputs, *form.parameters)
    form = replace(form, takes=takes, returns=spelled.returns or order)
    if form.shape == "torch":
        return replace(form, backward="autograd")
    if reply.values.get("has_backward") is not True:
        return form
    method = spelled.backward or "backward"
    back = bind_or_say(
        context,
        f"{form.name}.{method}",
        reply.values.get("takes_back") or [],
        _givable_back(layer, inputs),
        spelled,
    )
    return replace(form, backward=method, takes_back=back)


def _constructed(
    context: Context, worker: Worker, form: LayerForm, spelled: Spelled, point: Mapping[str, Array]
) -> tuple[Reply, str]:
    arguments, keywords = form.constructor_call(point)
    program = Program()
    instance = new_instance(program, form, arguments, keywords)
    _send_methods(program, instance, form, spelled)
    if form.shape == "torch":
        named = program.call(
            program.import_("builtins").attr("dict"), program.call(instance.attr("named_parameters"))
        )
        program.send("what", program.describe(named))
    else:
        program.send("what", program.describe(instance))
    reply = worker.run(program, timeout=context.seconds)
    keep_output(context, reply)
    shown = [str(value) for value in arguments] + [f"{key}={value}" for key, value in keywords.items()]
    return reply, f"{form.name}({', '.join(shown)})"


def _send_methods(program: Program, instance: Ref, form: LayerForm, spelled: Spelled) -> None:
    forward = form.forward or "forward"
    backward = spelled.backward or "backward"
    program.send("has_forward", program.exists(instance.attr(forward)))
    program.send("has_backward", program.exists(instance.attr(backward)))
    for name, method in (("takes", "__call__"), ("takes", forward), ("takes_back", backward)):
        with program.attempt():
            program.send(name, program.signature(instance.attr(method)))


def _parameters(
    context: Context, form: LayerForm, spelled: Spelled, point: Mapping[str, Array], what: object, doing: str
) -> LayerForm:
    layer, members = form.reference, members_of(what)
    if form.shape == "torch":
        members = tuple(_named_parameter(member) for member in members)
    found: dict[str, Member] = {}
    for name in layer.parameters:
        shapes = list(
            dict.fromkeys(
                ways[name].stored(point[name]).shape
                for ways in parameter_layouts({n: point[n] for n in layer.parameters}, {})
            )
        )
        free = [member for member in members if member not in found.values()]
        if name in spelled.parameters:
            member: Member | None = declared_member(spelled.parameters[name], members)
        else:
            member = find_parameter(name, shapes, free)
        if member is None and name == SECOND_BIAS and _one_bias(layer, found):
            return replace(form, parameters=found, without=(*form.without, SECOND_BIAS))
        if member is None:
            raise CannotJudge(_no_parameter(context, form, name, shapes, members, doing))
        found[name] = member
    return replace(form, parameters=found)


def _one_bias(layer: Layer, known: Container[str]) -> bool:
    """Whether a recurrent layer has one bias for input and hidden state together, which is as good as two."""
    return SECOND_BIAS in layer.parameters and "bias_ih" in known and SECOND_BIAS not in known


def _named_parameter(member: Member) -> Member:
    """The attribute path of a torch parameter from its dotted name."""
    dotted = str(member.steps[0][1])
    steps: tuple[Step, ...] = tuple(
        ("i", int(part)) if part.isdigit() else ("a", part) for part in dotted.split(".")
    )
    return replace(member, steps=steps)


def _no_parameter(
    context: Context,
    form: LayerForm,
    name: str,
    shapes: Sequence[tuple[int, ...]],
    members: Sequence[Any],
    doing: str,
) -> Finding:
    unfilled = absent(context, form.module, form.name, methods=("__init__",))
    if unfilled is not None:
        return unfilled
    arrays = (
        ", ".join(f"{member} {member.shape}" for member in members if member.shape is not None) or "no array"
    )
    due = " or ".join(map(str, shapes[:2]))
    message = f"{doing} holds no {name} of shape {due}; it holds {arrays}."
    hint = f"For the course: say it in the rubric, part {context.part.id}, spelling.parameters: {name} = ..."
    return Finding(Verdict.MISSING, message, hint=hint)


def _givable(layer: Layer, inputs: Sequence[str]) -> tuple[str, ...]:
    """What forward may take: inputs, constants, options."""
    more = {"batch_norm": ("training",), "dropout": ("keep", "mode")}.get(layer.name, ())
    return (*inputs, *layer.constants, *layer.options, *more)


def _givable_back(layer: Layer, inputs: Sequence[str]) -> tuple[str, ...]:
    """What backward may take: the cotangent and the cache before what forward took; a loss needs no cotangent."""
    again = (*inputs, *layer.constants)
    second = ("cotangent_cell",) if layer.name == "lstm_cell" else ()
    return (
        (*again, "cotangent", *layer.options)
        if layer.name in LOSSES
        else ("cotangent", *second, "cache", *again, "output", *layer.options)
    )


def bind_or_say(
    context: Context, what: str, signature: Signature, allowed: Sequence[str], spelled: Spelled
) -> Any:
    """Arguments of a callable; a parameter that stands for nothing known is said."""
    try:
        return bind(signature, tuple(dict.fromkeys(allowed)), spelled.arguments)
    except Unbound as unbound:
        takes = ", ".join(str(p["name"]) for p in signature)
        message = f"{what}({takes}): nothing is known for its argument {unbound.parameter!r}."
        hint = f"For the course: say it in the rubric, part {context.part.id}, spelling.arguments: {unbound.parameter} = ..."
        raise CannotJudge(Finding(Verdict.FAILED, message, hint=hint)) from None
