"""The proof of a layer: NumPy forward = PyTorch forward, NumPy backward = autograd = finite differences.

It raises by itself, so that a forgotten assert cannot pass.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from reference.layers import Array, Case, Layer, twin_backward, twin_forward

STEP = 2.0**-9
CLEARANCE = 2.0**-5  # 16 steps: no difference straddles a kink
ROUNDING = 1e-12  # two float64 evaluations of one formula
TRUNCATION = 1e-7  # four central differences, combined to order h^8


def prove(layer: Layer, case: Case, *, seed: int = 0) -> None:
    """Raises AssertionError unless forward, twin, backward, autograd and finite differences agree."""
    rng = np.random.default_rng(seed)
    point = layer.point(rng, case, clearance=CLEARANCE)
    options = layer.settings(case.options)
    before = {name: np.array(value) for name, value in point.items()}

    output = layer.forward(**point, **options)
    require_close("forward", output, twin_forward(layer, point, options), ROUNDING)

    dout = np.asarray(rng.standard_normal(output.shape) + 0.5)
    grads = layer.backward(dout, **point, **options)
    require(set(grads) == set(layer.tensors), f"backward gives {sorted(grads)}, not {sorted(layer.tensors)}")
    for name, autograd in twin_backward(layer, dout, point, options).items():
        require_close(f"d{name} against autograd", grads[name], autograd, ROUNDING)
    for name in layer.tensors:
        require_close(f"d{name}", grads[name], differences(layer, dout, point, options, name), TRUNCATION)
    for name, value in before.items():
        require(np.array_equal(point[name], value), f"{name} was changed")


def differences(
    layer: Layer, dout: Array, point: dict[str, Array], options: dict[str, object], name: str
) -> Array:
    """Gradient of ``sum(dout * forward)`` in one tensor, element by element from central differences."""

    def loss(value: Array) -> float:
        return float(np.sum(dout * layer.forward(**{**point, name: value}, **options)))

    gradient = np.empty(point[name].shape)
    for index in np.ndindex(gradient.shape):
        gradient[index] = _derivative(loss, point[name], index)
    return gradient


def _derivative(loss: Callable[[Array], float], x: Array, index: tuple[int, ...]) -> float:
    """Romberg extrapolation of central differences at steps h, h/2, h/4, h/8."""
    rows = []
    for k in range(4):
        h = STEP / 2**k
        above, below = x.copy(), x.copy()
        above[index] += h
        below[index] -= h
        rows.append((loss(above) - loss(below)) / (2 * h))
    for order in (4, 16, 64):
        rows = [(order * fine - coarse) / (order - 1) for coarse, fine in pairwise(rows)]
    return rows[0]


def require_close(what: str, got: Array, want: Array, tolerance: float) -> None:
    """Raises AssertionError if shapes differ or errors exceed ``tolerance * max(1, max |want|)``."""
    require(got.shape == want.shape, f"{what}: shape {got.shape}, expected {want.shape}")
    error = np.abs(got - want)
    bound = tolerance * max(1.0, float(np.max(np.abs(want), initial=0.0)))
    require(
        bool(np.all(error <= bound)), f"{what}: off by {np.max(error, initial=0.0):.3g}, bound {bound:.3g}"
    )


def require(condition: bool, message: str) -> None:
    """Raises AssertionError with this message unless the condition holds."""
    if not condition:
        raise AssertionError(message)
