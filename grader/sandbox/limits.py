"""What a worker may use. Times are absolute deadlines per request and belong to each run, not to these
limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

BLOCK = 4096  # bytes that a file system gives at once
MIB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Resources of one worker; all sizes in bytes."""

    memory: int = 4096 * MIB  # address space and data
    cpu_seconds: int = 3600  # processor time of the worker's whole life
    scratch_bytes: int = 256 * MIB  # its private folder, besides what was handed in
    scratch_files: int = 4096  # files and folders in it, besides what was handed in
    output_bytes: int = 64 * 1024  # printed text that is kept; the rest is counted
    reply_bytes: int = 64 * MIB  # arrays in one reply
    processes: int = 0  # further processes (DataLoader workers); needs a pid namespace
    open_files: int = 256
    threads: int = 1  # of torch

    def beside(self, files: Mapping[str, bytes]) -> Limits:
        """These limits for what a worker writes, with room for the files that it is given."""
        folders = {parent for name in files for parent in PurePosixPath(name).parents}
        blocks = sum(len(content) // BLOCK + 1 for content in files.values()) + len(folders)
        return replace(
            self,
            scratch_bytes=self.scratch_bytes + blocks * BLOCK,
            scratch_files=self.scratch_files + len(files) + len(folders),
        )
