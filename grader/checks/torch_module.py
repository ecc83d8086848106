"""Is the PyTorch network right: its forward at drawn weights, batch norm between linear and activation, its init?

The network's own modules are traced to see which linear and batch-norm layers are called, and in which order. Weights
are set to drawn values in float64, and the output is compared with the reference at these weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.init import weight_evidence
from grader.checks.support import absent, evidence_of, in_words, keep_output, printed, raised, worst_first
from grader.model import Evidence, Verdict
from grader.numerics import Array, compare
from grader.rubric import TorchModuleSpec
from grader.sandbox import Program, Ref, Reply, Worker
from grader.truth import LAYERS

IMAGE = (3, 4, 4)
N_INPUTS, N_CLASSES, BATCH = 48, 4, 6
HIDDEN: tuple[tuple[int, ...], ...] = ((7, 5), (6,), ())
TRACED = (
    "Linear",
    "BatchNorm1d",
    "BatchNorm2d",
    "LayerNorm",
    "ELU",
    "ReLU",
    "LeakyReLU",
    "Softmax",
    "LogSoftmax",
    "Dropout",
)
EPS = 1e-5  # torch's default
PRECISION = 1e-4


@dataclass
class Net:
    """What is known about a network: the traced modules in order of their calls, and the weights that were set."""

    hidden: tuple[int, ...]
    x: Array
    form: str = "flat"
    called: list[str] = field(default_factory=list)
    weights: list[tuple[Array, Array]] = field(default_factory=list)
    norms: list[tuple[Array, Array, float]] = field(default_factory=list)  # gamma, beta, eps
    outputs: dict[str, Array] = field(default_factory=dict)


def check_torch_module(spec: TorchModuleSpec, context: Context) -> Finding:
    """Judge forward, batch norm or the initialisation."""
    module, name = context.target
    missing = absent(context, module, name, methods=("__init__", "forward"))
    if missing is not None:
        return missing
    return ASKS[spec.ask](context, spec)


def _forward(context: Context, spec: TorchModuleSpec) -> Finding:
    evidence: list[Evidence] = []
    for hidden in HIDDEN:
        with context.worker() as worker:
            net = _measure(context, worker, hidden, batch_norm=False)
        evidence.append(_forward_evidence(context, net))
    bad = [item for item in evidence if not item.agreed]
    if not bad:
        return Finding(Verdict.PASSED, evidence=tuple(evidence), output=printed(context))
    return Finding(
        Verdict.FAILED,
        bad[0].detail,
        hint="Print the module, then follow one batch through it layer by layer.",
        evidence=worst_first(evidence),
        output=printed(context),
    )


def _forward_evidence(context: Context, net: Net) -> Evidence:
    label = f"logits with hidden layers {list(net.hidden)}"
    activation, alphas = _activation(context)
    got = net.outputs["eval"]
    due = len(net.hidden) + 1
    if len(net.weights) != due:
        detail = f"With hidden layers {list(net.hidden)}, forward uses {len(net.weights)} linear layers; {due} are due."
        return Evidence(what=label, agreed=False, detail=detail)
    best = None
    for alpha in alphas:
        comparison = compare(got, evaluate(net, activation, alpha), relative=PRECISION, floor=1e-5)
        best = comparison if best is None or comparison.agreed else best
        if comparison.agreed:
            break
    assert best is not None
    evidence = evidence_of(label, best, tensor="output")
    if best.agreed:
        return evidence
    fault = _forward_fault(net, got, activation, alphas[0])
    detail = f"With hidden layers {list(net.hidden)}: {fault or in_words(evidence)}."
    return evidence.model_copy(update={"detail": detail})


def _forward_fault(net: Net, got: Array, activation: str, alpha: float) -> str:
    """A named wrong network that gives the same output; "" if none does."""
    logits = evaluate(net, activation, alpha)
    softmax = LAYERS["softmax"].forward(x=logits)
    guesses = {
        "the output is a softmax; logits are due, since the loss applies it": softmax,
        "the output is a log-softmax; logits are due": np.log(softmax),
        "there is an activation after the last linear layer": _act(activation, alpha, logits),
        "there is no activation between the linear layers": evaluate(net, "none", alpha),
    }
    for other in ("elu", "relu", "leaky_relu", "tanh", "sigmoid"):
        if other != activation:
            guesses[f"the activation is {other}; {activation} is due"] = evaluate(net, other, 0.01)
    for text, value in guesses.items():
        if compare(got, value, relative=PRECISION, floor=1e-5).agreed:
            return text
    return ""


def _act(activation: str, alpha: float, x: Array) -> Array:
    if activation == "none":
        return x
    layer = LAYERS[activation]
    return layer.forward(x=x, **({"alpha": alpha} if "alpha" in layer.options else {}))


def _activation(context: Context) -> tuple[str, list[float]]:
    layer = next((p.layer for p in context.rubric.parts if p.layer in ("elu", "relu", "leaky_relu")), "elu")
    return layer, {"elu": [1.0], "relu": [0.0], "leaky_relu": [0.02, 0.01, 0.2]}[layer]


def evaluate(net: Net, activation: str, alpha: float, *, norm: str = "none", train: bool = False) -> Array:
    """The reference's output at the network's weights.

    Args:
        net: weights, norms and input.
        activation: name of the activation layer, or "none".
        alpha: its parameter.
        norm: "none", "before" the activation (due), "after" it, "input" before the first linear layer as well,
            "output" after the last linear layer as well.
        train: batch statistics if True, else the running statistics after one batch in train mode, of momentum 1
            (torch keeps the unbiased variance).
    """
    seen, h = net.x, net.x  # what a batch in train mode sees, and what the asked mode gives
    norms = list(net.norms)

    def normalise() -> None:
        nonlocal seen, h
        gamma, beta, eps = norms.pop(0)
        biased, unbiased = seen.var(axis=0), seen.var(axis=0, ddof=1)
        h = gamma * (h - seen.mean(axis=0)) / np.sqrt((biased if train else unbiased) + eps) + beta
        seen = gamma * (seen - seen.mean(axis=0)) / np.sqrt(biased + eps) + beta

    if norm == "input" and norms:
        normalise()
    for number, (weight, bias) in enumerate(net.weights):
        seen, h = seen @ weight.T + bias, h @ weight.T + bias
        last = number == len(net.weights) - 1
        if norm in ("before", "input", "output") and norms and (not last or norm == "output"):
            normalise()
        if not last:
            seen, h = _act(activation, alpha, seen), _act(activation, alpha, h)
            if norm == "after" and norms:
                normalise()
    return h


def _measure(context: Context, worker: Worker, hidden: tuple[int, ...], *, batch_norm: bool) -> Net:
    """Build, find the layers by their calls, set drawn weights in float64, and call in train and eval mode."""
    rng = context.generator(f"torch {hidden}")
    net = Net(hidden, rng.standard_normal((BATCH, N_INPUTS)))
    reply, model, instances, net = _build(context, worker, net, batch_norm=batch_norm)
    kinds = _instances(reply)
    order = _call_order(reply)
    program = Program()
    torch = program.import_("torch")
    shapes = {i: reply.values.get(f"shape {i}") for i in order}
    for index in order:
        _draw(program, rng, net, kinds[index], shapes[index], instances.item(index))
    for mode in ("train", "eval"):
        with program.attempt(mode):
            program.call(torch.attr("nn").attr("Module").attr(mode), model)
            x = program.tensor(_formed(net.x, net.form), dtype="float64")
            program.send(mode, program.call(model, x))
    again = worker.run(program, timeout=context.seconds)
    keep_output(context, again)
    for mode in ("train", "eval"):
        if mode in again.errors:
            raise CannotJudge(
                raised(again.errors[mode], doing=f"forward in {mode} mode", output=printed(context))
            )
    if again.error:
        raise CannotJudge(raised(again.error, doing="setting the weights", output=printed(context)))
    net.called = [kinds[i] for i in order]
    net.outputs = {m: v for m in ("train", "eval") if isinstance(v := again.values.get(m), np.ndarray)}
    if "eval" not in net.outputs:
        raise CannotJudge(Finding(Verdict.FAILED, "forward returns no tensor.", output=printed(context)))
    return net


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
            program.set(layer.attr(name).attr("data"), program.tensor(value, dtype="float64"))


def _build(context: Context, worker: Worker, net: Net, *, batch_norm: bool) -> tuple[Reply, Ref, Ref, Net]:
    module, name = context.target
    flag = _flag(context) if batch_norm else ""
    last: Finding | None = None
    for form in ("flat", "images"):
        program = Program()
        torch = program.import_("torch")
        with program.attempt("import"):
            network = program.import_(module)
        classes = [torch.attr("nn").attr(kind) for kind in TRACED]
        with program.attempt("build"):
            named = {flag: True} if flag else {}
            built = program.call(
                network.attr(name),
                N_INPUTS,
                [int(size) for size in net.hidden],
                N_CLASSES,
                *_extra(context),
                **named,
            )
            cpu = program.call(torch.attr("nn").attr("Module").attr("cpu"), built)
            model = program.call(torch.attr("nn").attr("Module").attr("double"), cpu)
        with program.trace(classes, ("forward",)) as trace, program.attempt("forward"):
            x = program.tensor(_formed(net.x, form), dtype="float64")
            program.send("output", program.call(model, x))
        program.send("events", trace.events)
        with program.attempt("keep"):
            kept, instances = program.keep(model), program.keep(trace.instances)
        for index in range(3 * len(HIDDEN[0]) + 6):
            with program.attempt(f"type {index}"):
                program.send(f"type {index}", program.describe(trace.instances.item(index).attr("weight")))
                shape = program.call(
                    program.import_("builtins").attr("tuple"),
                    trace.instances.item(index).attr("weight").attr("shape"),
                )
                program.send(f"shape {index}", shape)
        reply = worker.run(program, timeout=context.seconds)
        keep_output(context, reply)
        for step, doing in (("import", f"importing {module}"), ("build", f"constructing {name}")):
            if step in reply.errors:
                raise CannotJudge(
                    _not_built(context, raised(reply.errors[step], doing=doing, output=printed(context)))
                )
        if "forward" not in reply.errors and isinstance(reply.values.get("output"), np.ndarray):
            return reply, kept, instances, replace(net, form=form)
        if "forward" in reply.errors:
            last = last or raised(reply.errors["forward"], doing=f"{name}.forward", output=printed(context))
        else:
            last = last or Finding(
                Verdict.FAILED, f"{name}.forward returns no tensor.", output=printed(context)
            )
    assert last is not None
    raise CannotJudge(last)


def _not_built(context: Context, finding: Finding) -> Finding:
    """A module whose ``__init__`` was never filled in fails in torch's own words; say what it is."""
    if "before Module.__init__() call" in finding.message:
        return replace(
            finding, hint="The constructor has to call super().__init__() before it assigns layers."
        )
    return finding


