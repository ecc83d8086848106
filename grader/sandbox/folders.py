"""Temporary folders of a grader, which a later one removes where their owner was killed."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator

from grader.worker.cleaning import remove_tree

PREFIX = "gradmark-"
LOCK = ".in-use"
YOUNG = 60.0  # seconds; one that is younger may not have its lock yet
FORGOTTEN = 24 * 3600.0  # seconds; one that is older and has no lock belongs to nobody


class OwnFolder:
    """A folder that this process owns as long as it lives: a lock in it says so, in every container that sees it."""

    def __init__(self, purpose: str = "") -> None:
        sweep()
        self.path = tempfile.mkdtemp(prefix=PREFIX + purpose)
        self._lock = os.open(os.path.join(self.path, LOCK), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        _lock(self._lock)

    def remove(self) -> None:
        """Remove it and what is in it."""
        remove_tree(self.path)
        os.close(self._lock)


@contextlib.contextmanager
def own_folder(purpose: str = "") -> Iterator[str]:
    """The path of a folder for the time of a block."""
    folder = OwnFolder(purpose)
    try:
        yield folder.path
    finally:
        folder.remove()


def sweep() -> None:
    """Remove folders of this user whose owner has ended without doing so: it, or the whole machine, was killed."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith(PREFIX) and _is_left(entry):
                remove_tree(entry.path)


def _is_left(entry: os.DirEntry[str]) -> bool:
    """Whether nobody owns a folder any more."""
    try:
        status = entry.stat(follow_symlinks=False)
        age = time.time() - status.st_mtime
        if not entry.is_dir(follow_symlinks=False) or status.st_uid != os.geteuid() or age < YOUNG:
            return False
        lock = os.open(os.path.join(entry.path, LOCK), os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return age > FORGOTTEN
    except OSError:
        return False
    try:
        return _lock(lock)
    finally:
        os.close(lock)


def _lock(descriptor: int) -> bool:
    """Take the lock for this process's life, or as long as the descriptor is open; False where another has it."""
    try:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return False
    return True
