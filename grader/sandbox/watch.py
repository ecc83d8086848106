"""How much a worker has written, where nothing bounds its folder: looked at while it runs, and before it is
believed.

A bounded file system (level 3) needs none of this. Here a worker is killed soon after it has gone over its
limit; what it can write until then is bounded by the speed of the disk alone, so the gap stays in the report. Files
without a name count as well: one that is open or mapped keeps its blocks after it was removed.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PERIOD = 0.1  # seconds between two looks
MAX_LOOKS = 20_000  # descriptors of one worker that are looked at
_DELETED = " (deleted)"
_MAPPED = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (?:\S+ ){3}(\d+) +(.*)" + re.escape(_DELETED))


@dataclass(frozen=True)
class ScratchWatch:
    """A folder and what may be in it."""

    folder: str
    max_bytes: int
    max_files: int
    process: int = 0  # whose open files are looked at; 0 for none

    def excess(self) -> str:
        """What is over its limit; empty where nothing is."""
        used = count = 0
        pending = [self.folder]
        while pending:
            try:
                with os.scandir(pending.pop()) as entries:
                    for entry in entries:
                        count += 1
                        used += entry.stat(follow_symlinks=False).st_blocks * 512
                        if entry.is_dir(follow_symlinks=False):
                            pending.append(entry.path)
                        if count > self.max_files:
                            return f"more than {self.max_files} files in its folder"
                        if used > self.max_bytes:
                            return f"more than {self.max_bytes} bytes in its folder"
            except FileNotFoundError:
                continue
            except OSError as error:
                return f"a folder that cannot be looked into: {error.strerror}"
        if self.process and used + self._nameless() > self.max_bytes:
            return f"more than {self.max_bytes} bytes, in files that it removed while they were open"
        return ""

    def _nameless(self) -> int:
        """Bytes of files that the worker has open or mapped, and that have no name any more."""
        found: dict[int, int] = {}
        for number, path in enumerate(_descriptors(self.process)):
            with contextlib.suppress(OSError):
                status = os.stat(path)
                if stat.S_ISREG(status.st_mode) and status.st_nlink == 0:
                    found[status.st_ino] = status.st_blocks * 512
            if number > MAX_LOOKS:
                break
        with contextlib.suppress(OSError):
            maps = Path(f"/proc/{self.process}/maps").read_bytes().decode(errors="replace")
            gone = (_MAPPED.fullmatch(line) for line in maps.split("\n") if line.endswith(_DELETED))
            for start, end, node, name in (match.groups() for match in gone if match):
                if name.startswith(self.folder):
                    found.setdefault(int(node), int(end, 16) - int(start, 16))
        return sum(found.values())


def _descriptors(process: int) -> Iterator[str]:
    """Paths of the open files of all threads; a thread may have a table of its own."""
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{process}/task"):
            with contextlib.suppress(OSError):
                folder = f"/proc/{process}/task/{thread}/fd"
                yield from (f"{folder}/{name}" for name in os.listdir(folder))
