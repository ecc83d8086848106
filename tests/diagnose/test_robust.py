"""Whatever came back, a diagnosis never raises and never names something for certain out of rubbish."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from grader.diagnose import diagnose_forward, diagnose_gradient
from reference.layers import LAYERS
from tests.diagnose.plants import observe

RUBBISH: dict[str, Any] = {
    "object": np.array([{}, None, "a"], dtype=object),
    "text": np.array(["a", "b"]),
    "empty": np.zeros((0, 3)),
    "scalar": np.array(3.0),
    "nan": np.full((4, 5), np.nan),
    "infinite": np.full((4, 5), np.inf),
    "large": np.full((4, 5), 1e308),
    "tiny": np.full((4, 5), 5e-324),
    "integers": np.arange(20).reshape(4, 5),
    "booleans": np.ones((4, 5), dtype=bool),
    "complex": np.ones((4, 5), dtype=complex),
    "half": np.ones((4, 5), dtype=np.float16),
    "deep": np.ones((1, 1, 1, 1, 1, 1, 4, 5)),
}


@pytest.mark.parametrize("kind", RUBBISH)
@pytest.mark.parametrize("layer", LAYERS)
def test_rubbish_does_not_raise(layer: str, kind: str) -> None:
    tensor = LAYERS[layer].tensors[0]
    observations = [
        replace(one, grads_got={tensor: RUBBISH[kind]}, output_got=RUBBISH[kind])
        for one in observe(layer)[:3]
    ]
    diagnose_gradient(layer, tensor, observations)
    diagnose_forward(layer, observations)


def test_a_layer_without_formulas_is_diagnosed_by_its_numbers() -> None:
    observations = [
        replace(one, layer="my_layer", grads_got={"weight": -np.asarray(one.grads_want["weight"])})
        for one in observe("linear")
    ]
    assert diagnose_gradient("my_layer", "weight", observations)[0].id == "G101"


def test_missing_tensors_and_constants_do_not_raise() -> None:
    for layer in LAYERS:
        for tensor in LAYERS[layer].tensors:
            observations = [
                replace(
                    one,
                    tensors={},
                    constants={},
                    options={},
                    cotangent=None,
                    grads_got={tensor: np.asarray(one.grads_want[tensor]) * 2},
                )
                for one in observe(layer)
            ]
            diagnose_gradient(layer, tensor, observations)


def test_inputs_are_left_alone() -> None:
    observations = observe("batch_norm", backward=lambda dout, x, **_: {"x": dout * x})
    copies = [np.array(one.tensors["x"]) for one in observations]
    diagnose_gradient("batch_norm", "x", observations)
    for one, copy in zip(observations, copies, strict=True):
        np.testing.assert_array_equal(one.tensors["x"], copy)
