"""Parameter gradients by example: not summed, or summed over the wrong ones.

A parameter's gradient is linear in the cotangent, so the part of one example is the gradient with the
cotangent of all other examples set to zero.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from grader.diagnose.hypotheses.changes import right_value
from grader.diagnose.observation import Array, Observation
from grader.diagnose.variants.point import Floats, upstream

MOST_EXAMPLES = 32  # more are not taken apart: the small probes tell the same


@lru_cache(maxsize=64)
def _parts(observation: Observation, target: str) -> Floats | None:
    """(N, ...) the contribution of each example to a parameter's gradient."""
    dout = upstream(observation)
    if target == "x" or dout.ndim < 2 or dout.shape[0] > MOST_EXAMPLES:
        return None
    parts = []
    for row in range(dout.shape[0]):
        alone = np.zeros_like(dout)
        alone[row] = dout[row]
        part = right_value(replace(observation, cotangent=alone), target)
        if part is None:
            return None
        parts.append(part)
    return np.stack(parts)


def all_examples(observation: Observation, target: str) -> Array | None:
    """One gradient per example: the sum over the batch is missing."""
    return _parts(observation, target)


def first_example(observation: Observation, target: str) -> Array | None:
    """The first example's part alone."""
    parts = _parts(observation, target)
    return None if parts is None else parts[0]


def last_example(observation: Observation, target: str) -> Array | None:
    """The last example's part alone: a loop that overwrites."""
    parts = _parts(observation, target)
    return None if parts is None else parts[-1]


def without_last(observation: Observation, target: str) -> Array | None:
    """All but the last example."""
    parts = _parts(observation, target)
    return None if parts is None else parts[:-1].sum(axis=0)


def without_first(observation: Observation, target: str) -> Array | None:
    """All but the first example."""
    parts = _parts(observation, target)
    return None if parts is None else parts[1:].sum(axis=0)


def largest_example(observation: Observation, target: str) -> Array | None:
    """The maximum over the batch in place of the sum."""
    parts = _parts(observation, target)
    return None if parts is None else parts.max(axis=0)


def product_of_sums(observation: Observation, target: str) -> Array | None:
    """Sum of the inputs times sum of the cotangents, in place of the sum of the products."""
    dout, x = upstream(observation), np.asarray(observation.tensors["x"], dtype=np.float64)
    if observation.layer != "linear" or target != "weight" or dout.ndim != 2:
        return None
    return np.outer(dout.sum(axis=0), x.sum(axis=0))
