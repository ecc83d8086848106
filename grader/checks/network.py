"""Is the NumPy network the composition of linear, activation, ..., linear, softmax, forward and backward?

The network is built, its layers are found by their calls, its weights are set to drawn values, and its output is
compared with the reference at these weights. Where a layer of its own is wrong (and has lost its points already), the
network is right if it calls its own layers in the right order and hands each result on: one fault costs once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grader.checks.context import Context, Finding
from grader.checks.support import absent, evidence_of, keep_output, printed, raised, worst_first
from grader.model import Evidence, Verdict
from grader.numerics import Array, Comparison, compare
from grader.rubric import NetworkSpec
from grader.sandbox import Program, Ref, Reply, StudentError, Worker
from grader.truth import LAYERS

IMAGE = (3, 4, 4)  # channels, height, width of the small images that flat inputs of 48 stand for
N_INPUTS = 48
N_CLASSES = 4
BATCH = 6
HIDDEN: tuple[tuple[int, ...], ...] = ((7, 5), (6,), ())
METHODS = ("forward", "backward")
PRECISION = 1e-4


class Unusable(Exception):
    """The network cannot be judged; ``finding`` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


@dataclass(frozen=True)
class Step:
    """One call of a layer that the network made."""

    instance: int
    kind: str  # "linear", "activation", "softmax", "other"
    name: str  # of the class
    given: Array | None
    result: Array | None


@dataclass
class Run:
    """What a network did: its output, the layers that it called, and its weights."""

    hidden: tuple[int, ...]
    x: Array
    output: Array | None = None
    form: str = "flat"
    forward: list[Step] = field(default_factory=list)
    backward: list[Step] = field(default_factory=list)
    weights: dict[int, tuple[Array, Array]] = field(default_factory=dict)
    grads: dict[int, tuple[Array | None, Array | None]] = field(default_factory=dict)
    alphas: dict[int, float] = field(default_factory=dict)
    dout: Array | None = None
    backward_error: StudentError | None = None

    @property
    def linears(self) -> list[int]:
        """Linear instances in the order in which forward first calls them."""
        return list(dict.fromkeys(step.instance for step in self.forward if step.kind == "linear"))


def check_network(spec: NetworkSpec, context: Context) -> Finding:
    """Judge forward, or backward, for two, one and no hidden layers."""
    module, name = context.target
    missing = absent(
        context, module, name, methods=("__init__", "forward" if spec.ask == "forward" else "backward")
    )
    if missing is not None:
        return missing
    evidence: list[Evidence] = []
    notes: list[str] = []
    try:
        for hidden in HIDDEN:
            with context.worker() as worker:
                run = run_network(context, worker, module, name, hidden, backward=spec.ask == "gradient")
            judge = _judge_forward if spec.ask == "forward" else _judge_gradient
            found, note = judge(context, spec, run)
            evidence += found
            notes += [note] if note else []
    except Unusable as reason:
        return reason.finding
    bad = [item for item in evidence if not item.agreed]
    if not bad:
        return Finding(
            Verdict.PASSED, notes[0] if notes else "", evidence=tuple(evidence[:3]), output=printed(context)
        )
    hint = "Follow one batch by hand: print each layer's class, input shape and output shape, in order."
    if spec.ask == "gradient":
        hint = "Compare the order of the layers in backward with the order in forward, and what each one is handed."
    return Finding(
        Verdict.FAILED,
        bad[0].detail or bad[0].what,
        hint=hint,
        evidence=worst_first(evidence),
        output=printed(context),
    )


def run_network(
    context: Context, worker: Worker, module: str, name: str, hidden: tuple[int, ...], *, backward: bool
) -> Run:
    """Build the network, set drawn weights, call it, and read what it did.

    Raises:
        Unusable: it cannot be built or called.
        WorkerError: the worker died.
    """
    rng = context.generator(f"network {hidden}")
    x = rng.standard_normal((BATCH, N_INPUTS))
    first, net, instances, forms = _build(context, worker, module, name, hidden, x)
    run = Run(hidden, x, form=forms)
    order = [s.instance for s in _steps(first, "forward", {}) if s.kind == "linear"]
    order = list(dict.fromkeys(order))
    wanted = len(hidden) + 1
    if len(order) != wanted:
        called = ", ".join(step.name for step in _steps(first, "forward", {})) or "none of them"
        raise Unusable(
            Finding(
                Verdict.FAILED,
                f"A network with hidden layers {list(hidden)} needs {wanted} linear layers; forward calls {len(order)}"
                f" (layers called: {called}).",
                hint="Count the layers that the constructor makes for one, two and no hidden layers.",
                output=printed(context),
            )
        )
    return _measure(context, worker, run, net, instances, order, rng, backward=backward)


