"""The embedding: rows of a table, looked up by index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference.layers.layer import Array, Case, Layer

if TYPE_CHECKING:
    import torch


def embedding_forward(weight: Array, indices: Array) -> Array:
    """``weight[indices]``.

    Args:
        weight: (C, D), one row for each of C tokens.
        indices: (N, L) integers in [0, C), any shape.

    Returns:
        (N, L, D), in the dtype of the table.
    """
    rows: Array = weight[indices]
    return rows


def embedding_backward(dout: Array, weight: Array, indices: Array) -> dict[str, Array]:
    """Vector-Jacobian product: adds each row of dout to the row that was looked up, however often it was.

    Args:
        dout: (N, L, D), the loss gradient at the output.
        weight: (C, D).
        indices: (N, L) integers in [0, C).

    Returns:
        ``weight`` (C, D), zero in rows that were not looked up.
    """
    dweight = np.zeros_like(weight)
    np.add.at(dweight, indices, dout)
    return {"weight": dweight}


def embedding_twin(weight: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
    """The PyTorch twin of embedding_forward."""
    from torch.nn import functional

    return functional.embedding(indices, weight)


def draw_embedding(
    rng: np.random.Generator, *, n: int = 4, d: int = 5, c: int = 3, length: int = 2, **_: object
) -> dict[str, Array]:
    """weight (C, D) and indices (N, length), one of them twice (from two on)."""
    indices = rng.integers(0, c, (n, length))
    if indices.size > 1:
        indices.flat[-1] = indices.flat[0]
    return {"weight": rng.standard_normal((c, d)), "indices": indices}


EMBEDDING = Layer(
    name="embedding",
    tensors=("weight",),
    parameters=("weight",),
    constants=("indices",),
    forward=embedding_forward,
    backward=embedding_backward,
    twin=embedding_twin,
    draw=draw_embedding,
    sizes=("n", "d", "c", "length"),
    cases=(
        Case("plain"),
        Case("batch of 1", {"n": 1, "length": 1}),
        Case("one feature", {"d": 1}),
        Case("one token", {"c": 1}),
        Case("table larger than the batch", {"n": 2, "c": 9}),
    ),
)
