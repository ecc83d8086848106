"""The terms that the formulas of each layer are made of, right and wrong."""

from __future__ import annotations

from grader.diagnose.bases.activation import activation_output, pieces, smooth
from grader.diagnose.bases.linear import linear, linear_output
from grader.diagnose.bases.loss import cross_entropy, fused, pairwise, softmax_terms
from grader.diagnose.bases.normalisation import norm, norm_output
from grader.diagnose.bases.terms import Basis, Terms
from grader.diagnose.hypothesis import OUTPUT
from grader.diagnose.observation import Observation

GRADIENT_BASES: dict[str, Basis] = {
    "linear": linear,
    "relu": pieces,
    "leaky_relu": pieces,
    "elu": pieces,
    "sigmoid": smooth,
    "tanh": smooth,
    "softmax": softmax_terms,
    "cross_entropy": cross_entropy,
    "softmax_cross_entropy": fused,
    "mse": pairwise,
    "bce_with_logits": pairwise,
    "batch_norm": norm,
    "layer_norm": norm,
}

OUTPUT_BASES: dict[str, Basis] = {
    "linear": linear_output,
    **dict.fromkeys(("relu", "leaky_relu", "elu", "sigmoid", "tanh"), activation_output),
    "batch_norm": norm_output,
    "layer_norm": norm_output,
}


def basis(target: str, observation: Observation) -> Terms:
    """The terms for one tensor (or the output) of an observation; empty where the layer has none."""
    table = OUTPUT_BASES if target == OUTPUT else GRADIENT_BASES
    build = table.get(observation.layer)
    return {} if build is None else build(observation, target)
