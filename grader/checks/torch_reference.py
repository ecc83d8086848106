"""What a PyTorch network of the homework's form gives at known weights, and which wrong form explains another output."""

from __future__ import annotations

import numpy as np

from grader.checks.context import Context
from grader.checks.network_sizes import Fault
from grader.conventions.torch_network import Net
from grader.numerics import Array, Comparison, compare
from grader.truth import LAYERS

PRECISION = 1e-4
FLOOR = 1e-5
ALPHAS = {"elu": [1.0], "relu": [0.0], "leaky_relu": [0.02, 0.01, 0.2], "tanh": [0.0], "sigmoid": [0.0]}
OTHERS = {"elu": 1.0, "relu": 0.0, "leaky_relu": 0.01, "tanh": 0.0, "sigmoid": 0.0}


def activation_of(context: Context) -> tuple[str, list[float]]:
    """The part's activation, else the rubric's first, and the values of its parameter that are right."""
    named = (context.part.layer, *(part.layer for part in context.rubric.parts))
    layer = next((name for name in named if name in ALPHAS), "elu")
    alpha = context.part.options.get("alpha")
    return layer, ALPHAS[layer] if alpha is None else [float(alpha)]


def act(activation: str, alpha: float, x: Array) -> Array:
    """An activation by name; "none" leaves x as it is."""
    if activation == "none":
        return x
    layer = LAYERS[activation]
    return layer.forward(x=x, **({"alpha": alpha} if "alpha" in layer.options else {}))


def compared(got: Array | None, want: Array) -> Comparison:
    """A comparison to the precision of float32."""
    return compare(got, want, relative=PRECISION, floor=FLOOR)


def evaluate(
    net: Net,
    activation: str,
    alpha: float,
    *,
    norm: str = "none",
    train: bool = False,
    averages: str = "unbiased",
) -> Array:
    """The reference's output at the network's weights.

    Args:
        net: weights, norms and input.
        activation: name of the activation layer, or "none".
        alpha: its parameter.
        norm: "none", "before" the activation (due), "after" it, "input" before the first linear layer as well,
            "output" after the last linear layer as well.
        train: batch statistics if True, else the running statistics that are those of this batch.
        averages: which variance they keep: "unbiased" (torch's), "biased", or "initial": mean 0 and variance 1.

    Raises:
        ValueError: a batch norm has another size than what it would normalise.
    """
    seen, h = net.x, net.x  # what a batch in train mode sees, and what the asked mode gives
    norms = list(net.norms)

    def normalise() -> None:
        nonlocal seen, h
        gamma, beta, eps = norms.pop(0)
        mean, biased, unbiased = seen.mean(axis=0), seen.var(axis=0), seen.var(axis=0, ddof=1)
        kept = {
            "biased": (mean, biased),
            "unbiased": (mean, unbiased),
            "initial": (0.0 * mean, 0.0 * mean + 1),
        }
        centre, variance = kept["biased" if train else averages]
        h = gamma * (h - centre) / np.sqrt(variance + eps) + beta
        seen = gamma * (seen - mean) / np.sqrt(biased + eps) + beta

    if norm == "input" and norms:
        normalise()
    for number, (weight, bias) in enumerate(net.weights):
        seen, h = seen @ weight.T + bias, h @ weight.T + bias
        last = number == len(net.weights) - 1
        if norm in ("before", "input", "output") and norms and (not last or norm == "output"):
            normalise()
        if not last:
            seen, h = act(activation, alpha, seen), act(activation, alpha, h)
            if norm == "after" and norms:
                normalise()
    return h


def forward_fault(net: Net, got: Array, activation: str, alpha: float) -> Fault | None:
    """A named wrong network that gives the same output; None if none does."""
    logits = evaluate(net, activation, alpha)
    softmax = LAYERS["softmax"].forward(x=logits)
    guesses = [
        (Fault("N103", "the output is a softmax; logits are due, since the loss applies it"), softmax),
        (Fault("N103", "the output is a log-softmax; logits are due", "log-softmax"), np.log(softmax)),
        (Fault("N102", "there is an activation after the last linear layer"), act(activation, alpha, logits)),
        (Fault("N101", "there is no activation between the linear layers"), evaluate(net, "none", alpha)),
    ]
    others = [*OTHERS.items(), *(("leaky_relu", slope) for slope in (0.02, 0.1, 0.2, 0.3))]
    others += [("elu", slope) for slope in (0.1, 0.2, 0.5, 2.0)]
    for other, slope in others:
        if (other, slope) != (activation, alpha):
            told = {
                "leaky_relu": f"{other} with slope {slope:g}",
                "elu": f"{other} with alpha {slope:g}",
            }.get(other, other)
            fault = Fault(
                "N105", f"the activation is {told}; {activation} is due", f"{told} for {activation}"
            )
            guesses.append((fault, evaluate(net, other, slope)))
    return next((fault for fault, value in guesses if compared(got, value).agreed), None)


def norm_fault(net: Net, activation: str, alpha: float) -> Fault | None:
    """A named wrong place of batch norm that gives the same output in train mode; None if none does."""
    guesses = {
        "after": Fault("N130", "batch norm comes after the activation; between linear and activation is due"),
        "input": Fault("N132", "there is a batch norm before the first linear layer"),
        "output": Fault("N131", "there is a batch norm after the last linear layer"),
        "none": Fault("N135", "batch norm layers are there, but not used"),
    }
    for norm, fault in guesses.items():
        try:
            want = evaluate(net, activation, alpha, norm=norm, train=True)
        except ValueError:  # as many units as that place would need are not there
            continue
        if compared(net.outputs.get("train"), want).agreed:
            return fault
    return None


def placed_right(net: Net) -> bool:
    """Whether each batch norm is given what a linear layer returned, and no linear layer what a batch norm returned.

    Seen from the calls alone, whatever the activation between them is; False where the calls do not show it.
    """
    last: Array | None = None
    normed: list[Array] = []
    norms = 0
    for call in net.calls:
        if call.kind == "Linear":
            if any(_same(array, call.given) for array in normed):
                return False
            last = call.result
        elif call.kind.startswith("BatchNorm"):
            if not _same(last, call.given) or call.result is None:
                return False
            normed.append(call.result)
            norms += 1
    return norms > 0 and norms == len(net.hidden)


def _same(one: Array | None, other: Array | None) -> bool:
    return one is not None and other is not None and np.array_equal(one, other)
