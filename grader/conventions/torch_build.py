"""The PyTorch network of a submission: built, called once with its layers traced, and kept in the worker."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.support import keep_output, printed, raised
from grader.model import Verdict
from grader.numerics import Array
from grader.sandbox import Program, Ref, Reply, Worker

if TYPE_CHECKING:
    from grader.submission.outline import FunctionOutline

IMAGE = (3, 4, 4)
N_INPUTS, N_CLASSES, BATCH = 48, 4, 6
HIDDEN: tuple[tuple[int, ...], ...] = ((7, 5), (6,), ())
TRACED = (
    "Linear", "BatchNorm1d", "BatchNorm2d", "LayerNorm", "ELU", "ReLU", "LeakyReLU", "Softmax", "LogSoftmax",
    "Dropout", "AlphaDropout",
)  # fmt: skip
MOST_INSTANCES = 3 * len(HIDDEN[0]) + 6
MOST_WEIGHTS = 1 << 22  # of one layer: a shape is a few bytes, and drawing values for it is the host's memory


@dataclass(frozen=True)
class Call:
    """One call of a traced layer: PyTorch's class, whatever the student's subclass of it is called, and its arrays."""

    kind: str
    given: Array | None
    result: Array | None


@dataclass(frozen=True)
class Built:
    """A network in the worker after its first forward, and the layers that this forward called."""

    reply: Reply
    model: Ref
    instances: Ref
    parameters: Ref
    form: str

    @property
    def events(self) -> list[tuple[int, str]]:
        """(instance, PyTorch's class, whatever the student's subclass of it is called) of each call of a layer."""
        listed = self.reply.values.get("events")
        return [
            (e["instance"], str(e["traced"]))
            for e in (listed if isinstance(listed, list) else [])
            if isinstance(e, dict) and isinstance(e.get("instance"), int) and "traced" in e
        ]

    @property
    def calls(self) -> list[Call]:
        """Every call of a traced layer, in order."""
        listed = self.reply.values.get("events")
        return [
            Call(str(e["traced"]), _first_array(e.get("args")), _array(e.get("result")))
            for e in (listed if isinstance(listed, list) else [])
            if isinstance(e, dict) and "traced" in e
        ]

    @property
    def values(self) -> list[Array | None]:
        """The fresh parameters that PyTorch lists, in its order."""
        listed = self.reply.values.get("registered")
        return [_array(item) for item in listed] if isinstance(listed, list) else []

    @property
    def registered(self) -> bool:
        """Whether PyTorch sees the weights of all linear layers that were called."""
        listed = self.reply.values.get("registered")
        if not isinstance(listed, list):
            return True
        shapes = Counter(v.shape for v in listed if isinstance(v, np.ndarray))
        linear = {index for index, kind in self.events if kind == "Linear"}
        return Counter(self.shape(index) for index in linear) <= shapes

    def shape(self, index: int) -> tuple[int, ...]:
        """Of a called layer's weight as the submission tells it; () where it is none, or beyond any such network."""
        told = self.reply.values.get(f"shape {index}")
        sizes = told if isinstance(told, (list, tuple)) else ()
        if not all(type(size) is int and size > 0 for size in sizes) or math.prod(sizes) > MOST_WEIGHTS:
            return ()
        return tuple(sizes)

    def places(self, kinds: tuple[str, ...]) -> list[int]:
        """Places among the parameters of those that belong to called layers of these kinds."""
        sent, ids = self.reply.values, self.reply.values.get("ids")
        told = [
            sent.get(f"id {name} {index}")
            for index, kind in dict(self.events).items()
            if kind in kinds
            for name in ("weight", "bias")
        ]
        own = {identity for identity in told if isinstance(identity, int)}
        ids = (
            [identity if isinstance(identity, int) else None for identity in ids]
            if isinstance(ids, list)
            else []
        )
        return [at for at, identity in enumerate(ids) if identity in own]

    def has_bias(self, index: int) -> bool:
        """Whether a called layer has a bias."""
        found = self.reply.values.get(f"id bias {index}")
        return found is None or found != self.reply.values.get("id of none")


def _first_array(value: object) -> Array | None:
    return _array(value[0]) if isinstance(value, (list, tuple)) and value else None


def _array(value: object) -> Array | None:
    return value if isinstance(value, np.ndarray) else None


def build(context: Context, worker: Worker, x: Array, hidden: tuple[int, ...], *, batch_norm: bool) -> Built:
    """Construct and call once, with flat rows or with images, whichever it takes."""
    _, name = context.target
    last: Finding | None = None
    for form in ("flat", "images"):
        program = Program()
        kept = _program(program, context, x, hidden, form, batch_norm=batch_norm)
        reply = worker.run(program, timeout=context.seconds)
        keep_output(context, reply)
        _refuse(context, reply)
        if "forward" not in reply.errors and isinstance(reply.values.get("output"), np.ndarray):
            return Built(reply, *kept, form)
        if "forward" in reply.errors:
            last = last or raised(reply.errors["forward"], doing=f"{name}.forward", output=printed(context))
        else:
            text = f"{name}.forward returns no tensor."
            last = last or Finding(Verdict.FAILED, text, output=printed(context))
    assert last is not None
    raise CannotJudge(last)


