"""One warm process from which workers are forked: numpy and torch imported, one thread, no secrets.

It answers messages on a socket: a fork (with the worker's three descriptors), a kill, and the end. It never
reads a byte of a submission. When the socket closes, every worker is killed and it exits.
"""

from __future__ import annotations

import array
import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
import time
from typing import Any

MESSAGE = 1 << 16  # bytes
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36


def main(config: dict[str, Any]) -> None:
    """Role of a warm interpreter: fork workers on request."""
    control = socket.socket(fileno=config["control"])
    warm_up(config)
    Zygote(control, config).run()


def warm_up(config: dict[str, Any]) -> None:
    """Import what submissions import, and take one optimizer step: its first one imports 800 modules."""
    from . import serve  # noqa: F401

    for name in config["preload"]:
        try:
            __import__(name)
        except ImportError:
            continue
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)
        model = torch.nn.Linear(2, 2)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        model(torch.ones(1, 2)).sum().backward()
        optimizer.step()
    gc.collect()
    gc.freeze()


class Zygote:
    """The loop of the fork server."""

    def __init__(self, control: socket.socket, config: dict[str, Any]) -> None:
        self.control = control
        self.config = config
        self.workers: dict[int, int] = {}  # process id to worker number

    def run(self) -> None:
        """Serve until the host goes away."""
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._answer({"ready": True, "threads": len(os.listdir("/proc/self/task"))})
        while True:
            ready, _, _ = select.select([self.control], [], [], 0.5 if self.workers else None)
            if not ready:
                self._reap()
                continue
            message, descriptors = self._receive()
            if message is None:
                self._end()
            if message["do"] == "fork":
                self._fork(message, descriptors)
            elif message["do"] == "kill":
                self._kill(message["worker"])

    def _receive(self) -> tuple[Any, list[int]]:
        data, ancillary, _, _ = self.control.recvmsg(MESSAGE, socket.CMSG_SPACE(3 * 4))
        descriptors = array.array("i")
        for level, kind, content in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                descriptors.frombytes(content[: len(content) - len(content) % descriptors.itemsize])
        return (json.loads(data) if data else None), list(descriptors)

    def _answer(self, message: dict[str, Any]) -> None:
        self.control.send(json.dumps(message).encode())

    def _fork(self, message: dict[str, Any], descriptors: list[int]) -> None:
        pid = os.fork()
        if pid == 0:
            try:
                from .confine import become_worker

                become_worker(message["config"], descriptors)
            finally:
                os._exit(70)
        for descriptor in descriptors:
            os.close(descriptor)
        self.workers[pid] = message["worker"]
        self._answer({"forked": message["worker"], "pid": pid})

    def _kill(self, worker: int) -> None:
        """Kill one worker and everything below it; answer with how it had ended."""
        status = None
        for pid, number in list(self.workers.items()):
            if number == worker:
                status = self._end_worker(pid)
        self._answer({"killed": worker, "status": status})

    def _end_worker(self, pid: int) -> int:
        self.workers.pop(pid)
        deadline = time.monotonic() + 0.2  # a worker that died by itself is given time to say how
        while time.monotonic() < deadline:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                return status
            break
        for kill, target in ((os.killpg, pid), (os.kill, pid)):
            try:
                kill(target, signal.SIGKILL)
            except OSError:
                continue
        return os.waitpid(pid, 0)[1]

    def _reap(self) -> None:
        """Nothing is reaped early: a worker's status is asked for when the host closes it."""

    def _end(self) -> None:
        for pid in list(self.workers):
            self._end_worker(pid)
        os._exit(0)
