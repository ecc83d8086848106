"""Where no formula fits, what the wrong elements have in common is named; never as certain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from grader.diagnose import Observation, diagnose_forward, diagnose_gradient
from tests.diagnose.plants import observe

Array = np.ndarray[Any, Any]
Bend = Callable[[Observation, Array], Array]


def bent(layer: str, tensor: str, bend: Bend) -> list[Observation]:
    return [
        replace(one, grads_got={tensor: bend(one, np.array(one.grads_want[tensor], dtype=float))})
        for one in observe(layer)
    ]


def noise(array: Array, seed: int = 3) -> Array:
    return np.random.default_rng(seed).uniform(1.5, 3.0, array.shape)


def x_of(one: Observation) -> Array:
    return np.asarray(one.tensors["x"])


def put(array: Array, place: Any, value: Any) -> Array:
    array[place] = value
    return array


PATTERNS: tuple[tuple[str, str, str, Bend], ...] = (
    ("G125", "tanh", "x", lambda one, want: np.where(x_of(one) < 0, want * noise(want), want)),
    ("G126", "tanh", "x", lambda one, want: np.where(x_of(one) > 0, want * noise(want), want)),
    ("G129", "tanh", "x", lambda one, want: np.where(np.abs(x_of(one)) > 1, want * noise(want), want)),
    ("G123", "linear", "x", lambda one, want: put(want, -1, noise(want[-1]))),
    ("G124", "linear", "weight", lambda one, want: put(want, (..., 0), noise(want[..., 0]))),
    ("G122", "linear", "weight", lambda one, want: put(want, (0, 0), 9.0)),
    ("G127", "linear", "weight", lambda one, want: want * noise(want) if len(x_of(one)) > 1 else want),
    ("G163", "linear", "weight", lambda one, want: want * noise(want) if len(x_of(one)) == 1 else want),
    ("G128", "linear", "weight", lambda one, want: want.astype(np.float32).astype(float)),
)


@pytest.mark.parametrize(("name", "layer", "tensor", "bend"), PATTERNS, ids=[p[0] for p in PATTERNS])
def test_a_pattern_is_named(name: str, layer: str, tensor: str, bend: Bend) -> None:
    found = diagnose_gradient(layer, tensor, bent(layer, tensor, bend))
    assert found[0].id == name, [one.title for one in found]
    assert not found[0].certain


@pytest.mark.parametrize(("name", "layer", "tensor", "bend"), PATTERNS, ids=[p[0] for p in PATTERNS])
def test_another_pattern_is_not_called_this(name: str, layer: str, tensor: str, bend: Bend) -> None:
    for other, its_layer, its_tensor, its_bend in PATTERNS:
        if other != name:
            found = diagnose_gradient(its_layer, its_tensor, bent(its_layer, its_tensor, its_bend))
            assert name not in [one.id for one in found]


def test_an_option_that_tells_right_from_wrong_is_named() -> None:
    observations = bent(
        "elu", "x", lambda one, want: want if one.options["alpha"] == 1.0 else want * noise(want)
    )
    found = diagnose_gradient("elu", "x", observations)
    assert found[0].id == "G164"
    assert "right where alpha is 1.0" in found[0].title


def test_a_fault_for_batches_over_one_is_described() -> None:
    observations = bent("linear", "x", lambda one, want: want if len(want) == 1 else 2 * want)
    found = diagnose_gradient("linear", "x", observations)
    assert found[0].id == "G127"
    assert "there: doubled" in found[0].title


def test_a_wrong_shape_without_an_explanation_is_named() -> None:
    observations = bent("linear", "bias", lambda one, want: np.arange(7.0))
    found = diagnose_gradient("linear", "bias", observations)
    assert found[0].id == "G149"
    assert "(7,), expected (3,)" in found[0].title


def test_overflow_is_named_where_all_else_is_right() -> None:
    def naive(x: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)

    large = [_shifted(one, 1000.0) for one in observe("softmax")]
    observations = [
        replace(one, output_got=naive(np.asarray(one.tensors["x"]))) for one in [*observe("softmax"), *large]
    ]
    assert diagnose_forward("softmax", observations)[0].id == "F205"


def test_two_faults_at_once_are_both_named() -> None:
    def naive_and_wrong(x: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.exp(x) / np.exp(x).sum(axis=0)

    large = [_shifted(one, 1000.0) for one in observe("softmax")]
    observations = [
        replace(one, output_got=naive_and_wrong(np.asarray(one.tensors["x"])))
        for one in [*observe("softmax"), *large]
    ]
    assert [one.id for one in diagnose_forward("softmax", observations)] == ["F201", "F105"]


def _shifted(one: Observation, by: float) -> Observation:
    """The softmax does not change when all logits of a row do."""
    return replace(one, tensors={"x": np.asarray(one.tensors["x"]) + by})
