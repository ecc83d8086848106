"""A worker as a value: files in, programs in, checked values out."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any

import numpy as np

from grader.errors import WorkerDied, WorkerError, WorkerTimeout, WorkerViolation
from grader.sandbox.channel import Channel, OnProgress
from grader.sandbox.program import Program
from grader.sandbox.values import Reply, decode_error, decode_reply

_PLACE = re.compile(r'File "[^"]*/home/submission/([^"\n]{1,200})", line (\d{1,9}) in ([\w<>]{1,100})')
_THREAD = r"(?:Current thread|Thread) 0x[0-9a-f]{1,16}.{0,200} \(most recent call first\):"  # a submission prints it too
_REPORT = re.compile(rf"^(Timeout \(\d{{1,9}}:\d\d:\d\d|Fatal Python error: |{_THREAD}$)", re.MULTILINE)
_LAST_WORDS = re.compile(rf"(?:^{_THREAD}\n(?:  .*\n)+\n?)+", re.MULTILINE)
LOAD_SECONDS = 30.0
HELLO_SECONDS = 60.0


class LayerFailedError(Exception):
    """A layer of the sandbox could not be applied; the worker has ended before anything was loaded."""

    def __init__(self, layer: str, reason: str) -> None:
        super().__init__(reason)
        self.layer = layer


class Worker:
    """One process that runs a submission; dead after its first timeout, crash or violation.

    ``Sandbox.worker`` makes it. Use it as a context manager, or close it.
    """

    def __init__(
        self,
        channel: Channel,
        end: Callable[[bool], int | None],
        *,
        scratch: str,
        files: Mapping[str, bytes],
        support: Mapping[str, bytes],
    ) -> None:
        self._channel = channel
        self._end = end
        self._scratch = scratch
        self._files, self._support = files, support
        self._alive = True
        self._loaded = False
        self.output = ""  # printed during the last run, also of one that failed
        self.output_dropped = 0  # bytes beyond that

    @property
    def alive(self) -> bool:
        """Whether it can run another program."""
        return self._alive

    def run(self, program: Program, *, timeout: float = 5.0, on_progress: OnProgress | None = None) -> Reply:
        """Execute a program.

        Args:
            program: what to do.
            timeout: seconds until the whole reply must be here.
            on_progress: called with each progress report of the submission's training.

        Raises:
            WorkerTimeout: it took longer.
            WorkerDied: the process ended.
            WorkerViolation: it broke the protocol or a cap.
        """
        if not self._alive:
            raise WorkerDied("this worker has ended; open another")
        started, failed = time.monotonic(), True
        try:
            reply = self._request(program, timeout, on_progress)
            failed = False
        except WorkerTimeout as late:
            self._channel.drain()
            where, importing = self._where()
            raise WorkerTimeout(f"{late}{where}", importing=importing) from None
        except WorkerDied as died:
            ending = _ending(self._finish(grace=True))
            if "Fatal Python error: Aborted" in self._channel.output.tail():
                ending = "killed by SIGABRT"  # which process 1 of a namespace turns into another signal
            where, importing = self._where()
            raise WorkerDied(f"{died} ({ending}){where}", importing=importing) from None
        finally:
            self._take_output(failed=failed)
            if failed:
                self.close()
        return replace(
            _shorten(reply, self._shown),
            output=self.output,
            output_dropped=self.output_dropped,
            seconds=time.monotonic() - started,
        )

    def _take_output(self, *, failed: bool) -> None:
        """Keep what was printed, without the interpreter's own report of a crash or a late end, or of one that seemed late."""
        text, self.output_dropped = self._channel.output.take()
        self.output = self._shown(text[: _report_start(text)] if failed else _LAST_WORDS.sub("", text))

    def _shown(self, text: str) -> str:
        """Text with paths of the scratch folder as the submission's author knows them."""
        home = f"{self._scratch}/home/"
        return text.replace(f"{home}submission/", "").replace(f"{home}submission", ".").replace(home, "../")

    def _request(self, program: Program, timeout: float, on_progress: OnProgress | None) -> Reply:
        if not self._loaded:
            self._load()
        header, arrays = self._channel.request(
            {"kind": "program", "program": program.instructions},
            program.arrays,
            timeout=timeout,
            on_progress=on_progress,
        )
        self._channel.drain()
        try:
            return decode_reply(header, arrays, frozenset(program.names), frozenset(program.attempts))
        except Exception as fault:  # nothing that a worker sends may look like a fault of ours
            raise WorkerViolation(f"the worker broke the protocol: {type(fault).__name__}: {fault}") from None

    def _where(self) -> tuple[str, str]:
        """Where the submission was at its end, as the interpreter has printed it there, and which file it imported."""
        text = self._channel.output.tail()
        places = _PLACE.findall(text[_report_start(text) :])
        if not places:
            return "", ""
        file, line, function = places[0]
        importing = next((name for name, _, inside in places if inside == "<module>"), "")
        return f"; it was in {file} line {line}, in {function}", importing

    def close(self) -> None:
        """Kill the process and everything below it."""
        self._finish(grace=False)

    def greet(self) -> None:
        """Wait until the worker is confined; called once, before anything else.

        Raises:
            LayerFailedError: a layer could not be applied, and the worker has ended.
        """
        try:
            failed, reason = self._channel.hello(HELLO_SECONDS)
        except WorkerError as error:
            self.close()
            raise LayerFailedError("session", f"the worker ended before it was ready: {error}") from None
        if failed:
            self.close()
            raise LayerFailedError(failed, reason)

    def _finish(self, *, grace: bool) -> int | None:
        if not self._alive:
            return None
        self._alive = False
        try:
            return self._end(grace)
        finally:
            self._channel.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _load(self) -> None:
        """Hand the files over; the first request of every worker."""
        arrays: list[Any] = []
        listed: dict[str, list[list[Any]]] = {"files": [], "support": []}
        for key, group in (("files", self._files), ("support", self._support)):
            for name, content in group.items():
                listed[key].append([name, len(arrays)])
                arrays.append(np.frombuffer(content, np.uint8))
        header, _ = self._channel.request({"kind": "load", **listed}, arrays, timeout=LOAD_SECONDS)
        error = decode_error(header.get("error"))
        if error is not None:
            raise WorkerDied(f"the submission's files could not be written: {error.message}")
        self._loaded = True


def _report_start(text: str) -> int:
    """Where the report of Python's fault handler begins; the end of the text where there is none."""
    report = _REPORT.search(text)
    return report.start() if report else len(text)


def _shorten(reply: Reply, shown: Callable[[str], str]) -> Reply:
    """The reply with the paths in its messages shortened."""
    caught = {name: replace(error, message=shown(error.message)) for name, error in reply.errors.items()}
    error = reply.error and replace(reply.error, message=shown(reply.error.message))
    return replace(reply, error=error, errors=caught)


def _ending(status: int | None) -> str:
    """A wait status in words."""
    if status is None:
        return "how is not known"
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"exit code {code}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    return f"killed by {name}"