def _program(
    program: Program, context: Context, x: Array, hidden: tuple[int, ...], form: str, *, batch_norm: bool
) -> tuple[Ref, Ref, Ref]:
    module, name = context.target
    torch = program.import_("torch")
    modules = torch.attr("nn").attr("Module")
    builtins = program.import_("builtins")
    with program.attempt("import"):
        network = program.import_(module)
    classes = [torch.attr("nn").attr(kind) for kind in TRACED]
    with program.attempt("build"):
        named = {flag_of(context): True} if batch_norm else {}
        sizes = [int(size) for size in hidden]
        model = program.call(
            network.attr(name), N_INPUTS, sizes, N_CLASSES, *extra_arguments(context), **named
        )
        program.send("is module", program.call(builtins.attr("isinstance"), model, modules))
        with program.attempt("registered"):
            parameters = program.call(builtins.attr("list"), program.call(modules.attr("parameters"), model))
            program.send("registered", parameters)
            ids = program.call(builtins.attr("map"), builtins.attr("id"), parameters)
            program.send("ids", program.call(builtins.attr("list"), ids))
        with program.attempt("cpu"):
            program.call(modules.attr("cpu"), model)
            program.call(modules.attr("float"), model)
    with program.trace(classes, ("forward",)) as trace, program.attempt("forward"):
        given = program.tensor(formed(x, form), dtype="float32")
        program.send("output", program.call(model, given))
    program.send("events", trace.events)
    with program.attempt("keep"):
        model, instances = program.keep(model), program.keep(trace.instances)
    with program.attempt("keep parameters"):
        parameters = program.keep(parameters)
    program.send("id of none", program.call(builtins.attr("id"), None))
    for index in range(MOST_INSTANCES):
        with program.attempt(f"shape {index}"):
            shape = trace.instances.item(index).attr("weight").attr("shape")
            program.send(f"shape {index}", program.call(builtins.attr("tuple"), shape))
        with program.attempt(f"p {index}"):
            program.send(f"p {index}", trace.instances.item(index).attr("p"))
        for name in ("weight", "bias"):
            with program.attempt(f"id {name} {index}"):
                identity = program.call(builtins.attr("id"), trace.instances.item(index).attr(name))
                program.send(f"id {name} {index}", identity)
    return model, instances, parameters


def _refuse(context: Context, reply: Reply) -> None:
    """What could not be imported or built, or is no PyTorch module at all."""
    module, name = context.target
    if reply.error is not None and reply.error.environment:  # PyTorch itself is not there
        raise CannotJudge(raised(reply.error, doing=f"importing {module}", output=printed(context)))
    for step, doing in (("import", f"importing {module}"), ("build", f"constructing {name}")):
        if step in reply.errors:
            found = raised(reply.errors[step], doing=doing, output=printed(context))
            raise CannotJudge(not_built(context, found))
    if reply.values.get("is module") is False:
        raise CannotJudge(_no_module(context))


def _no_module(context: Context) -> Finding:
    """A class of that name is there, but it is the NumPy network, or forgot its base class."""
    module, name = context.target
    return Finding(
        Verdict.FAILED,
        f"{name} ({module}.py) is no torch.nn.Module.",
        hint=f"The PyTorch network is a class {name}(nn.Module) whose constructor calls super().__init__() first.",
        output=printed(context),
    )


def not_built(context: Context, finding: Finding) -> Finding:
    """Why a network cannot be built, in words: no PyTorch module by its source, or one that was never initialised."""
    module, name = context.target
    outline = context.outline(module)
    found = outline.classes.get(name) if outline else None
    if found is not None and set(found.bases) <= {"object"}:
        return _no_module(context)
    if "before Module.__init__() call" in finding.message:
        return replace(
            finding, hint="The constructor has to call super().__init__() before it assigns layers."
        )
    return finding


def formed(x: Array, form: str) -> Array:
    """Rows (N, 48), or as images (N, 3, 4, 4)."""
    return x if form == "flat" else x.reshape(-1, *IMAGE)


def _constructor(context: Context) -> FunctionOutline | None:
    module, name = context.target
    outline = context.outline(module)
    return outline.classes[name].methods.get("__init__") if outline and name in outline.classes else None


def extra_arguments(context: Context) -> tuple[object, ...]:
    """Further arguments that the constructor insists on: a slope for years that pass one."""
    init = _constructor(context)
    return (0.02,) * max(init.required - 3, 0) if init else ()


def flag_of(context: Context) -> str:
    """The constructor's parameter that asks for batch norm."""
    init = _constructor(context)
    for parameter in init.parameters if init else ():
        if "norm" in parameter.lower() or parameter.lower() in ("bn", "use_bn"):
            return parameter
    return "use_batch_norm"
