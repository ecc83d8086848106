"""Planted faults get their name; right layers and near misses get none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grader.diagnose import Observation, diagnose_forward, diagnose_gradient
from grader.model import Diagnosis
from reference.layers import LAYERS
from tests.diagnose.faulty import Plant, as_backward
from tests.diagnose.faulty_forward import PLANTS
from tests.diagnose.plants import observe


def observations_of(plant: Plant, seed: int = 0) -> list[Observation]:
    if plant.tensor:
        return observe(plant.layer, backward=as_backward(plant), seed=seed)
    return observe(plant.layer, forward=plant.code, seed=seed)


def diagnosed(plant: Plant, observations: list[Observation]) -> list[Diagnosis]:
    if plant.tensor:
        return diagnose_gradient(plant.layer, plant.tensor, observations)
    return diagnose_forward(plant.layer, observations)


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.label)
def test_a_planted_fault_is_named_first(plant: Plant) -> None:
    found = diagnosed(plant, observations_of(plant))
    assert found, "not recognised"
    assert found[0].id in plant.names.split(), [one.title for one in found]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.label)
def test_a_near_miss_is_not_called_the_fault(plant: Plant) -> None:
    observations = observations_of(plant)
    if any(name in ("G122", "G123", "G142") for name in plant.names.split()):
        pytest.skip("a pattern, or blind to what is changed here")
    bent = [_bent(plant, observation, place) for place, observation in enumerate(observations)]
    certain = [one.id for one in diagnosed(plant, bent) if one.certain]
    assert not set(certain) & set(plant.names.split())


def test_a_derivative_of_a_wrong_output_is_named() -> None:
    def doubled(x: np.ndarray) -> np.ndarray:
        return 2 / (1 + np.exp(-x))

    def backward(dout: np.ndarray, x: np.ndarray) -> dict[str, np.ndarray]:
        return {"x": dout * doubled(x) * (1 - doubled(x))}

    found = diagnose_gradient("sigmoid", "x", observe("sigmoid", forward=doubled, backward=backward))
    assert [one.id for one in found] == ["G167"]


def test_numbers_of_float16_are_rounding() -> None:
    def halved(dout: np.ndarray, **arguments: np.ndarray) -> dict[str, np.ndarray]:
        right = LAYERS["linear"].backward(dout, **arguments)
        return {**right, "weight": right["weight"].astype(np.float16).astype(float)}

    found = diagnose_gradient("linear", "weight", observe("linear", backward=halved))
    assert [one.id for one in found] == ["G128"]


def _bent(plant: Plant, observation: Observation, place: int) -> Observation:
    """Every element off by a few per cent, each in its own way."""
    rng = np.random.default_rng(100 + place)

    def bend(array: object) -> np.ndarray:
        values = np.asarray(array, dtype=float)
        return (values + 0.01) * rng.uniform(0.9, 1.1, values.shape)

    if not plant.tensor:
        return replace(observation, output_got=bend(observation.output_got))
    got = observation.grads_got.get(plant.tensor)
    if got is None:
        return observation
    return replace(observation, grads_got={**observation.grads_got, plant.tensor: bend(got)})


@pytest.mark.parametrize("layer", LAYERS)
def test_a_right_layer_has_no_fault(layer: str) -> None:
    observations = observe(layer)
    assert diagnose_forward(layer, observations) == []
    for tensor in LAYERS[layer].tensors:
        assert diagnose_gradient(layer, tensor, observations) == []


@pytest.mark.parametrize("layer", LAYERS)
def test_noise_is_not_recognised(layer: str) -> None:
    rng = np.random.default_rng(7)
    for tensor in LAYERS[layer].tensors:
        observations = [
            replace(one, grads_got={tensor: rng.standard_normal(one.grads_want[tensor].shape)})
            for one in observe(layer)
        ]
        assert not [one for one in diagnose_gradient(layer, tensor, observations) if one.certain]
