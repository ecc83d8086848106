"""Bounds on everything that a written answer can ask for, and the errors that end its reading."""

from __future__ import annotations

import time

from grader.errors import GraderError

MAX_CHARACTERS = 6_000
MAX_TOKENS = 1_200
MAX_DEPTH = 40
MAX_DIGITS = 15
MAX_NODES = 1_500  # after student macros and local definitions are written out
MAX_ELEMENTS = 500_000  # of any array, index axes included
MAX_INDICES = 8  # open at the same time
MAX_POWER = 64.0  # largest exponent that is a literal number
MAX_MATRIX_POWER = 8
MAX_READINGS = 48
MAX_REPAIRS = 260
SECONDS = 3.0  # for one answer, reading to explanation


class FormulaError(GraderError):
    """An answer cannot be read or evaluated. Never leaves ``grader.formulas``."""


class Unreadable(FormulaError):
    """Something in the answer was not understood; ``token`` is that something."""

    def __init__(self, message: str, token: str = "") -> None:
        super().__init__(message if len(message) <= 240 else message[:239] + "…")
        self.token = token if len(token) <= 60 else token[:59] + "…"


class Ambiguous(Unreadable):
    """An answer that is right in one way to understand it, which is not the usual one: a person has to look."""


class Clash(FormulaError):
    """The answer was read, and what it says cannot be: shapes or indices do not fit. ``reason`` is a W1xx id."""

    def __init__(self, message: str, reason: str = "W108", sizes: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.reason = reason
        self.sizes = sizes  # lengths that the message speaks of as {0} and {1}


class Deadline:
    """A point in time, looked at by every node that is evaluated."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._end = time.monotonic() + seconds

    def check(self) -> None:
        """Give up when the time is over.

        Raises:
            Unreadable: the answer took longer than its limit.
        """
        if time.monotonic() > self._end:
            raise Unreadable("evaluating this takes too long; write it in a simpler form")

    @property
    def passed(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() > self._end
