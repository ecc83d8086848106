"""The whole error tree. Every error that this package raises on purpose is a GraderError."""

from __future__ import annotations


class GraderError(Exception):
    """Base of all errors raised on purpose; the message says what, where, got, expected and what to do."""


class UsageError(GraderError):
    """The caller asked for something that cannot be: a bad option, path or combination (exit code 2)."""


class RubricError(UsageError):
    """A rubric cannot be read or does not hold together; the message names file, path inside it and value."""


class SubmissionError(UsageError):
    """A submission cannot be read at all: no such path, not a zip, over the intake's caps."""


class DataError(UsageError):
    """A data set is not where it should be, or is not what it should be."""


class ShapeError(GraderError, ValueError):
    """Arrays handed to a library function do not fit each other."""


class IsolationError(GraderError):
    """The machine cannot give the isolation that was required; nothing of the submission was loaded."""


class WorkerError(GraderError):
    """The worker did not give an answer that counts. Never our fault: the submission's, or a limit's.

    Attributes:
        importing: the submission's file that was being imported then, as far as is known.
    """

    def __init__(self, message: str, *, importing: str = "") -> None:
        super().__init__(message)
        self.importing = importing


class WorkerDied(WorkerError):
    """The worker's process ended before it answered (crash, exit, killed by a signal)."""


class WorkerTimeout(WorkerError):
    """The worker did not answer within its deadline and was killed."""


class WorkerViolation(WorkerError):
    """The worker sent something that breaks the protocol or a limit, and was killed."""
