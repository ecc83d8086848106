"""The level is what a probe could not do, nothing is loaded below the one required, and nothing is left
behind.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader import sandbox as package
from grader.errors import IsolationError, UsageError
from grader.sandbox import Program, Sandbox, SandboxSettings
from grader.sandbox.isolation import Findings, judge
from grader.sandbox.plan import LAYERS, Plan
from tests.sandbox.conftest import NO_JAIL

ALL = Plan()
REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("off", "gaps", "level"),
    [
        ((), (), 3),
        (("user",), (), 3),
        ((), ("disk_over_limit",), 2),
        (("bubblewrap",), (), 2),
        (("bubblewrap", "namespaces"), ("disk_over_limit", "files_over_limit"), 2),
        (("landlock",), (), 2),
        ((), ("read_secret",), 1),
        (("seccomp",), ("fork", "disk_over_limit"), 1),
    ],
)
def test_level_is_what_was_found(off: tuple[str, ...], gaps: tuple[str, ...], level: int) -> None:
    plan = Plan(off=dict.fromkeys(off, "missing"))
    found = judge(plan, Findings(gaps, ()))
    assert (found.level, found.gaps) == (level, gaps)
    assert {layer.name for layer in found.layers if not layer.on} == set(off)
    assert [layer.name for layer in found.layers] == list(LAYERS)


def test_without_landlock_the_probe_reads_and_writes() -> None:
    off = {**NO_JAIL, "landlock": "left out by a test", "user": "left out by a test"}
    with Sandbox(SandboxSettings(require=1, allow_unconfined=True, without=off)) as sandbox:
        found = sandbox.isolation
    assert found.level == 1
    assert {"read_secret", "write_outside", "list_outside", "read_grader"} <= set(found.gaps)


def test_without_seccomp_the_probe_forks_and_sends() -> None:
    off = {**NO_JAIL, "seccomp": "left out by a test", "user": "left out by a test"}
    with Sandbox(SandboxSettings(require=1, allow_unconfined=True, without=off)) as sandbox:
        found = sandbox.isolation
    assert found.level == 1
    assert {"fork", "udp_socket"} <= set(found.gaps)


def test_nothing_is_loaded_below_the_required_level(monkeypatch: pytest.MonkeyPatch) -> None:
    from grader.sandbox import worker

    loaded: list[object] = []
    monkeypatch.setattr(worker.Worker, "_load", lambda self: loaded.append(self._files))
    off = {**NO_JAIL, "landlock": "switched off"}
    with Sandbox(SandboxSettings(without=off)) as sandbox:
        sandbox._isolation = judge(Plan(off=off), Findings(("read_secret",), ()))
        with pytest.raises(IsolationError) as caught:
            sandbox.worker({"modules.py": b"open('/tmp/loaded', 'w')"})
    text = str(caught.value)
    assert "isolation level 1 (process) is all that this machine gives, 2 is required" in text
    assert "gaps: read_secret" in text
    assert "--isolation 1 --allow-unconfined" in text
    assert "landlock: switched off" in text
    assert loaded == []


def test_going_below_two_needs_its_flag() -> None:
    with pytest.raises(UsageError, match="--allow-unconfined"):
        SandboxSettings(require=1)
    with pytest.raises(UsageError, match="no isolation level 4"):
        SandboxSettings(require=4)


def test_where_forking_is_unsafe_every_worker_is_an_interpreter_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("grader.sandbox.sandbox.can_fork", lambda device: False)
    program = Program()
    program.send("parent", program.call(program.import_("os").attr("getppid")))
    program.send("name", program.import_("mine").attr("NAME"))
    with Sandbox(SandboxSettings.own_code()) as sandbox:
        sandbox.warm((), ())
        for name in ("first", "second"):
            with sandbox.worker({"mine.py": f"NAME = {name!r}".encode()}) as worker:
                assert worker.run(program, timeout=30).values == {"parent": os.getpid(), "name": name}


def test_where_no_worker_can_start_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(IsolationError, match="WSL 2"):
        importlib.reload(package)


def test_ours_is_not_importable(sandbox: Sandbox) -> None:
    p = Program()
    for name in ("grader", "reference", "tests"):
        with p.attempt(name):
            p.import_(name)
    p.send("path", p.import_("sys").attr("path"))
    p.send("modules", p.call(p.import_("builtins").attr("list"), p.import_("sys").attr("modules")))
    with sandbox.worker({}) as worker:
        reply = worker.run(p)
    assert {name: error.missing for name, error in reply.errors.items()} == {
        name: name for name in ("grader", "reference", "tests")
    }
    assert str(REPOSITORY) not in reply.values["path"]
    assert not [name for name in reply.values["modules"] if name.partition(".")[0] in ("grader", "reference")]


_HANGING = """
import json, sys
from grader.sandbox import Program, Sandbox, SandboxSettings
if __name__ == "__main__":
    settings = SandboxSettings(require=1, allow_unconfined=True, without=json.loads(sys.argv[1]))
    source = b'''
import os
for _ in range(3):
    try:
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                while True: pass
            os._exit(0)
    except OSError:
        pass
while True: pass
'''
    with Sandbox(settings) as sandbox, sandbox.worker({"modules.py": source}) as worker:
        p = Program()
        p.import_("modules")
        print("hanging", flush=True)
        worker.run(p, timeout=60.0)
"""


@pytest.mark.parametrize("without", [{}, NO_JAIL], ids=["all layers", "no namespaces"])
def test_killing_the_grader_leaves_nothing(without: dict[str, str]) -> None:
    before = _running()
    command = [sys.executable, "-c", _HANGING, json.dumps(without)]
    grader = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPOSITORY)
    assert grader.stdout is not None
    with grader.stdout:
        assert grader.stdout.readline() == b"hanging\n"
        below = _below(grader.pid)
        assert below
        grader.send_signal(signal.SIGKILL)
        grader.wait()
    deadline = time.monotonic() + 20
    while (left := below & (_running() - before)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == set()


def _running() -> set[int]:
    """Processes that are not merely waiting to be collected."""
    found = set()
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            state = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state not in "ZX":
            found.add(int(name))
    return found


def _below(pid: int) -> set[int]:
    from tests.sandbox.attacks.runs import descendants_of

    return descendants_of(pid)
