"""The host's handle of a warm interpreter that workers are forked from."""

from __future__ import annotations

import array
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from grader.errors import GraderError
from grader.sandbox.environment import Environment
from grader.sandbox.launch import start_interpreter

START_SECONDS = 180.0
ANSWER_SECONDS = 30.0
END_SECONDS = 10.0
LIGHT = ("numpy", "numpy.random")  # the second would be imported, in 20 ms, by every worker that seeds it
TORCH = ("torch", "torch.nn", "torch.optim", "torch.utils.data")
SLOW = ("matplotlib.pyplot", "scipy.stats", "pandas", "sklearn", "torchvision", "seaborn")
_NEED_TORCH = frozenset({"torch", "torchvision"})
_IMPORT = re.compile(rb"^\s*(?:import|from)\s+(\w+)", re.MULTILINE)


class ZygoteError(GraderError):
    """The warm interpreter cannot be started or does not answer."""


class Zygote:
    """A fork server for one thread at a time.

    Args:
        environment: interpreter and packages.
        prefix: command that starts it in a jail; empty for none.
        folder: temporary folder that it removes at its end; empty for none.
        preload: modules that it imports before it is ready.
    """

    def __init__(
        self,
        environment: Environment,
        prefix: Sequence[str] = (),
        folder: str = "",
        preload: Sequence[str] = LIGHT,
    ) -> None:
        self.alive = True
        self._ready = False
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._count = 0
        self._preloaded: set[str] = set()
        try:
            self.process = start_interpreter(
                environment,
                "zygote",
                {"control": theirs.fileno(), "preload": list(preload), "folder": folder},
                descriptors=[theirs.fileno()],
                prefix=prefix,
                stdout=subprocess.PIPE,
            )
        finally:
            theirs.close()

    def _wait_ready(self) -> None:
        """Wait for the end of the start, which goes on beside the host's own work."""
        if self._ready:
            return
        self._ready = True
        threads = self._answer(START_SECONDS)["threads"]
        if threads != 1:
            self.close()
            raise ZygoteError(f"the worker server has {threads} threads, and only one survives a fork")

    def fork(self, config: Mapping[str, Any], descriptors: Sequence[int]) -> int:
        """Fork a worker that serves on the descriptors (commands, replies, output).

        Returns:
            Its number, for ``kill``.

        Raises:
            ZygoteError: if the zygote is gone.
        """
        self._count += 1
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        self._ask({"do": "fork", "worker": self._count, "config": dict(config)}, rights)
        return self._count

    def preload(self, modules: Iterable[str]) -> None:
        """Import packages before the next fork.

        Raises:
            ZygoteError: one of them has started a thread, which no fork survives; the zygote has ended.
        """
        missing = [name for name in modules if name not in self._preloaded]
        if not missing:
            return
        self._preloaded.update(missing)
        threads = self._ask({"do": "preload", "modules": missing}, seconds=START_SECONDS)["threads"]
        if threads != 1:
            self.close()
            raise ZygoteError(f"importing {', '.join(missing)} has started a thread")

    def kill(self, worker: int, *, grace: bool = False) -> int | None:
        """Kill a worker and all below it.

        Args:
            worker: its number.
            grace: it seems to have ended by itself; wait a moment for its status.

        Returns:
            The wait status with which it had ended by itself; None where it was killed, or nobody knows.
        """
        try:
            status = self._ask({"do": "kill", "worker": worker, "grace": grace})["killed"]
        except ZygoteError:
            return None
        return status if isinstance(status, int) else None

    def close(self) -> None:
        """End the zygote and whatever is left of its workers."""
        self.alive = False
        self.control.close()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def _ask(
        self, message: Mapping[str, Any], rights: Sequence[Any] = (), seconds: float = ANSWER_SECONDS
    ) -> dict[str, Any]:
        if not self.alive:
            raise ZygoteError("the worker server has ended")
        self._wait_ready()
        try:
            self.control.sendmsg([json.dumps(message).encode()], rights)
        except OSError as error:
            self.close()
            raise ZygoteError(f"the worker server has ended: {error}") from None
        return self._answer(seconds)

    def _answer(self, seconds: float) -> dict[str, Any]:
        self.control.settimeout(seconds)
        try:
            data = self.control.recv(1 << 16)
        except OSError as error:
            self.close()
            raise ZygoteError(f"the worker server does not answer: {error}") from None
        if not data:
            words = self._last_words()
            raise ZygoteError(f"the worker server ended: {words}")
        answer: dict[str, Any] = json.loads(data)
        return answer

    def _last_words(self) -> str:
        self.alive = False
        self.process.kill()
        output, _ = self.process.communicate()
        self.control.close()
        return output.decode("utf-8", "replace")[-2000:].strip() or "without a message"


def imported_by(files: Mapping[str, bytes]) -> frozenset[str]:
    """Top-level packages that any of these files seems to import; a hint, no more."""
    text = b"\n".join(content for name, content in files.items() if name.endswith(".py"))
    return frozenset(name.decode() for name in _IMPORT.findall(text))


def needs_torch(packages: Collection[str]) -> bool:
    """Whether importing these imports torch."""
    return bool(_NEED_TORCH & set(packages))


def slow_modules(packages: Collection[str]) -> list[str]:
    """Modules of these packages, other than torch, that are worth importing once for all workers."""
    return [module for module in SLOW if module.partition(".")[0] in packages]
