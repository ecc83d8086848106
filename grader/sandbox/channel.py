"""The host's end of a worker's three pipes.

One poll loop writes the request, reads the reply and drains the output, all without blocking and under one
absolute deadline. Whatever breaks the protocol or a cap is a :class:`WorkerViolation`.
"""

from __future__ import annotations

import os
import secrets
import selectors
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from numpy.typing import NDArray

from grader.errors import WorkerDied, WorkerTimeout, WorkerViolation
from grader.sandbox.limits import Limits
from grader.sandbox.values import printable
from grader.sandbox.waited import Waited, deadline
from grader.sandbox.watch import PERIOD, ScratchWatch
from grader.worker import frames

CHUNK = 1 << 18  # bytes per read or write
LAST = 8192  # bytes of the end of the output that are remembered
MAX_PROGRESS = 100_000  # progress frames per request
Frame = tuple[dict[str, Any], list[NDArray[Any]]]
OnProgress = Callable[[Mapping[str, Any]], None]


@dataclass
class Output:
    """Text that a worker prints: the first bytes are kept, the others counted."""

    keep: int
    kept: bytearray = field(default_factory=bytearray)
    last: bytes = b""  # the end of everything, kept or not
    dropped: int = 0

    def add(self, data: bytes) -> None:
        """Take what was read from the pipe."""
        room = max(0, self.keep - len(self.kept))
        self.kept += data[:room]
        self.dropped += max(0, len(data) - room)
        self.last = (self.last + data)[-LAST:]

    def tail(self) -> str:
        """The end of the text, also where it is beyond what is kept."""
        return self.last.decode("utf-8", "replace")

    def take(self) -> tuple[str, int]:
        """What came since the last call."""
        text, dropped = self.kept.decode("utf-8", "replace"), self.dropped
        self.kept, self.dropped = bytearray(), 0
        return text, dropped


@dataclass
class Incoming:
    """A frame that is being read: the bytes so far of its prefix, header or payload."""

    prefix: bytearray = field(default_factory=bytearray)
    header: bytearray = field(default_factory=bytearray)
    payload: bytearray = field(default_factory=bytearray)
    header_length: int = -1
    payload_length: int = 0


