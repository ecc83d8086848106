"""Starting a worker interpreter: its command line, its start message, its environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from grader.sandbox.environment import Environment, boot_source, clean_environment, worker_sources


def start_interpreter(
    environment: Environment,
    role: str,
    config: Mapping[str, Any],
    *,
    descriptors: Sequence[int],
    prefix: Sequence[str] = (),
    stdout: int = subprocess.DEVNULL,
    extra_environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a bare interpreter that reads our modules from a pipe and takes a role.

    Args:
        environment: interpreter and ``sys.path``.
        role: module of the worker whose ``main(config)`` runs.
        config: its configuration, plain JSON.
        descriptors: that it inherits under the same numbers.
        prefix: command that starts it in a jail; empty for none.
        stdout: where its own output and errors go.
        extra_environment: variables beyond the clean ones.
    """
    read, write = os.pipe()
    command = [*prefix, environment.python, "-s", "-S", "-c", _start_source(), str(read)]
    message = {"sources": worker_sources(), "path": environment.path, "role": role, "config": dict(config)}
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            pass_fds=(*descriptors, read),
            env={**clean_environment(), **(extra_environment or {})},
            cwd="/",
            start_new_session=True,
        )
    except OSError:
        os.close(write)
        raise
    finally:
        os.close(read)
    threading.Thread(target=_feed, args=(write, json.dumps(message).encode()), daemon=True).start()
    return process


def _start_source() -> str:
    """The boot code without the current folder on ``sys.path``.

    Not by ``-I``, which would also ignore the hash seed: with a random one, sets of texts have another order in every
    run, and a submission that goes through one gives other numbers for the same seed of the grader.
    """
    return f"import sys\nsys.path[:] = filter(None, sys.path)\nexec(compile({boot_source()!r}, '<boot>', 'exec'))"


def _feed(descriptor: int, data: bytes) -> None:
    """Write the start message; an interpreter that dies first is noticed elsewhere."""
    try:
        with os.fdopen(descriptor, "wb") as pipe:
            pipe.write(data)
    except BrokenPipeError:
        return


def can_fork(device: str) -> bool:
    """Whether a worker can be a fork: not on macOS, and not with a graphics card, whose driver does not
    survive it.
    """
    return sys.platform == "linux" and device == "cpu"


def worker_pipes() -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Ends of ours and of the worker: commands, replies, output."""
    commands, replies, output = os.pipe(), os.pipe(), os.pipe()
    return (commands[1], replies[0], output[0]), (commands[0], replies[1], output[1])
