"""What a reader sees: titles, shares, notes, and both names where two remain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grader.diagnose import Observation, diagnose_forward, diagnose_gradient
from tests.diagnose.plants import observe


def scaled(factor: object, layer: str = "linear", tensor: str = "weight") -> list[Observation]:
    observations = observe(layer)
    if callable(factor):
        return [
            replace(one, grads_got={tensor: np.asarray(one.grads_want[tensor]) * factor(one)})
            for one in observations
        ]
    return [
        replace(one, grads_got={tensor: np.asarray(one.grads_want[tensor]) * factor}) for one in observations
    ]


def batch(one: Observation) -> int:
    return len(np.asarray(one.tensors["x"]))


def outputs(one: Observation) -> int:
    return int(np.shape(one.output_want)[-1])


FACTORS = (
    (-1.0, "G101", "weight gradient has its sign flipped"),
    (2.0, "G107", "weight gradient is doubled"),
    (0.5, "G108", "weight gradient is halved"),
    (0.37, "G109", "weight gradient is off by the constant factor 0.37"),
    (lambda one: 1 / batch(one), "G104", "weight gradient is divided by the batch size N"),
    (lambda one: batch(one), "G105", "weight gradient is multiplied by the batch size N"),
    (lambda one: 1 / outputs(one), "G106", "weight gradient is divided by the number of outputs C"),
    (lambda one: batch(one) / outputs(one), "G106", "weight gradient is off by the factor N/C"),
    (
        lambda one: -1 / batch(one),
        "G104",
        "weight gradient is divided by the batch size N and has its sign flipped",
    ),
)


@pytest.mark.parametrize(("factor", "name", "title"), FACTORS, ids=[f[2] for f in FACTORS])
def test_factors_are_named_by_what_they_equal(factor: object, name: str, title: str) -> None:
    found = diagnose_gradient("linear", "weight", scaled(factor))
    assert [(one.id, one.title) for one in found] == [(name, title)]
    assert found[0].explains == 1.0
    assert found[0].certain


def test_probes_of_one_size_leave_two_names() -> None:
    """With N = 2 everywhere, a factor 2 may be N: both are said, neither is certain."""
    observations = [one for one in scaled(2.0) if batch(one) == 4]
    doubled = [
        replace(one, grads_got={"weight": np.asarray(one.grads_want["weight"]) * 4.0}) for one in observations
    ]
    found = diagnose_gradient("linear", "weight", doubled)
    assert {"G105", "G107"} <= {one.id for one in found}
    assert not any(one.certain for one in found)


def test_the_tensor_is_in_the_title() -> None:
    titles = [
        diagnose_gradient("linear", tensor, scaled(-1.0, tensor=tensor))[0].title
        for tensor in ("x", "weight", "bias")
    ]
    assert titles == [
        "input gradient has its sign flipped",
        "weight gradient has its sign flipped",
        "bias gradient has its sign flipped",
    ]


def test_a_factor_and_a_fault_are_said_together() -> None:
    observations = observe("linear", backward=lambda dout, x, **_: {"weight": -(x.T @ dout)})
    found = diagnose_gradient("linear", "weight", observations)
    assert found[0].id == "G201"
    assert found[0].title.endswith("(and of the wrong sign)")


def test_a_formula_is_read_back() -> None:
    observations = observe("tanh", backward=lambda dout, x: {"x": dout * (1 - 0.5 * np.tanh(x))})
    found = diagnose_gradient("tanh", "x", observations)
    assert found[0].id == "G165"
    assert "it reads as dout - 0.5 y dout" in found[0].title


def test_a_forward_has_titles_of_its_own() -> None:
    observations = observe("linear", forward=lambda x, weight, bias: -(x @ weight.T + bias))
    found = diagnose_forward("linear", observations)
    assert [(one.id, one.title, one.tensor) for one in found] == [("F118", "the sign is flipped", "")]


def test_hints_do_not_give_the_answer() -> None:
    observations = observe("linear", backward=lambda dout, x, **_: {"weight": x.T @ dout})
    hint = diagnose_gradient("linear", "weight", observations)[0].hint
    assert hint.endswith("?")
    assert "dout.T" not in hint
