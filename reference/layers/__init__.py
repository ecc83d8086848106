"""The layers, one family per file: NumPy forward and backward, PyTorch twin, points and cases."""

from __future__ import annotations

from reference.layers.batch_norm import BATCH_NORM
from reference.layers.cross_entropy import CROSS_ENTROPY, SOFTMAX_CROSS_ENTROPY
from reference.layers.layer import Array, Case, Layer
from reference.layers.linear import LINEAR
from reference.layers.rectifiers import ELU, LEAKY_RELU, RELU
from reference.layers.sigmoids import SIGMOID, TANH
from reference.layers.softmax import SOFTMAX
from reference.layers.twin import twin_backward, twin_forward

__all__ = ["LAYERS", "Array", "Case", "Layer", "twin_backward", "twin_forward"]

LAYERS: dict[str, Layer] = {
    "linear": LINEAR,
    "relu": RELU,
    "leaky_relu": LEAKY_RELU,
    "elu": ELU,
    "sigmoid": SIGMOID,
    "tanh": TANH,
    "softmax": SOFTMAX,
    "cross_entropy": CROSS_ENTROPY,
    "softmax_cross_entropy": SOFTMAX_CROSS_ENTROPY,
    "batch_norm": BATCH_NORM,
}
