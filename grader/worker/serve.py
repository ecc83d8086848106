"""The loop of a worker: read a request, execute it, reply."""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np

from . import frames
from .interpreter import Interpreter
from .progress import Progress
from .scratch import lay_out

MAX_REQUEST = 1 << 30  # bytes; the host is trusted, this only bounds nonsense


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
    interpreter = Interpreter(config["max_reply"], Progress(replies))
    while True:
        request = read_frame(commands)
        if request is None:
            os._exit(0)
        header, arrays = request
        if header["kind"] == "load":
            lay_out(header, arrays, config["scratch"])
            reply, sent = {"values": [], "error": None, "errors": {}}, []
        else:
            reply, sent = interpreter.run(header, arrays)
        _flush()
        write_frame(replies, dict(reply, id=header["id"], kind="reply"), sent)


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
    for buffer in frames.pack(header, arrays):
        view = memoryview(buffer)
        while len(view):
            view = view[os.write(descriptor, view[: 1 << 20]) :]


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
