"""Which layers a worker gets, and the configuration that applies them."""

from __future__ import annotations

import importlib.util
import os
import stat
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from grader.model import Layer
from grader.sandbox.environment import Environment
from grader.sandbox.jail import why_no_jail
from grader.sandbox.limits import Limits
from grader.sandbox.seccomp import SeccompUnavailable, filter_program
from grader.sandbox.view import PROCESS_FILES, View, is_below, readable_parts

LAYERS = ("bubblewrap", "namespaces", "user", "landlock", "seccomp", "limits", "privileges", "session")
FIRST_USER = 62_000
USERS = 3_000


@dataclass(frozen=True)
class Plan:
    """The layers that are on; ``off`` says why each of the others is not."""

    off: Mapping[str, str] = field(default_factory=dict)

    def has(self, layer: str) -> bool:
        """Whether a layer is on."""
        return layer not in self.off

    @property
    def confines(self) -> bool:
        """Whether any layer is on."""
        return len(self.off) < len(LAYERS)

    def without(self, layer: str, reason: str) -> Plan:
        """The same plan with one more layer off."""
        return replace(self, off={**self.off, layer: reason})

    def layers(self) -> tuple[Layer, ...]:
        """For the report: each layer, and why it is off."""
        return tuple(Layer(name=name, on=self.has(name), reason=self.off.get(name, "")) for name in LAYERS)


def first_plan(environment: Environment, forbidden: Mapping[str, str] | None = None) -> Plan:
    """Every layer that this machine might give; ``forbidden`` ones are off for the reason given (tests
    use it).
    """
    off = dict(forbidden or {})
    if sys.platform != "linux":
        for layer in LAYERS:
            if layer != "limits":
                off.setdefault(layer, f"only on Linux; this is {sys.platform}")
        return Plan(off)
    for layer, reason in (
        ("bubblewrap", why_no_jail()),
        ("landlock", _no_landlock()),
        ("seccomp", _no_seccomp()),
    ):
        if reason:
            off.setdefault(layer, reason)
    if os.geteuid() != 0:
        off.setdefault("user", "only the superuser can give each worker a user of its own")
    elif "bubblewrap" in off and (closed := _closed_to_others(environment.roots)):
        off.setdefault("user", f"another user could not read {closed}")
    return Plan(off)


def _closed_to_others(roots: Sequence[str]) -> str:
    """The first folder on the way to a root that other users may not enter; empty where there is none."""
    for root in roots:
        for folder in reversed((Path(root), *Path(root).parents)):
            if folder.is_dir() and not folder.stat().st_mode & stat.S_IXOTH:
                return str(folder)
    return ""


def _no_landlock() -> str:
    if importlib.util.find_spec("landlockpy") is None:
        return "the package landlockpy is not installed"
    import landlockpy

    return "" if landlockpy.supported() else "the kernel has no Landlock, or it is switched off"


def _no_seccomp() -> str:
    try:
        filter_program()
    except SeccompUnavailable as error:
        return str(error)
    return ""


def worker_config(
    plan: Plan, view: View, limits: Limits, *, scratch: str, number: int, device: str = "cpu"
) -> dict[str, Any]:
    """What ``grader.worker.confine`` needs to make a worker; one key per layer that is on.

    Args:
        plan: layers that are on.
        view: what it may read.
        limits: what it may use.
        scratch: its private folder.
        number: of the worker; decides its user.
        device: that it may use.
    """
    owner = FIRST_USER + number % USERS if plan.has("user") else None
    config: dict[str, Any] = {"scratch": scratch, "max_reply": limits.reply_bytes, "threads": limits.threads}
    if plan.has("session"):
        config["session"] = True
    if plan.has("namespaces"):
        config["namespaces"] = {
            "user": os.geteuid() != 0,
            "jail": plan.has("bubblewrap"),
            "temporary": _temporary(plan, view),
            "bytes": limits.scratch_bytes,
            "files": limits.scratch_files,
            "owner": owner,
        }
    if owner is not None:
        config["user"] = owner
    if plan.has("limits"):
        config["limits"] = _resource_limits(plan, limits, device)
    if plan.has("privileges"):
        apart = plan.has("landlock") and plan.has(
            "seccomp"
        )  # what keeps workers of one user out of each other
        config["privileges"] = {"watched": apart and not (plan.has("namespaces") or plan.has("bubblewrap"))}
    if plan.has("landlock"):
        config["landlock"] = _landlock_paths(plan, view, scratch)
    if plan.has("seccomp"):
        config["seccomp"] = filter_program(processes=limits.processes > 0, device=device)
    return config


def _resource_limits(plan: Plan, limits: Limits, device: str) -> dict[str, int]:
    found = {
        "DATA": limits.memory,
        "CPU": limits.cpu_seconds,
        "FSIZE": limits.scratch_bytes,
        "NOFILE": limits.open_files,
        "CORE": 0,
        "MEMLOCK": 64 * 1024,
        "MSGQUEUE": 0,
    }
    if device == "cpu":
        found["AS"] = limits.memory  # a graphics card's driver reserves more addresses than any limit
    if plan.has("namespaces") or plan.has("user"):  # counts the threads of a user, who is the worker's alone
        found["NPROC"] = limits.processes * 16 + 128
    return found


def _landlock_paths(plan: Plan, view: View, scratch: str) -> dict[str, list[str]]:
    if plan.has("bubblewrap"):
        whole, names = list(view.roots), ["/"]
    else:
        whole, names = readable_parts(view)
    write = [scratch]
    if plan.has("namespaces"):
        write += _temporary(plan, view)
    return {"read": [*whole, *PROCESS_FILES], "list": names, "write": write, "device": list(view.devices)}


def _temporary(plan: Plan, view: View) -> list[str]:
    """Folders of the jail that become the worker's own temporary folder, but for one with something in
    view.
    """
    if not plan.has("bubblewrap"):
        return []
    return [
        folder for folder in ("/tmp", "/dev/shm") if not any(is_below(root, folder) for root in view.roots)
    ]


def closed_to_others(folder: Path) -> str:
    """A folder, or the first thing directly in it, that other users may not read; empty where there is
    none.
    """
    for path in (folder, *(folder.iterdir() if folder.is_dir() else ())):
        needed = stat.S_IROTH | (stat.S_IXOTH if path.is_dir() else 0)
        if path.stat().st_mode & needed != needed:
            return str(path)
    return ""
