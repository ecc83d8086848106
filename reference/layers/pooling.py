"""Max pooling and average pooling over images.

Where elements of a window tie for the maximum, the first in reading order takes the gradient, as in PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference.layers import draws
from reference.layers.layer import Array, Case, Layer
from reference.layers.windows import Pair, add_windows, crop, pad, pair, windows

if TYPE_CHECKING:
    import torch


def max_pool2d_forward(
    x: Array, *, kernel_size: Pair = 2, stride: Pair | None = None, padding: Pair = 0
) -> Array:
    """The maximum of every window.

    Args:
        x: (N, C, H, W), the images.
        kernel_size: the window's height and width, one number or two.
        stride: step between windows, one number or two; the kernel size if None.
        padding: width of a frame that never wins, half the kernel size at most.

    Returns:
        (N, C, (H + 2p - k) // s + 1, (W + 2p - k) // s + 1), in the dtype of the input.
    """
    y: Array = _patches(x, kernel_size, stride, padding, -np.inf).max(axis=(4, 5))
    return y


def max_pool2d_backward(
    dout: Array, x: Array, *, kernel_size: Pair = 2, stride: Pair | None = None, padding: Pair = 0
) -> dict[str, Array]:
    """Vector-Jacobian product: hands each element of dout to the first maximum of its window.

    Args:
        dout: (N, C, OH, OW), the loss gradient at the output; the others as in max_pool2d_forward.

    Returns:
        ``x`` (N, C, H, W).
    """
    patches = _patches(x, kernel_size, stride, padding, -np.inf)
    winners = patches.reshape(*patches.shape[:4], -1).argmax(axis=4)
    won = np.arange(patches.shape[4] * patches.shape[5]) == winners[..., None]
    handed = (won * dout[..., None]).reshape(patches.shape)
    return {"x": _gather(x, handed, kernel_size, stride, padding)}


def max_pool2d_twin(
    x: torch.Tensor, *, kernel_size: Pair = 2, stride: Pair | None = None, padding: Pair = 0
) -> torch.Tensor:
    """The PyTorch twin of max_pool2d_forward."""
    from torch.nn import functional

    return functional.max_pool2d(x, kernel_size, stride, padding)


def max_pool2d_kinks(
    x: Array, *, kernel_size: Pair = 2, stride: Pair | None = None, padding: Pair = 0
) -> float:
    """The smallest gap between the winner of a window and its runner-up; 0 at a tie."""
    patches = _patches(x, kernel_size, stride, padding, -np.inf)
    if patches.shape[4] * patches.shape[5] == 1:
        return float("inf")
    ranked = np.sort(patches.reshape(*patches.shape[:4], -1), axis=4)
    return float(np.min(ranked[..., -1] - ranked[..., -2]))


def avg_pool2d_forward(
    x: Array, *, kernel_size: Pair = 2, stride: Pair | None = None, padding: Pair = 0
) -> Array:
    """The mean of every window, over all elements of the kernel: zeros of the padding count.

    Args and returns as max_pool2d_forward.
    """
    y: Array = _patches(x, kernel_size, stride, padding, 0.0).mean(axis=(4, 5))
    return y


def avg_pool2d_backward(
    dout: Array, x: Array, *, kernel_size: Pair = 2, stride: Pair | None = None, padding: Pair = 0
) -> dict[str, Array]:
    """Vector-Jacobian product: spreads each element of dout evenly over its window.

    Args and returns as max_pool2d_backward.
    """
    kh, kw = pair(kernel_size)
    share = np.broadcast_to((dout / (kh * kw))[..., None, None], (*dout.shape, kh, kw))
    return {"x": _gather(x, share, kernel_size, stride, padding)}


def avg_pool2d_twin(
    x: torch.Tensor, *, kernel_size: Pair = 2, stride: Pair | None = None, padding: Pair = 0
) -> torch.Tensor:
    """The PyTorch twin of avg_pool2d_forward."""
    from torch.nn import functional

    return functional.avg_pool2d(x, kernel_size, stride, padding)


def draw_pooling(
    rng: np.random.Generator,
    *,
    n: int = 2,
    d: int = 2,
    height: int = 4,
    width: int = 6,
    clearance: float = 0.0,
    **_: object,
) -> dict[str, Array]:
    """x (N, D, height, width), no two elements closer than ``clearance``."""
    return {"x": draws.spread(rng.standard_normal((n, d, height, width)), clearance)}


def _patches(x: Array, kernel: Pair, stride: Pair | None, padding: Pair, fill: float) -> Array:
    """The windows (N, C, OH, OW, kh, kw) of the padded image."""
    return windows(pad(x, padding, fill), pair(kernel), kernel if stride is None else stride)


def _gather(x: Array, values: Array, kernel: Pair, stride: Pair | None, padding: Pair) -> Array:
    """Sums values (N, C, OH, OW, kh, kw) into the shape of x."""
    shape = pad(x, padding).shape
    return crop(add_windows(shape, values, kernel if stride is None else stride), padding)


CASES = (
    Case("plain"),
    Case("batch of 1, one channel", {"n": 1, "d": 1}),
    Case("kernel (3, 2)", {"height": 6}, {"kernel_size": (3, 2)}),
    Case("overlapping windows", {"height": 5}, {"kernel_size": 3, "stride": 1}),
    Case("stride (2, 1)", options={"stride": (2, 1)}),
    Case("stride over the kernel", {"height": 7, "width": 8}, {"stride": 3}),
    Case("padding 1", {"height": 5}, {"kernel_size": 3, "stride": 2, "padding": 1}),
    Case("last rows unused", {"height": 5, "width": 7}),
    Case("kernel 1 x 1", options={"kernel_size": 1}),
)
OPTIONS: dict[str, object] = {"kernel_size": 2, "stride": None, "padding": 0}
SIZES = ("n", "d", "c", "height", "width")

MAX_POOL2D = Layer(
    name="max_pool2d",
    tensors=("x",),
    forward=max_pool2d_forward,
    backward=max_pool2d_backward,
    twin=max_pool2d_twin,
    draw=draw_pooling,
    kinks=max_pool2d_kinks,
    sizes=SIZES,
    options=OPTIONS,
    cases=CASES,
)

AVG_POOL2D = Layer(
    name="avg_pool2d",
    tensors=("x",),
    forward=avg_pool2d_forward,
    backward=avg_pool2d_backward,
    twin=avg_pool2d_twin,
    draw=draw_pooling,
    sizes=SIZES,
    options=OPTIONS,
    cases=CASES,
)
