"""One entry of an archive, of whatever kind that is."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

_CHUNK = 1 << 16

Read = Callable[[int], bytes | None]  # takes a limit in bytes; None: there is more


@dataclass(frozen=True)
class Member:
    """One entry of an archive.

    Attributes:
        name: its path there, as it is written.
        read: its bytes, or None where they are more than the limit; raises what a damaged archive raises.
        folder: a folder, which has no bytes.
        refused: why it is not read ("Not a regular file", "Encrypted"); "" where it is.
    """

    name: str
    read: Read
    folder: bool = False
    refused: str = ""


def read_within(source: IO[bytes], limit: int) -> bytes | None:
    """All bytes of a file, or None as soon as they are more than the limit; whatever its headers say."""
    buffer = io.BytesIO()
    while chunk := source.read(_CHUNK):
        buffer.write(chunk)
        if buffer.tell() > limit:
            return None
    return buffer.getvalue()
