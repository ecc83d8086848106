"""Finite differences that know their own error, and comparisons with reasons."""

from grader.numerics.compare import (
    Comparison,
    assert_gradients_close,
    compare,
    compare_gradients,
    compare_within,
    describe,
)
from grader.numerics.subject import Array, Call, Outcome, Subject, Truth

__all__ = [
    "Array",
    "Call",
    "Comparison",
    "Outcome",
    "Subject",
    "Truth",
    "assert_gradients_close",
    "compare",
    "compare_gradients",
    "compare_within",
    "describe",
]
