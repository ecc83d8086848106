"""The multi-layer perceptron as a function of its parameters: in NumPy with its gradients, and in PyTorch.

linear, (batch norm,) activation, ..., linear, and a softmax on request. No hidden layer at all is multinomial
logistic regression.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from reference.layers import LAYERS, Array, Layer
from reference.networks.chain import Step, chain_backward, chain_forward, chain_twin

if TYPE_CHECKING:
    import torch

ACTIVATIONS = ("relu", "leaky_relu", "elu", "sigmoid", "tanh")

T = TypeVar("T", Array, "torch.Tensor")


@dataclass(frozen=True)
class BatchNorm(Generic[T]):
    """Parameters and running statistics of one batch norm, (D,) each; arrays or tensors."""

    gamma: T
    beta: T
    running_mean: T
    running_var: T


@dataclass(frozen=True)
class MLPGradients:
    """Loss gradients of an MLP in the shapes of its parameters; without batch norm no gammas and betas."""

    x: Array
    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    gammas: tuple[Array, ...] = ()
    betas: tuple[Array, ...] = ()


def mlp_forward(
    x: Array,
    weights: Sequence[Array],
    biases: Sequence[Array],
    *,
    activation: str = "relu",
    alpha: float | None = None,
    batch_norm: Sequence[BatchNorm[Array]] = (),
    training: bool = True,
    eps: float = 1e-5,
    softmax: bool = False,
) -> Array:
    """The output of an MLP.

    Args:
        x: (N, ...), flattened to (N, D) in row-major order.
        weights: one (out, in) per linear layer, the first with in = D.
        biases: one (out,) per linear layer.
        activation: one of ACTIVATIONS, after every linear layer but the last.
        alpha: of ELU, or the slope of leaky ReLU; None: the activation's default.
        batch_norm: one between each linear layer and its activation, or none at all.
        training: whether batch norm takes the statistics of the batch.
        eps: of batch norm.
        softmax: whether the last layer is a softmax.

    Returns:
        (N, C) logits, or probabilities with ``softmax``, in the dtype of the input.

    Raises:
        ValueError: if the counts of layers do not fit each other, or there is no such activation.
    """
    steps = mlp_steps(weights, biases, activation, alpha, batch_norm, training, eps, softmax)
    return chain_forward(x.reshape(len(x), -1), steps)[-1]


def mlp_backward(
    dout: Array,
    x: Array,
    weights: Sequence[Array],
    biases: Sequence[Array],
    *,
    activation: str = "relu",
    alpha: float | None = None,
    batch_norm: Sequence[BatchNorm[Array]] = (),
    training: bool = True,
    eps: float = 1e-5,
    softmax: bool = False,
) -> MLPGradients:
    """Vector-Jacobian product of mlp_forward.

    Args:
        dout: (N, C), the loss gradient at the output; the others as in mlp_forward.
    """
    steps = mlp_steps(weights, biases, activation, alpha, batch_norm, training, eps, softmax)
    trace = chain_forward(x.reshape(len(x), -1), steps)
    grads = chain_backward(dout, trace, steps)
    linear, norms = of_layer(grads, steps, "linear"), of_layer(grads, steps, "batch_norm")
    return MLPGradients(
        x=grads[0]["x"].reshape(x.shape),
        weights=tuple(step["weight"] for step in linear),
        biases=tuple(step["bias"] for step in linear),
        gammas=tuple(step["gamma"] for step in norms),
        betas=tuple(step["beta"] for step in norms),
    )


def mlp_twin(
    x: torch.Tensor,
    weights: Sequence[torch.Tensor],
    biases: Sequence[torch.Tensor],
    *,
    activation: str = "relu",
    alpha: float | None = None,
    batch_norm: Sequence[BatchNorm[torch.Tensor]] = (),
    training: bool = True,
    eps: float = 1e-5,
    softmax: bool = False,
) -> torch.Tensor:
    """The PyTorch twin of mlp_forward; autograd gives its gradients."""
    steps = mlp_steps(weights, biases, activation, alpha, batch_norm, training, eps, softmax)
    return chain_twin(x.reshape(len(x), -1), steps)


def mlp_steps(
    weights: Sequence[T],
    biases: Sequence[T],
    activation: str,
    alpha: float | None,
    batch_norm: Sequence[BatchNorm[T]],
    training: bool,
    eps: float,
    softmax: bool,
) -> list[Step]:
    """The layers of an MLP in a row; the arguments are those of mlp_forward."""
    if not weights or len(weights) != len(biases):
        raise ValueError(
            f"{len(weights)} weights and {len(biases)} biases; expected as many, and one at least"
        )
    if batch_norm and len(batch_norm) != len(weights) - 1:
        raise ValueError(
            f"{len(batch_norm)} batch norms for {len(weights) - 1} hidden layers; expected as many"
        )
    between = activation_called(activation)
    options = {} if alpha is None or "alpha" not in between.options else {"alpha": alpha}
    steps: list[Step] = []
    for index, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        steps.append(Step(LAYERS["linear"], {"weight": weight, "bias": bias}))
        if index == len(weights) - 1:
            break
        if batch_norm:
            steps.append(
                Step(LAYERS["batch_norm"], vars(batch_norm[index]), {"training": training, "eps": eps})
            )
        steps.append(Step(between, options=options))
    return [*steps, Step(LAYERS["softmax"])] if softmax else steps


def activation_called(name: str) -> Layer:
    """The activation of that name.

    Raises:
        ValueError: if there is none.
    """
    if name not in ACTIVATIONS:
        raise ValueError(f"no activation is called {name!r}; there are: {', '.join(ACTIVATIONS)}")
    return LAYERS[name]


def of_layer(grads: Sequence[dict[str, Array]], steps: Sequence[Step], name: str) -> list[dict[str, Array]]:
    """The gradients of those steps that are layers of that name."""
    return [grad for grad, step in zip(grads, steps, strict=True) if step.layer.name == name]
