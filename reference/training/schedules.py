"""Learning-rate schedules: functions from the epoch (from 0) to the learning rate of that epoch."""

from __future__ import annotations

import math
from collections.abc import Callable

Schedule = Callable[[int], float]


def constant(rate: float) -> Schedule:
    """The same rate in every epoch."""
    return lambda epoch: rate


def time_decay(rate: float, *, decay: float) -> Schedule:
    """Time-based decay, ``rate / (1 + decay * epoch)``."""
    return lambda epoch: rate / (1 + decay * epoch)


def step(rate: float, *, every: int, factor: float = 0.1) -> Schedule:
    """The rate times ``factor`` after each ``every`` epochs."""
    return lambda epoch: rate * factor ** (epoch // every)


def cosine(rate: float, *, epochs: int, last: float = 0.0) -> Schedule:
    """Half a cosine wave, from ``rate`` in epoch 0 to ``last`` in epoch ``epochs``; ``last`` after that."""
    return lambda epoch: last + (rate - last) * (1 + math.cos(math.pi * min(epoch / epochs, 1.0))) / 2
