"""What a basis is: named arrays."""

from __future__ import annotations

from collections.abc import Callable

from grader.diagnose.observation import Observation
from grader.diagnose.variants.point import Floats

Terms = dict[str, Floats]
Basis = Callable[[Observation, str], Terms]


def times(name: str, what: str) -> str:
    """The name of a product, without a factor of 1."""
    return what if name == "1" else f"{name} {what}"
