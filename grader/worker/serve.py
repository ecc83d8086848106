"""The loop of a worker: read a request, execute it, reply."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
from typing import Any, TextIO

import numpy as np

from . import frames
from .errors import error_node
from .interpreter import Interpreter, seed_generators
from .progress import Progress
from .scratch import lay_out

START_SEED = 0  # a submission that seeds nothing draws the same numbers in every worker
MAX_REQUEST = 1 << 30  # bytes; the host is trusted, this only bounds nonsense
writing = threading.Lock()


def serve(commands: int, replies: int, config: dict[str, Any]) -> None:
    """Answer requests until the host closes the pipe.

    Args:
        commands: descriptor to read request frames from.
        replies: descriptor to write reply frames to.
        config: ``scratch`` (folder for the files), ``max_reply`` (bytes), ``path`` (where the worker's
        modules end).
    """
    reply: dict[str, Any]
    sent: list[np.ndarray]
    own = os.getpid()
    interpreter = Interpreter(config["max_reply"], Progress(replies))
    last_words = LastWords()
    sys.stdout = sys.__stdout__ = _text_stream(1)  # type: ignore[misc, assignment]
    sys.stderr = sys.__stderr__ = _text_stream(2)  # type: ignore[misc, assignment]
    while True:
        request = read_frame(commands)
        if request is None:
            os._exit(0)
        header, arrays = request
        if header["kind"] == "load":
            reply, sent = load(header, arrays, config), []
        else:
            last_words.arm(_before(header["timeout"]))
            reply, sent = interpreter.run(header, arrays)
            last_words.disarm()
        if os.getpid() != own:  # a child of the submission's that came back up to here
            os._exit(0)
        _flush()
        try:
            write_frame(replies, dict(reply, id=header["id"], kind="reply"), sent)
        except (frames.FrameError, ValueError) as error:
            late = {"values": [], "error": error_node(error, 0), "errors": {}}
            write_frame(replies, dict(late, id=header["id"], kind="reply"), [])


class LastWords:
    """Writes where the code is to the output when a request is about to run out of time.

    The interpreter's own timer starts and ends a thread, 1 to 2 ms per request; a signal of the system's costs nothing.
    """

    def __init__(self) -> None:
        self._signal = hasattr(faulthandler, "register") and hasattr(signal, "setitimer")
        if self._signal:
            faulthandler.register(signal.SIGALRM, all_threads=True)

    def arm(self, seconds: float) -> None:
        """From now on, in so many seconds."""
        if self._signal:
            signal.setitimer(signal.ITIMER_REAL, seconds)
        else:
            faulthandler.dump_traceback_later(seconds)

    def disarm(self) -> None:
        """The request is done."""
        if self._signal:
            signal.setitimer(signal.ITIMER_REAL, 0)
        else:
            faulthandler.cancel_dump_traceback_later()


def load(header: dict[str, Any], arrays: list[np.ndarray], config: dict[str, Any]) -> dict[str, Any]:
    """Take the submission's files; the reply says what went wrong with them."""
    error = None
    try:
        lay_out(header, arrays, config["scratch"])
        set_threads(config["threads"])
        seed_generators(START_SEED)
    except OSError as caught:
        error = error_node(caught, 0)
    return {"values": [], "error": error, "errors": {}}


def _text_stream(descriptor: int) -> TextIO:
    """A stream that fails on no text, and whose lines are out at once, also when the process crashes next."""
    return open(descriptor, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)


def _before(timeout: float) -> float:
    """A moment before the host's deadline, in seconds from now: where the code is then is written to the
    output.
    """
    return max(timeout - 0.3, 0.6 * timeout)


def set_threads(count: int) -> None:
    """Let torch use more than the one thread that the zygote has."""
    torch = sys.modules.get("torch")
    if torch is not None and count > 1:
        torch.set_num_threads(count)


def read_frame(descriptor: int) -> tuple[dict[str, Any], list[np.ndarray]] | None:
    """The next frame; None at the end of the pipe."""
    prefix = _read(descriptor, frames.PREFIX.size)
    if prefix is None:
        return None
    header_length, payload_length = frames.parse_prefix(bytes(prefix), MAX_REQUEST, MAX_REQUEST)
    text, payload = _read(descriptor, header_length), _read(descriptor, payload_length)
    if text is None or payload is None:
        return None
    header, layouts = frames.parse_header(bytes(text), payload_length)
    return header, frames.split(payload, layouts)


def write_frame(descriptor: int, header: dict[str, Any], arrays: list[np.ndarray]) -> None:
    """Write one frame whole."""
    with writing:
        pending = [memoryview(buffer) for buffer in frames.pack(header, arrays, frames.MAX_HEADER)]
        while pending:
            frames.advance(pending, os.writev(descriptor, pending[: frames.VECTOR]))


def _read(descriptor: int, size: int) -> bytearray | None:
    data = bytearray(size)
    view, done = memoryview(data), 0
    while done < size:
        got = os.readv(descriptor, [view[done:]])
        if got == 0:
            return None
        done += got
    return data


def _flush() -> None:
    """Push out what the submission printed; it may have closed or replaced the streams."""
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        try:
            if stream is not None:
                stream.flush()
        except Exception:
            continue
