"""What a script is given: sizes and arrays, drawn for every trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from grader.numerics import Array
from grader.rubric.scripts import ScriptInput

SMALLEST, LARGEST = 3, 7  # of a size, where names of sizes are that few


def draw_inputs(inputs: Mapping[str, ScriptInput], rng: np.random.Generator) -> dict[str, Any]:
    """Sizes by their names, all different, and the arrays; float64, whole numbers as int64, a shape of () as a float."""
    names = sorted({size for item in inputs.values() for size in item.sizes})
    largest = max(LARGEST, SMALLEST + len(names) - 1)
    numbers = rng.permutation(np.arange(SMALLEST, largest + 1))
    sizes: dict[str, Any] = {name: int(number) for name, number in zip(names, numbers, strict=False)}
    return {**sizes, **{name: _draw(item, sizes, rng) for name, item in inputs.items()}}


def _draw(item: ScriptInput, sizes: Mapping[str, int], rng: np.random.Generator) -> Array | float | int:
    shape = tuple(sizes[size] if isinstance(size, str) else size for size in item.shape)
    if item.drawn == "labels":
        classes = sizes[item.classes] if isinstance(item.classes, str) else item.classes
        found: Array = rng.integers(0, classes, shape)
    else:
        found = np.asarray(_DRAWS[item.drawn](rng, shape))
    if shape:
        return found
    number: float | int = found.item()
    return number


def _probabilities(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    positive = rng.uniform(0.2, 1.0, shape)
    rows: Array = positive / positive.sum(axis=-1, keepdims=True)
    return rows


def _one_hot(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    rows: Array = np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])]
    return rows


_DRAWS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], Any]] = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "positive": lambda rng, shape: rng.uniform(0.3, 2.5, shape),
    "unit": lambda rng, shape: rng.uniform(0.1, 0.9, shape),
    "probabilities": _probabilities,
    "one_hot": _one_hot,
    "binary": lambda rng, shape: rng.integers(0, 2, shape),
}
