"""What the isolation of this machine is worth: a throw-away worker tries, and the level is what it could
not do.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.model import Isolation
from grader.sandbox.folders import own_folder
from grader.sandbox.limits import Limits
from grader.sandbox.plan import Plan
from grader.sandbox.program import Program
from grader.sandbox.settings import DEFAULT_LEVEL
from grader.sandbox.values import Reply

NAMES = {0: "none", 1: "process", 2: "confined", 3: "namespaced"}
PROBE_LIMITS = Limits(memory=3 << 30, scratch_bytes=8 << 20, scratch_files=300)
PROBE_SECONDS = 60.0
DISK = frozenset(("disk_over_limit", "files_over_limit"))  # gaps that level 2 allows
TWO_FOLD = ("bubblewrap", "namespaces", "landlock", "seccomp")  # each file and socket behind two of these


@dataclass(frozen=True)
class Findings:
    """The outcome of a probe."""

    gaps: tuple[str, ...]  # attacks that succeeded
    broken: tuple[str, ...]  # honest things that did not work, with their errors


class Bait:
    """Things on the host that a worker must not reach: a secret, an open folder, servers."""

    def __init__(self, folder: str) -> None:
        self.marker = secrets.token_hex(16)
        self.folder = Path(folder)
        self.folder.chmod(0o755)
        self.outside = self.folder / "outside"
        self.outside.mkdir()
        self.outside.chmod(0o777)
        (self.outside / "another-submission.py").write_text(self.marker)
        self.secret = self.folder / "secret.txt"
        self.secret.write_text(self.marker)
        self.secret.chmod(0o644)
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.udp.setblocking(False)
        self.unix = self._local_server(str(self.folder / "server"))
        (self.folder / "server").chmod(0o777)
        self.abstract = self._local_server("\0" + self.marker) if sys.platform == "linux" else None

    @staticmethod
    def _local_server(name: str) -> socket.socket:
        server = socket.socket(socket.AF_UNIX)
        server.bind(name)
        server.listen(1)
        return server

    def facts(self, plan: Plan) -> dict[str, Any]:
        """For the probe inside; ``grader.worker.probe.attacks`` says what each is."""
        return {
            "marker": self.marker,
            "secret": str(self.secret),
            "outside": str(self.outside),
            "tcp": self.tcp.getsockname()[1],
            "udp": self.udp.getsockname()[1],
            "unix": str(self.folder / "server"),
            "abstract": self.marker,
            "grader": os.getpid(),
            "own_pid_namespace": plan.has("bubblewrap") or plan.has("namespaces"),
            "own": str(Path(__file__).parents[1]),
            "python": sys.executable,
            "memory": PROBE_LIMITS.memory,
            "scratch_bytes": PROBE_LIMITS.scratch_bytes,
            "scratch_files": PROBE_LIMITS.scratch_files,
        }

    def taken(self) -> list[str]:
        """Attacks whose traces are on the host, whatever the worker says."""
        found = []
        try:
            if self.udp.recv(100):
                found.append("udp_socket")
        except OSError:
            pass
        if len(list(self.outside.iterdir())) != 1:
            found.append("write_outside")
        return found

    def close(self) -> None:
        """Close the servers."""
        for server in (self.tcp, self.udp, self.unix, self.abstract):
            if server is not None:
                server.close()


@contextlib.contextmanager
def bait() -> Iterator[Bait]:
    """Put the bait out for the time of a probe."""
    with own_folder("bait-") as folder:
        laid = Bait(folder)
        try:
            yield laid
        finally:
            laid.close()


def probe_program(facts: dict[str, Any]) -> Program:
    """The program that a throw-away worker runs: honest things first."""
    p = Program()
    probe = p.import_("_gradmark.probe")
    p.send("honest", p.call(probe.attr("honest")))
    p.send("attacks", p.call(probe.attr("attacks"), facts))
    return p


def unconfined(plan: Plan) -> Isolation:
    """Level of a plan without a layer, which nobody needs to probe: a process of its own, for one's own code."""
    return Isolation(level=1, name=f"{NAMES[1]}; one's own code is not confined", layers=plan.layers())


def training_program() -> Program:
    """The program that a throw-away worker runs before the first submission that needs torch."""
    p = Program()
    p.send("error", p.call(p.import_("_gradmark.probe").attr("training_step")))
    return p


def read_findings(reply: Reply, laid: Bait) -> Findings:
    """Gaps and broken things of a probe's reply. A probe that did not finish is broken."""
    if reply.error is not None:
        return Findings((), (f"the probe itself: {reply.error}",))
    gaps = [name for name, succeeded in reply.values["attacks"].items() if succeeded]
    broken = [f"{name}: {error}" for name, error in reply.values["honest"].items() if error]
    return Findings(tuple(dict.fromkeys([*gaps, *laid.taken()])), tuple(broken))


def judge(plan: Plan, findings: Findings) -> Isolation:
    """The level that the findings deserve.

    3: nothing in the probe worked, and files and network are each behind two layers. 2: nothing worked but
    filling the disk. 1: anything else that has a process of its own.
    """
    gaps = set(findings.gaps)
    if not gaps <= DISK:
        level = 1
    elif gaps or not all(plan.has(layer) for layer in TWO_FOLD):
        level = 2
    else:
        level = 3
    return Isolation(level=level, name=NAMES[level], gaps=findings.gaps, layers=plan.layers())


def too_low(found: Isolation, required: int) -> str:
    """The error where a machine gives less than is required: what it lacks, and what to do about it."""
    off: dict[str, list[str]] = {}
    for layer in found.layers:
        if not layer.on:
            off.setdefault(layer.reason, []).append(layer.name)
    lower = f"--isolation {found.level}" + (" --allow-unconfined" if found.level < DEFAULT_LEVEL else "")
    lines = (
        f"isolation level {found.level} ({found.name}) is all that this machine gives, {required} is required; "
        "nothing of the submission was loaded",
        f"  gaps: {', '.join(found.gaps) or 'none'}",
        *(f"  off: {', '.join(names)}: {reason}" for reason, names in off.items()),
        "  next: docs/isolation.md says how to get more (a Linux container gives level 2); for code that you trust as "
        f"your own: {lower}",
    )
    return "\n".join(lines)