class Channel:
    """Requests and replies over pipes."""

    def __init__(
        self, commands: int, replies: int, output: int, limits: Limits, watch: ScratchWatch | None = None
    ) -> None:
        self.commands, self.replies, self.stdout = commands, replies, output
        self.watch = watch
        self.waited = Waited()
        self.limits = limits
        self._looked = time.monotonic()
        self.output = Output(limits.output_bytes)
        self.incoming = Incoming()
        for descriptor in (commands, replies, output):
            os.set_blocking(descriptor, False)

    def close(self) -> None:
        """Close the pipes."""
        for descriptor in (self.commands, self.replies, self.stdout):
            os.close(descriptor)

    def request(
        self,
        header: Mapping[str, Any],
        arrays: list[NDArray[Any]],
        *,
        timeout: float,
        on_progress: OnProgress | None = None,
    ) -> Frame:
        """Send one request and wait for its reply.

        Args:
            header: the request, without its id.
            arrays: that the request's nodes name.
            timeout: seconds from now until the reply must be complete; more where the worker had to wait for a processor.
            on_progress: called with the fields of each progress report.

        Raises:
            WorkerTimeout: the deadline passed.
            WorkerDied: the worker closed its pipes.
            WorkerViolation: it broke the protocol.
        """
        nonce = secrets.randbits(62) + 1
        if self._early():
            raise WorkerViolation("the worker answered before it was asked")
        buffers = frames.pack({**header, "id": nonce, "timeout": timeout}, arrays)
        return self._exchange(buffers, nonce, "reply", timeout, on_progress)

    def hello(self, timeout: float) -> tuple[str, str]:
        """Wait for the first frame of a worker, sent before anything of a submission is there.

        Returns:
            The layer that could not be applied and why; empty where all were.
        """
        header, _ = self._exchange([], 0, "hello", timeout, None)
        if self.watch is not None and type(header.get("pid")) is int:
            self.watch = replace(self.watch, process=header["pid"])
        return str(header.get("failed")), str(header.get("reason"))

    def _exchange(
        self, buffers: list[Any], nonce: int, kind: str, timeout: float, on_progress: OnProgress | None
    ) -> Frame:
        """Write the request, read frames until the one asked for, drain the output."""
        left_of = deadline(timeout, self.waited)
        pending = [memoryview(buffer) for buffer in buffers]
        progress_left = MAX_PROGRESS
        with selectors.DefaultSelector() as selector:
            selector.register(self.commands, selectors.EVENT_WRITE)
            selector.register(self.replies, selectors.EVENT_READ)
            selector.register(self.stdout, selectors.EVENT_READ)
            while (left := left_of()) > 0:
                self._look()
                for key, _ in selector.select(min(left, PERIOD) if self.watch else left):
                    if key.fd == self.replies:
                        frame = self._read()
                        if frame is not None and _is_answer(frame, nonce, kind):
                            if pending:
                                raise WorkerViolation("the worker answered before it had read the question")
                            self._look(at_once=True)
                            return frame
                        if frame is not None:
                            progress_left -= 1
                            self._report(frame, progress_left, on_progress)
                    elif not (self._write(pending) if key.fd == self.commands else self.drain()):
                        selector.unregister(key.fd)
        raise WorkerTimeout(f"no answer within {timeout:g} seconds")

    def _look(self, *, at_once: bool = False) -> None:
        """See how much the worker has written, at most every tenth of a second."""
        now = time.monotonic()
        if self.watch is None or (now - self._looked < PERIOD and not at_once):
            return
        self._looked = now
        if excess := self.watch.excess():
            raise WorkerViolation(f"the submission wrote {excess}")

    def _report(self, frame: Frame, left: int, on_progress: OnProgress | None) -> None:
        """Pass a progress report on."""
        if left < 0:
            raise WorkerViolation(f"the worker sent more than {MAX_PROGRESS} progress reports")
        fields = _progress(frame[0])
        if on_progress is not None:
            on_progress(fields)

    def _early(self) -> bool:
        """Whether there are bytes, or half a frame, from before the question."""
        try:
            early = os.read(self.replies, 1)
        except BlockingIOError:
            return bool(self.incoming.prefix)
        if not early:
            raise WorkerDied("the worker ended before it was asked")
        return True

    def _write(self, pending: list[memoryview]) -> bool:
        """Write what the pipe takes; False when all is written or nobody reads any more."""
        try:
            while pending:
                frames.advance(pending, os.writev(self.commands, pending[: frames.VECTOR]))
        except BlockingIOError:
            return True
        except BrokenPipeError:
            pass
        return False

    def drain(self) -> bool:
        """Read printed text that is there; False at its end."""
        try:
            data = os.read(self.stdout, CHUNK)
        except BlockingIOError:
            return True
        self.output.add(data)
        return bool(data)

    def _read(self) -> Frame | None:
        """Read what is there; a frame when one is complete.

        Raises:
            WorkerViolation: it breaks the format or a cap.
        """
        try:
            return self._read_part()
        except (frames.FrameError, ArithmeticError, LookupError, TypeError, ValueError, MemoryError) as error:
            raise WorkerViolation(f"the worker broke the protocol: {error}") from None

    def _read_part(self) -> Frame | None:
        incoming = self.incoming
        if not self._fill(incoming.prefix, frames.PREFIX.size):
            return None
        if incoming.header_length < 0:
            lengths = frames.parse_prefix(bytes(incoming.prefix), self.limits.reply_bytes)
            incoming.header_length, incoming.payload_length = lengths
        if not self._fill(incoming.header, incoming.header_length):
            return None
        if not self._fill(incoming.payload, incoming.payload_length):
            return None
        header, layouts = frames.parse_header(bytes(incoming.header), incoming.payload_length)
        self.incoming = Incoming()
        return header, frames.split(incoming.payload, layouts)

    def _fill(self, buffer: bytearray, size: int) -> bool:
        """Read one piece of a part that is not whole yet; whether it is now."""
        if len(buffer) < size:
            try:
                data = os.read(self.replies, min(CHUNK, size - len(buffer)))
            except BlockingIOError:
                return False
            if not data:
                raise WorkerDied("the worker ended before it answered")
            buffer += data
        return len(buffer) == size


def _is_answer(frame: Frame, nonce: int, kind: str) -> bool:
    """Whether a frame is the answer; False for a progress report, an error for anything else."""
    header = frame[0]
    if type(header.get("id")) is not int or header["id"] != nonce:
        raise WorkerViolation("the worker answered a question that was not asked")
    if header.get("kind") not in (kind, "progress"):
        raise WorkerViolation("the worker sent a frame of an unknown kind")
    return bool(header["kind"] == kind)


def _progress(header: Mapping[str, Any]) -> dict[str, Any]:
    """Checked fields of a progress report."""
    fields = header.get("fields")
    if type(fields) is not dict or len(fields) > 16 or header["arrays"]:
        raise WorkerViolation("the worker sent a malformed progress report")
    for key, value in fields.items():
        if type(value) not in (bool, int, float, str) or len(key) > 40 or len(str(value)) > 200:
            raise WorkerViolation("the worker sent a malformed progress report")
    return {
        printable(key): printable(value) if type(value) is str else value for key, value in fields.items()
    }
