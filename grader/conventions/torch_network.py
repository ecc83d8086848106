"""The PyTorch network of a submission: built, its layers found by their calls, drawn weights set, called in both modes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.support import keep_output, printed, raised
from grader.conventions.torch_parameters import OwnLayer, own_layers
from grader.model import Verdict
from grader.numerics import Array
from grader.sandbox import Program, Ref, Reply, Worker

if TYPE_CHECKING:
    from grader.outline import FunctionOutline

IMAGE = (3, 4, 4)
N_INPUTS, N_CLASSES, BATCH = 48, 4, 6
HIDDEN: tuple[tuple[int, ...], ...] = ((7, 5), (6,), ())
TRACED = (
    "Linear", "BatchNorm1d", "BatchNorm2d", "LayerNorm", "ELU", "ReLU", "LeakyReLU", "Softmax", "LogSoftmax",
    "Dropout", "AlphaDropout",
)  # fmt: skip
MOST_INSTANCES = 3 * len(HIDDEN[0]) + 6
EPS = 1e-5  # torch's default


@dataclass
class Net:
    """What is known about a network: the traced modules in order of their calls, and the weights that were set.

    ``registered`` says whether PyTorch sees its parameters; ``dropped`` holds the probabilities of its dropout layers,
    which are switched off for the measured calls.
    """

    hidden: tuple[int, ...]
    x: Array
    form: str = "flat"
    called: list[str] = field(default_factory=list)
    weights: list[tuple[Array, Array]] = field(default_factory=list)
    norms: list[tuple[Array, Array, float]] = field(default_factory=list)  # gamma, beta, eps
    outputs: dict[str, Array] = field(default_factory=dict)
    registered: bool = True
    dropped: list[float] = field(default_factory=list)

    @property
    def order(self) -> str:
        """The classes of the layers in order of their calls."""
        return " -> ".join(self.called)


@dataclass(frozen=True)
class _Built:
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
            if isinstance(e, dict) and isinstance(e.get("instance"), int)
        ]


def measure(context: Context, worker: Worker, hidden: tuple[int, ...], *, batch_norm: bool) -> Net:
    """Build, find the layers by their calls, set drawn weights, and call in train and eval mode.

    Raises:
        CannotJudge: it cannot be built or called.
    """
    rng = context.generator(f"torch {hidden}")
    net = Net(hidden, rng.standard_normal((BATCH, N_INPUTS)))
    built = _build(context, worker, net, batch_norm=batch_norm)
    kinds = dict(built.events)
    net = replace(net, form=built.form, called=list(kinds.values()), registered=_registered(built))
    program = Program()
    torch = program.import_("torch")
    own = _own(built, net)
    net = replace(net, registered=net.registered or bool(own))
    net.weights += [layer.draw(program, rng, built.parameters) for layer in own]
    for index, kind in kinds.items():
        layer = built.instances.item(index)
        if not (own and kind == "Linear"):
            _draw(program, rng, net, kind, built.reply.values.get(f"shape {index}"), layer)
        p = built.reply.values.get(f"p {index}")
        if kind.endswith("Dropout") and isinstance(p, int | float) and p > 0:
            net.dropped.append(float(p))
            program.set(layer.attr("p"), 0.0)
    for mode in ("train", "eval"):
        with program.attempt(mode):
            program.call(torch.attr("nn").attr("Module").attr(mode), built.model)
            x = program.tensor(formed(net.x, net.form), dtype="float32")
            program.send(mode, program.call(built.model, x))
    _read(context, worker.run(program, timeout=context.seconds), net)
    return net


def _own(built: _Built, net: Net) -> list[OwnLayer]:
    """The linear layers among the parameters, where forward calls fewer `torch.nn.Linear` than are due."""
    kinds, values = dict(built.events), built.reply.values
    listed, ids = values.get("registered"), values.get("ids")
    if list(kinds.values()).count("Linear") > len(net.hidden) or not isinstance(listed, list):
        return []
    norms = {
        values.get(f"id {name} {i}") for i, k in kinds.items() if "Norm" in k for name in ("weight", "bias")
    }
    taken = [at for at, identity in enumerate(ids) if identity in norms] if isinstance(ids, list) else []
    shapes = [value.shape if isinstance(value, np.ndarray) else () for value in listed]
    return own_layers(shapes, (N_INPUTS, *net.hidden, N_CLASSES), taken) or []


def _read(context: Context, reply: Reply, net: Net) -> None:
    keep_output(context, reply)
    for mode in ("train", "eval"):
        if mode in reply.errors:
            raise CannotJudge(
                raised(reply.errors[mode], doing=f"forward in {mode} mode", output=printed(context))
            )
    if reply.error:
        raise CannotJudge(raised(reply.error, doing="setting the weights", output=printed(context)))
    for number, (drawn, bias) in enumerate(
        net.weights
    ):  # a parametrised weight (weight norm) keeps its own value
        held = reply.values.get(f"held {number}")
        if isinstance(held, np.ndarray) and held.shape == drawn.shape:
            net.weights[number] = (held.astype(np.float64), bias)
    net.outputs = {m: v for m in ("train", "eval") if isinstance(v := reply.values.get(m), np.ndarray)}
    if "eval" not in net.outputs:
        raise CannotJudge(Finding(Verdict.FAILED, "forward returns no tensor.", output=printed(context)))


def _draw(program: Program, rng: np.random.Generator, net: Net, kind: str, shape: object, layer: Ref) -> None:
    """Set one traced layer's parameters to drawn values, and remember them."""
    sizes = tuple(shape) if isinstance(shape, (list, tuple)) else ()
    if kind == "Linear" and len(sizes) == 2:
        weight, bias = rng.normal(scale=sizes[1] ** -0.5, size=sizes), rng.uniform(-0.5, 0.5, sizes[0])
        net.weights.append((weight, bias))
        values = {"weight": weight, "bias": bias}
    elif kind.startswith("BatchNorm") and len(sizes) == 1:
        gamma, beta = rng.uniform(0.5, 1.5, sizes[0]), rng.uniform(-0.5, 0.5, sizes[0])
        net.norms.append((gamma, beta, EPS))
        values = {"weight": gamma, "bias": beta}
        program.set(layer.attr("momentum"), 1.0)
    else:
        return
    for name, value in values.items():
        with program.attempt():
            program.set(layer.attr(name).attr("data"), program.tensor(value, dtype="float32"))
    if kind == "Linear":
        with program.attempt():
            program.send(f"held {len(net.weights) - 1}", layer.attr("weight"))


