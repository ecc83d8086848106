"""From a fork, or a fresh interpreter, to a worker: descriptors, session, limits, then the loop."""

from __future__ import annotations

import os
from typing import Any


def become_worker(config: dict[str, Any], descriptors: list[int]) -> None:
    """Turn this process into a worker that serves on three descriptors: commands, replies, output."""
    os.setsid()
    commands, replies, output = descriptors
    os.dup2(output, 1)
    os.dup2(output, 2)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    from .serve import serve

    serve(commands, replies, config)
