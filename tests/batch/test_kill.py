"""The program itself, killed at any moment: it continues, and the results are those of an undisturbed run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.batch import job
from grader.batch import run as run_module
from grader.batch.finish import Outputs, write_outputs
from grader.batch.store import Store
from tests.batch import tiny

ROOT = Path(__file__).parents[2]


def _start(folder: Path, results: Path, jobs: int) -> subprocess.Popen[bytes]:
    command = [
        sys.executable, "-m", "tests.batch.command", "batch", str(folder / "class"), "-r", str(folder / "tiny.toml"),
        "-o", str(results), "--seed", "7", "--jobs", str(jobs), "--isolation", "1", "--allow-unconfined", "--no-times",
    ]  # fmt: skip
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )


def _finish(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    try:
        out, errors = process.communicate(timeout=300)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return process.returncode, (out + errors).decode()


def _records(results: Path) -> int:
    return len(list(results.glob("run/state/*.json")))


def _until(ready: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while not ready() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)


def _descendants(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(entry.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        if parent == pid:
            child = int(entry.parent.name)
            found += [child, *_descendants(child)]
    return found


def _alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists() and "\nState:\tZ" not in _status(pid)]


def _status(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return "\nState:\tZ"


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
def test_killed_and_interrupted_it_continues_and_repeats_byte_for_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.write_class(tmp_path)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    monkeypatch.setattr(run_module, "local_pool", tiny.inline_pool)
    undisturbed = tiny.request(tmp_path, whole)
    write_outputs(tiny.run(undisturbed), Store(whole), Outputs(seconds=False), {})
    job._close_sandbox()

    process = _start(tmp_path, broken, jobs=1)
    _until(lambda: _records(broken) >= 2, process)
    children = _descendants(process.pid)
    assert children
    process.kill()  # SIGKILL: nothing of ours runs any more in that process
    process.communicate()
    assert 2 <= _records(broken) < 7
    deadline = time.monotonic() + 60
    while _alive(children) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _alive(children) == []

    process = _start(tmp_path, broken, jobs=1)
    before = _records(broken)
    _until(lambda: _records(broken) > before, process)
    os.killpg(process.pid, signal.SIGINT)  # Ctrl-C reaches the whole group
    code, said = _finish(process)
    assert code == 130, said
    assert "submissions are graded and kept. Run the same command again to continue." in said
    assert "Traceback" not in said

    code, said = _finish(_start(tmp_path, broken, jobs=2))
    assert code == 0, said
    assert "kept from an earlier run): 5 graded, 2 nothing" in said
    assert tiny.results_of(broken) == tiny.results_of(whole)
