"""Faults of the backward of convolution and pooling."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from grader.diagnose.hypothesis import Hypothesis, Predict
from grader.diagnose.observation import Array, Observation
from grader.diagnose.variants.point import Floats, pair, tensor, upstream
from grader.diagnose.variants.spatial import (
    RIGHT,
    SpatialSwitches,
    avg_pool_gradients,
    conv_gradients,
    gather,
    max_pool_gradients,
    max_pool_output,
    padding_of,
    stride_of,
    winners,
)

CONV, MAX, AVG = ("conv2d",), ("max_pool2d",), ("avg_pool2d",)
POOLS = (*MAX, *AVG)
X, WEIGHT, BIAS = ("x",), ("weight",), ("bias",)

GRADIENTS: dict[str, Callable[[Observation, SpatialSwitches], dict[str, Floats]]] = {
    "conv2d": conv_gradients,
    "max_pool2d": max_pool_gradients,
    "avg_pool2d": avg_pool_gradients,
}


def switched(how: SpatialSwitches) -> Predict:
    """The gradients with other switches; None where the arrays then do not fit."""

    def predict(observation: Observation, target: str) -> Array | None:
        return GRADIENTS[observation.layer](observation, how).get(target)

    return predict


def bias_sum(axes: tuple[int, ...], mean: bool = False) -> Predict:
    """dout reduced over axes."""

    def predict(observation: Observation, _: str) -> Array | None:
        dout = upstream(observation)
        return np.asarray(dout.mean(axis=axes) if mean else dout.sum(axis=axes))

    return predict


def uncropped_input(observation: Observation, _: str) -> Array | None:
    """The weight gradient from the input without its frame, the frame's windows left out."""
    if padding_of(observation, RIGHT) == (0, 0):
        return observation.grads_want.get("weight")
    return None


def one_channel(observation: Observation, _: str) -> Array | None:
    """The input gradient of the last output channel alone: a loop that overwrites."""
    dout = np.zeros_like(upstream(observation))
    dout[:, -1] = upstream(observation)[:, -1]
    spread = np.tensordot(dout, tensor(observation, "weight"), axes=([1], [0])).transpose(0, 3, 1, 2, 4, 5)
    return gather(observation, tensor(observation, "x").shape, spread, stride_of(observation, RIGHT), RIGHT)


def last_window(observation: Observation, _: str) -> Array | None:
    """The weight gradient of the last window alone."""
    x, dout = tensor(observation, "x"), upstream(observation)
    weight = tensor(observation, "weight")
    (ph, pw), (sh, sw) = padding_of(observation, RIGHT), stride_of(observation, RIGHT)
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    top, left = (dout.shape[2] - 1) * sh, (dout.shape[3] - 1) * sw
    patch = padded[:, :, top : top + weight.shape[2], left : left + weight.shape[3]]
    return np.tensordot(dout[:, :, -1, -1], patch, axes=([0], [0]))


def spread_evenly(observation: Observation, _: str) -> Array | None:
    """Max pooling with the gradient of average pooling."""
    return avg_pool_gradients(observation)["x"]


def spread_whole(observation: Observation, _: str) -> Array | None:
    """Every element of a window gets all of its gradient."""
    kh, kw = pair(observation, "kernel_size", 2)
    return avg_pool_gradients(observation)["x"] * kh * kw


def to_maximum(observation: Observation, _: str) -> Array | None:
    """Average pooling with the gradient of max pooling."""
    return max_pool_gradients(observation)["x"]


def switched_maximum(observation: Observation, _: str) -> Array | None:
    """Average pooling with the gradient of max pooling, all of it for each of equal maxima."""
    return max_pool_gradients(observation, SpatialSwitches(ties="all"))["x"]


def to_corner(place: int) -> Predict:
    """The first or last element of each window gets its gradient."""

    def predict(observation: Observation, _: str) -> Array | None:
        share = np.zeros_like(winners(observation, RIGHT))
        share[..., place, place] = 1.0
        values = share * upstream(observation)[..., None, None]
        shape = tensor(observation, "x").shape
        return gather(observation, shape, values, stride_of(observation, RIGHT), RIGHT)

    return predict


