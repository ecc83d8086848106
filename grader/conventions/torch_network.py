"""A PyTorch network of a submission, with drawn weights: what it gives in train mode and in evaluation mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.support import keep_output, printed, raised
from grader.conventions.torch_build import BATCH, N_CLASSES, N_INPUTS, Built, Call, build, formed
from grader.conventions.torch_parameters import OwnLayer, OwnNorm, own_layers, own_norms
from grader.model import Verdict
from grader.numerics import Array
from grader.sandbox import Program, Ref, Reply, Worker

EPS = 1e-5  # torch's default
SETTLING = 300  # batches after which running averages of any usual momentum are those of the batch


@dataclass
class Net:
    """What is known about a network: the traced modules in order of their calls, and the weights that were set.

    ``registered`` says whether PyTorch sees its parameters; ``dropped`` holds the probabilities of its dropout layers,
    which are switched off for the measured calls; ``settled`` says that its batch norms are the student's own, whose
    running averages were brought to those of the batch by repeating it.
    """

    hidden: tuple[int, ...]
    x: Array
    form: str = "flat"
    called: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    weights: list[tuple[Array, Array]] = field(default_factory=list)
    norms: list[tuple[Array, Array, float]] = field(default_factory=list)  # gamma, beta, eps
    outputs: dict[str, Array] = field(default_factory=dict)  # "train", "eval", "eval half"
    registered: bool = True
    without_bias: list[int] = field(default_factory=list)  # numbers of linear layers, from 1
    dropped: list[float] = field(default_factory=list)
    settled: bool = False

    @property
    def order(self) -> str:
        """The classes of the layers in order of their calls."""
        return " -> ".join(self.called)


def measure(context: Context, worker: Worker, hidden: tuple[int, ...], *, batch_norm: bool) -> Net:
    """Build, find the layers by their calls, set drawn weights, and call in train and eval mode.

    Raises:
        CannotJudge: it cannot be built or called.
    """
    rng = context.generator(f"torch {hidden}")
    x = rng.standard_normal((BATCH, N_INPUTS))
    built = build(context, worker, x, hidden, batch_norm=batch_norm)
    kinds = dict(built.events)
    net = Net(hidden, x, built.form, list(kinds.values()), built.calls, registered=built.registered)
    layers, norms = _own(built, net)
    net = replace(net, registered=net.registered or bool(layers), settled=bool(norms))
    program = Program()
    net.weights += [layer.draw(program, rng, built.parameters) for layer in layers]
    net.norms += [(*norm.draw(program, rng, built.parameters), EPS) for norm in norms]
    net.without_bias += [number for number, layer in enumerate(layers, 1) if layer.bias is None]
    for index, kind in kinds.items():
        layer, shape = built.instances.item(index), built.shape(index)
        if not (layers and kind == "Linear"):
            _draw(program, rng, net, kind, shape, layer)
        if kind == "Linear" and not layers and len(shape) == 2 and not built.has_bias(index):
            net.weights[-1] = (net.weights[-1][0], np.zeros_like(net.weights[-1][1]))
            net.without_bias.append(len(net.weights))
        p = built.reply.values.get(f"p {index}")
        if kind.endswith("Dropout") and isinstance(p, int | float) and p > 0:
            net.dropped.append(float(p))
            program.set(layer.attr("p"), 0.0)
    _call(program, built.model, net)
    _read(context, worker.run(program, timeout=context.seconds), net)
    return net


def _call(program: Program, model: Ref, net: Net) -> None:
    """Both modes; where the averages of batch norm settle by themselves, the batch is repeated before evaluation."""
    modules = program.import_("torch").attr("nn").attr("Module")
    x = formed(net.x, net.form)
    for mode in ("train", "eval"):
        with program.attempt(mode):
            program.call(modules.attr(mode), model)
            program.send(mode, program.call(model, program.tensor(x, dtype="float32")))
            if mode == "train" and net.settled:
                given = program.tensor(x, dtype="float32")
                with program.sweep(number=np.arange(SETTLING)):
                    program.call(model, given)
    with program.attempt("eval half"):
        program.send("eval half", program.call(model, program.tensor(x[: BATCH // 2], dtype="float32")))


def _own(built: Built, net: Net) -> tuple[Sequence[OwnLayer], Sequence[OwnNorm]]:
    """The student's own linear layers and batch norms among the parameters, where known ones are not called."""
    sizes = (N_INPUTS, *net.hidden, N_CLASSES)
    shapes = [() if value is None else value.shape for value in built.values]
    traced = built.places(tuple(kind for kind in net.called if "Norm" in kind))
    norms: list[OwnNorm] = []
    if not any("Norm" in kind for kind in net.called):
        norms = own_norms(built.values, (N_INPUTS, *net.hidden, N_CLASSES), built.places(("Linear",)))
    if net.called.count("Linear") > len(net.hidden) or not built.values:
        return [], norms
    taken = [*traced, *(at for norm in norms for at in (norm.gamma, norm.beta))]
    return own_layers(shapes, sizes, taken) or [], norms


def _draw(
    program: Program, rng: np.random.Generator, net: Net, kind: str, sizes: tuple[int, ...], layer: Ref
) -> None:
    """Set one traced layer's parameters to drawn values, and remember them."""
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


def _read(context: Context, reply: Reply, net: Net) -> None:
    keep_output(context, reply)
    for mode in ("train", "eval"):
        if mode in reply.errors:
            raise CannotJudge(
                raised(reply.errors[mode], doing=f"forward in {mode} mode", output=printed(context))
            )
    if reply.error:
        raise CannotJudge(raised(reply.error, doing="setting the weights", output=printed(context)))
    for number, (drawn, bias) in enumerate(net.weights):
        held = reply.values.get(f"held {number}")  # a parametrised weight (weight norm) keeps its own value
        if isinstance(held, np.ndarray) and held.shape == drawn.shape:
            net.weights[number] = (held.astype(np.float64), bias)
    sent = {mode: reply.values.get(mode) for mode in ("train", "eval", "eval half")}
    net.outputs = {mode: value for mode, value in sent.items() if isinstance(value, np.ndarray)}
    if "eval" not in net.outputs:
        raise CannotJudge(Finding(Verdict.FAILED, "forward returns no tensor.", output=printed(context)))
