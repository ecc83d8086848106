"""Two-dimensional convolution as deep learning has it: a cross-correlation, the kernel is not flipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference.layers import draws
from reference.layers.layer import Array, Case, Layer
from reference.layers.windows import Pair, add_windows, crop, pad, windows

if TYPE_CHECKING:
    import torch


def conv2d_forward(x: Array, weight: Array, bias: Array, *, stride: Pair = 1, padding: Pair = 0) -> Array:
    """``y[n, o, i, j] = bias[o] + sum_{c, u, v} weight[o, c, u, v] x[n, c, i s + u - p, j s + v - p]``.

    Args:
        x: (N, C_in, H, W), the images.
        weight: (C_out, C_in, kh, kw).
        bias: (C_out,).
        stride: step between windows, one number or (vertical, horizontal).
        padding: width of the frame of zeros, one number or (vertical, horizontal).

    Returns:
        (N, C_out, (H + 2p - kh) // s + 1, (W + 2p - kw) // s + 1), in the dtype of the input.
    """
    patches = windows(pad(x, padding), weight.shape[2:], stride)
    y = np.tensordot(patches, weight, axes=([1, 4, 5], [1, 2, 3])) + bias
    return y.transpose(0, 3, 1, 2)


def conv2d_backward(
    dout: Array, x: Array, weight: Array, bias: Array, *, stride: Pair = 1, padding: Pair = 0
) -> dict[str, Array]:
    """Vector-Jacobian product of conv2d_forward.

    Args:
        dout: (N, C_out, OH, OW), the loss gradient at the output; the others as in conv2d_forward.

    Returns:
        ``x`` (N, C_in, H, W), ``weight`` (C_out, C_in, kh, kw) and ``bias`` (C_out,).
    """
    padded = pad(x, padding)
    patches = windows(padded, weight.shape[2:], stride)
    dpatches = np.tensordot(dout, weight, axes=([1], [0])).transpose(0, 3, 1, 2, 4, 5)
    return {
        "x": crop(add_windows(padded.shape, dpatches, stride), padding),
        "weight": np.tensordot(dout, patches, axes=([0, 2, 3], [0, 2, 3])),
        "bias": dout.sum(axis=(0, 2, 3)),
    }


def conv2d_twin(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, *, stride: Pair = 1, padding: Pair = 0
) -> torch.Tensor:
    """The PyTorch twin of conv2d_forward."""
    from torch.nn import functional

    return functional.conv2d(x, weight, bias, stride, padding)


def draw_conv2d(
    rng: np.random.Generator,
    *,
    n: int = 2,
    d: int = 2,
    c: int = 3,
    height: int = 5,
    width: int = 6,
    kernel_height: int = 3,
    kernel_width: int = 2,
    **_: object,
) -> dict[str, Array]:
    """x (N, D, height, width), weight (C, D, kernel_height, kernel_width), bias (C,): D channels to C."""
    return {
        "x": rng.standard_normal((n, d, height, width)),
        "weight": draws.weights(rng, c, d, kernel_height, kernel_width),
        "bias": draws.signed(rng, c),
    }


CONV2D = Layer(
    name="conv2d",
    tensors=("x", "weight", "bias"),
    parameters=("weight", "bias"),
    forward=conv2d_forward,
    backward=conv2d_backward,
    twin=conv2d_twin,
    draw=draw_conv2d,
    sizes=("n", "d", "c", "height", "width", "kernel_height", "kernel_width"),
    options={"stride": 1, "padding": 0},
    cases=(
        Case("plain"),
        Case("batch of 1", {"n": 1}),
        Case("one channel in, one out", {"d": 1, "c": 1}),
        Case("padding 1", options={"padding": 1}),
        Case("stride 2", options={"stride": 2}),
        Case("stride 2, last rows unused", {"height": 6, "width": 7, "kernel_width": 3}, {"stride": 2}),
        Case("stride (1, 2), padding (2, 1)", options={"stride": (1, 2), "padding": (2, 1)}),
        Case("stride over the kernel", {"kernel_height": 1}, {"stride": 3}),
        Case("kernel 1 x 1", {"kernel_height": 1, "kernel_width": 1}),
        Case("kernel of the image's size", {"height": 3, "width": 2}),
    ),
)