def times_input(observation: Observation, _: str) -> Array | None:
    """The right gradient times the input."""
    return GRADIENTS[observation.layer](observation, RIGHT)["x"] * tensor(observation, "x")


def own_stride(observation: Observation, target: str) -> Array | None:
    """Windows placed a kernel apart although the stride is another."""
    kh, kw = pair(observation, "kernel_size", 2)
    if kh != kw:
        return None if stride_of(observation, RIGHT) != (kh, kw) else observation.grads_want.get(target)
    return switched(SpatialSwitches(stride=kh))(observation, target)


def with_maximum(observation: Observation, _: str) -> Array | None:
    """dout times the maximum, handed to every winner."""
    values = winners(observation, SpatialSwitches(ties="all")) * upstream(observation)[..., None, None]
    values = values * max_pool_output(observation)[..., None, None]
    shape = tensor(observation, "x").shape
    return gather(observation, shape, values, stride_of(observation, RIGHT), RIGHT)


def exchanged_place(observation: Observation, _: str) -> Array | None:
    """The winner's index counted along the columns."""
    kh, kw = pair(observation, "kernel_size", 2)
    won = winners(observation, RIGHT)
    values = won.reshape(*won.shape[:-2], kw, kh).swapaxes(-1, -2)
    shape = tensor(observation, "x").shape
    values = values * upstream(observation)[..., None, None]
    return gather(observation, shape, values, stride_of(observation, RIGHT), RIGHT)


def at_one_place(place: int) -> Predict:
    """The bias gradient of one place of the output alone."""

    def predict(observation: Observation, _: str) -> Array | None:
        dout = upstream(observation)
        return np.asarray(dout[:, :, place, place].sum(axis=0))

    return predict


def channels_summed(observation: Observation, _: str) -> Array | None:
    """The weight gradient summed over the input channels, the same for all of them."""
    gradient = conv_gradients(observation)["weight"]
    return np.broadcast_to(gradient.sum(axis=1, keepdims=True), gradient.shape)


SKIPPED: tuple[tuple[tuple[tuple[int, int], ...], str], ...] = (
    (((2, -1),), "the last row"),
    (((3, -1),), "the last column"),
    (((2, -1), (3, -1)), "the last row and column"),
    (((2, 0),), "the first row"),
    (((3, 0),), "the first column"),
    (((2, 0), (3, 0)), "the first row and column"),
)

