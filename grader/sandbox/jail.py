"""The bubblewrap command that an interpreter starts in: its own namespaces, and a view of the files that
it needs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from grader.sandbox.view import View

SCRATCH = "/scratch"
SCRATCH_BYTES = 1 << 30  # of all workers together, where each cannot have its own
ROOT_CAPABILITIES = (
    "CAP_SYS_ADMIN",
    "CAP_SETUID",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_KILL",
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
)
TRY_SECONDS = 20.0


def why_no_jail() -> str:
    """Why bubblewrap cannot be used on this machine; empty where it can."""
    program = shutil.which("bwrap")
    if program is None:
        return "bubblewrap (bwrap) is not installed"
    command = [
        program,
        "--unshare-all",
        "--ro-bind",
        "/",
        "/",
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "/bin/true",
    ]
    try:
        done = subprocess.run(command, capture_output=True, timeout=TRY_SECONDS, text=True, errors="replace")
    except (OSError, subprocess.SubprocessError) as error:
        return f"bwrap cannot be started: {error}"
    return (
        "" if done.returncode == 0 else (done.stderr.strip() or f"bwrap ended with {done.returncode}")[:300]
    )


def jail_command(view: View, *, die_with_parent: bool = False, share_devices: bool = False) -> list[str]:
    """The command line that precedes an interpreter's.

    Args:
        view: what is visible inside.
        die_with_parent: end when the thread that started it ends.
        share_devices: bind the devices of the view (graphics cards) instead of the plain ones alone.
    """
    command = [
        "bwrap",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-ipc",
        "--unshare-uts",
        "--unshare-cgroup-try",
    ]
    command += ["--hostname", "worker", "--proc", "/proc", "--dev", "/dev"]
    if os.geteuid() == 0:
        for capability in ROOT_CAPABILITIES:
            command += ["--cap-add", capability]
    if die_with_parent:
        command.append("--die-with-parent")
    for folder in ("/tmp", SCRATCH):
        command += ["--perms", "0755", "--size", str(SCRATCH_BYTES), "--tmpfs", folder]
    made: set[str] = {"/", "/proc", "/dev", "/tmp"}
    for root in (*view.roots, view.python):
        command += [*_parents(root, made), "--ro-bind", root, root]
    for link, target in view.links:
        command += ["--symlink", target, link]
    for path in view.hidden:
        command += _mask(path)
    if share_devices:
        for path in view.devices:
            command += ["--dev-bind-try", path, path]
    return [*command, "--remount-ro", "/", "--chdir", "/"]


def _parents(path: str, made: set[str]) -> list[str]:
    """Folders above a mount, readable for every user: bubblewrap would make them for its own user alone."""
    options: list[str] = []
    for parent in reversed(Path(path).parents):
        if str(parent) not in made:
            made.add(str(parent))
            options += ["--perms", "0755", "--dir", str(parent)]
    made.add(path)
    return options


def _mask(path: str) -> list[str]:
    if os.path.isdir(path):
        return ["--perms", "0000", "--tmpfs", path]
    return ["--ro-bind", os.devnull, path]
