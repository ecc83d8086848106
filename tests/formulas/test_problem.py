"""The truth from a forward pass: the complex step against autograd, and questions that do not hold together."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from grader.errors import RubricError
from grader.formulas.problem import Problem
from tests.formulas.support import question


def truth_and_point(asked):
    problem = Problem(asked, asked, np.random.default_rng(2))
    sample = problem.samples[0]
    return problem.wants[0], {name: torch.tensor(v.data) for name, v in sample.values.items()}, sample


@pytest.mark.parametrize(
    ("symbols", "forward", "wrt", "twin"),
    [
        ({"X": "S M", "W": "N M", "b": "1 N"}, "Y = X W^T + b", "W", lambda v: v["X"] @ v["W"].T + v["b"]),
        ({"X": "S M", "W": "N M", "b": "1 N"}, "Y = X W^T + b", "b", lambda v: v["X"] @ v["W"].T + v["b"]),
        ({"X": "S C"}, "Y = softmax(X)", "X", lambda v: torch.softmax(v["X"], dim=1)),
        ({"X": "S C"}, "Y = relu(X)", "X", lambda v: torch.relu(v["X"])),
        ({"X": "S C"}, "Y = tanh(X)", "X", lambda v: torch.tanh(v["X"])),
        ({"X": "S C"}, "Y = sigmoid(X)", "X", lambda v: torch.sigmoid(v["X"])),
        (
            {"X": "S C: positive"},
            "Y = log(X) / sqrt(X)",
            "X",
            lambda v: torch.log(v["X"]) / torch.sqrt(v["X"]),
        ),
        ({"X": "S C"}, "Y = |X|", "X", None),
        ({"x": "M", "B": "M M"}, "f = x^T B x", "x", lambda v: v["x"].T @ v["B"] @ v["x"]),
        (
            {"V": "A M", "X": "M N", "W": "N A"},
            "f = tr(V X W)",
            "X",
            lambda v: torch.trace(v["V"] @ v["X"] @ v["W"]),
        ),
        ({"w": "M"}, "f = sqrt(w^T w)", "w", lambda v: torch.linalg.vector_norm(v["w"])),
        ({"A": "n n: invertible"}, "Y = A^{-1}", "A", lambda v: torch.linalg.inv(v["A"])),
    ],
)
def test_the_gradient_is_that_of_autograd(symbols, forward, wrt, twin):
    asked = question(symbols=symbols, forward=forward, wrt=wrt)
    want, values, sample = truth_and_point(asked)
    if twin is None:

        def twin(v):
            return torch.linalg.vector_norm(v["X"])

    values[wrt].requires_grad_(True)
    output = twin(values)
    name = forward.partition(" ")[0]
    weight = torch.tensor(sample.values[f"d{name}"].data) if output.numel() > 1 else torch.ones_like(output)
    (output * weight).sum().backward()
    np.testing.assert_allclose(want, values[wrt].grad.numpy(), rtol=1e-10, atol=1e-12)


def test_intermediate_results_are_known_to_the_answer():
    asked = question(symbols={"Z": "S C", "Y": "S C"}, forward="Y = softmax(Z)", wrt="Z")
    problem = Problem(asked, asked, np.random.default_rng(0))
    sample = problem.samples[0]
    z = sample.values["Z"].data
    np.testing.assert_allclose(
        sample.values["Y"].data, np.exp(z) / np.exp(z).sum(axis=1, keepdims=True), rtol=1e-12
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"symbols": {"x": "n"}, "forward": "y = x + q", "wrt": "x"}, "'q' is not a name"),
        ({"symbols": {"x": "n"}, "forward": "y = x", "wrt": "w"}, "wrt: 'w' is not among the symbols"),
        ({"symbols": {"x": "n"}, "forward": "x + x", "wrt": "x"}, "not of the form"),
        ({"symbols": {"x": "n", "c": "n"}, "forward": "y = c^T c", "wrt": "x"}, "does not depend on x"),
        ({"symbols": {"x": "n"}, "truth": "no_such"}, "not in reference.analytic"),
        ({"symbols": {"x": "n"}, "truth": "linear_dw"}, "needs 'dy'"),
        ({"symbols": {"x": "n", "y": "m"}, "answer": "x + y"}, "shapes do not fit"),
        ({"symbols": {"x": "n"}, "answer": "x_i"}, "matrix of known size"),
    ],
)
def test_a_question_that_does_not_hold_together_is_refused(fields, message):
    asked = question(**fields)
    with pytest.raises(RubricError, match="question q") as caught:
        Problem(asked, asked, np.random.default_rng(0))
    assert message in str(caught.value)
