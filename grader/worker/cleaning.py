"""Removing a folder that a submission has written: deep, unreadable, full of links."""

from __future__ import annotations

import os
import stat


def remove_tree(folder: str) -> None:
    """Remove a folder and what is in it without following links; what cannot be removed stays.

    Works depth-first with a loop over descriptors of one level at a time, so that a tree thousands of levels
    deep neither overflows the stack nor the length of a path.
    """
    try:
        top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        while _flatten_once(top):
            continue
    finally:
        os.close(top)
    try:
        os.rmdir(folder)
    except OSError:
        return


def _flatten_once(top: int) -> bool:
    """Delete the files of a folder and move its grandchildren up; True while there may be more to do."""
    again = False
    for name in os.listdir(top):
        if not _is_folder(top, name):
            _quietly(os.unlink, name, top)
            continue
        again = _lift(top, name) or again
    return again


def _lift(top: int, name: str) -> bool:
    """Empty one subfolder into its parent, then remove it; True where that made progress."""
    try:
        os.chmod(name, 0o700, dir_fd=top)
        below = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=top)
    except OSError:
        return False
    moved = False
    try:
        for count, child in enumerate(os.listdir(below)):
            if not _is_folder(below, child):
                _quietly(os.unlink, child, below)
                continue
            target = f".lifted-{os.getpid()}-{below}-{count}-{os.urandom(4).hex()}"
            try:
                os.chmod(child, 0o700, dir_fd=below)  # moving a folder writes its ".."
                os.rename(child, target, src_dir_fd=below, dst_dir_fd=top)
                moved = True
            except OSError:
                continue
    finally:
        os.close(below)
    try:
        os.rmdir(name, dir_fd=top)
    except OSError:
        return moved
    return moved


def _is_folder(parent: int, name: str) -> bool:
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _quietly(function: object, name: str, parent: int) -> None:
    try:
        function(name, dir_fd=parent)  # type: ignore[operator]
    except OSError:
        return
