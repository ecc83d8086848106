"""Every layer at every case: the proof holds, and the proof can fail."""

from __future__ import annotations

from dataclasses import replace
from inspect import signature

import numpy as np
import pytest

from reference.layers import LAYERS, Array, Case, Layer
from tests.reference.layers.proof import prove

ALL = tuple(LAYERS.values())
EVERYTHING = [
    pytest.param(layer, case, id=f"{layer.name}-{case.name}") for layer in ALL for case in layer.cases
]
EVERY_LAYER = [pytest.param(layer, id=layer.name) for layer in ALL]
EVERY_TENSOR = [
    pytest.param(layer, name, id=f"{layer.name}-{name}") for layer in ALL for name in layer.tensors
]
WITH_KINKS = [pytest.param(layer, id=layer.name) for layer in ALL if layer.kinks is not None]


@pytest.mark.parametrize(("layer", "case"), EVERYTHING)
def test_numpy_torch_and_finite_differences_agree(layer: Layer, case: Case) -> None:
    prove(layer, case)


def fails(layer: Layer) -> bool:
    """Whether the proof rejects this layer at its first case."""
    try:
        prove(layer, layer.cases[0])
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize(("layer", "tensor"), EVERY_TENSOR)
def test_proof_rejects_one_wrong_element_of_one_gradient(layer: Layer, tensor: str) -> None:
    def backward(dout: Array, **arguments: object) -> dict[str, Array]:
        grads = layer.backward(dout, **arguments)
        wrong = grads[tensor].copy()
        wrong.flat[np.argmax(np.abs(wrong))] *= 1.0001
        return {**grads, tensor: wrong}

    assert fails(replace(layer, backward=backward))


@pytest.mark.parametrize(("layer", "tensor"), EVERY_TENSOR)
def test_proof_rejects_zero_gradients(layer: Layer, tensor: str) -> None:
    def backward(dout: Array, **arguments: object) -> dict[str, Array]:
        grads = layer.backward(dout, **arguments)
        return {**grads, tensor: np.zeros_like(grads[tensor])}

    assert fails(replace(layer, backward=backward))


@pytest.mark.parametrize("layer", EVERY_LAYER)
def test_proof_rejects_a_forward_that_is_not_the_twins(layer: Layer) -> None:
    def forward(**arguments: object) -> Array:
        return layer.forward(**arguments) * (1 + 1e-9)

    assert fails(replace(layer, forward=forward))


@pytest.mark.parametrize("layer", EVERY_LAYER)
def test_proof_rejects_a_missing_gradient(layer: Layer) -> None:
    def backward(dout: Array, **arguments: object) -> dict[str, Array]:
        grads = layer.backward(dout, **arguments)
        grads.pop(layer.tensors[0])
        return grads

    assert fails(replace(layer, backward=backward))


@pytest.mark.parametrize("layer", EVERY_LAYER)
def test_proof_rejects_a_layer_that_changes_its_input(layer: Layer) -> None:
    def backward(dout: Array, **arguments: Array) -> dict[str, Array]:
        grads = layer.backward(dout, **arguments)
        arguments[layer.tensors[0]] += 0.0
        arguments[layer.tensors[0]].flat[0] += 1e-3
        return grads

    assert fails(replace(layer, backward=backward))


@pytest.mark.parametrize(("layer", "case"), EVERYTHING)
def test_float32_stays_float32_and_close_to_float64(layer: Layer, case: Case) -> None:
    rng = np.random.default_rng(3)
    point = layer.point(rng, case, clearance=1e-3)
    options = layer.settings(case.options)
    single = {k: v.astype(np.float32) if v.dtype == np.float64 else v for k, v in point.items()}
    output = layer.forward(**single, **options)
    assert output.dtype == np.float32
    double = layer.forward(**point, **options)
    np.testing.assert_allclose(output, double, rtol=2e-5, atol=2e-5)
    dout = np.asarray(rng.standard_normal(output.shape))
    want = layer.backward(dout, **point, **options)
    for name, grad in layer.backward(dout.astype(np.float32), **single, **options).items():
        assert grad.dtype == np.float32, name
        size = max(1.0, float(np.abs(want[name]).max()))
        np.testing.assert_allclose(grad, want[name], rtol=1e-3, atol=1e-3 * size, err_msg=name)


@pytest.mark.parametrize("layer", EVERY_LAYER)
def test_record_holds_together(layer: Layer) -> None:
    assert LAYERS[layer.name] is layer
    assert set(layer.parameters) <= set(layer.tensors)
    point = layer.point(np.random.default_rng(0), layer.cases[0])
    assert set(point) == set(layer.tensors + layer.constants)
    names = [case.name for case in layer.cases]
    assert len(set(names)) == len(names)
    for case in layer.cases:
        layer.point(np.random.default_rng(0), case)


@pytest.mark.parametrize("layer", EVERY_LAYER)
def test_functions_have_the_records_arguments_and_defaults(layer: Layer) -> None:
    for function, first in ((layer.forward, ()), (layer.backward, ("dout",)), (layer.twin, ())):
        arguments = signature(function).parameters
        assert tuple(arguments) == (*first, *layer.tensors, *layer.constants, *layer.options)
        assert {name: arguments[name].default for name in layer.options} == layer.options


@pytest.mark.parametrize("layer", EVERY_LAYER)
def test_every_option_has_a_case(layer: Layer) -> None:
    tried = {name for case in layer.cases for name in case.options}
    assert tried == set(layer.options)


@pytest.mark.parametrize("layer", EVERY_LAYER)
def test_parameters_are_generic(layer: Layer) -> None:
    rng = np.random.default_rng(5)
    for case in layer.cases:
        point = layer.point(rng, case)
        for name in layer.parameters:
            assert np.all(point[name] != 0), (case.name, name)
            assert np.all(point[name] != 1), (case.name, name)


@pytest.mark.parametrize("layer", WITH_KINKS)
def test_draw_keeps_the_clearance_asked_for(layer: Layer) -> None:
    for seed in range(30):
        for case in layer.cases:
            point = layer.point(np.random.default_rng(seed), case, clearance=0.05)
            assert layer.distance(point, case.options) >= 0.05 * (1 - 1e-9), (seed, case.name)


@pytest.mark.parametrize("layer", EVERY_LAYER)
def test_draw_takes_n_d_and_c_of_every_layer(layer: Layer) -> None:
    point = layer.draw(np.random.default_rng(0), n=3, d=4, c=2, **layer.options)
    assert layer.forward(**point, **layer.options).dtype == np.float64


def test_point_names_an_unknown_size() -> None:
    with pytest.raises(ValueError, match="layer linear: no size 'm'; its sizes: n, d, c"):
        LAYERS["linear"].point(np.random.default_rng(0), Case("typo", {"m": 3}))


def test_settings_name_an_unknown_option() -> None:
    with pytest.raises(ValueError, match="layer elu: no option 'slope'; its options: alpha"):
        LAYERS["elu"].settings({"slope": 1.0})
