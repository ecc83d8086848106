"""One warm process from which workers are forked: numpy and torch imported, one thread, no secrets.

It answers messages on a socket: a fork (with the worker's three descriptors), a kill, and the end. It never
reads a byte of a submission. When the socket closes, every worker is killed and it exits.
"""

from __future__ import annotations

import array
import gc
import json
import os
import select
import signal
import socket
import sys
import time
from typing import Any

from . import kernel
from .cleaning import remove_tree

IDLE_SECONDS = 0.5  # without a request: time for what later workers need
MESSAGE = 1 << 20  # bytes
GRACE_SECONDS = 1.0  # for a worker that died by itself to say how
ROUNDS = 50  # of killing orphans, which may fork meanwhile


def main(config: dict[str, Any]) -> None:
    """Role of a warm interpreter: fork workers on request."""
    control = socket.socket(fileno=config["control"])
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    from . import confine, serve  # noqa: F401

    confine.import_ahead()
    preload(config["preload"])
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    Zygote(control, config["folder"]).run()


def take_a_step() -> None:
    """One optimizer step: the first one imports 800 modules, which each worker would have to do otherwise."""
    torch = sys.modules.get("torch")
    if torch is not None:
        model = torch.nn.Linear(2, 2)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        model(torch.ones(1, 2)).sum().backward()
        optimizer.step()
        gc.collect()
        gc.freeze()


def preload(modules: list[str]) -> None:
    """Import what is installed of these, so that each worker need not."""
    for name in modules:
        try:
            __import__(name)
        except Exception:  # a package that does not import fails again where the submission imports it
            continue
    gc.collect()
    gc.freeze()


class Zygote:
    """The loop of the fork server."""

    def __init__(self, control: socket.socket, folder: str) -> None:
        self.control = control
        self.folder = folder  # temporary folder, to be removed by the last zygote that ends; empty for none
        self.workers: dict[int, tuple[int, str]] = {}  # number to process id and scratch folder

    def run(self) -> None:
        """Serve until the host goes away."""
        self._answer({"threads": len(os.listdir("/proc/self/task"))})
        stepped = False
        while True:
            if not stepped and not select.select([self.control], [], [], IDLE_SECONDS)[0]:
                take_a_step()
                stepped = True
            message, descriptors = self._receive()
            if message is None:
                self._end()
            elif message["do"] == "fork":
                self._fork(message, descriptors)
            elif message["do"] == "preload":
                preload(message["modules"])
                self._answer({"threads": len(os.listdir("/proc/self/task"))})
            else:
                self._answer({"killed": self._kill(message["worker"], message["grace"])})

    def _receive(self) -> tuple[Any, list[int]]:
        data, ancillary, _, _ = self.control.recvmsg(MESSAGE, socket.CMSG_SPACE(3 * 4))
        descriptors = array.array("i")
        for level, kind, content in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                descriptors.frombytes(content[: len(content) - len(content) % descriptors.itemsize])
        return (json.loads(data) if data else None), list(descriptors)

    def _answer(self, message: dict[str, Any]) -> None:
        try:
            self.control.send(json.dumps(message).encode())
        except OSError:
            self._end()

    def _fork(self, message: dict[str, Any], descriptors: list[int]) -> None:
        config = message["config"]
        os.mkdir(config["scratch"], 0o700)
        owner = config.get("user")
        if owner is not None and config.get("namespaces") is None:
            os.chown(config["scratch"], owner, owner)
        pid = os.fork()
        if pid == 0:
            self._become_worker(config, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        self.workers[message["worker"]] = pid, config["scratch"]
        self._answer({"forked": pid})

    def _become_worker(self, config: dict[str, Any], descriptors: list[int]) -> None:
        """The child's side of a fork; never returns, whatever happens."""
        try:
            from .confine import become_worker

            become_worker(config, descriptors)
        finally:
            os._exit(70)

    def _kill(self, worker: int, grace: bool) -> int | None:
        """End one worker and everything below it; how it had ended by itself, where it had and there was
        grace.
        """
        pid, scratch = self.workers.pop(worker)
        status = _wait_briefly(pid) if grace else None
        if status is None:
            for kill in (os.killpg, os.kill):
                try:
                    kill(pid, signal.SIGKILL)
                except OSError:
                    continue
            os.waitpid(pid, 0)
        self._kill_orphans()
        remove_tree(scratch)
        return status

    def _kill_orphans(self) -> None:
        """Kill what workers left behind: it has become a child of this process."""
        known = {pid for pid, _ in self.workers.values()}
        for _ in range(ROUNDS):
            orphans = [pid for pid in _children() if pid not in known]
            if not orphans:
                return
            for pid in orphans:
                os.kill(pid, signal.SIGKILL)
            for pid in orphans:
                os.waitpid(pid, 0)

    def _end(self) -> None:
        try:
            for worker in list(self.workers):
                self._kill(worker, grace=False)
            if self.folder:
                _remove_unused(self.folder)
        finally:
            os._exit(0)


def _remove_unused(folder: str) -> None:
    """Remove the host's folder, unless another zygote still has workers in it."""
    names = os.listdir(folder)
    if all(name.startswith(".") for name in names):  # the host's lock at most
        for name in names:
            os.unlink(os.path.join(folder, name))
        os.rmdir(folder)


def _wait_briefly(pid: int) -> int | None:
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status
        time.sleep(0.005)
    return None


def _children() -> list[int]:
    """Process ids of this process's children, as it sees them."""
    own = os.getpid()
    with open(f"/proc/{own}/task/{own}/children") as file:
        return [int(pid) for pid in file.read().split()]