def _classes(context: Context, program: Program) -> list[Ref]:
    """Every class of the submission's modules that has forward and backward, the network itself left out."""
    module, name = context.target
    found: list[Ref] = []
    for file in ("modules", module):
        outline = context.outline(file)
        if outline is None or outline.broken:
            continue
        imported = program.import_(file)
        for kind, seen in outline.classes.items():
            if (file, kind) != (module, name) and "forward" in seen.methods:
                found.append(imported.attr(kind))
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
        with program.trace(_classes(context, program), METHODS) as trace:
            with program.attempt("build"):
                net = program.call(
                    network.attr(name), N_INPUTS, [int(size) for size in hidden], N_CLASSES, *_extra(context)
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
                raise Unusable(raised(reply.errors[step], doing=doing, output=printed(context)))
        if "forward" not in reply.errors and isinstance(reply.values.get("output"), np.ndarray):
            return reply, kept, instances, form
        if "forward" in reply.errors:
            last = last or raised(reply.errors["forward"], doing=f"{name}.forward", output=printed(context))
        else:
            last = last or Finding(
                Verdict.FAILED, f"{name}.forward returns no array.", output=printed(context)
            )
    assert last is not None
    raise Unusable(last)


def _extra(context: Context) -> tuple[object, ...]:
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
    keys: dict[int, tuple[str, str]] = {}
    for index, (fan_in, fan_out) in zip(order, zip(sizes, sizes[1:], strict=False), strict=True):
        key = _parameter_keys(context)
        keys[index] = key
        weight, bias = rng.normal(scale=fan_in**-0.5, size=(fan_out, fan_in)), rng.uniform(-0.5, 0.5, fan_out)
        run.weights[index] = (weight, bias)
        params = instances.item(index).attr("params")
        with program.attempt(f"set {index}"):
            _set(program, context, params, key, weight, bias)
    with program.trace(_classes(context, program), METHODS) as trace:
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
                program.send(f"{kind} {index}", instances.item(index).attr("grads").item(keys[index][at]))
    _send_alphas(program, instances)
    _send_mapping(program, instances, trace.instances)
    reply = worker.run(program, timeout=context.seconds)
    keep_output(context, reply)
    return _read(context, run, reply, order, backward=backward)


def _parameter_keys(context: Context) -> tuple[str, str]:
    spelling = next(
        (
            value
            for key, value in context.facts.items()
            if key.startswith("spelling:") and getattr(value, "layer", "") == "linear"
        ),
        None,
    )
    if spelling is None or not spelling.parameters:
        return ("weight", "bias")
    return (spelling.parameters["weight"].key, spelling.parameters["bias"].key)


def _set(
    program: Program, context: Context, params: Ref, key: tuple[str, str], weight: Array, bias: Array
) -> None:
    """Write into the arrays that are there, whatever their layout; assign where that cannot be."""
    spelling = next(
        (
            value
            for name, value in context.facts.items()
            if name.startswith("spelling:") and getattr(value, "layer", "") == "linear"
        ),
        None,
    )
    stored_weight, stored_bias, mode = weight, bias, "assign"
    if spelling is not None and spelling.parameters:
        stored_weight = spelling.parameters["weight"].stored(weight)
        stored_bias = spelling.parameters["bias"].stored(bias)
        mode = spelling.mode
    program.set(params.item(key[0]), stored_weight, mode=mode)  # type: ignore[arg-type]
    program.set(params.item(key[1]), stored_bias, mode=mode)  # type: ignore[arg-type]


def _send_alphas(program: Program, instances: Ref) -> None:
    for index in range(2 * len(HIDDEN[0]) + 3):
        with program.attempt(f"alpha {index}"):
            program.send(f"alpha {index}", instances.item(index).attr("alpha"))


def _send_mapping(program: Program, first: Ref, second: Ref) -> None:
    """Which instance of the second trace is which of the first: by identity."""
    ids = program.import_("builtins").attr("id")
    for index in range(2 * len(HIDDEN[0]) + 3):
        with program.attempt(f"id {index}"):
            program.send(f"id {index}", program.call(ids, first.item(index)))
        with program.attempt(f"id2 {index}"):
            program.send(f"id2 {index}", program.call(ids, second.item(index)))


def _read(context: Context, run: Run, reply: Reply, order: Sequence[int], *, backward: bool) -> Run:
    for step in ("forward",):
        if step in reply.errors:
            raise Unusable(
                raised(reply.errors[step], doing="forward with other weights", output=printed(context))
            )
    for index in order:
        if f"set {index}" in reply.errors:
            raise Unusable(
                raised(
                    reply.errors[f"set {index}"], doing="setting a layer's weights", output=printed(context)
                )
            )
    same = {reply.values.get(f"id {i}"): i for i in range(64) if f"id {i}" in reply.values}
    mapping = {i: same.get(reply.values.get(f"id2 {i}"), -1) for i in range(64) if f"id2 {i}" in reply.values}
    output = reply.values.get("output")
    run.output = output if isinstance(output, np.ndarray) else None
    run.forward = _steps(reply, "forward", mapping)
    run.backward = _steps(reply, "backward", mapping)
    run.backward_error = reply.errors.get("backward") if backward else None
    for index in order:
        weight, bias = reply.values.get(f"weight {index}"), reply.values.get(f"bias {index}")
        run.grads[index] = (_plain(weight), _plain(bias))
    for index in range(64):
        alpha = reply.values.get(f"alpha {index}")
        if isinstance(alpha, (int, float)) and not isinstance(alpha, bool):
            run.alphas[index] = float(alpha)
    return run


def _plain(value: object) -> Array | None:
    return value if isinstance(value, np.ndarray) else None


def _steps(reply: Reply, method: str, mapping: Mapping[int, int]) -> list[Step]:
    """The outermost traced calls of one method, in order."""
    events = reply.values.get("events")
    found: list[Step] = []
    for event in events if isinstance(events, list) else []:
        if not isinstance(event, dict) or event.get("method") != method or event.get("depth") != 0:
            continue
        instance, name = event.get("instance"), str(event.get("class"))
        if not isinstance(instance, int):
            continue
        args = event.get("args")
        given = args[0] if isinstance(args, (list, tuple)) and args else None
        found.append(
            Step(
                mapping.get(instance, instance), _kind(name), name, _plain(given), _plain(event.get("result"))
            )
        )
    return found


def _kind(name: str) -> str:
    low = name.rpartition(".")[2].lower()
    for kind, words in {
        "linear": ("linear", "dense", "affine"),
        "activation": ("elu", "relu", "sigmoid", "tanh", "activation"),
        "softmax": ("softmax",),
    }.items():
        if any(word in low for word in words):
            return kind
    return "other"


def _activation(context: Context, run: Run) -> tuple[str, list[float]]:
    """The activation of the variant, and the alphas worth trying: the instances' own first."""
    layer = next(
        (part.layer for part in context.rubric.parts if part.layer in ("elu", "relu", "leaky_relu")), "elu"
    )
    own = [run.alphas[s.instance] for s in run.forward if s.kind == "activation" and s.instance in run.alphas]
    default = {"elu": [1.0], "relu": [0.0], "leaky_relu": [0.02, 0.01]}[layer]
    return layer, list(dict.fromkeys([*own, *default]))


def reference_forward(
    run: Run, activation: str, alpha: float, *, softmax: bool = True
) -> tuple[Array, list[Array]]:
    """Output at the run's weights, and the input of every linear and activation layer, in order."""
    h, inputs = run.x, []
    for number, index in enumerate(run.linears):
        weight, bias = run.weights[index]
        inputs.append(h)
        h = h @ weight.T + bias
        if number < len(run.linears) - 1:
            inputs.append(h)
            h = LAYERS[activation].forward(x=h, **_options(activation, alpha))
    inputs.append(h)
    return (LAYERS["softmax"].forward(x=h) if softmax else h), inputs


def _options(activation: str, alpha: float) -> dict[str, Any]:
    return {name: alpha for name in LAYERS[activation].options if name == "alpha"}


def _judge_forward(context: Context, spec: NetworkSpec, run: Run) -> tuple[list[Evidence], str]:
    comparison, _ = _best_forward(context, run, softmax=spec.softmax)
    label = f"output with hidden layers {list(run.hidden)}"
    if comparison.agreed:
        return [evidence_of(label, comparison, tensor="output")], ""
    fault = forward_fault(run)
    if not fault and _wrong_layers(context):
        return (
            [
                Evidence(
                    what=label,
                    agreed=True,
                    detail="differs from the reference only through a layer judged elsewhere",
                )
            ],
            "The layers are put together right; what differs comes from a layer that is judged in its own part.",
        )
    evidence = evidence_of(label, comparison, tensor="output")
    detail = f"With hidden layers {list(run.hidden)}: {fault or comparison.detail}."
    return [evidence.model_copy(update={"detail": detail})], ""


def _best_forward(context: Context, run: Run, *, softmax: bool) -> tuple[Comparison, float]:
    activation, alphas = _activation(context, run)
    best: tuple[Comparison, float] | None = None
    for alpha in alphas:
        want, _ = reference_forward(run, activation, alpha, softmax=softmax)
        comparison = compare(run.output, want, relative=PRECISION, floor=1e-5)
        if best is None or comparison.agreed:
            best = (comparison, alpha)
        if comparison.agreed:
            break
    assert best is not None
    return best


def forward_fault(run: Run) -> str:
    """What is wrong with the order of the layers that forward called; "" if it is the right one."""
    kinds = [step.kind for step in run.forward]
    n = len(run.linears)
    due = [kind for _ in range(n - 1) for kind in ("linear", "activation")] + ["linear", "softmax"]
    if kinds != due:
        named = " -> ".join(step.name.rpartition(".")[2] for step in run.forward) or "nothing"
        return f"forward calls {named}; {' -> '.join(due)} is due"
    given = run.x
    for step in run.forward:
        if not _hands_on(given, step.given):
            return f"{step.name.rpartition('.')[2]} is not given what the layer before it returned"
        if step.result is None:
            return f"{step.name.rpartition('.')[2]} returned no array"
        given = step.result
    if not _hands_on(given, run.output):
        return "forward does not return what its last layer returned"
    if given.std() < 1e-12 or not np.isfinite(given).all():
        return "the output does not depend on the input"
    return ""


def _hands_on(before: Array, after: Array | None) -> bool:
    if after is None or after.size != before.size:
        return False
    return bool(np.allclose(np.sort(before, axis=None), np.sort(after, axis=None), rtol=1e-4, atol=1e-6))


def _wrong_layers(context: Context, *, gradient: bool = False) -> list[str]:
    """Layer checks that did not pass: their fault is paid for."""
    kinds = ("forward", "gradient", "contract") if gradient else ("forward", "contract")
    bad = (Verdict.FAILED, Verdict.PARTIAL, Verdict.ERRORED, Verdict.MISSING)
    return [
        name for name, result in context.earlier.items() if result.kind in kinds and result.verdict in bad
    ]


def _judge_gradient(context: Context, spec: NetworkSpec, run: Run) -> tuple[list[Evidence], str]:
    label = f"hidden layers {list(run.hidden)}"
    if run.backward_error is not None:
        raise Unusable(raised(run.backward_error, doing=f"backward ({label})", output=printed(context)))
    comparison, alpha = _best_forward(context, run, softmax=spec.softmax)
    evidence = _gradient_evidence(context, run, alpha, label)
    if all(item.agreed for item in evidence):
        return evidence, ""
    forward_wrong = not comparison.agreed
    paid = _wrong_layers(context, gradient=True) or forward_wrong
    fault = backward_fault(run)
    if not fault and paid:
        note = "Backward passes each layer's gradient on right; what differs is judged in another part."
        return [
            Evidence(what=label, agreed=True, detail="differs only through what is judged elsewhere")
        ], note
    detail = f"With {label}: {fault}." if fault else ""
    return [
        item if item.agreed or not detail else item.model_copy(update={"detail": detail}) for item in evidence
    ], ""


def _gradient_evidence(context: Context, run: Run, alpha: float, label: str) -> list[Evidence]:
    activation, _ = _activation(context, run)
    found = []
    for index, want in reference_gradients(run, activation, alpha).items():
        number = run.linears.index(index) + 1
        for name, got, due in zip(("weight", "bias"), run.grads[index], want, strict=True):
            oriented = _orient(got, due)
            comparison = compare(oriented, due, relative=PRECISION, floor=1e-5, ones_are_free=True)
            what = f"gradient of {name} of linear layer {number} ({label})"
            found.append(evidence_of(what, comparison, tensor=name))
    return found


def _orient(got: Array | None, due: Array) -> Array | None:
    if got is not None and due.ndim == 2 and got.shape == due.shape[::-1] != due.shape:
        return got.T
    return got


def reference_gradients(run: Run, activation: str, alpha: float) -> dict[int, tuple[Array, Array]]:
    """Gradient of every weight and bias at the run's weights, by instance."""
    output, inputs = reference_forward(run, activation, alpha)
    assert run.dout is not None
    grads: dict[int, tuple[Array, Array]] = {}
    dout = LAYERS["softmax"].backward(run.dout, x=inputs[-1])["x"]
    for number in range(len(run.linears) - 1, -1, -1):
        index = run.linears[number]
        weight, bias = run.weights[index]
        back = LAYERS["linear"].backward(dout, x=inputs[2 * number], weight=weight, bias=bias)
        grads[index] = (back["weight"], back["bias"])
        dout = back["x"]
        if number:
            before = inputs[2 * number - 1]
            dout = LAYERS[activation].backward(dout, x=before, **_options(activation, alpha))["x"]
    return grads


def backward_fault(run: Run) -> str:
    """What is wrong with the order of the layers in backward; "" if it mirrors forward and hands gradients on."""
    forward = [step.instance for step in run.forward]
    backward = [step.instance for step in run.backward]
    if backward != forward[::-1]:
        named = " -> ".join(step.name.rpartition(".")[2] for step in run.backward) or "no layer"
        return f"backward calls {named}; the layers of forward in reverse order are due"
    given = run.dout
    for step in run.backward:
        if given is None or not _hands_on(given, step.given):
            return f"{step.name.rpartition('.')[2]}.backward is not given what the layer after it returned"
        given = step.result
    return ""
