"""Inner products and norms without threads: a threaded library is slow where other programs use the processors."""

from __future__ import annotations

import math

import numpy as np

from grader.numerics.subject import Array

_FEW = 4096  # elements below which the linear algebra library starts no threads


def real(array: Array) -> Array:
    """In float64; of complex numbers, which no comparison lets through, the real part."""
    return np.asarray(np.real(array), np.float64)


def inner(left: Array, right: Array) -> float:
    """The sum of the products of two arrays of one shape."""
    if left.size < _FEW:
        return float(np.vdot(left, right))
    return float(np.einsum("i,i->", left.ravel(), right.ravel()))


def norm(array: Array) -> float:
    """The root of the sum of squares."""
    return math.sqrt(inner(array, array))


def root_mean_square(array: Array) -> float:
    """The root of the mean square, 0 for an empty array."""
    flat = real(array).ravel()
    return math.sqrt(inner(flat, flat) / flat.size) if flat.size else 0.0
