"""Sliding windows over images, for convolution and pooling."""

from __future__ import annotations

import numpy as np

from reference.layers.layer import Array

Pair = int | tuple[int, int]


def pair(value: Pair) -> tuple[int, int]:
    """Height and width from one number for both, or from two."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def pad(x: Array, padding: Pair, fill: float = 0.0) -> Array:
    """(N, C, H + 2 ph, W + 2 pw), a copy of x (N, C, H, W) in a frame of ``fill``."""
    ph, pw = pair(padding)
    return np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)), constant_values=fill)


def crop(x: Array, padding: Pair) -> Array:
    """The inverse of pad: (N, C, H, W) of x (N, C, H + 2 ph, W + 2 pw)."""
    ph, pw = pair(padding)
    return x[:, :, ph : x.shape[2] - ph, pw : x.shape[3] - pw]


def windows(x: Array, kernel: tuple[int, int], stride: Pair) -> Array:
    """A read-only view (N, C, OH, OW, kh, kw) of the windows of x (N, C, H, W), ``stride`` apart."""
    sh, sw = pair(stride)
    return np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(2, 3))[:, :, ::sh, ::sw]


def add_windows(shape: tuple[int, ...], values: Array, stride: Pair) -> Array:
    """The transpose of windows: sums values (N, C, OH, OW, kh, kw) into an array of this shape."""
    sh, sw = pair(stride)
    oh, ow, kh, kw = values.shape[2:]
    total = np.zeros(shape, values.dtype)
    for i in range(kh):
        for j in range(kw):
            total[:, :, i : i + sh * oh : sh, j : j + sw * ow : sw] += values[..., i, j]
    return total
