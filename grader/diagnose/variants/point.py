"""Reading an observation: its arrays as float64 and its options, with defaults."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grader.diagnose.observation import Observation

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def tensor(observation: Observation, name: str) -> Floats:
    """A differentiable input as float64.

    Raises:
        KeyError: if the observation has no such tensor; a hypothesis that needs it then does not apply.
    """
    return np.asarray(observation.tensors[name], dtype=np.float64)


def constant(observation: Observation, name: str) -> Floats:
    """Another input as float64; KeyError as above."""
    return np.asarray(observation.constants[name], dtype=np.float64)


def indices(observation: Observation, name: str) -> Integers:
    """Integer labels or indices; one-hot rows are turned into integers. KeyError as above."""
    values = np.asarray(observation.constants[name])
    if values.ndim == 2 and values.dtype.kind == "f":
        values = values.argmax(axis=1)
    return values.astype(np.int64)


def upstream(observation: Observation) -> Floats:
    """The gradient at the output; 1 where none was given."""
    if observation.cotangent is None:
        return np.ones((), dtype=np.float64)
    return np.asarray(observation.cotangent, dtype=np.float64)


def number(observation: Observation, name: str, default: float) -> float:
    """A numeric option."""
    value = observation.options.get(name, default)
    return float(value) if isinstance(value, int | float) else default


def pair(observation: Observation, name: str, default: int) -> tuple[int, int]:
    """An option for height and width: one integer for both, or two."""
    value = observation.options.get(name, default)
    if isinstance(value, tuple | list) and len(value) == 2:
        return int(value[0]), int(value[1])
    return (int(value), int(value)) if isinstance(value, int) else (default, default)
