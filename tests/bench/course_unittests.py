"""The tests of a course as it would write them itself: each layer against a formula and central differences.

Run by pytest inside a submission's folder, in the process that imports the submission: what Otter and Gradescope
harnesses do. Not collected with this project's own tests; ``tests.bench.batch`` runs it for a comparison of speed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from modules import (  # type: ignore[import-not-found]
    CrossEntropyModule,
    ELUModule,
    LinearModule,
    SoftMaxModule,
)

RNG = np.random.default_rng(7)
X = RNG.normal(size=(6, 5))
LABELS = RNG.integers(0, 5, size=6)
STEP, CLOSE = 1e-6, 1e-5


def differences(f: Callable[[Any], float], x: Any) -> Any:
    """Central differences of a scalar function, one element after another."""
    slopes = np.zeros_like(x)
    for at in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[at] += STEP
        below[at] -= STEP
        slopes[at] = (f(above) - f(below)) / (2 * STEP)
    return slopes


def softmax(x: Any) -> Any:
    """Row-wise softmax."""
    shifted = np.exp(x - x.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


FORWARD = {
    "elu": (ELUModule, lambda x: np.where(x > 0, x, np.exp(x) - 1)),
    "softmax": (SoftMaxModule, softmax),
}


def _layer(kind: Any) -> Any:
    try:
        return kind(alpha=1.0)
    except TypeError:
        return kind()


@pytest.mark.parametrize("name", FORWARD)
def test_elementwise_layer(name: str) -> None:
    kind, truth = FORWARD[name]
    layer, dout = _layer(kind), RNG.normal(size=X.shape)
    np.testing.assert_allclose(layer.forward(X.copy()), truth(X), rtol=CLOSE)
    dx = layer.backward(dout.copy())
    np.testing.assert_allclose(dx, differences(lambda x: float((truth(x) * dout).sum()), X), atol=CLOSE)


def test_linear() -> None:
    layer, dout = LinearModule(5, 3), RNG.normal(size=(6, 3))
    w, b = layer.params["weight"], layer.params["bias"]
    np.testing.assert_allclose(layer.forward(X.copy()), X @ w.T + b, rtol=CLOSE)
    dx = layer.backward(dout.copy())
    np.testing.assert_allclose(dx, differences(lambda x: float(((x @ w.T + b) * dout).sum()), X), atol=CLOSE)
    dw = differences(lambda v: float(((X @ v.T + b) * dout).sum()), w)
    np.testing.assert_allclose(layer.grads["weight"], dw, atol=CLOSE)
    np.testing.assert_allclose(np.ravel(layer.grads["bias"]), dout.sum(axis=0), atol=CLOSE)


def test_cross_entropy() -> None:
    layer, p = CrossEntropyModule(), softmax(X)
    truth = lambda q: float(-np.log(q[np.arange(6), LABELS]).mean())  # noqa: E731
    np.testing.assert_allclose(layer.forward(p.copy(), LABELS), truth(p), rtol=CLOSE)
    np.testing.assert_allclose(layer.backward(p.copy(), LABELS), differences(truth, p), atol=CLOSE)