def _formed(x: Array, form: str) -> Array:
    return x if form == "flat" else x.reshape(-1, *IMAGE)


def _extra(context: Context) -> tuple[object, ...]:
    module, name = context.target
    outline = context.outline(module)
    init = outline.classes[name].methods.get("__init__") if outline and name in outline.classes else None
    return (0.02,) * max(init.required - 3, 0) if init else ()


def _flag(context: Context) -> str:
    """The constructor's parameter that asks for batch norm."""
    module, name = context.target
    outline = context.outline(module)
    init = outline.classes[name].methods.get("__init__") if outline and name in outline.classes else None
    for parameter in init.parameters if init else ():
        if "norm" in parameter.lower() or parameter.lower() in ("bn", "use_bn"):
            return parameter
    return "use_batch_norm"


def _instances(reply: Reply) -> dict[int, str]:
    events = reply.values.get("events")
    return {
        int(e["instance"]): str(e["class"])
        for e in (events if isinstance(events, list) else [])
        if isinstance(e, dict) and isinstance(e.get("instance"), int)
    }


def _call_order(reply: Reply) -> list[int]:
    events = reply.values.get("events")
    return list(
        dict.fromkeys(
            int(e["instance"]) for e in (events if isinstance(events, list) else []) if isinstance(e, dict)
        )
    )


