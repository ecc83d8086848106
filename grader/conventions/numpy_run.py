"""What a NumPy network did in the worker: the layers that it called, what they were given, and its gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.support import printed, raised
from grader.model import Verdict
from grader.numerics import Array
from grader.sandbox import Reply, StudentError

IMAGE = (3, 4, 4)  # channels, height, width of the small images that flat inputs of 48 stand for
N_INPUTS = 48
N_CLASSES = 4
BATCH = 6
HIDDEN: tuple[tuple[int, ...], ...] = ((7, 5), (6,), ())
MOST_INSTANCES = 12  # layers of a network that are looked at


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


def read_run(context: Context, run: Run, reply: Reply, order: Sequence[int], *, backward: bool) -> Run:
    if "forward" in reply.errors:
        error = reply.errors["forward"]
        raise CannotJudge(raised(error, doing="forward with other weights", output=printed(context)))
    for index in order:
        if f"set {index}" in reply.errors:
            raise CannotJudge(
                raised(
                    reply.errors[f"set {index}"], doing="setting a layer's weights", output=printed(context)
                )
            )
    _refuse_sizes(context, run, reply, order)
    same = {identity: i for i, identity in _identities(reply, "id").items()}
    mapping = {i: same.get(identity, -1) for i, identity in _identities(reply, "id2").items()}
    output = reply.values.get("output")
    run.output = output if isinstance(output, np.ndarray) else None
    run.forward = steps_of(reply, "forward", mapping)
    run.backward = steps_of(reply, "backward", mapping)
    run.x = _as_flattened(run)
    run.backward_error = reply.errors.get("backward") if backward else None
    for index in order:
        weight, bias = reply.values.get(f"weight {index}"), reply.values.get(f"bias {index}")
        run.grads[index] = (_plain(weight), _plain(bias))
    for index in range(MOST_INSTANCES):
        alpha = reply.values.get(f"alpha {index}")
        if isinstance(alpha, (int, float)) and not isinstance(alpha, bool):
            run.alphas[index] = float(alpha)
    return run


def _identities(reply: Reply, name: str) -> dict[int, int]:
    """What told instances apart in the worker, by their numbers."""
    sent = {i: reply.values.get(f"{name} {i}") for i in range(MOST_INSTANCES)}
    return {i: identity for i, identity in sent.items() if isinstance(identity, int)}


def _refuse_sizes(context: Context, run: Run, reply: Reply, order: Sequence[int]) -> None:
    """Layers must have been built in the sizes that the constructor was asked for."""
    for number, index in enumerate(order, 1):
        built, due = reply.values.get(f"shape {index}"), run.weights[index][0].shape
        if isinstance(built, np.ndarray) and built.shape not in (due, due[::-1]):
            message = (
                f"For hidden layers {list(run.hidden)}, linear layer {number} has a weight of shape {built.shape}; "
                f"{due} or {due[::-1]} is due."
            )
            hint = "Print the sizes of all layers for n_hidden=[7, 5]."
            raise CannotJudge(Finding(Verdict.FAILED, message, hint=hint, output=printed(context)))


def _plain(value: object) -> Array | None:
    return value if isinstance(value, np.ndarray) else None


def steps_of(reply: Reply, method: str, mapping: Mapping[int, int]) -> list[Step]:
    """The traced calls of one method that called no further layer, in order: containers are looked through."""
    events = reply.values.get("events")
    listed = [event for event in events if isinstance(event, dict)] if isinstance(events, list) else []
    found: list[Step] = []
    for number, event in enumerate(listed):
        below = _depth(listed[number + 1]) if number + 1 < len(listed) else 0
        if event.get("method") != method or below > _depth(event):
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


def _depth(event: Mapping[str, object]) -> int:
    depth = event.get("depth")
    return depth if isinstance(depth, int) else 0


def _as_flattened(run: Run) -> Array:
    """The input rows in the order in which the network flattens an image: channels first or channels last."""
    given = run.forward[0].given if run.forward else None
    if given is None or given.shape != run.x.shape:
        return run.x
    last = np.ascontiguousarray(run.x.reshape(-1, *IMAGE).transpose(0, 2, 3, 1)).reshape(run.x.shape)
    return last if np.array_equal(given, last) else run.x


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
