"""Kaiming initialisation in NumPy and PyTorch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from reference.networks import generic_mlp, initial_mlp, kaiming_normal, kaiming_std
from reference.networks.torch_mlp import TorchMLP


def require_std(weights: np.ndarray, std: float) -> None:
    """Raises unless mean and standard deviation are within 6 standard errors of 0 and ``std``."""
    assert abs(weights.mean()) < 6 * std / math.sqrt(weights.size)
    assert abs(weights.std() - std) < 6 * std / math.sqrt(2 * weights.size)


@pytest.mark.parametrize(("input_layer", "std"), [(True, math.sqrt(1 / 50)), (False, math.sqrt(2 / 50))])
def test_kaiming_normal(input_layer: bool, std: float) -> None:
    weights = kaiming_normal(np.random.default_rng(0), 50, 400, input_layer=input_layer)
    assert weights.shape == (400, 50)
    assert kaiming_std(50, input_layer=input_layer) == pytest.approx(std)
    require_std(weights, std)


def test_std_check_rejects_the_other_layers_std() -> None:
    weights = kaiming_normal(np.random.default_rng(0), 50, 400)
    with pytest.raises(AssertionError):
        require_std(weights, math.sqrt(1 / 50))


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_mlp_has_kaiming_weights_zero_biases_and_identity_batch_norm(library: str) -> None:
    if library == "numpy":
        parameters = initial_mlp(np.random.default_rng(1), 90, [80, 70], 60, batch_norm=True)
    else:
        generator = torch.Generator().manual_seed(1)
        parameters = TorchMLP(
            90, [80, 70], 60, use_batch_norm=True, generator=generator
        ).parameters_as_arrays()
    assert [weight.shape for weight in parameters.weights] == [(80, 90), (70, 80), (60, 70)]
    for weight, fan_in, factor in zip(parameters.weights, (90, 80, 70), (1, 2, 2), strict=True):
        require_std(weight, math.sqrt(factor / fan_in))
    assert not any(bias.any() for bias in parameters.biases)
    assert [norm.gamma.shape for norm in parameters.batch_norm] == [(80,), (70,)]
    for norm in parameters.batch_norm:
        assert (norm.gamma == 1).all()
        assert (norm.running_var == 1).all()
        assert not norm.beta.any()
        assert not norm.running_mean.any()


def test_generator_decides_the_module_and_the_global_seed_stays() -> None:
    before = torch.get_rng_state()
    first, again = (TorchMLP(5, [4], 3, generator=torch.Generator().manual_seed(9)) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    for a, b in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)


def test_generic_mlp_has_nothing_at_a_special_value() -> None:
    parameters = generic_mlp(np.random.default_rng(2), 5, [4, 3], 2, batch_norm=True)
    norms = parameters.batch_norm
    for values in (*parameters.biases, *(norm.beta for norm in norms), *(norm.gamma - 1 for norm in norms)):
        assert (np.abs(values) >= 0.2 - 1e-12).all()
