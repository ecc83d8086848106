"""The truth is asked at extreme points too: it answers there without a warning, and close to PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

from reference.layers import LAYERS, Case, Layer, twin_backward, twin_forward

PROBABILITIES = ("cross_entropy",)  # its input is never 0 or above 1


@pytest.mark.parametrize("factor", [0.0, 1e-200, 1e-8, 1e3, 1e6])
@pytest.mark.parametrize("layer", [pytest.param(layer, id=layer.name) for layer in LAYERS.values()])
def test_scaled_inputs(layer: Layer, factor: float) -> None:
    for case in layer.cases:
        point = layer.point(np.random.default_rng(8), case)
        x = layer.tensors[0]
        bounded = 0 < factor < 1 if layer.name in PROBABILITIES else True
        point[x] = point[x] * (factor if bounded else 1.0)
        require_torch(layer, case, point, max(1e-9, 1e-13 * factor))


def require_torch(layer: Layer, case: Case, point: dict[str, np.ndarray], tolerance: float) -> None:
    """Raises unless output and gradients are finite and PyTorch's."""
    options = layer.settings(case.options)
    output = layer.forward(**point, **options)
    dout = np.asarray(np.random.default_rng(9).standard_normal(output.shape))
    require_close(output, twin_forward(layer, point, options), tolerance)
    grads = layer.backward(dout, **point, **options)
    for name, want in twin_backward(layer, dout, point, options).items():
        require_close(grads[name], want, tolerance)


def require_close(got: np.ndarray, want: np.ndarray, tolerance: float) -> None:
    """Raises unless both are finite and agree relative to the largest magnitude, 1 at least."""
    assert np.isfinite(got).all()
    np.testing.assert_allclose(got, want, rtol=0, atol=tolerance * max(1.0, np.abs(want).max(initial=0.0)))
