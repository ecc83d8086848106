"""The host's handle of a warm interpreter that workers are forked from."""

from __future__ import annotations

import array
import contextlib
import json
import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from grader.errors import GraderError
from grader.sandbox.environment import Environment
from grader.sandbox.launch import start_interpreter

START_SECONDS = 120.0
ANSWER_SECONDS = 20.0
PRELOAD = ("numpy", "torch", "torch.nn", "torch.optim", "torch.utils.data")


class ZygoteError(GraderError):
    """The warm interpreter cannot be started or does not answer."""


class Zygote:
    """A fork server; thread-safe for no one: one grading, one zygote."""

    def __init__(
        self, environment: Environment, config: Mapping[str, Any], prefix: Sequence[str] = ()
    ) -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self.process = start_interpreter(
                environment,
                "zygote",
                {"control": theirs.fileno(), "preload": list(PRELOAD), **config},
                descriptors=[theirs.fileno()],
                prefix=prefix,
                stdout=subprocess.PIPE,
            )
        finally:
            theirs.close()
        self._count = 0
        self.ready = self._answer(START_SECONDS)

    def fork(self, config: Mapping[str, Any], descriptors: Sequence[int]) -> int:
        """Fork a worker that serves on the descriptors (commands, replies, output); its number."""
        self._count += 1
        message = json.dumps({"do": "fork", "worker": self._count, "config": dict(config)}).encode()
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        self.control.sendmsg([message], rights)
        self._answer(ANSWER_SECONDS)
        return self._count

    def kill(self, worker: int) -> int | None:
        """Kill a worker and all below it; its wait status, which tells how it had ended."""
        self.control.send(json.dumps({"do": "kill", "worker": worker}).encode())
        status = self._answer(ANSWER_SECONDS)["status"]
        return status if isinstance(status, int) else None

    def close(self) -> None:
        """End the zygote and whatever is left of its workers."""
        self.control.close()
        try:
            self.process.wait(ANSWER_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def _answer(self, seconds: float) -> dict[str, Any]:
        self.control.settimeout(seconds)
        try:
            data = self.control.recv(1 << 16)
        except OSError as error:
            raise ZygoteError(f"the worker server does not answer: {error}") from None
        if not data:
            raise ZygoteError(f"the worker server ended: {self._last_words()}")
        answer: dict[str, Any] = json.loads(data)
        return answer

    def _last_words(self) -> str:
        self.process.kill()
        output, _ = self.process.communicate()
        return output.decode("utf-8", "replace")[-2000:].strip() or "without a message"
