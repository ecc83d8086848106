"""Random points at which formulas are compared: sizes that differ from each other, values that the statement allows.

Sizes are distinct, so that a transposed or misplaced factor cannot fit by accident, and never 1 or 2; two sets of
sizes are used, in which every size differs, so that a number cannot stand for a size. No property is sampled that
the statement does not state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from grader.formulas.question import Question, Symbol, Truth
from grader.formulas.values import Array, Value

SAMPLES = 4
WITNESSES = 64
_SIZES = (3, 7)


@dataclass(frozen=True)
class Sample:
    """One point: sizes, values of all symbols, functions with their derivatives."""

    sizes: Mapping[str, int]
    values: Mapping[str, Value]
    functions: Mapping[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = field(
        default_factory=dict
    )

    def show(self, size: int) -> str:
        """A size in symbols: 5 is ``S``."""
        return next((name for name, n in self.sizes.items() if n == size), str(size))

    def with_values(self, values: Mapping[str, Value]) -> Sample:
        """The same point with some symbols changed."""
        return replace(self, values={**self.values, **values})


def draw_samples(
    question: Question, truth: Truth, rng: np.random.Generator, count: int = SAMPLES
) -> list[Sample]:
    """Points for one question, two for each set of sizes."""
    names = size_names(question, truth)
    sets = [_sizes(question, names, rng), _sizes(question, names, rng)]
    for _ in range(200):  # a number must not stand for a size: every size differs between the sets
        if not any(sets[0][name] == sets[1][name] for name in names):
            break
        sets[1] = _sizes(question, names, rng)
    integers = {name: rng.permutation(np.arange(2, 10)) for name in truth.symbols | question.symbols}
    samples = []
    for k in range(count):
        sizes = sets[k * 2 // count]
        functions = {name: _smooth(rng) for name in question.functions}
        values = {
            name: Value(_draw(symbol, sizes, int(integers[name][k]), rng))
            for name, symbol in {**question.symbols, **truth.symbols}.items()
        }
        samples.append(Sample(sizes, values, functions))
    return samples


def draw_witnesses(question: Question, truth: Truth, rng: np.random.Generator) -> list[Sample]:
    """Many points, near to zero and far from it, for answers and truths that are not smooth.

    Two formulas that are smooth and agree at a few random points agree everywhere; a threshold that is off shows
    itself only at a point between the two.
    """
    names = size_names(question, truth)
    symbols = {**question.symbols, **truth.symbols}
    samples = []
    for k in range(WITNESSES):
        sizes = _sizes(question, names, rng)
        scale = (0.1, 0.5, 1.0, 2.0)[k % 4]
        values = {}
        for name, symbol in symbols.items():
            drawn = _draw(symbol, sizes, int(rng.integers(2, 10)), rng)
            values[name] = Value(drawn * scale if symbol.domain == "normal" else drawn)
        samples.append(Sample(sizes, values, {name: _smooth(rng) for name in question.functions}))
    return samples


def special_sample(question: Question, truth: Truth, size: str, rng: np.random.Generator) -> Sample:
    """A point at which one size is 1: what is right only here is not right."""
    names = size_names(question, truth)
    sizes = {**_sizes(question, names, rng), size: 1}
    symbols = {**question.symbols, **truth.symbols}
    values = {name: Value(_draw(symbol, sizes, 3, rng)) for name, symbol in symbols.items()}
    return Sample(sizes, values, {name: _smooth(rng) for name in question.functions})


def size_names(question: Question, truth: Truth) -> list[str]:
    """Names of all sizes, in the order in which they occur."""
    shapes = [symbol.shape for symbol in {**question.symbols, **truth.symbols}.values()]
    found = [str(side) for shape in shapes for side in shape if isinstance(side, str)]
    return list(dict.fromkeys([*question.dims, *found]))


def _sizes(question: Question, names: list[str], rng: np.random.Generator) -> dict[str, int]:
    taken: dict[str, int] = {}
    for name in names:
        low, high = question.dims.get(name, (_SIZES[0], max(_SIZES[1], _SIZES[0] + len(names) + 1)))
        free = [n for n in range(low, high + 1) if n not in taken.values()] or list(range(low, high + 1))
        taken[name] = int(rng.choice(free))
    return taken


def _draw(symbol: Symbol, sizes: Mapping[str, int], integer: int, rng: np.random.Generator) -> Array:
    shape = tuple(sizes[side] if isinstance(side, str) else int(side) for side in symbol.shape)
    shape = (*shape, 1) if len(shape) == 1 else shape or (1, 1)
    domain = symbol.domain
    if domain == "positive":
        return rng.uniform(0.3, 2.5, shape)
    if domain == "unit":
        return rng.uniform(0.1, 0.9, shape)
    if domain == "integer":
        return np.full(shape, float(integer))
    normal = rng.standard_normal(shape)
    if domain == "probabilities":
        weights = np.exp(normal)
        along = 0 if len(symbol.shape) == 1 else 1  # a vector is one distribution, a matrix one in every row
        return np.asarray(weights / weights.sum(axis=along, keepdims=True))
    if domain == "symmetric":
        return np.asarray(normal + normal.T)
    if domain == "invertible":
        return np.asarray(normal + 3.0 * np.eye(shape[0]))
    return normal


def _smooth(rng: np.random.Generator) -> tuple[Callable[[Array], Array], Callable[[Array], Array]]:
    """A smooth function without symmetry, and its derivative."""
    a, b, c, d, e = rng.uniform(0.5, 1.5, 5)
    return (
        lambda x: a * np.tanh(b * x + c) + d * x + 0.3 * e * x * x,
        lambda x: a * b * (1 - np.tanh(b * x + c) ** 2) + d + 0.6 * e * x,
    )
