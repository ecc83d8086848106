"""Excerpts of wrong gradients hold the worst element and say where they were cut out."""

from __future__ import annotations

import numpy as np
import pytest

from grader.checks.excerpts import SIDE, excerpt


@pytest.mark.parametrize(
    ("shape", "worst", "origin"),
    [
        ((40, 30), (33, 5), (24, 0)),
        ((40, 30), (20, 29), (12, 14)),
        ((40, 30), None, (0, 0)),
        ((3, 4), (2, 3), (0, 0)),
        ((50,), (40,), (32,)),
    ],
)
def test_the_excerpt_is_where_its_origin_says(
    shape: tuple[int, ...], worst: tuple[int, ...] | None, origin: tuple[int, ...]
) -> None:
    array = np.arange(float(np.prod(shape))).reshape(shape)
    found = excerpt(array, worst)
    assert found is not None
    assert found.origin == origin
    rows, columns = (1, *shape)[-2:]
    top, left = (0, *origin)[-2:]
    part = array.reshape(rows, columns)[top : top + SIDE, left : left + SIDE]
    assert np.array_equal(np.array(found.rows), part)
    assert worst is None or array[worst] in part


def test_no_numbers_no_excerpt() -> None:
    assert excerpt(np.array([["a"]])) is None
    assert excerpt(np.zeros((0, 3))) is None
