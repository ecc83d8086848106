"""Running one attack against the naive grader, and against the sandbox."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from grader.errors import WorkerError
from grader.sandbox import Limits, Program, Sandbox
from tests.sandbox.attacks.attack import Attack, Sign
from tests.sandbox.attacks.scene import MARKER_VARIABLE, Scene, scene

STYLES = ("allclose", "difference", "rows")
DEADLINE = 1.5  # seconds for an attack in a worker
MARGIN = 30.0  # seconds beyond it that a busy machine may take
LIMITS = Limits(memory=2 << 30, scratch_bytes=32 << 20, scratch_files=400, cpu_seconds=30, open_files=128)
HOST_GROWTH = 150 << 20  # bytes that the grader may grow by
HONEST = b"""
import numpy as np

class LinearModule:
    def __init__(self, in_features, out_features):
        self.params = {"weight": np.zeros((out_features, in_features)), "bias": np.zeros(out_features)}

    def forward(self, x):
        return x @ self.params["weight"].T + self.params["bias"]
"""


@dataclass(frozen=True)
class Outcome:
    """Whether an attack succeeded, and what showed it."""

    succeeded: bool
    detail: str = ""


def run_naive(attack: Attack) -> Outcome:
    """Run an attack against the grader in one process."""
    with scene() as built:
        for name, content in {"modules.py": attack.source.encode(), "facts.py": built.facts()}.items():
            (built.submission / name).write_bytes(content)
        ways = (
            list(product(("before", "after"), STYLES))
            if attack.sign is Sign.VERDICT
            else [("before", "allclose")]
        )
        outcome = Outcome(False)
        for order, style in ways:
            outcome = _naive_once(attack, built, order, style)
            if outcome.succeeded:
                break
        return outcome


def _naive_once(attack: Attack, built: Scene, order: str, style: str) -> Outcome:
    environment = {**os.environ, "GRADER_SECRET_FILE": str(built.secret), MARKER_VARIABLE: built.marker}
    environment |= {"OMP_NUM_THREADS": "1", "API_TOKEN": f"loot-{built.marker}"}
    command = [sys.executable, str(Path(__file__).with_name("naive.py")), order, style]
    started = time.monotonic()
    process = subprocess.Popen(
        command, cwd=built.submission, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        output = process.communicate(timeout=DEADLINE + 1)[0].decode("utf-8", "replace")
        hung = False
    except subprocess.TimeoutExpired:
        hung = True
        process.kill()
        output = process.communicate()[0].decode("utf-8", "replace")
    left = _marked_processes(built.marker)
    traces = [*built.traces(), *(["processes left behind"] if left else [])]
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    if attack.sign is Sign.VERDICT:
        return Outcome('{"passed": true}' in output, output[-200:])
    if attack.sign is Sign.LOOT:
        return Outcome(built.holds_loot(output) or "loot: breach" in output, output[-200:])
    if attack.sign is Sign.TRACE:
        return Outcome(bool(traces) or "loot: breach" in output, f"{traces} {output[-200:]}")
    harm = [f"hung for {time.monotonic() - started:.0f} s"] if hung else []
    harm += [f"died with {process.returncode}"] if not hung and process.returncode != 0 else []
    harm += traces + (["a limit exceeded"] if "loot: breach" in output else [])
    harm += [f"{len(output)} bytes of output"] if len(output) > 1 << 20 else []
    return Outcome(bool(harm), f"{harm} {output[-200:]}")


def _marked_processes(marker: str) -> list[int]:
    found = []
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if (
                name.isdigit()
                and f"{MARKER_VARIABLE}={marker}".encode() in Path(f"/proc/{name}/environ").read_bytes()
            ):
                found.append(int(name))
    return found


def run_sandboxed(attack: Attack, sandbox: Sandbox) -> Outcome:
    """Run an attack in a worker, and grade an honest submission after it."""
    with scene() as built:
        files = {"modules.py": attack.source.encode(), "facts.py": built.facts()}
        before_memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        before = descendants()
        started = time.monotonic()
        os.environ["API_TOKEN"] = f"loot-{built.marker}"
        passed, text = _grade_twice(attack, files, sandbox)
        seconds = time.monotonic() - started
        os.environ.pop("API_TOKEN")
        left = [pid for pid in descendants() - before if _is_alive(pid)]
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_memory) * 1024
        harm = [f"{len(left)} processes left behind"] if left else []
        harm += built.traces()
        if seconds > 2 * DEADLINE + MARGIN:
            harm.append(f"took {seconds:.1f} s")
        if grown > HOST_GROWTH:
            harm.append(f"the grader grew by {grown >> 20} MiB")
        if "breach" in text:
            harm.append("the worker reports a breach")
        if built.holds_loot(text):
            harm.append("loot")
        if passed:
            harm.append("graded right")
        if attack.sign is Sign.HARM and not _honest_passes(sandbox):
            harm.append("the next submission is not graded right")
        return Outcome(bool(harm), f"{', '.join(harm)} | {text[:300]}")


def _grade_twice(attack: Attack, files: Mapping[str, bytes], sandbox: Sandbox) -> tuple[bool, str]:
    """Two workers one after the other: an attack may prepare the second from the first."""
    passed, texts = False, []
    for _ in range(2 if attack.sign is Sign.VERDICT or "SECOND" in attack.source else 1):
        verdict, text = grade(files, sandbox, call_attack=attack.sign is not Sign.VERDICT)
        passed = passed or verdict
        texts.append(text)
    return passed, "\n".join(texts)


def grade(
    files: Mapping[str, bytes], sandbox: Sandbox, *, call_attack: bool = False, deadline: float = DEADLINE
) -> tuple[bool, str]:
    """Whether the linear layer of a submission is right, and all that the worker said."""
    rng = np.random.default_rng()
    x, w, b = rng.normal(size=(4, 5)), rng.normal(size=(3, 5)), rng.normal(size=3)
    p = Program()
    modules = p.import_("modules")
    if call_attack:
        p.send("loot", p.call(modules.attr("attack")))
    else:
        layer = p.call(modules.attr("LinearModule"), 5, 3)
        p.set(layer.attr("params").item("weight"), w)
        p.set(layer.attr("params").item("bias"), b)
        p.send("y", p.call(layer.attr("forward"), x))
    worker = sandbox.worker(files, limits=LIMITS)
    try:
        with worker:
            reply = worker.run(p, timeout=deadline)
    except WorkerError as error:
        return False, f"{type(error).__name__}: {error} {worker.output}"
    y = reply.values.get("y")
    right = type(y) is np.ndarray and y.shape == (4, 3) and bool(np.allclose(y, x @ w.T + b, atol=1e-9))
    return right and reply.error is None, f"{reply.values} {reply.error} {reply.output}"


def _honest_passes(sandbox: Sandbox) -> bool:
    return grade({"modules.py": HONEST}, sandbox, deadline=60.0)[0]


def descendants() -> set[int]:
    """Processes below this one, as far down as /proc shows."""
    return descendants_of(os.getpid())


def descendants_of(top: int) -> set[int]:
    """Processes below one."""
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError, ValueError):
            if name.isdigit():
                parents[int(name)] = int(Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[1])
    found = {top}
    while more := {pid for pid, parent in parents.items() if parent in found and pid not in found}:
        found |= more
    return found - {top}


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False
