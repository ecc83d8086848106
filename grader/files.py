"""Writing what we write."""

from __future__ import annotations

import contextlib
from pathlib import Path

from grader.errors import UsageError


def write_text(path: Path, text: str) -> None:
    """Write a file atomically: all of it or nothing.

    Raises:
        UsageError: it cannot be written there.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, "utf-8")
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        reason = f"{path.parent} is no folder" if isinstance(error, FileExistsError) else error.strerror
        raise UsageError(f"{path}: cannot be written: {reason or error}") from error
