"""The right formulas by layer, for hypotheses that change what goes into them."""

from __future__ import annotations

from collections.abc import Callable

from grader.diagnose.observation import Observation
from grader.diagnose.variants import (
    activation,
    attention,
    embedding,
    linear,
    losses,
    normalisation,
    recurrence,
    softmax,
    spatial,
)
from grader.diagnose.variants.point import Floats

Output = Callable[[Observation], Floats]
Gradients = Callable[[Observation], dict[str, Floats]]

OUTPUTS: dict[str, Output] = {
    "linear": linear.linear_output,
    **dict.fromkeys(activation.FUNCTIONS, activation.activation_output),
    "softmax": softmax.softmax_output,
    "cross_entropy": softmax.cross_entropy_output,
    "softmax_cross_entropy": softmax.softmax_cross_entropy_output,
    "batch_norm": normalisation.norm_output,
    "layer_norm": normalisation.norm_output,
    "dropout": losses.dropout_output,
    "mse": losses.mse_output,
    "bce_with_logits": losses.bce_output,
    "hinge": losses.hinge_output,
    "conv2d": spatial.conv_output,
    "max_pool2d": spatial.max_pool_output,
    "avg_pool2d": spatial.avg_pool_output,
    "embedding": embedding.embedding_output,
    "rnn_cell": recurrence.rnn_output,
    "lstm_cell": recurrence.lstm_output,
    "attention": attention.attention_output,
}

GRADIENTS: dict[str, Gradients] = {
    "linear": linear.linear_gradients,
    **dict.fromkeys(activation.FUNCTIONS, activation.activation_gradients),
    "softmax": softmax.softmax_gradients,
    "cross_entropy": softmax.cross_entropy_gradients,
    "softmax_cross_entropy": softmax.softmax_cross_entropy_gradients,
    "batch_norm": normalisation.norm_gradients,
    "layer_norm": normalisation.norm_gradients,
    "dropout": losses.dropout_gradients,
    "mse": losses.mse_gradients,
    "bce_with_logits": losses.bce_gradients,
    "hinge": losses.hinge_gradients,
    "conv2d": spatial.conv_gradients,
    "max_pool2d": spatial.max_pool_gradients,
    "avg_pool2d": spatial.avg_pool_gradients,
    "embedding": embedding.embedding_gradients,
    "rnn_cell": recurrence.rnn_gradients,
    "lstm_cell": recurrence.lstm_gradients,
    "attention": attention.attention_gradients,
}
