"""The right formula with something wrong put in: any tensor changed, two exchanged, a part of the cotangent alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np

from grader.diagnose.hypotheses.changes import changed, with_cotangent, with_tensor
from grader.diagnose.hypothesis import Hypothesis, Predict
from grader.diagnose.observation import Observation
from grader.diagnose.variants.point import Floats, tensor

Transform = Callable[[Floats], Floats | None]

WORDS = {
    "x": "the input",
    "hidden": "the old hidden state",
    "cell": "the old cell state",
    "weight": "the weight",
    "bias": "the bias",
    **{name: name for name in ("gamma", "beta", "query", "key", "value")},
    **{name: name for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")},
}


def _axis_mean(axis: int) -> Transform:
    return lambda a: a - a.mean(axis=axis, keepdims=True) if a.ndim > 1 else None


def _unit(a: Floats) -> Floats:
    return np.asarray(a / np.linalg.norm(a, axis=-1, keepdims=True))


def _standardised(axis: int) -> Transform:
    def transform(a: Floats) -> Floats | None:
        if a.ndim < 2:
            return None
        spread = a.std(axis=axis, keepdims=True)
        return np.asarray((a - a.mean(axis=axis, keepdims=True)) / (spread + 1e-12))

    return transform


def _first_row(a: Floats) -> Floats | None:
    return np.broadcast_to(a[:1], a.shape) if a.ndim > 1 else None


def _batch_mean(a: Floats) -> Floats | None:
    return np.broadcast_to(a.mean(axis=0, keepdims=True), a.shape) if a.ndim > 1 else None


def _transposed(a: Floats) -> Floats | None:
    return np.swapaxes(a, -1, -2) if a.ndim > 1 and a.shape[-1] == a.shape[-2] else None


def _refilled(a: Floats) -> Floats | None:
    return np.swapaxes(a, -1, -2).reshape(a.shape) if a.ndim > 1 else None


def _refilled_back(a: Floats) -> Floats | None:
    return np.swapaxes(a.reshape(*a.shape[:-2], a.shape[-1], a.shape[-2]), -1, -2) if a.ndim > 1 else None


TRANSFORMS: tuple[tuple[str, Transform], ...] = (
    ("{}'s absolute value", np.abs),
    ("{} with its sign flipped", np.negative),
    ("ones in place of {}", np.ones_like),
    ("zeros in place of {}", np.zeros_like),
    ("{} doubled", lambda a: 2 * a),
    ("{} halved", lambda a: a / 2),
    ("{} squared", np.square),
    ("{}'s positive part", lambda a: np.maximum(a, 0)),
    ("{}'s signs", np.sign),
    ("{} centred over its first axis", _axis_mean(0)),
    ("{} centred over its last axis", _axis_mean(-1)),
    ("{} standardised over its first axis", _standardised(0)),
    ("{} standardised over its last axis", _standardised(-1)),
    ("{}'s rows normalised to length 1", _unit),
    ("{}'s first row for all", _first_row),
    ("{}'s mean over its first axis", _batch_mean),
    ("{} transposed", _transposed),
    ("{} reshaped where it should be transposed", _refilled),
    ("{} reshaped where it should be transposed", _refilled_back),
)
PAIRS = (
    *combinations(("gamma", "beta"), 2),
    *combinations(("hidden", "cell"), 2),
    *combinations(("query", "key", "value"), 2),
    *combinations(("bias_ih", "bias_hh"), 2),
    *combinations(("weight_ih", "weight_hh"), 2),
    ("x", "hidden"),
)


def exchanged(first: str, second: str) -> Predict:
    """Two tensors in each other's place; None where their shapes differ."""

    def change(observation: Observation) -> Observation | None:
        a, b = tensor(observation, first), tensor(observation, second)
        if a.shape != b.shape:
            return observation
        return replace(observation, tensors={**observation.tensors, first: b, second: a})

    return changed(change)


def in_place_of(first: str, second: str) -> Predict:
    """The second tensor in the place of the first; where shapes differ the code cannot be run, and is right."""

    def change(observation: Observation) -> Observation | None:
        a, b = tensor(observation, first), tensor(observation, second)
        if a.shape != b.shape:
            return observation
        return replace(observation, tensors={**observation.tensors, first: b})

    return changed(change)


def _part(axis: int, place: int) -> Callable[[Floats], Floats]:
    """Zeros everywhere but at one index of an axis."""

    def transform(dout: Floats) -> Floats:
        part = np.zeros_like(dout)
        index: list[slice | int] = [slice(None)] * dout.ndim
        index[axis] = place
        part[tuple(index)] = dout[tuple(index)]
        return part

    return transform


def put_in(fault: str) -> tuple[Hypothesis, ...]:
    """A hypothesis for every change of every tensor, under one id of the catalogue."""
    changes = [
        Hypothesis(fault, with_tensor(name, transform), note=note.format(words))
        for name, words in WORDS.items()
        for note, transform in TRANSFORMS
    ]
    swaps = [
        Hypothesis(fault, exchanged(a, b), note=f"{WORDS[a]} and {WORDS[b]} exchanged") for a, b in PAIRS
    ]
    swaps += [
        Hypothesis(fault, in_place_of(*pair), note=f"{WORDS[pair[1]]} in place of {WORDS[pair[0]]}")
        for a, b in PAIRS
        for pair in ((a, b), (b, a))
    ]
    return (*changes, *swaps)


def parts_of_cotangent() -> tuple[Hypothesis, ...]:
    """One index of an axis of the cotangent alone: a loop that overwrites, a sum left out."""
    axes = (("second axis", 1), ("last axis", -1))
    places = (("first", 0), ("last", -1))
    return tuple(
        Hypothesis("G140", with_cotangent(_part(axis, place)), note=f"the {which} entry of its {words} alone")
        for words, axis in axes
        for which, place in places
    )