def _batch_norm(context: Context, spec: TorchModuleSpec) -> Finding:
    evidence: list[Evidence] = []
    for hidden in HIDDEN[:2]:
        with context.worker() as worker:
            net = _measure(context, worker, hidden, batch_norm=True)
        evidence += _norm_evidence(context, net)
    bad = [item for item in evidence if not item.agreed]
    if not bad:
        return Finding(Verdict.PASSED, evidence=tuple(evidence), output=printed(context))
    return Finding(
        Verdict.FAILED,
        bad[0].detail,
        hint="Print the network that is built with batch norm, and read its layers in order.",
        evidence=worst_first(evidence),
        output=printed(context),
    )


def _norm_evidence(context: Context, net: Net) -> list[Evidence]:
    label = f"hidden layers {list(net.hidden)} with batch norm"
    activation, alphas = _activation(context)
    if not net.norms:
        text = f"With {label}: no batch norm layer is called when the constructor is asked for batch norm."
        return [Evidence(what=label, agreed=False, detail=text)]
    if len(net.weights) != len(net.hidden) + 1:
        text = f"With {label}: {len(net.weights)} linear layers are called; {len(net.hidden) + 1} are due."
        return [Evidence(what=label, agreed=False, detail=text)]
    if len(net.norms) != len(net.hidden):
        text = (
            f"With {label}: {len(net.norms)} batch norm layers are called; one for each hidden layer is due"
        )
        return [
            Evidence(
                what=label,
                agreed=False,
                detail=f"{text} (layers in order of their calls: {' -> '.join(net.called)}).",
            )
        ]
    order = " -> ".join(kind for kind in net.called if kind not in ("Dropout",))
    found = []
    for mode in ("train", "eval"):
        best = None
        for alpha in alphas:
            try:
                want = evaluate(net, activation, alpha, norm="before", train=mode == "train")
            except ValueError:  # batch norms of other sizes than the hidden layers
                fault = (
                    _norm_fault(net, activation, alpha) or "batch norm has other sizes than the hidden layers"
                )
                text = f"With {label}: {fault} (layers in order of their calls: {order})."
                return [Evidence(what=label, agreed=False, detail=text)]
            comparison = compare(net.outputs.get(mode), want, relative=PRECISION, floor=1e-5)
            best = comparison if best is None or comparison.agreed else best
        assert best is not None
        evidence = evidence_of(f"{label}, {mode} mode", best, tensor="output")
        if best.agreed or _paid(context, net, activation, alphas):
            evidence = evidence.model_copy(update={"agreed": True})
        else:
            fault = _norm_fault(net, activation, alphas[0])
            text = f"With {label}: {fault or in_words(evidence)} (layers in order of their calls: {order})."
            evidence = evidence.model_copy(update={"detail": text})
        found.append(evidence)
    return found


