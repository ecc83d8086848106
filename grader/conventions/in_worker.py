"""What subjects in a worker share, however the layer is called: its instance, one request, and reading the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import numpy as np

from grader.checks.context import CannotJudge
from grader.checks.support import raised
from grader.numerics import Array, Call
from grader.sandbox import Input, Opaque, Program, Ref, Reply, Worker

FROZEN_SEED = 1
START_SEED = 2  # of the global generators before a subject's first call, whatever its worker has done before


class Named(Protocol):
    """How a layer is called; a person knows it by its name."""

    @property
    def name(self) -> str:
        """The name."""


S = TypeVar("S", bound=Named)


@dataclass
class LayerInWorker(Generic[S]):
    """A layer that lives in a worker.

    Attributes:
        worker: holds the submission.
        spelling: how the layer is called.
        timeout: seconds for one run.
        printed: what the submission printed, in order.
        calls: forward and backward calls made so far.
    """

    worker: Worker
    spelling: S
    timeout: float = 20.0
    printed: list[str] = field(default_factory=list)
    calls: int = 0
    _instance: Ref | None = None

    @property
    def instance(self) -> Ref:
        """The instance that the last run used; the module, for functions.

        Raises:
            LookupError: nothing was run yet.
        """
        if self._instance is None:
            raise LookupError("no instance yet; run a call first")
        return self._instance

    def _program(self) -> Program:
        """An empty program; the first one seeds the generators."""
        program = Program()
        if not self.calls:
            program.seed(START_SEED)
        return program

    def _ask(self, program: Program, calls: Sequence[Call]) -> Reply:
        """Run a program that makes these calls."""
        reply = self.worker.run(program, timeout=self.timeout)
        if reply.output:
            self.printed.append(reply.output)
        self.calls += sum(1 + (call.backwards if call.cotangent is not None else 0) for call in calls)
        return reply

    def _error(self, reply: Reply, at: str) -> str:
        """What one call raised, "" for nothing.

        Raises:
            CannotJudge: a package is missing, or has moved on, where submissions run.
        """
        steps = [at + step for step in ("new", "forward", "backward")]
        failed = [reply.errors[step] for step in steps if step in reply.errors]
        raising = failed[0] if failed else reply.error
        if raising is not None and raising.environment:
            raise CannotJudge(raised(raising, doing=f"calling {self.spelling.name}"))
        return str(raising) if raising else ""


def as_input(array: Array) -> Input | Array:
    """An array as the worker makes it again: with its order, and read-only where it is."""
    if array.flags.writeable and array.flags.c_contiguous:
        return array
    order = "C" if array.flags.c_contiguous else "F" if array.flags.f_contiguous else "strided"
    return Input(array, order=order, writeable=bool(array.flags.writeable))  # type: ignore[arg-type]


def as_array(value: object) -> tuple[Array | None, str]:
    """A returned value as an array, and a note where it was something else: what that is."""
    if isinstance(value, np.ndarray):
        return value, ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return np.asarray(float(value)), ""
    if isinstance(value, (list, tuple)):
        try:
            return np.asarray(value, dtype=np.float64), f"a Python {type(value).__name__}, not an array"
        except (TypeError, ValueError):
            return None, f"a {type(value).__name__} of other things than numbers"
    if isinstance(value, Opaque):
        return None, f"{'an' if value.type_name[:1] in 'aeiou' else 'a'} {value.type_name}"
    return None, "" if value is None else f"a {type(value).__name__}"


def changed(now: object, before: Array | None) -> bool:
    """Whether an array that was handed over differs now; what did not come back is not held against it."""
    if not isinstance(now, np.ndarray) or before is None:
        return False
    if now.shape != before.shape:
        return True
    rounded = before.astype(now.dtype) if now.dtype.kind == "f" else before  # written into a float32 array
    return not np.array_equal(now, rounded, equal_nan=now.dtype.kind == "f")
