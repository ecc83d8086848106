"""The right formulas by layer, for hypotheses that change what goes into them."""

from __future__ import annotations

from collections.abc import Callable

from grader.diagnose.observation import Observation
from grader.diagnose.variants import activation, linear, normalisation, softmax
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
}

GRADIENTS: dict[str, Gradients] = {
    "linear": linear.linear_gradients,
    **dict.fromkeys(activation.FUNCTIONS, activation.activation_gradients),
    "softmax": softmax.softmax_gradients,
    "cross_entropy": softmax.cross_entropy_gradients,
    "softmax_cross_entropy": softmax.softmax_cross_entropy_gradients,
    "batch_norm": normalisation.norm_gradients,
    "layer_norm": normalisation.norm_gradients,
}
