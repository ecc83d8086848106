"""Gradient descent near a saddle: why it crawls, and how long.

``f(x, y) = (a x**2 - b y**2) / 2`` has its saddle at the origin. A step of gradient descent multiplies x by
``1 - rate * a`` and y by ``1 + rate * b``: x is gone soon, and y grows from whatever it was, slowly where b is small.
From distance y0 it takes ``log(1 / y0) / log(1 + rate * b)`` steps to get to distance 1.
"""

from __future__ import annotations

import math

import numpy as np

from reference.experiments.result import Curve, Result
from reference.experiments.setup import Setup

RATE, UP, DOWN = 0.1, 1.0, 0.1  # learning rate, curvatures a and b
STARTS = (1e-1, 1e-2, 1e-4, 1e-8)  # y0
FIRST = 1.0  # x0
LONGEST = 100_000  # steps


def descend(
    start: float, *, rate: float = RATE, up: float = UP, down: float = DOWN
) -> list[tuple[float, float]]:
    """Loss and norm of the gradient before every step, from (FIRST, start) until y is 1."""
    x, y = FIRST, start
    path: list[tuple[float, float]] = []
    while abs(y) < 1 and len(path) < LONGEST:
        gradient = up * x, -down * y
        path.append((0.5 * (up * x * x - down * y * y), math.hypot(*gradient)))
        x, y = x - rate * gradient[0], y - rate * gradient[1]
    return path


def saddle(setup: Setup) -> Result:
    """Count the steps that leaving the saddle takes."""
    paths = {start: descend(start) for start in STARTS}
    rows = []
    for start, path in paths.items():
        predicted = math.log(1 / start) / math.log(1 + RATE * DOWN)
        flattest = min(norm for _, norm in path)
        rows.append((start, len(path), round(predicted, 1), flattest))
    far, near = len(paths[STARTS[0]]), len(paths[STARTS[-1]])
    return setup.result(
        name="saddle",
        title="Gradient descent near a saddle",
        question="Why does gradient descent crawl near a saddle point, where the gradient is not zero?",
        answer=f"Along the direction that leads away, a step multiplies the distance by 1 + lr * b = "
        f"{1 + RATE * DOWN:g}, however small it is. From {STARTS[0]:g} away it takes {far} steps, from "
        f"{STARTS[-1]:g} away {near}; meanwhile the gradient is almost nothing.",
        columns=("distance at the start", "steps until it is 1", "predicted", "smallest gradient norm"),
        rows=tuple(rows),
        curves=tuple(_curve(start, path) for start, path in paths.items()),
        log={"rate": RATE, "a": UP, "b": DOWN, "start": FIRST},
    )


def _curve(start: float, path: list[tuple[float, float]]) -> Curve:
    kept = np.linspace(0, len(path) - 1, min(len(path), 200)).astype(int)
    x, y = tuple(float(i) for i in kept), tuple(path[i][1] for i in kept)
    return Curve(f"{start:g} away", x, y, "norm of the gradient", "step", "norm", log_y=True)
