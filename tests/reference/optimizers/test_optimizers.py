"""Every optimizer at every case takes the path of its PyTorch twin, and the comparison can fail."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from reference.layers import Array, Case
from reference.optimizers import OPTIMIZERS, Optimizer, State, trajectory

EVERYTHING = [
    pytest.param(optimizer, case, id=f"{optimizer.name}-{case.name}")
    for optimizer in OPTIMIZERS.values()
    for case in optimizer.cases
]


def prove(optimizer: Optimizer, case: Case) -> None:
    """Raises AssertionError unless seven steps lead where PyTorch's lead."""
    rng = np.random.default_rng(0)
    start, grads = rng.standard_normal((3, 2)), list(rng.standard_normal((7, 3, 2)))
    parameter = torch.nn.Parameter(torch.from_numpy(start.copy()))
    twin = optimizer.twin([parameter], **{**optimizer.options, **case.options})
    got = trajectory(optimizer, start, grads, case.options)
    for grad, at in zip(grads, got, strict=True):
        parameter.grad = torch.from_numpy(grad.copy())
        twin.step()
        np.testing.assert_allclose(at, parameter.detach().numpy(), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("optimizer", "case"), EVERYTHING)
def test_path_is_torchs(optimizer: Optimizer, case: Case) -> None:
    prove(optimizer, case)


@pytest.mark.parametrize(("optimizer", "case"), EVERYTHING)
def test_proof_rejects_a_state_that_is_not_the_paths(optimizer: Optimizer, case: Case) -> None:
    def forgetful(parameter: Array, grad: Array, state: State, **options: object) -> tuple[Array, State]:
        parameter, _ = optimizer.update(parameter, grad, state, **options)
        return parameter * (1 + 1e-10), {}

    with pytest.raises(AssertionError):
        prove(replace(optimizer, update=forgetful), case)


@pytest.mark.parametrize("option", ["momentum", "dampening", "weight_decay", "nesterov"])
def test_every_option_of_sgd_changes_the_path(option: str) -> None:
    changes_the_path("sgd", {"momentum": 0.9}, option, {"nesterov": True}.get(option, 0.5))


@pytest.mark.parametrize(("option", "value"), [("betas", (0.8, 0.9)), ("eps", 0.1), ("weight_decay", 0.3)])
def test_every_option_of_adam_changes_the_path(option: str, value: object) -> None:
    changes_the_path("adam", {"lr": 0.1}, option, value)
    changes_the_path("adam", {"lr": 0.1, "weight_decay": 0.2}, "decoupled", True)


def changes_the_path(name: str, base: dict[str, object], option: str, value: object) -> None:
    """Raises unless the option matters."""
    grads = [np.array([1.0]), np.array([2.0]), np.array([-0.5])]
    paths = [
        trajectory(OPTIMIZERS[name], np.array([3.0]), grads, {**base, **more})
        for more in ({}, {option: value})
    ]
    assert not np.allclose(*paths)


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=lambda optimizer: optimizer.name)
def test_step_changes_none_of_its_arguments(optimizer: Optimizer) -> None:
    parameter, grad = np.ones(3), np.ones(3)
    options = {**optimizer.options, **optimizer.cases[1].options}
    _, state = optimizer.update(parameter, grad, {}, **options)
    copies = {name: np.array(value) for name, value in state.items()}
    optimizer.update(parameter, grad, state, **options)
    assert (parameter == 1).all()
    assert (grad == 1).all()
    for name, value in copies.items():
        np.testing.assert_array_equal(state[name], value)


def test_messages() -> None:
    with pytest.raises(ValueError, match="optimizer sgd: no option 'beta'; its options: lr, momentum"):
        trajectory(OPTIMIZERS["sgd"], np.ones(1), [], {"beta": 1})
    with pytest.raises(ValueError, match="Nesterov momentum needs a positive momentum"):
        trajectory(OPTIMIZERS["sgd"], np.ones(1), [np.ones(1)], {"nesterov": True})
