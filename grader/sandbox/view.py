"""Which files of the machine a worker sees: its interpreter, its packages, shared libraries, a few devices.

The same list makes the jail's mounts and the Landlock rules. Of our own packages nothing is visible, also
where they are installed next to the packages that a submission needs.
"""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path

from grader.sandbox.environment import OURS, Environment

SYSTEM = ("/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32", "/usr/share/zoneinfo", "/usr/share/fonts")
LINKS = ("/lib", "/lib32", "/lib64", "/libx32")  # links into /usr on merged systems, folders on others
FILES = ("/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives", "/sys/devices/system/cpu")
PROCESS_FILES = ("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/self")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
CUDA_DEVICES = ("/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools", "/dev/nvidia-modeset")
CUDA_FILES = (
    "/proc/driver/nvidia",
    "/sys/bus/pci",
    "/sys/devices",
    "/sys/class",
    "/dev/nvidia-caps",
    "/usr/share/nvidia",
)


@dataclass(frozen=True)
class View:
    """Paths that a worker may read, and those below them that it may not."""

    roots: tuple[str, ...]
    hidden: tuple[str, ...]
    devices: tuple[str, ...] = DEVICES
    links: tuple[tuple[str, str], ...] = ()  # link and target, at the top of the file system
    python: str = ""


def view_of(environment: Environment, readonly: tuple[Path, ...] = (), device: str = "cpu") -> View:
    """What a worker with this environment and these folders sees."""
    links = tuple((link, os.readlink(link)) for link in LINKS if os.path.islink(link))
    folders = [link for link in LINKS if os.path.isdir(link) and not os.path.islink(link)]
    roots = [*SYSTEM, *folders, *FILES, *environment.roots, *(os.path.abspath(path) for path in readonly)]
    devices: tuple[str, ...] = DEVICES
    if device == "cuda":
        roots += CUDA_FILES
        cards = [
            f"/dev/{name}" for name in os.listdir("/dev") if name.startswith("nvidia") and name[6:].isdigit()
        ]
        devices = (*DEVICES, *CUDA_DEVICES, *cards)
    present = tuple(dict.fromkeys(root for root in roots if os.path.exists(root)))
    hidden = [path for path in (*environment.hidden, *own_locations()) if _below_any(path, present)]
    return View(present, tuple(dict.fromkeys(hidden)), devices, links, environment.python)


def own_locations() -> list[str]:
    """Where the packages of this grader are on this machine."""
    found = []
    for name in OURS:
        spec = importlib.util.find_spec(name)
        for location in (spec.submodule_search_locations or ()) if spec else ():
            path = Path(location).resolve()
            found.append(str(path))
            checkout = path.parent
            if (checkout / "pyproject.toml").exists():
                found.append(str(checkout))
    return list(dict.fromkeys(found))


def _below_any(path: str, roots: tuple[str, ...]) -> bool:
    return any(is_below(path, root) for root in roots)


def is_below(path: str, root: str) -> bool:
    """Whether a path is a root or below it, by name."""
    return path == root or path.startswith(root.rstrip("/") + "/")


def readable_parts(view: View) -> tuple[list[str], list[str]]:
    """The view for rules that can only allow: what to read whole, and folders of which to read the names
    alone.

    A root with something hidden below it is split into its children, down to the hidden ones.
    """
    whole: list[str] = []
    names: list[str] = []
    pending = list(view.roots)
    while pending:
        path = pending.pop()
        if path in view.hidden:
            continue
        inside = [hidden for hidden in view.hidden if is_below(hidden, path)]
        if inside and os.path.isdir(path) and not os.path.islink(path):
            names.append(path)
            pending += [os.path.join(path, name) for name in os.listdir(path)]
        else:
            whole.append(path)
    return whole, names
