"""How long a worker was ready to run and had to wait for a processor, as the kernel counts it.

A deadline is wall time; on a machine with more to do than processors, a right submission gets a fraction of it. What its
main thread waited is given back, within ``MOST``: a thread that sleeps, or waits for a file or a lock, waits for no
processor, so that sleeping gains nothing. Where the kernel does not count, nothing is given back.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MOST = 2.0  # of the time limit, at most, on top of it
_DEPTH = 8  # of processes below a warm interpreter: the jail's, the namespace's, the worker


@dataclass(frozen=True)
class Waited:
    """The main thread of one process; 0 for one that is not known."""

    process: int = 0

    def seconds(self) -> float:
        """Time that it has waited for a processor since it began; 0 where nobody knows."""
        if not self.process:
            return 0.0
        try:
            counted = Path(f"/proc/{self.process}/task/{self.process}/schedstat").read_text("ascii")
            return int(counted.split()[1]) / 1e9
        except (OSError, ValueError, IndexError):
            return 0.0


def deadline(timeout: float, waited: Waited) -> Callable[[], float]:
    """What gives the seconds that are left of so many from now on, and of those waited for a processor meanwhile."""
    started, before = time.monotonic(), waited.seconds()

    def left() -> float:
        rest = started + timeout - time.monotonic()
        return rest if rest > 0 else rest + min(waited.seconds() - before, MOST * timeout)

    return left


def new_below(process: int, before: frozenset[int]) -> Waited:
    """The one process that is new at the ends below this one; an unknown one where there are several, or none."""
    new = leaves_below(process) - before
    return Waited(*new) if len(new) == 1 else Waited()


def leaves_below(process: int, depth: int = _DEPTH) -> frozenset[int]:
    """The processes below this one that have none below themselves, as this process numbers them."""
    found: set[int] = set()
    for child in _children(process) if depth else ():
        found |= leaves_below(child, depth - 1) or {child}
    return frozenset(found)


def _children(process: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError, ValueError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            found += map(int, (thread / "children").read_text("ascii").split())
    return found
