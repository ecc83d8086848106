"""Faults of the backward of an embedding."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from grader.diagnose.hypothesis import Hypothesis, Predict
from grader.diagnose.observation import Array, Observation
from grader.diagnose.variants.embedding import looked_up
from grader.diagnose.variants.point import Floats, tensor, upstream

LAYERS = ("embedding",)


def embedded(compute: Callable[[Observation, Floats, Floats], Floats]) -> Predict:
    """A formula of the observation, dout (M, D) and an empty table (C, D)."""

    def predict(observation: Observation, _: str) -> Array | None:
        dout = upstream(observation)
        return compute(
            observation, dout.reshape(-1, dout.shape[-1]), np.zeros_like(tensor(observation, "weight"))
        )

    return predict


def _overwritten(observation: Observation, dout: Floats, table: Floats) -> Floats:
    table[looked_up(observation).reshape(-1)] = dout
    return table


def _first_kept(observation: Observation, dout: Floats, table: Floats) -> Floats:
    table[looked_up(observation).reshape(-1)[::-1]] = dout[::-1]
    return table


def _averaged(observation: Observation, dout: Floats, table: Floats) -> Floats:
    rows = looked_up(observation).reshape(-1)
    np.add.at(table, rows, dout)
    counts = np.bincount(rows, minlength=len(table))
    return np.asarray(table / np.maximum(counts, 1)[:, None])


def _shifted(shift: int) -> Callable[[Observation, Floats, Floats], Floats]:
    def compute(observation: Observation, dout: Floats, table: Floats) -> Floats:
        np.add.at(table, (looked_up(observation).reshape(-1) + shift) % len(table), dout)
        return table

    return compute


def _everywhere(_: Observation, dout: Floats, table: Floats) -> Floats:
    return np.asarray(table + dout.sum(axis=0))


EMBEDDING: tuple[Hypothesis, ...] = (
    Hypothesis("G621", embedded(_overwritten), LAYERS),
    Hypothesis("G621", embedded(_first_kept), LAYERS, note="the first stays"),
    Hypothesis("G622", embedded(_averaged), LAYERS),
    Hypothesis("G623", embedded(_shifted(1)), LAYERS, note="one too high"),
    Hypothesis("G623", embedded(_shifted(-1)), LAYERS, note="one too low"),
    Hypothesis("G624", embedded(_everywhere), LAYERS),
    Hypothesis("G625", embedded(lambda o, dout, table: dout), LAYERS),
)
