"""Convolution and pooling by windows, with switches for what goes wrong in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grader.diagnose.observation import Observation
from grader.diagnose.variants.point import Floats, pair, tensor, upstream

Pair = tuple[int, int]


@dataclass(frozen=True)
class SpatialSwitches:
    """How windows are used; the defaults are right.

    Args:
        flip_input: the kernel is flipped in the input gradient (or in forward).
        flip_weight: the weight gradient is flipped.
        flip_rows: the kernel is flipped upside down alone.
        flip_columns: the kernel is flipped from left to right alone.
        transpose_kernel: the kernel's height and width are exchanged.
        swap_channels: the weight's two channel axes are exchanged.
        stride: overrides the layer's stride.
        padding: overrides the layer's padding.
        overwrite: overlapping windows overwrite instead of adding.
        crop: "right", "corner" (the frame is cut off at the far end alone) or "none".
        placed: how far apart the windows are put back, where that is not the stride.
        winners_alone: with `overwrite`: the winners are assigned, the rest of a window is left alone.
        skipped: (axis, index) of the output that get no gradient: a loop that begins too late or ends too early.
        without: (axis, index) of the kernel that is not used.
        ties: "first", "last", "all" or "shared".
        pick: "max", "min" or "abs" decides the winner, or the place of the maximum in the "first channel" or the
            "first image"; or all that are "above mean" win.
        frame: "zeros", or a way that numpy.pad knows: "edge", "reflect", "wrap".
        reordered: the kernel's elements are read in another order: its height and width exchanged by a reshape.
        channels: "all" inputs, or the "first" or the "last" alone, or the "mean" over them.
    """

    flip_input: bool = False
    flip_weight: bool = False
    flip_rows: bool = False
    flip_columns: bool = False
    transpose_kernel: bool = False
    swap_channels: bool = False
    stride: int | None = None
    padding: int | None = None
    overwrite: bool = False
    crop: str = "right"
    placed: int | None = None
    winners_alone: bool = False
    skipped: tuple[tuple[int, int], ...] = ()
    without: tuple[int, int] | None = None
    ties: str = "first"
    pick: str = "max"
    frame: str = "zeros"
    reordered: bool = False
    channels: str = "all"


RIGHT = SpatialSwitches()


def stride_of(observation: Observation, how: SpatialSwitches) -> Pair:
    """The step between windows; the kernel's size where none is given to a pooling."""
    if how.stride is not None:
        return how.stride, how.stride
    if observation.options.get("stride") is None and "kernel_size" in observation.options:
        return pair(observation, "kernel_size", 2)
    return pair(observation, "stride", 1)


def padding_of(observation: Observation, how: SpatialSwitches) -> Pair:
    """The width of the frame."""
    return (how.padding, how.padding) if how.padding is not None else pair(observation, "padding", 0)


def pad(x: Floats, padding: Pair, fill: float = 0.0) -> Floats:
    """x in a frame."""
    (ph, pw) = padding
    return np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)), constant_values=fill)


def framed(observation: Observation, how: SpatialSwitches) -> Floats:
    """The input in its frame, of zeros or of what else the switches say."""
    x, (ph, pw) = tensor(observation, "x"), padding_of(observation, how)
    if how.frame == "zeros":
        return pad(x, (ph, pw))
    width = ((0, 0), (0, 0), (ph, ph), (pw, pw))
    modes = {"edge": "edge", "reflect": "reflect", "symmetric": "symmetric", "wrap": "wrap"}
    return np.asarray(np.pad(x, width, mode=modes[how.frame]))  # type: ignore[call-overload]


def windows(x: Floats, kernel: Pair, stride: Pair) -> Floats:
    """(N, C, OH, OW, kh, kw)."""
    view = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(2, 3))
    return np.asarray(view[:, :, :: stride[0], :: stride[1]])


def gather(
    observation: Observation, shape: tuple[int, ...], values: Floats, stride: Pair, how: SpatialSwitches
) -> Floats:
    """Windows (N, C, OH, OW, kh, kw) back into an image of `shape`, without its frame."""
    ph, pw = padding_of(observation, how)
    total = np.zeros((*shape[:2], shape[2] + 2 * ph, shape[3] + 2 * pw))
    oh, ow, kh, kw = values.shape[2:]
    values = np.array(values)
    for axis, index in how.skipped:
        np.moveaxis(values, axis, 0)[index] = 0.0
    if how.placed is not None:
        stride = (how.placed, how.placed)
    if how.overwrite:
        for i in range(oh):
            for j in range(ow):
                top, left = i * stride[0], j * stride[1]
                new, old = values[:, :, i, j], total[:, :, top : top + kh, left : left + kw]
                old[...] = np.where(new != 0, new, old) if how.winners_alone else new
    else:
        for i in range(kh):
            for j in range(kw):
                rows = slice(i, i + stride[0] * oh, stride[0])
                total[:, :, rows, j : j + stride[1] * ow : stride[1]] += values[..., i, j]
    if how.crop == "none":
        return total
    if how.crop == "corner":
        return total[:, :, : shape[2], : shape[3]]
    return total[:, :, ph : ph + shape[2], pw : pw + shape[3]]


