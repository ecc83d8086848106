"""The MLP in NumPy against its PyTorch twin, its module and finite differences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from reference.layers import Array
from reference.networks import (
    ACTIVATIONS,
    BatchNorm,
    MLPGradients,
    MLPParameters,
    generic_mlp,
    initial_mlp,
    mlp_backward,
    mlp_forward,
    mlp_twin,
)
from reference.networks.torch_mlp import TorchMLP
from tests.reference.layers.proof import require_close

HIDDEN = [(), (6,), (1,), (7, 4), (5, 6, 3)]
Backward = Callable[..., MLPGradients]


def flat(parameters: MLPParameters, x: Array) -> dict[str, Array]:
    """The input and all parameters by name."""
    named = {f"weight {i}": weight for i, weight in enumerate(parameters.weights)}
    named |= {f"bias {i}": bias for i, bias in enumerate(parameters.biases)}
    named |= {f"gamma {i}": norm.gamma for i, norm in enumerate(parameters.batch_norm)}
    named |= {f"beta {i}": norm.beta for i, norm in enumerate(parameters.batch_norm)}
    return {"x": x, **named}


def named_gradients(grads: MLPGradients) -> dict[str, Array]:
    """The gradients by the names of flat."""
    named = {f"weight {i}": grad for i, grad in enumerate(grads.weights)}
    named |= {f"bias {i}": grad for i, grad in enumerate(grads.biases)}
    named |= {f"gamma {i}": grad for i, grad in enumerate(grads.gammas)}
    named |= {f"beta {i}": grad for i, grad in enumerate(grads.betas)}
    return {"x": grads.x, **named}


def to_torch(parameters: MLPParameters) -> MLPParameters:
    """The same parameters as leaves of autograd, the running statistics as constants."""

    def leaf(array: Array) -> torch.Tensor:
        return torch.from_numpy(array.copy()).requires_grad_()

    def constant(array: Array) -> torch.Tensor:
        return torch.from_numpy(array.copy())

    norms = [
        BatchNorm(leaf(n.gamma), leaf(n.beta), constant(n.running_mean), constant(n.running_var))
        for n in parameters.batch_norm
    ]
    return MLPParameters([leaf(w) for w in parameters.weights], [leaf(b) for b in parameters.biases], norms)


def prove(
    hidden: tuple[int, ...],
    *,
    batch_norm: bool = False,
    n: int = 5,
    image: bool = False,
    backward: Backward = mlp_backward,
    **options: object,
) -> None:
    """Raises AssertionError unless NumPy, autograd and a directional finite difference agree."""
    rng = np.random.default_rng(7)
    x = rng.standard_normal((n, 3, 2, 2) if image else (n, 12))
    parameters = generic_mlp(rng, 12, hidden, 4, batch_norm=batch_norm)
    output = mlp_forward(x, **vars(parameters), **options)
    twin, leaf = to_torch(parameters), torch.from_numpy(x.copy()).requires_grad_()
    twin_output = mlp_twin(leaf, **vars(twin), **options)
    require_close("forward", output, twin_output.detach().numpy(), 1e-12)

    dout = rng.standard_normal(output.shape)
    got = named_gradients(backward(dout, x, **vars(parameters), **options))
    leaves = flat(twin, leaf)
    assert set(got) == set(leaves)
    grads = torch.autograd.grad(twin_output, list(leaves.values()), torch.from_numpy(dout))
    for name, want in zip(leaves, grads, strict=True):
        require_close(name, got[name], want.numpy(), 1e-11)

    directions = {name: rng.standard_normal(value.shape) for name, value in flat(parameters, x).items()}
    slope = sum(np.sum(got[name] * direction) for name, direction in directions.items())
    ahead, behind = (shifted(x, parameters, directions, sign * 1e-6) for sign in (1, -1))
    losses = [np.sum(dout * mlp_forward(at, **vars(there), **options)) for at, there in (ahead, behind)]
    require_close("slope", np.asarray(slope), np.asarray((losses[0] - losses[1]) / 2e-6), 1e-6)


def shifted(
    x: Array, parameters: MLPParameters, directions: dict[str, Array], step: float
) -> tuple[Array, MLPParameters]:
    """Input and parameters, ``step`` along the directions."""
    moved = {name: value + step * directions[name] for name, value in flat(parameters, x).items()}
    norms = [
        BatchNorm(moved[f"gamma {i}"], moved[f"beta {i}"], norm.running_mean, norm.running_var)
        for i, norm in enumerate(parameters.batch_norm)
    ]
    count = range(len(parameters.weights))
    weights, biases = [moved[f"weight {i}"] for i in count], [moved[f"bias {i}"] for i in count]
    return moved["x"], MLPParameters(weights, biases, norms)


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_numpy_torch_and_finite_differences_agree(
    activation: str, hidden: tuple[int, ...], batch_norm: bool
) -> None:
    prove(hidden, batch_norm=batch_norm, activation=activation)


@pytest.mark.parametrize("options", [{"softmax": True}, {"training": False}, {"eps": 0.1}])
def test_options_agree(options: dict[str, object]) -> None:
    prove((6, 5), batch_norm=True, activation="elu", alpha=0.4, **options)


def test_images_are_flattened_and_their_gradient_is_an_image() -> None:
    prove((6,), image=True)


def test_batch_of_one() -> None:
    prove((6,), n=1, activation="elu", softmax=True)


@pytest.mark.parametrize("field", ["x", "weights", "biases", "gammas", "betas"])
def test_proof_rejects_one_wrong_gradient(field: str) -> None:
    def wrong(*args: object, **options: object) -> MLPGradients:
        grads = vars(mlp_backward(*args, **options))
        value = grads[field]
        planted = value * 1.001 if field == "x" else (*value[:-1], value[-1] * 1.001)
        return MLPGradients(**{**grads, field: planted})

    prove((6,), batch_norm=True)
    with pytest.raises(AssertionError, match="off by"):
        prove((6,), batch_norm=True, backward=wrong)


@pytest.mark.parametrize(("activation", "expected"), [("elu", True), ("leaky_relu", True), ("relu", False)])
def test_alpha_reaches_the_activations_that_have_one(activation: str, expected: bool) -> None:
    rng = np.random.default_rng(0)
    x, parameters = rng.standard_normal((5, 8)), vars(generic_mlp(rng, 8, [6], 3))
    outputs = [mlp_forward(x, **parameters, activation=activation, alpha=alpha) for alpha in (0.2, 0.7)]
    assert np.allclose(*outputs) is not expected


def test_float32_stays_float32() -> None:
    rng = np.random.default_rng(0)
    parameters = initial_mlp(rng, 8, [6], 3, batch_norm=True, dtype=np.float32)
    x = rng.standard_normal((5, 8)).astype(np.float32)
    output = mlp_forward(x, **vars(parameters), activation="elu", alpha=0.3, softmax=True)
    assert output.dtype == np.float32
    grads = mlp_backward(output, x, **vars(parameters), activation="elu", alpha=0.3, softmax=True)
    assert {grad.dtype for grad in named_gradients(grads).values()} == {np.dtype(np.float32)}


def test_messages() -> None:
    w, b = np.ones((2, 3)), np.ones(2)
    with pytest.raises(ValueError, match="no activation is called 'gelu'; there are: relu, leaky_relu, elu"):
        mlp_forward(np.ones((1, 3)), [w], [b], activation="gelu")
    with pytest.raises(ValueError, match="1 weights and 2 biases; expected as many"):
        mlp_forward(np.ones((1, 3)), [w], [b, b])
    norm = BatchNorm(b, b, b, b)
    with pytest.raises(ValueError, match="1 batch norms for 0 hidden layers"):
        mlp_forward(np.ones((1, 3)), [w], [b], batch_norm=[norm])


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("use_batch_norm", [True, False])
@pytest.mark.parametrize("hidden", HIDDEN)
def test_module_computes_what_the_function_does(
    hidden: tuple[int, ...], use_batch_norm: bool, training: bool
) -> None:
    torch.manual_seed(3)
    model = TorchMLP(12, hidden, 4, activation="elu", alpha=0.5, use_batch_norm=use_batch_norm).double()
    x = torch.randn(6, 3, 2, 2, dtype=torch.float64)
    for _ in range(3):
        model(x + 1)  # moves the running statistics
    parameters = model.parameters_as_arrays()
    assert len(parameters.batch_norm) == (len(hidden) if use_batch_norm else 0)
    want = model.train(training)(x).detach().numpy()
    got = mlp_forward(x.numpy(), **vars(parameters), activation="elu", alpha=0.5, training=training)
    np.testing.assert_allclose(got, want, rtol=1e-11, atol=1e-13)
