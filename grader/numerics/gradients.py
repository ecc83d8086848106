"""Comparing gradients by name, and saying in words what a comparison found."""

from __future__ import annotations

from collections.abc import Mapping

from grader.numerics.compare import Comparison, compare
from grader.numerics.subject import Array


def compare_gradients(
    got: Mapping[str, object], want: Mapping[str, Array], *, precision: str | None = None
) -> dict[str, Comparison]:
    """Compare gradients by name; a gradient may differ from its tensor's shape by axes of length 1.

    Args:
        got: gradients that came, by the name of the tensor; more than were due are ignored.
        want: gradients that were due.
        precision: as in :func:`compare`.

    Returns:
        One comparison for each name of ``want``; a missing gradient has the fault ``"type"``.
    """
    return {
        name: compare(got.get(name), array, precision=precision, ones_are_free=True, integers=False)
        for name, array in want.items()
    }


def assert_gradients_close(
    got: Mapping[str, object], want: Mapping[str, Array], *, precision: str | None = None
) -> None:
    """Raise ``AssertionError`` unless every wanted gradient came and is close.

    Args:
        got: gradients that came, by the name of the tensor.
        want: gradients that were due.
        precision: as in :func:`compare`.

    Raises:
        AssertionError: with one line for each gradient that is off: worst index, got, want, errors,
            tolerance.
        ValueError: if ``want`` is empty, since nothing would be compared.
    """
    if not want:
        raise ValueError("assert_gradients_close: no gradient is wanted, so nothing would be compared")
    wrong = [
        f"{name}: {describe(result)}"
        for name, result in compare_gradients(got, want, precision=precision).items()
        if not result
    ]
    if wrong:
        raise AssertionError("\n".join(wrong))


def describe(result: Comparison) -> str:
    """One line for people: the numbers of a comparison, or why there are none."""
    if result.off is None or not result.total:
        return result.detail
    if result.agreed:
        return f"{result.total} of {result.total} elements agree ({result.tolerance_reason})"
    return (
        f"{result.off} of {result.total} elements are off; worst at {result.worst_index}: "
        f"got {result.got:.8g}, want {result.want:.8g}; "
        f"largest error {result.abs_error:.3g}, {result.rel_error:.3g} of {result.rel_to}; "
        f"tolerance there {result.tolerance:.3g} ({result.tolerance_reason})"
    )