def _build(context: Context, worker: Worker, net: Net, *, batch_norm: bool) -> _Built:
    """Construct and call once, with flat rows or with images, whichever it takes."""
    _, name = context.target
    last: Finding | None = None
    for form in ("flat", "images"):
        program = Program()
        kept = _program(program, context, net, form, batch_norm=batch_norm)
        reply = worker.run(program, timeout=context.seconds)
        keep_output(context, reply)
        _refuse(context, reply)
        if "forward" not in reply.errors and isinstance(reply.values.get("output"), np.ndarray):
            return _Built(reply, *kept, form)
        if "forward" in reply.errors:
            last = last or raised(reply.errors["forward"], doing=f"{name}.forward", output=printed(context))
        else:
            text = f"{name}.forward returns no tensor."
            last = last or Finding(Verdict.FAILED, text, output=printed(context))
    assert last is not None
    raise CannotJudge(last)


def _program(
    program: Program, context: Context, net: Net, form: str, *, batch_norm: bool
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
        sizes = [int(size) for size in net.hidden]
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
        x = program.tensor(formed(net.x, form), dtype="float32")
        program.send("output", program.call(model, x))
    program.send("events", trace.events)
    with program.attempt("keep"):
        model, instances = program.keep(model), program.keep(trace.instances)
    with program.attempt("keep parameters"):
        parameters = program.keep(parameters)
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


def _registered(built: _Built) -> bool:
    """Whether PyTorch sees the weights of all linear layers that were called."""
    listed = built.reply.values.get("registered")
    shapes = (
        Counter(v.shape for v in listed if isinstance(v, np.ndarray)) if isinstance(listed, list) else None
    )
    linear = {index for index, kind in built.events if kind == "Linear"}
    called = Counter(tuple(built.reply.values.get(f"shape {index}") or ()) for index in linear)
    return shapes is None or called <= shapes


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