def kernel_of(observation: Observation, how: SpatialSwitches) -> Floats:
    """The weight as the switches have it."""
    weight = tensor(observation, "weight")
    if how.flip_input:
        weight = weight[:, :, ::-1, ::-1]
    if how.flip_rows:
        weight = weight[:, :, ::-1]
    if how.flip_columns:
        weight = weight[:, :, :, ::-1]
    if how.transpose_kernel:
        weight = weight.transpose(0, 1, 3, 2)
    if how.swap_channels:
        weight = weight.transpose(1, 0, 2, 3)
    if how.reordered:
        weight = weight.transpose(0, 1, 3, 2).reshape(weight.shape)
    if how.without is not None:
        weight = weight.copy()
        np.moveaxis(weight, how.without[0], 0)[how.without[1]] = 0.0
    if how.channels == "first":
        weight = weight * (np.arange(weight.shape[1]) == 0)[:, None, None]
    if how.channels == "last":
        weight = weight * (np.arange(weight.shape[1]) == weight.shape[1] - 1)[:, None, None]
    if how.channels == "mean":
        weight = weight / weight.shape[1]
    return weight


def conv_output(observation: Observation, how: SpatialSwitches = RIGHT) -> Floats:
    """The cross-correlation plus bias."""
    weight = kernel_of(observation, how)
    padded = framed(observation, how)
    patches = windows(padded, weight.shape[2:], stride_of(observation, how))
    y = np.tensordot(patches, weight, axes=([1, 4, 5], [1, 2, 3])) + tensor(observation, "bias")
    return np.asarray(y.transpose(0, 3, 1, 2))


def conv_gradients(observation: Observation, how: SpatialSwitches = RIGHT) -> dict[str, Floats]:
    """Of x, weight and bias."""
    x, dout, weight = tensor(observation, "x"), upstream(observation), kernel_of(observation, how)
    stride = stride_of(observation, how)
    patches = windows(pad(x, padding_of(observation, how)), weight.shape[2:], stride)
    patches = patches[:, :, : dout.shape[2], : dout.shape[3]]
    spread = np.tensordot(dout, weight, axes=([1], [0])).transpose(0, 3, 1, 2, 4, 5)
    gradients = {"x": gather(observation, x.shape, spread, stride, how), "bias": dout.sum(axis=(0, 2, 3))}
    dout = np.array(dout)
    for axis, index in how.skipped:
        np.moveaxis(dout, axis, 0)[index] = 0.0
    if patches.shape[2:4] == dout.shape[2:]:
        dweight = np.tensordot(dout, patches, axes=([0, 2, 3], [0, 2, 3]))
        gradients["weight"] = dweight[:, :, ::-1, ::-1] if how.flip_weight else dweight
    return gradients


def pool_patches(observation: Observation, how: SpatialSwitches, fill: float) -> Floats:
    """The windows of a pooling layer."""
    kernel = pair(observation, "kernel_size", 2)
    padded = pad(tensor(observation, "x"), padding_of(observation, how), fill)
    return windows(padded, kernel, stride_of(observation, how))


def max_pool_output(observation: Observation, how: SpatialSwitches = RIGHT) -> Floats:
    """The largest of every window."""
    return np.asarray(pool_patches(observation, how, -np.inf).max(axis=(4, 5)))


def winners(observation: Observation, how: SpatialSwitches) -> Floats:
    """(N, C, OH, OW, kh, kw) the share of each element in its window's gradient."""
    patches = pool_patches(observation, how, np.inf if how.pick == "min" else -np.inf)
    if how.pick == "min":
        patches = -patches
    if how.pick == "abs":
        patches = np.where(np.isfinite(patches), np.abs(patches), -np.inf)
    flat = patches.reshape(*patches.shape[:4], -1)
    if how.pick == "above mean":
        above = (patches >= patches.mean(axis=(4, 5), keepdims=True)).astype(np.float64)
        return np.asarray(above / (above.sum(axis=(4, 5), keepdims=True) if how.ties == "shared" else 1.0))
    if how.pick in ("first channel", "first image"):
        axis = 1 if how.pick == "first channel" else 0
        flat = np.broadcast_to(np.take(flat, [0], axis=axis), flat.shape)
    if how.ties in ("all", "shared"):
        equal = (flat == flat.max(axis=-1, keepdims=True)).astype(np.float64)
        if how.ties == "shared":
            equal /= equal.sum(axis=-1, keepdims=True)
        return np.asarray(equal.reshape(patches.shape))
    place = flat.argmax(axis=-1)
    if how.ties == "last":
        place = flat.shape[-1] - 1 - flat[..., ::-1].argmax(axis=-1)
    won = np.arange(flat.shape[-1]) == place[..., None]
    return np.asarray(won.astype(np.float64).reshape(patches.shape))


def max_pool_gradients(observation: Observation, how: SpatialSwitches = RIGHT) -> dict[str, Floats]:
    """dout handed to the winner of each window."""
    handed = winners(observation, how)
    dout = upstream(observation)
    values = handed * dout[:, :, : handed.shape[2], : handed.shape[3], None, None]
    shape = tensor(observation, "x").shape
    return {"x": gather(observation, shape, values, stride_of(observation, how), how)}


def avg_pool_output(observation: Observation, how: SpatialSwitches = RIGHT) -> Floats:
    """The mean of every window."""
    return np.asarray(pool_patches(observation, how, 0.0).mean(axis=(4, 5)))


def avg_pool_gradients(observation: Observation, how: SpatialSwitches = RIGHT) -> dict[str, Floats]:
    """dout spread evenly over each window."""
    dout, (kh, kw) = upstream(observation), pair(observation, "kernel_size", 2)
    share = np.broadcast_to((dout / (kh * kw))[..., None, None], (*dout.shape, kh, kw))
    shape = tensor(observation, "x").shape
    return {"x": gather(observation, shape, share, stride_of(observation, how), how)}
