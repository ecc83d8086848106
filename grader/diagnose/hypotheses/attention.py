"""Faults of the backward of attention."""

from __future__ import annotations

import numpy as np

from grader.diagnose.hypothesis import Hypothesis, Predict
from grader.diagnose.observation import Array, Observation
from grader.diagnose.variants.attention import AttentionSwitches, attention_gradients

LAYERS = ("attention",)
SCORES = ("query", "key")


def attention(how: AttentionSwitches) -> Predict:
    """Attention's gradients with other switches."""

    def predict(observation: Observation, target: str) -> Array | None:
        with np.errstate(all="ignore"):
            return attention_gradients(observation, how).get(target)

    return predict


ATTENTION: tuple[Hypothesis, ...] = (
    Hypothesis("G651", attention(AttentionSwitches(scale_back=0)), LAYERS, SCORES),
    Hypothesis("G651", attention(AttentionSwitches(scale="none")), LAYERS, note="nowhere"),
    Hypothesis("G656", attention(AttentionSwitches(scale="linear")), LAYERS, note="1/E"),
    Hypothesis("G656", attention(AttentionSwitches(scale="inverse")), LAYERS, note="√E"),
    Hypothesis("G656", attention(AttentionSwitches(scale="keys")), LAYERS, note="the number of keys"),
    Hypothesis("G656", attention(AttentionSwitches(scale="twice")), LAYERS, note="twice"),
    Hypothesis("G656", attention(AttentionSwitches(scale_back=2)), LAYERS, SCORES, "twice in backward"),
    Hypothesis("G652", attention(AttentionSwitches(jacobian="diagonal")), LAYERS, SCORES, "diagonal"),
    Hypothesis("G652", attention(AttentionSwitches(jacobian="no sum")), LAYERS, SCORES, "no sum"),
    Hypothesis("G652", attention(AttentionSwitches(jacobian="none")), LAYERS, SCORES, "left out"),
    Hypothesis("G652", attention(AttentionSwitches(jacobian="batch")), LAYERS, SCORES, "wrong axis"),
    Hypothesis("G653", attention(AttentionSwitches(masked=False)), LAYERS),
    Hypothesis("G653", attention(AttentionSwitches(causal=False)), LAYERS, note="causal"),
    Hypothesis("G654", attention(AttentionSwitches(exchange=True)), LAYERS, SCORES),
    Hypothesis("G655", attention(AttentionSwitches(axis=-2)), LAYERS),
    Hypothesis("G657", attention(AttentionSwitches(transpose=False)), LAYERS, ("value",)),
    Hypothesis("G652", attention(AttentionSwitches(jacobian="plus")), LAYERS, SCORES, "plus for minus"),
    Hypothesis("G652", attention(AttentionSwitches(jacobian="no factor")), LAYERS, SCORES, "no outer factor"),
    Hypothesis("G652", attention(AttentionSwitches(jacobian="bare sum")), LAYERS, SCORES, "a bare sum"),
    Hypothesis("G656", attention(AttentionSwitches(scale="value")), LAYERS, note="the values' size"),
    Hypothesis("G659", attention(AttentionSwitches(reshaped=True)), LAYERS, ("key", "value")),
    Hypothesis(
        "G658", attention(AttentionSwitches(scored=True)), LAYERS, ("value",), "the scores' gradient is used"
    ),
    Hypothesis("G655", attention(AttentionSwitches(sum_axis=-2)), LAYERS, note="the sum alone"),
    Hypothesis("G658", attention(AttentionSwitches(weighted=False)), LAYERS, ("value",)),
    Hypothesis("G653", attention(AttentionSwitches(hidden="after")), LAYERS, note="after the softmax alone"),
    Hypothesis(
        "G653", attention(AttentionSwitches(hidden="zero")), LAYERS, note="a score of 0 hides nothing"
    ),
)