SPATIAL: tuple[Hypothesis, ...] = (
    Hypothesis("G601", switched(SpatialSwitches(flip_input=True)), CONV, X),
    Hypothesis("G601", switched(SpatialSwitches(flip_weight=True)), CONV, WEIGHT),
    Hypothesis("G601", switched(SpatialSwitches(flip_rows=True)), CONV, X, "upside down alone"),
    Hypothesis("G601", switched(SpatialSwitches(flip_columns=True)), CONV, X, "left to right alone"),
    Hypothesis("G602", switched(SpatialSwitches(stride=1)), CONV, ("x", "weight")),
    Hypothesis("G602", switched(SpatialSwitches(stride=2)), CONV, ("x", "weight"), "2 is used"),
    Hypothesis("G603", switched(SpatialSwitches(crop="none")), CONV, X, "the frame is not cut off"),
    Hypothesis("G603", switched(SpatialSwitches(crop="corner")), CONV, X, "cut off at one end alone"),
    Hypothesis("G603", switched(SpatialSwitches(padding=0)), CONV, ("x", "weight")),
    Hypothesis("G603", switched(SpatialSwitches(padding=1)), CONV, ("x", "weight"), "1 is used"),
    Hypothesis("G603", uncropped_input, CONV, WEIGHT),
    Hypothesis("G604", switched(SpatialSwitches(swap_channels=True)), CONV, X, "input and output exchanged"),
    Hypothesis("G606", switched(SpatialSwitches(transpose_kernel=True)), CONV, X),
    Hypothesis("G607", switched(SpatialSwitches(overwrite=True)), CONV, X),
    Hypothesis("G608", one_channel, CONV, X),
    Hypothesis("G609", last_window, CONV, WEIGHT),
    Hypothesis("G605", bias_sum((0,)), CONV, BIAS, "the places are kept"),
    Hypothesis("G605", bias_sum((2, 3)), CONV, BIAS, "the examples are kept"),
    Hypothesis("G605", bias_sum((0, 1)), CONV, BIAS, "the channels are summed"),
    Hypothesis("G605", bias_sum((0, 2)), CONV, BIAS, "the columns are kept"),
    Hypothesis("G605", bias_sum((0, 3)), CONV, BIAS, "the rows are kept"),
    Hypothesis("G605", bias_sum((0, 1, 2, 3)), CONV, BIAS, "everything is summed"),
    Hypothesis("G605", bias_sum((0, 2, 3), mean=True), CONV, BIAS, "averaged over examples and places"),
    Hypothesis("G611", switched(SpatialSwitches(ties="shared")), MAX, X),
    Hypothesis("G612", switched(SpatialSwitches(ties="all")), MAX, X),
    Hypothesis("G614", spread_evenly, MAX, X),
    Hypothesis("G615", spread_whole, POOLS, X),
    Hypothesis("G616", to_maximum, AVG, X),
    Hypothesis("G619", to_corner(0), POOLS, X, "the first"),
    Hypothesis("G619", to_corner(-1), POOLS, X, "the last"),
    Hypothesis("G613", times_input, POOLS, X, "the input"),
    Hypothesis("G617", switched(SpatialSwitches(overwrite=True)), POOLS, X),
    Hypothesis("G618", own_stride, POOLS, X),
    Hypothesis("G618", switched(SpatialSwitches(stride=1)), POOLS, X, "1 is used"),
    Hypothesis("G603", switched(SpatialSwitches(crop="none")), POOLS, X, "the frame is not cut off"),
    Hypothesis("G603", switched(SpatialSwitches(crop="corner")), POOLS, X, "cut off at one end alone"),
    Hypothesis("G603", switched(SpatialSwitches(padding=0)), POOLS, X),
    *(
        Hypothesis("G620", switched(SpatialSwitches(pick=pick, ties=ties)), MAX, X, note)
        for pick, note in (
            ("min", "the smallest"),
            ("abs", "the largest magnitude"),
            ("first channel", "where the first channel is largest"),
            ("first image", "where the first example is largest"),
        )
        for ties in ("first", "all")
    ),
    *(
        Hypothesis(
            "G620", switched(SpatialSwitches(pick="above mean", ties=ties)), MAX, X, "all above the mean"
        )
        for ties in ("all", "shared")
    ),
    Hypothesis("G617", switched(SpatialSwitches(overwrite=True, winners_alone=True)), MAX, X),
    Hypothesis("G617", switched(SpatialSwitches(overwrite=True, winners_alone=True, ties="all")), MAX, X),
    Hypothesis("G618", switched(SpatialSwitches(placed=1)), POOLS, X, "where the gradient is put back"),
    *(
        Hypothesis("G626", switched(SpatialSwitches(skipped=places)), layers, tensors, note)
        for places, note in SKIPPED
        for layers, tensors in ((CONV, ("x", "weight")), (POOLS, X))
    ),
    Hypothesis("G616", switched_maximum, AVG, X, "all where some are equal"),
    Hypothesis("G613", with_maximum, MAX, X),
    Hypothesis("G610", exchanged_place, MAX, X),
    Hypothesis("G605", at_one_place(0), CONV, BIAS, "the first place alone"),
    Hypothesis("G605", at_one_place(-1), CONV, BIAS, "the last place alone"),
    Hypothesis("G604", channels_summed, CONV, WEIGHT, "they are summed"),
    Hypothesis("G604", switched(SpatialSwitches(channels="first")), CONV, X, "the first alone"),
    Hypothesis("G606", switched(SpatialSwitches(reordered=True)), CONV, X, "by a reshape"),
)
