"""Faults of the outputs of convolution and pooling."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from grader.diagnose.hypothesis import Hypothesis, Predict
from grader.diagnose.observation import Array, Observation
from grader.diagnose.variants.point import Floats, tensor
from grader.diagnose.variants.spatial import (
    RIGHT,
    SpatialSwitches,
    avg_pool_output,
    conv_output,
    max_pool_output,
    pool_patches,
)

CONV, MAX, AVG = ("conv2d",), ("max_pool2d",), ("avg_pool2d",)

SPATIAL: dict[str, Callable[[Observation, SpatialSwitches], Floats]] = {
    "conv2d": conv_output,
    "max_pool2d": max_pool_output,
    "avg_pool2d": avg_pool_output,
}


def spatial(how: SpatialSwitches) -> Predict:
    """The output with other switches."""
    return lambda observation, _: SPATIAL[observation.layer](observation, how)


def pooled(compute: Callable[[Floats], Floats], fill: float = 0.0) -> Predict:
    """A formula of the windows (N, C, OH, OW, kh, kw)."""
    return lambda observation, _: compute(pool_patches(observation, RIGHT, fill))


def without_bias(observation: Observation, _: str) -> Array | None:
    """Convolution without its bias."""
    return conv_output(observation) - tensor(observation, "bias")[:, None, None]


def bias_twice(observation: Observation, _: str) -> Array | None:
    """Convolution with its bias once more."""
    return conv_output(observation) + tensor(observation, "bias")[:, None, None]


def bias_subtracted(observation: Observation, _: str) -> Array | None:
    """Convolution with its bias subtracted."""
    return conv_output(observation) - 2 * tensor(observation, "bias")[:, None, None]


FORWARD_SPATIAL: tuple[Hypothesis, ...] = (
    Hypothesis("F101", without_bias, CONV),
    Hypothesis("F102", bias_twice, CONV, note="added twice"),
    Hypothesis("F102", bias_subtracted, CONV, note="subtracted"),
    Hypothesis("F431", spatial(SpatialSwitches(flip_input=True)), CONV),
    Hypothesis("F431", spatial(SpatialSwitches(flip_rows=True)), CONV, note="upside down alone"),
    Hypothesis("F431", spatial(SpatialSwitches(flip_columns=True)), CONV, note="left to right alone"),
    Hypothesis("F432", spatial(SpatialSwitches(stride=1)), CONV, note="1 is used"),
    Hypothesis("F433", spatial(SpatialSwitches(padding=0)), CONV, note="0 is used"),
    Hypothesis("F434", spatial(SpatialSwitches(transpose_kernel=True)), CONV),
    Hypothesis("F434", spatial(SpatialSwitches(swap_channels=True)), CONV, note="channels exchanged"),
    Hypothesis("F435", pooled(lambda w: w.mean(axis=(4, 5))), MAX, note="the mean"),
    Hypothesis("F435", pooled(lambda w: w.min(axis=(4, 5)), np.inf), MAX, note="the minimum"),
    Hypothesis("F435", pooled(lambda w: w.max(axis=(4, 5)), -np.inf), AVG, note="the maximum"),
    Hypothesis("F435", pooled(lambda w: w.sum(axis=(4, 5))), (*MAX, *AVG), note="the sum"),
    Hypothesis("F435", pooled(lambda w: w[..., 0, 0]), (*MAX, *AVG), note="the first element"),
    Hypothesis("F435", pooled(lambda w: np.abs(w).max(axis=(4, 5))), MAX, note="the largest magnitude"),
    Hypothesis("F435", pooled(lambda w: np.median(w, axis=(4, 5))), (*MAX, *AVG), note="the median"),
    Hypothesis(
        "F435",
        pooled(lambda w: np.repeat(w.max(axis=(1, 4, 5))[:, None], w.shape[1], axis=1), -np.inf),
        MAX,
        note="the maximum over the channels too",
    ),
    Hypothesis("F433", pooled(lambda w: w.max(axis=(4, 5)), 0.0), MAX, note="zeros of the frame may win"),
    Hypothesis("F432", spatial(SpatialSwitches(stride=1)), (*MAX, *AVG), note="1 is used"),
    Hypothesis("F433", spatial(SpatialSwitches(padding=0)), (*MAX, *AVG), note="0 is used"),
    *(
        Hypothesis("F437", spatial(SpatialSwitches(frame=frame)), CONV, note=note)
        for frame, note in (
            ("edge", "the border is repeated"),
            ("reflect", "the image is mirrored"),
            ("symmetric", "the image is mirrored with its border"),
            ("wrap", "the image goes round"),
        )
    ),
    Hypothesis("F436", spatial(SpatialSwitches(reordered=True)), CONV, note="the kernel's height and width"),
    Hypothesis("F436", spatial(SpatialSwitches(channels="first")), CONV, note="the first channel alone"),
    Hypothesis("F436", spatial(SpatialSwitches(channels="last")), CONV, note="the last channel alone"),
    *(
        Hypothesis(
            "F436", spatial(SpatialSwitches(without=place)), CONV, note=f"the kernel's {which} is left out"
        )
        for which, place in (
            ("last row", (2, -1)),
            ("last column", (3, -1)),
            ("first row", (2, 0)),
            ("first column", (3, 0)),
        )
    ),
    Hypothesis("F436", spatial(SpatialSwitches(channels="mean")), CONV, note="a mean over the channels"),
)
