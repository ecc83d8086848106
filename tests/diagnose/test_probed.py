"""The names hold where the gradient check asks: at zeros, ties, equal rows, large values and overflow."""

from __future__ import annotations

import pytest

from grader.diagnose import diagnose_forward, diagnose_gradient
from tests.diagnose.faulty import Plant
from tests.diagnose.faulty_forward import PLANTS
from tests.diagnose.probed import probed

FEW = tuple(plant for plant in PLANTS if plant.layer in ("linear", "elu", "softmax", "cross_entropy"))


@pytest.mark.parametrize("plant", FEW[::3], ids=lambda plant: plant.label)
def test_a_planted_fault_is_named_from_all_probes(plant: Plant) -> None:
    observations, events = probed(plant.layer, plant.tensor, plant.code)
    if plant.tensor:
        found = diagnose_gradient(plant.layer, plant.tensor, observations, events)
    else:
        found = diagnose_forward(plant.layer, observations, events)
    assert found, "not recognised"
    assert found[0].id in plant.names.split(), [one.title for one in found]


def test_tied_maxima_that_share_the_gradient_are_named() -> None:
    observations, events = probed("max_pool2d", "x", shared)
    found = diagnose_gradient("max_pool2d", "x", observations, events)
    assert found[0].id == "G611"
    assert found[0].certain


def shared(dout, x, *, kernel_size, stride, padding):  # type: ignore[no-untyped-def]
    """Every largest element of a window gets an equal part."""
    import numpy as np

    from reference.layers.windows import add_windows, crop, pad, pair, windows

    padded = pad(x, padding, -np.inf)
    step = kernel_size if stride is None else stride
    patches = windows(padded, pair(kernel_size), step)
    largest = patches == patches.max(axis=(4, 5), keepdims=True)
    part = largest / largest.sum(axis=(4, 5), keepdims=True)
    return crop(add_windows(padded.shape, part * dout[..., None, None], step), padding)
