"""A layer of the reference without some of its parameters: a linear layer without bias, an RNN with one bias."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from grader.errors import RubricError
from grader.numerics import Array
from grader.truth import Layer, layer_called

ADDED = frozenset(
    {"bias", "beta", "bias_ih", "bias_hh"}
)  # parameters that are added, so that 0 takes them away


@cache
def lacking(name: str, without: tuple[str, ...]) -> Layer:
    """The layer of that name with these parameters fixed to 0 and out of sight.

    Raises:
        RubricError: it has no such parameter, or one that cannot be 0.
    """
    layer = layer_called(name)
    if not without:
        return layer
    wrong = sorted(set(without) - (ADDED & set(layer.parameters)))
    if wrong:
        allowed = ", ".join(p for p in layer.parameters if p in ADDED) or "none"
        raise RubricError(f"layer {name}: without {wrong[0]!r} it would be no such layer; allowed: {allowed}")
    return replace(
        layer,
        tensors=_kept(layer.tensors, without),
        parameters=_kept(layer.parameters, without),
        forward=_with_zeros(layer.forward, without),
        backward=_without(_with_zeros(layer.backward, without), without),
        draw=_without(layer.draw, without),
        kinks=_with_zeros(layer.kinks, without) if layer.kinks else None,
    )


def completed(layer: Layer, tensors: Mapping[str, Array]) -> dict[str, Array]:
    """The tensors with zeros for the parameters that a layer lacks, so that a diagnosis finds what its formulas use."""
    own = layer_called(layer.name).parameters
    size = len(tensors[own[0]]) if own else 0
    return {**{name: np.zeros(size) for name in own if name not in tensors}, **tensors}


def _kept(names: Sequence[str], without: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in without)


def _with_zeros(function: Callable[..., Any], without: Sequence[str]) -> Callable[..., Any]:
    def called(*args: Any, **given: Any) -> Any:
        return function(*args, **given, **{name: np.zeros(()) for name in without})

    return called


def _without(function: Callable[..., dict[str, Array]], without: Sequence[str]) -> Callable[..., Any]:
    def called(*args: Any, **given: Any) -> dict[str, Array]:
        return {name: array for name, array in function(*args, **given).items() if name not in without}

    return called
