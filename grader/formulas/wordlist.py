"""Lists of words written as running text."""

from __future__ import annotations


def split(text: str) -> tuple[str, ...]:
    """The words of a text, in order."""
    return tuple(text.split())


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(split(text))
