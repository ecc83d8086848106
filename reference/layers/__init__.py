"""The layers, one family per file: NumPy forward and backward, PyTorch twin, points and cases."""

from __future__ import annotations

from reference.layers.attention import ATTENTION
from reference.layers.batch_norm import BATCH_NORM
from reference.layers.binary_cross_entropy import BCE_WITH_LOGITS
from reference.layers.conv2d import CONV2D
from reference.layers.cross_entropy import CROSS_ENTROPY, SOFTMAX_CROSS_ENTROPY
from reference.layers.dropout import DROPOUT
from reference.layers.embedding import EMBEDDING
from reference.layers.gated_units import GELU, SWISH
from reference.layers.hinge import HINGE
from reference.layers.layer import Array, Case, Layer
from reference.layers.layer_norm import LAYER_NORM
from reference.layers.linear import LINEAR
from reference.layers.lstm_cell import LSTM_CELL
from reference.layers.pooling import AVG_POOL2D, MAX_POOL2D
from reference.layers.rectifiers import ELU, LEAKY_RELU, RELU
from reference.layers.rnn_cell import RNN_CELL
from reference.layers.sigmoids import SIGMOID, TANH
from reference.layers.softmax import SOFTMAX
from reference.layers.squared_error import MSE
from reference.layers.twin import twin_backward, twin_forward

__all__ = ["LAYERS", "Array", "Case", "Layer", "twin_backward", "twin_forward"]

LAYERS: dict[str, Layer] = {
    "linear": LINEAR,
    "relu": RELU,
    "leaky_relu": LEAKY_RELU,
    "elu": ELU,
    "sigmoid": SIGMOID,
    "tanh": TANH,
    "gelu": GELU,
    "swish": SWISH,
    "softmax": SOFTMAX,
    "cross_entropy": CROSS_ENTROPY,
    "softmax_cross_entropy": SOFTMAX_CROSS_ENTROPY,
    "mse": MSE,
    "bce_with_logits": BCE_WITH_LOGITS,
    "hinge": HINGE,
    "batch_norm": BATCH_NORM,
    "layer_norm": LAYER_NORM,
    "dropout": DROPOUT,
    "conv2d": CONV2D,
    "max_pool2d": MAX_POOL2D,
    "avg_pool2d": AVG_POOL2D,
    "embedding": EMBEDDING,
    "rnn_cell": RNN_CELL,
    "lstm_cell": LSTM_CELL,
    "attention": ATTENTION,
}
