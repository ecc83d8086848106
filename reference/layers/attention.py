"""Scaled dot-product attention (Vaswani et al. 2017)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from reference.layers.layer import Array, Case, Layer

if TYPE_CHECKING:
    import torch


def attention_forward(
    query: Array,
    key: Array,
    value: Array,
    mask: Array | None = None,
    *,
    causal: bool = False,
    scale: float | None = None,
) -> Array:
    """``softmax(scale * Q K^T) V`` over the keys that a query may see.

    Args:
        query: (..., L, E).
        key: (..., S, E).
        value: (..., S, V).
        mask: (..., L, S) bool, true where a query sees a key; None: everywhere.
        causal: whether query i sees no key after i, on top of the mask.
        scale: factor of the scores; None: ``1 / sqrt(E)``.

    Returns:
        (..., L, V), in the dtype of the input; zeros for a query that sees no key.
    """
    return _attention(query, key, mask, causal, scale) @ value


def attention_backward(
    dout: Array,
    query: Array,
    key: Array,
    value: Array,
    mask: Array | None = None,
    *,
    causal: bool = False,
    scale: float | None = None,
) -> dict[str, Array]:
    """Vector-Jacobian product of attention_forward.

    With attention weights P: ``dV = P^T dout``, ``dP = dout V^T``, ``dS = P * (dP - rowsum(dP * P))``,
    ``dQ = scale * dS K`` and ``dK = scale * dS^T Q``.

    Args:
        dout: (..., L, V), the loss gradient at the output; the others as in attention_forward.

    Returns:
        ``query`` (..., L, E), ``key`` (..., S, E) and ``value`` (..., S, V).
    """
    p = _attention(query, key, mask, causal, scale)
    dp = dout @ np.swapaxes(value, -1, -2)
    dscores = _scale(query, scale) * p * (dp - np.sum(dp * p, axis=-1, keepdims=True))
    return {
        "query": dscores @ key,
        "key": np.swapaxes(dscores, -1, -2) @ query,
        "value": np.swapaxes(p, -1, -2) @ dout,
    }


def attention_twin(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None = None,
    *,
    causal: bool = False,
    scale: float | None = None,
) -> torch.Tensor:
    """The PyTorch twin of attention_forward."""
    import torch
    from torch.nn import functional

    if causal:
        lower = torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool).tril()
        mask = lower if mask is None else mask & lower
    return functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=scale)


def draw_attention(
    rng: np.random.Generator,
    *,
    n: int = 2,
    d: int = 5,
    c: int = 3,
    queries: int = 4,
    keys: int = 3,
    hidden: int = 0,
    **_: object,
) -> dict[str, Array]:
    """query (N, queries, D), key (N, keys, D), value (N, keys, C) and mask (N, queries, keys).

    The mask hides ``hidden`` keys from every query, others for each, but never the first: with a causal mask
    on top, each query still sees a key.
    """
    order = np.argsort(rng.random((n, queries, keys - 1)), axis=-1)
    mask = np.concatenate([np.ones((n, queries, 1), bool), order >= hidden], axis=-1)
    return {
        "query": rng.standard_normal((n, queries, d)),
        "key": rng.standard_normal((n, keys, d)),
        "value": rng.standard_normal((n, keys, c)),
        "mask": mask,
    }


def _scale(query: Array, scale: float | None) -> float:
    """The factor of the scores."""
    return 1 / math.sqrt(query.shape[-1]) if scale is None else scale


def _attention(query: Array, key: Array, mask: Array | None, causal: bool, scale: float | None) -> Array:
    """The attention weights (..., L, S), rows summing to one where the query sees a key."""
    scores = _scale(query, scale) * (query @ np.swapaxes(key, -1, -2))
    seen = np.ones(scores.shape, bool) if mask is None else np.broadcast_to(mask, scores.shape)
    if causal:
        seen = np.tril(seen)
    scores = np.where(seen, scores, -np.inf)
    highest = np.max(scores, axis=-1, keepdims=True)
    exponentials = np.exp(scores - np.where(np.isfinite(highest), highest, 0))
    total = exponentials.sum(axis=-1, keepdims=True)
    weights: Array = exponentials / np.where(total > 0, total, 1)
    return weights


ATTENTION = Layer(
    name="attention",
    tensors=("query", "key", "value"),
    constants=("mask",),
    forward=attention_forward,
    backward=attention_backward,
    twin=attention_twin,
    draw=draw_attention,
    sizes=("n", "d", "c", "queries", "keys", "hidden"),
    options={"causal": False, "scale": None},
    cases=(
        Case("plain"),
        Case("batch of 1", {"n": 1}),
        Case("one query", {"queries": 1}),
        Case("one key", {"keys": 1}),
        Case("one feature", {"d": 1, "c": 1}),
        Case("masked", {"keys": 5, "hidden": 2}),
        Case("causal", {"queries": 4, "keys": 4}, {"causal": True}),
        Case("causal and masked", {"queries": 3, "keys": 5, "hidden": 2}, {"causal": True}),
        Case("scale 0.7", options={"scale": 0.7}),
    ),
)