def _paid(context: Context, net: Net, activation: str, alphas: Sequence[float]) -> bool:
    """Whether only a fault of the network check's (another activation, a softmax at the end) is left."""
    before = context.earlier.get(f"{context.part.id}.network")
    if before is None or before.verdict is not Verdict.FAILED:
        return False
    for other in ("elu", "relu", "leaky_relu", "tanh", "sigmoid", "none"):
        for alpha in (*alphas, 0.01, 0.1):
            try:
                want = evaluate(net, other, alpha, norm="before", train=True)
            except ValueError:
                return False
            softmax = LAYERS["softmax"].forward(x=want)
            for value in (want, softmax, np.log(softmax), _act(activation, alphas[0], want)):
                if compare(net.outputs.get("train"), value, relative=PRECISION, floor=1e-5).agreed:
                    return True
    return False


def _norm_fault(net: Net, activation: str, alpha: float) -> str:
    got = net.outputs.get("train")
    guesses = {
        "batch norm comes after the activation; between linear and activation is due": "after",
        "there is a batch norm before the first linear layer": "input",
        "there is a batch norm after the last linear layer": "output",
        "batch norm layers are there, but not used": "none",
    }
    for text, norm in guesses.items():
        try:
            want = evaluate(net, activation, alpha, norm=norm, train=True)
        except ValueError:  # as many units as that place would need are not there
            continue
        if compare(got, want, relative=PRECISION, floor=1e-5).agreed:
            return text
    return ""


def _init(context: Context, spec: TorchModuleSpec) -> Finding:
    """Kaiming spread of every linear layer's weights; the first layer may take the input layer's gain."""
    hidden = (300, 200)
    evidence: list[Evidence] = []
    module, name = context.target
    program = Program()
    torch = program.import_("torch")
    net = program.call(program.import_(module).attr(name), 400, list(hidden), 10, *_extra(context))
    named = program.call(torch.attr("nn").attr("Module").attr("named_parameters"), net)
    parameters = program.call(program.import_("builtins").attr("dict"), named)
    program.send("parameters", parameters)
    with context.worker() as worker:
        reply = worker.run(program, timeout=context.seconds)
    keep_output(context, reply)
    if reply.error:
        return _not_built(context, raised(reply.error, doing=f"constructing {name}", output=printed(context)))
    found = reply.values.get("parameters")
    weights = [
        v
        for v in (found.values() if isinstance(found, dict) else [])
        if isinstance(v, np.ndarray) and v.ndim == 2
    ]
    shapes = [(300, 400), (200, 300), (10, 200)]
    for number, shape in enumerate(shapes, 1):
        weight = next((w for w in weights if w.shape == shape), None)
        label = f"linear layer {number}"
        if weight is None:
            text = f"No weight of shape {shape} for a network of 400, 300, 200 and 10 units."
            evidence.append(Evidence(what=label, agreed=False, detail=text))
            continue
        gains = [spec.gain] if number > 1 or spec.input_gain is None else [spec.input_gain, spec.gain]
        tries = [
            weight_evidence(label, weight.astype(np.float64), g, spec.error_rate, normal=False) for g in gains
        ]
        evidence += next((t for t in tries if all(item.agreed for item in t)), tries[0])
    bad = [item for item in evidence if not item.agreed]
    if not bad:
        return Finding(Verdict.PASSED, evidence=tuple(evidence), output=printed(context))
    return Finding(
        Verdict.FAILED,
        bad[0].detail,
        hint="Print the standard deviation of each layer's fresh weights beside sqrt(2 / fan_in).",
        evidence=worst_first(evidence),
        output=printed(context),
    )


ASKS: dict[str, Callable[[Context, TorchModuleSpec], Finding]] = {
    "forward": _forward,
    "batch_norm": _batch_norm,
    "init": _init,
}
