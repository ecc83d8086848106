"""The NumPy network of a submission: built, its layers found by their calls, its weights set, its calls recorded."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.support import keep_output, printed, raised
from grader.conventions.module_class import spell
from grader.conventions.numpy_run import (
    BATCH,
    IMAGE,
    MOST_INSTANCES,
    N_CLASSES,
    N_INPUTS,
    Run,
    read_run,
    steps_of,
)
from grader.conventions.spelling import Spelling
from grader.errors import WorkerError
from grader.model import Verdict
from grader.numerics import Array
from grader.sandbox import Program, Ref, Reply, Worker

METHODS = ("forward", "backward")


def run_network(
    context: Context, worker: Worker, module: str, name: str, hidden: tuple[int, ...], *, backward: bool
) -> Run:
    """Build the network, set drawn weights, call it, and read what it did.

    Raises:
        CannotJudge: it cannot be built or called.
        WorkerError: the worker died.
    """
    rng = context.generator(f"network {hidden}")
    x = rng.standard_normal((BATCH, N_INPUTS))
    first, net, instances, forms = _build(context, worker, module, name, hidden, x)
    run = Run(hidden, x, form=forms)
    order = [s.instance for s in steps_of(first, "forward", {}) if s.kind == "linear"]
    order = list(dict.fromkeys(order))
    wanted = len(hidden) + 1
    if len(order) != wanted:
        called = ", ".join(step.name for step in steps_of(first, "forward", {})) or "none of them"
        raise CannotJudge(
            Finding(
                Verdict.FAILED,
                f"A network with hidden layers {list(hidden)} needs {wanted} linear layers; forward calls {len(order)}"
                f" (layers called: {called}).",
                hint="Count the layers that the constructor makes for one, two and no hidden layers.",
                output=printed(context),
            )
        )
    return _measure(context, worker, run, net, instances, order, rng, backward=backward)


def layer_classes(context: Context, program: Program) -> list[Ref]:
    """Every class with a forward in the files that the network and the layers come from, the network left out."""
    module, name = context.target
    sources = context.submission.sources
    found: list[Ref] = []
    for file in dict.fromkeys(
        ("modules", module, *sources.modules_below("modules"), *sources.modules_below(module))
    ):
        outline = context.outline(file)
        if outline is None or outline.broken:
            continue
        kinds = [kind for kind, seen in outline.classes.items() if "forward" in seen.methods]
        kinds = [kind for kind in kinds if (file, kind) != (module, name)]
        if kinds:
            imported = program.import_(file)
            found += [imported.attr(kind) for kind in kinds]
    return found


def _build(
    context: Context, worker: Worker, module: str, name: str, hidden: tuple[int, ...], x: Array
) -> tuple[Reply, Ref, Ref, str]:
    """Construct and call once, with flat rows or with images, whichever it takes."""
    last: Finding | None = None
    for form in ("flat", "images", "rows and columns first"):
        program = Program()
        with program.attempt("import"):
            network = program.import_(module)
        with program.trace(layer_classes(context, program), METHODS) as trace:
            with program.attempt("build"):
                net = program.call(
                    network.attr(name),
                    N_INPUTS,
                    [int(size) for size in hidden],
                    N_CLASSES,
                    *extra_arguments(context),
                )
            with program.attempt("forward"):
                program.send("output", program.call(net.attr("forward"), _formed(x, form)))
        program.send("events", trace.events)
        with program.attempt("keep"):
            kept, instances = program.keep(net), program.keep(trace.instances)
        reply = worker.run(program, timeout=context.seconds)
        keep_output(context, reply)
        for step, doing in (
            ("import", f"importing {module}"),
            ("build", f"{name}({N_INPUTS}, {list(hidden)}, {N_CLASSES})"),
        ):
            if step in reply.errors:
                raise CannotJudge(raised(reply.errors[step], doing=doing, output=printed(context)))
        if "forward" not in reply.errors and isinstance(reply.values.get("output"), np.ndarray):
            return reply, kept, instances, form
        if "forward" in reply.errors:
            last = last or raised(reply.errors["forward"], doing=f"{name}.forward", output=printed(context))
        else:
            last = last or Finding(
                Verdict.FAILED, f"{name}.forward returns no array.", output=printed(context)
            )
    assert last is not None
    raise CannotJudge(last)


def extra_arguments(context: Context) -> tuple[object, ...]:
    """Further arguments that the constructor insists on: a slope for years that pass one."""
    module, name = context.target
    outline = context.outline(module)
    init = outline.classes[name].methods.get("__init__") if outline and name in outline.classes else None
    return (0.02,) * max(init.required - 3, 0) if init else ()


def _formed(x: Array, form: str) -> Array:
    if form == "flat":
        return x
    images = x.reshape(-1, *IMAGE)
    return images if form == "images" else np.ascontiguousarray(images.transpose(0, 2, 3, 1))


def _measure(
    context: Context,
    worker: Worker,
    run: Run,
    net: Ref,
    instances: Ref,
    order: Sequence[int],
    rng: np.random.Generator,
    *,
    backward: bool,
) -> Run:
    """Set drawn weights in the order of the calls, then call forward and backward while tracing."""
    sizes = (N_INPUTS, *run.hidden, N_CLASSES)
    program = Program()
    spelling = linear_spelling(context)
    keys = _parameter_keys(spelling)
    for index, (fan_in, fan_out) in zip(order, itertools.pairwise(sizes), strict=True):
        weight, bias = rng.normal(scale=fan_in**-0.5, size=(fan_out, fan_in)), rng.uniform(-0.5, 0.5, fan_out)
        run.weights[index] = (weight, bias)
        params = instances.item(index).attr("params")
        with program.attempt(f"shape {index}"):
            program.send(f"shape {index}", params.item(keys[0]))
        with program.attempt(f"set {index}"):
            _set(program, spelling, params, weight, bias)
    with program.trace(layer_classes(context, program), METHODS) as trace:
        with program.attempt("forward"):
            output = program.call(net.attr("forward"), _formed(run.x, run.form))
            program.send("output", output)
        if backward:
            run.dout = rng.standard_normal((BATCH, N_CLASSES))
            with program.attempt("backward"):
                program.call(net.attr("backward"), run.dout.copy())
    program.send("events", trace.events)
    program.send("same", [program.get(instances.item(i)) for i in order])
    for index in order:
        for at, kind in enumerate(("weight", "bias")):
            with program.attempt(f"{kind} {index}"):
                program.send(f"{kind} {index}", instances.item(index).attr("grads").item(keys[at]))
    _send_alphas(program, instances)
    _send_mapping(program, instances, trace.instances)
    reply = worker.run(program, timeout=context.seconds)
    keep_output(context, reply)
    return read_run(context, run, reply, order, backward=backward)


def linear_spelling(context: Context) -> Spelling | None:
    """How the submission spells its linear layer; None if it has none that can be constructed."""
    part = next((part for part in context.rubric.parts if part.layer == "linear"), None)
    if part is None:
        return None
    other = replace(context, part=part, spec=part.checks[0])
    try:
        with other.worker() as worker:
            return spell(other, worker)
    except (CannotJudge, WorkerError):
        return None


def _parameter_keys(spelling: Spelling | None) -> tuple[str, str]:
    if spelling is None or not spelling.parameters:
        return ("weight", "bias")
    return (spelling.parameters["weight"].key, spelling.parameters["bias"].key)


def _set(program: Program, spelling: Spelling | None, params: Ref, weight: Array, bias: Array) -> None:
    """Set one layer's parameters in the layout that the submission stores."""
    weight_key, bias_key = _parameter_keys(spelling)
    stored_weight, stored_bias, mode = weight, bias, "assign"
    if spelling is not None and spelling.parameters:
        stored_weight = spelling.parameters["weight"].stored(weight)
        stored_bias = spelling.parameters["bias"].stored(bias)
        mode = spelling.mode
    program.set(params.item(weight_key), stored_weight, mode=mode)  # type: ignore[arg-type]
    program.set(params.item(bias_key), stored_bias, mode=mode)  # type: ignore[arg-type]


def _send_alphas(program: Program, instances: Ref) -> None:
    for index in range(MOST_INSTANCES):
        with program.attempt(f"alpha {index}"):
            program.send(f"alpha {index}", instances.item(index).attr("alpha"))


def _send_mapping(program: Program, first: Ref, second: Ref) -> None:
    """Which instance of the second trace is which of the first: by identity."""
    ids = program.import_("builtins").attr("id")
    for index in range(MOST_INSTANCES):
        with program.attempt(f"id {index}"):
            program.send(f"id {index}", program.call(ids, first.item(index)))
        with program.attempt(f"id2 {index}"):
            program.send(f"id2 {index}", program.call(ids, second.item(index)))
