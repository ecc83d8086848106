"""A worker in an interpreter of its own: where forking is unsafe (macOS) or impossible (a graphics card)."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from grader.sandbox.environment import Environment
from grader.sandbox.launch import start_interpreter

GRACE_SECONDS = 1.0


class FreshProcess:
    """One interpreter that is one worker."""

    def __init__(
        self,
        environment: Environment,
        config: Mapping[str, Any],
        descriptors: Sequence[int],
        prefix: Sequence[str] = (),
    ) -> None:
        self.process = start_interpreter(
            environment,
            "confine",
            {**config, "descriptors": list(descriptors)},
            descriptors=descriptors,
            prefix=prefix,
        )

    def kill(self, *, grace: bool = False) -> int | None:
        """Kill it and its process group; the wait status with which it had ended by itself, else None."""
        code = None
        if grace:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self.process.wait(GRACE_SECONDS)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        if code is None:
            return None
        if code < 0 or code > 128:  # by a signal; the jail's parent reports it as 128 + its number
            return -code if code < 0 else code - 128
        return code << 8
