"""The NumPy truth comes without PyTorch, whose import takes seconds."""

from __future__ import annotations

import subprocess
import sys

NUMPY_ONLY = """
import sys
import numpy as np
from reference import metrics, networks, optimizers
from reference.layers import LAYERS
for layer in LAYERS.values():
    point = layer.point(np.random.default_rng(0), layer.cases[0])
    options = layer.settings(layer.cases[0].options)
    dout = np.ones_like(layer.forward(**point, **options))
    layer.backward(dout, **point, **options)
    layer.distance(point, options)
"""


def loads_torch(program: str) -> bool:
    """Whether PyTorch is loaded in a fresh process after this program."""
    report = "\nprint('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program + report], capture_output=True, text=True, check=True
    )
    return done.stdout.strip() == "True"


def test_numpy_truth_does_not_load_torch() -> None:
    assert not loads_torch(NUMPY_ONLY)


def test_twin_does() -> None:
    assert loads_torch("import sys\nimport torch\nfrom reference.layers import LAYERS")
    assert loads_torch(NUMPY_ONLY + "\nimport reference.networks.torch_mlp")
