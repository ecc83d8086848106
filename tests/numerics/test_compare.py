"""compare: what is refused before a value is looked at, and what the answer says."""

from __future__ import annotations

import numpy as np
import pytest

from grader.errors import ShapeError
from grader.numerics import assert_gradients_close, compare, compare_gradients, describe


class Eager(np.ndarray):
    """Says that it equals everything."""

    def __eq__(self, other: object) -> bool:  # type: ignore[override]
        return True


WANT = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]])


def test_equal_arrays_agree() -> None:
    result = compare(WANT.copy(), WANT)
    assert result
    assert (result.fault, result.off, result.total) == ("", 0, 6)


@pytest.mark.parametrize(
    ("got", "fault", "text"),
    [
        (None, "type", "nothing came"),
        (WANT.tolist(), "type", "list came where numpy.ndarray is due"),
        (np.asarray(WANT).view(Eager), "type", "Eager came where"),
        (np.ma.masked_array(WANT, mask=True), "type", "MaskedArray came"),
        (WANT.astype(object), "dtype", "array of object"),
        (WANT.astype(complex), "dtype", "complex128"),
        (WANT[:1], "broadcast", "shape (1, 3) came where (2, 3) is due: it broadcasts"),
        (np.array(1.0), "broadcast", "shape ()"),
        (WANT.T.copy(), "shape", "it is transposed"),
        (np.zeros((0, 3)), "empty", "an empty array"),
        (np.zeros((2, 3, 1)), "shape", "shape (2, 3, 1) came"),
        (np.full((2, 3), np.nan), "finite", "6 of 6 elements are NaN or infinite"),
        (np.where(WANT == 5, np.inf, WANT), "finite", "at (1, 1)"),
        (WANT * 1.00001, "values", "6 of 6 elements are off"),
    ],
)
def test_refusals_say_what_came_and_what_was_due(got: object, fault: str, text: str) -> None:
    result = compare(got, WANT)
    assert not result
    assert result.fault == fault
    assert text in result.detail


def test_worst_index_errors_and_tolerance_are_named() -> None:
    got = WANT.copy()
    got[1, 2] = -6.5
    got[0, 0] = 1.0001
    result = compare(got, WANT)
    assert result.worst_index == (1, 2)
    assert (result.got, result.want, result.off, result.total) == (-6.5, -6.0, 2, 6)
    assert result.abs_error == 0.5
    assert result.rel_error == pytest.approx(0.5 / 6)
    assert result.rel_to == "max |want|"
    assert result.tolerance == pytest.approx(6e-6 + 6e-9)
    assert describe(result) == (
        "2 of 6 elements are off; worst at (1, 2): got -6.5, want -6; "
        "largest error 0.5, 0.0833 of max |want|; "
        "tolerance there 6.01e-06 (1e-06 of |want| + 1e-09 of max |want| for float64 rounding)"
    )


def test_float32_is_judged_by_what_float32_can_do() -> None:
    assert compare((WANT * 1.00005).astype(np.float32), WANT)
    assert not compare((WANT * 1.0003).astype(np.float32), WANT)
    assert not compare(WANT * 1.00005, WANT)
    assert compare(WANT * 1.00005, WANT, precision="float32")


def test_noise_widens_the_tolerance_and_is_named() -> None:
    got = WANT + 1e-3
    assert not compare(got, WANT)
    result = compare(got, WANT, noise=2e-4)
    assert result
    assert "measured noise" in result.tolerance_reason
    assert not compare(got, WANT, noise=np.where(WANT == 5, 0.0, 2e-4))
    with pytest.raises(ShapeError, match="does not broadcast"):
        compare(got, WANT, noise=np.ones(5))


def test_a_small_element_is_not_hidden_by_a_large_one() -> None:
    want = np.array([1e6, 1.0])
    assert not compare(np.array([1e6, 1.01]), want)


def test_infinities_agree_where_they_are_wanted_alone() -> None:
    want = np.array([-np.inf, 1.0, np.nan])
    assert compare(want.copy(), want)
    assert not compare(np.array([np.inf, 1.0, np.nan]), want)
    assert not compare(np.array([-1.0, 1.0, np.nan]), want)
    assert not compare(np.array([-np.inf, np.inf, np.nan]), want)
    assert not compare(np.array([-np.inf, 1.0, 0.0]), want)


def test_numbers_are_arrays_of_shape_nothing() -> None:
    assert compare(2.0, np.array(2.0))
    assert compare(np.float32(2.0), np.array(2.0))
    assert not compare(2.0, np.array([2.0]))
    assert compare(np.array([2.0]), np.array(2.0), ones_are_free=True)


def test_axes_of_length_one_are_free_only_if_asked() -> None:
    bias = np.arange(3.0)
    assert compare(bias.reshape(3, 1), bias, ones_are_free=True)
    assert compare(bias.reshape(1, 3), bias, ones_are_free=True)
    assert not compare(bias.reshape(1, 3), bias)
    assert not compare(np.zeros((4, 3)), np.zeros(3), ones_are_free=True)
    assert not compare(np.zeros(()), bias, ones_are_free=True)
    square = np.arange(6.0).reshape(2, 3)
    assert not compare(square.T.copy(), square, ones_are_free=True)


def test_empty_agrees_with_empty_only() -> None:
    assert compare(np.zeros((0, 3)), np.zeros((0, 3)))
    assert not compare(np.zeros((0, 3)), np.zeros((1, 3)))


def test_gradients_must_be_floating_and_complete() -> None:
    results = compare_gradients({"x": np.zeros((2, 3), int)}, {"x": np.zeros((2, 3)), "bias": np.zeros(3)})
    assert results["x"].fault == "dtype"
    assert results["bias"].fault == "type"


def test_assert_gradients_close_raises_by_itself() -> None:
    assert_gradients_close({"x": WANT, "more": None}, {"x": WANT})
    with pytest.raises(AssertionError, match=r"x: 6 of 6 elements are off; worst at \(1, 2\)"):
        assert_gradients_close({"x": -WANT}, {"x": WANT})
    with pytest.raises(AssertionError, match="bias: nothing came"):
        assert_gradients_close({"x": WANT}, {"x": WANT, "bias": np.zeros(3)})
    with pytest.raises(ValueError, match="nothing would be compared"):
        assert_gradients_close({"x": WANT}, {})
