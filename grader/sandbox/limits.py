"""What a worker may use. Times are absolute deadlines per request and belong to each run, not to these
limits.
"""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Resources of one worker; all sizes in bytes."""

    memory: int = 4096 * MIB  # address space and data
    cpu_seconds: int = 3600  # processor time of the worker's whole life
    scratch_bytes: int = 256 * MIB  # its private folder
    scratch_files: int = 4096  # files and folders in it
    output_bytes: int = 64 * 1024  # printed text that is kept; the rest is counted
    reply_bytes: int = 64 * MIB  # arrays in one reply
    processes: int = 0  # further processes (DataLoader workers); needs a pid namespace
    open_files: int = 256
    threads: int = 1  # of torch
