"""How much a worker has written, where nothing bounds its folder: looked at while it runs, and before it is
believed.

A bounded file system (level 3) needs none of this. Here a worker is killed soon after it has gone over its
limit; what it can write until then is bounded by the speed of the disk alone, so the gap stays in the report.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

PERIOD = 0.1  # seconds between two looks


@dataclass(frozen=True)
class ScratchWatch:
    """A folder and what may be in it."""

    folder: str
    max_bytes: int
    max_files: int

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
        return ""
