"""What a throw-away worker tries before any submission is loaded: what must fail, and what must work.

``attacks`` returns, for each thing that a submission must not be able to do, whether it could. ``honest``
returns, for each thing that honest code does, an error or nothing. The host decides from both how much the
sandbox is worth.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any

import numpy as np


def attacks(facts: dict[str, Any]) -> dict[str, bool]:
    """Name of each attack, and whether it succeeded.

    Args:
        facts: ``secret`` (file), ``outside`` (folder), ``siblings`` (folder), ``tcp``, ``udp`` (ports),
        ``unix``
            (socket path), ``abstract`` (socket name), ``grader`` (process id), ``memory``, ``scratch_bytes``,
            ``scratch_files`` (limits), ``own`` (folder with this grader's code).
    """
    return {name: _succeeds(attack, facts) for name, attack in ATTACKS}


def honest() -> dict[str, str]:
    """Name of each thing that must work, and its error; empty where it worked."""
    return {name: _error(action) for name, action in HONEST}


def _succeeds(attack: Callable[[dict[str, Any]], bool], facts: dict[str, Any]) -> bool:
    try:
        return bool(attack(facts))
    except Exception:
        return False


def _error(action: Callable[[], None]) -> str:
    try:
        action()
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:300]
    return ""


def read_secret(facts: dict[str, Any]) -> bool:
    """Read a file that every user of the machine may read."""
    with open(facts["secret"]) as file:
        return len(file.read()) > 0


def read_grader(facts: dict[str, Any]) -> bool:
    """Read this grader's own code."""
    with open(os.path.join(facts["own"], "__init__.py"), "rb") as file:
        return file.read() is not None


def list_outside(facts: dict[str, Any]) -> bool:
    """List a folder of others."""
    return len(os.listdir(facts["outside"])) > 0


def write_outside(facts: dict[str, Any]) -> bool:
    """Write into a folder that every user may write to."""
    with open(os.path.join(facts["outside"], "written-by-probe"), "w") as file:
        file.write("x")
    return os.path.exists(facts["outside"])


def proc_grader(facts: dict[str, Any]) -> bool:
    """Read the grader's environment or memory map in /proc, its parent's memory, or list its processes."""
    for name in (f"{facts['grader']}/environ", f"{facts['grader']}/maps", f"{os.getppid()}/mem"):
        try:
            with open(f"/proc/{name}", "rb") as file:
                if name.endswith("mem") or facts["marker"].encode() in file.read(1 << 20):
                    return True
        except OSError:
            continue
    return False


def signal_grader(facts: dict[str, Any]) -> bool:
    """Signal the grader; number 0 tells whether one could."""
    try:
        os.kill(facts["grader"], 0)
    except ProcessLookupError:
        return False
    return facts["grader"] != os.getpid() and not facts["own_pid_namespace"]


def signal_parent(facts: dict[str, Any]) -> bool:
    """Signal the process that this one was forked from."""
    parent = os.getppid()
    if parent == 0:
        return False
    os.kill(parent, 0)
    return True


def tcp_socket(facts: dict[str, Any]) -> bool:
    """Reach a TCP server of the machine."""
    with socket.create_connection(("127.0.0.1", facts["tcp"]), timeout=1.0):
        return True


def udp_socket(facts: dict[str, Any]) -> bool:
    """Send a datagram to the machine: the host looks whether it came."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(facts["marker"].encode(), ("127.0.0.1", facts["udp"]))
    return False


def unix_socket(facts: dict[str, Any]) -> bool:
    """Reach a local server by path or by abstract name."""
    for name in (facts["unix"], "\0" + facts["abstract"]):
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(name)
            except OSError:
                continue
            return True
    return False


def fork(facts: dict[str, Any]) -> bool:
    """Start a process."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return True


def start_program(facts: dict[str, Any]) -> bool:
    """Start a program."""
    return os.posix_spawn(facts["python"], [facts["python"], "-c", "pass"], {}) > 0


def become_root(facts: dict[str, Any]) -> bool:
    """Be or become the superuser with powers."""
    if os.getuid() != 0:
        os.setuid(0)
    os.chroot("/")
    return True


def user_namespace(facts: dict[str, Any]) -> bool:
    """Make a user namespace, where one is the superuser."""
    return bool(ctypes.CDLL(None).unshare(0x10000000) == 0)


def memory_over_limit(facts: dict[str, Any]) -> bool:
    """Take more memory than the limit."""
    return np.empty(facts["memory"] + (1 << 20), np.uint8).nbytes > 0


def disk_over_limit(facts: dict[str, Any]) -> bool:
    """Fill more disk than the scratch folder may hold, in files that are each small enough."""
    made = []
    try:
        for number in range(5):
            made.append(f"fill-{number}")
            descriptor = os.open(made[-1], os.O_CREAT | os.O_WRONLY, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, facts["scratch_bytes"] // 4 + 1)
            finally:
                os.close(descriptor)
        return True
    finally:
        for name in made:
            os.unlink(name)


def files_over_limit(facts: dict[str, Any]) -> bool:
    """Make more files than the scratch folder may hold."""
    made = []
    try:
        for number in range(facts["scratch_files"] + 1):
            made.append(f"many-{number}")
            os.close(os.open(made[-1], os.O_CREAT | os.O_WRONLY, 0o600))
        return True
    finally:
        for name in made:
            if os.path.exists(name):
                os.unlink(name)


def import_grader(facts: dict[str, Any]) -> bool:
    """Import a package of this grader's."""
    import importlib.util

    def found(name: str) -> bool:
        """Whether there is code of that name; an emptied folder alone is a namespace without any."""
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, OSError, ValueError):
            return False
        return spec is not None and spec.origin is not None

    return any(map(found, ("grader", "grader.rubric", "grader.truth", "reference", "reference.layers")))


ATTACKS: tuple[tuple[str, Callable[[dict[str, Any]], bool]], ...] = (
    ("read_secret", read_secret),
    ("read_grader", read_grader),
    ("import_grader", import_grader),
    ("list_outside", list_outside),
    ("write_outside", write_outside),
    ("proc_grader", proc_grader),
    ("signal_grader", signal_grader),
    ("signal_parent", signal_parent),
    ("tcp_socket", tcp_socket),
    ("udp_socket", udp_socket),
    ("unix_socket", unix_socket),
    ("fork", fork),
    ("start_program", start_program),
    ("become_root", become_root),
    ("user_namespace", user_namespace),
    ("memory_over_limit", memory_over_limit),
    ("disk_over_limit", disk_over_limit),
    ("files_over_limit", files_over_limit),
)


def _import_lazily() -> None:
    """A module of the standard library that nobody has imported yet, and the packages' own files."""
    import wave
    import xml.dom.minidom

    assert xml.dom.minidom.parseString("<a/>").documentElement is not None
    assert wave.__name__
    with open(np.__file__, "rb") as file:
        assert file.read(1)


def _use_temporary_files() -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder, open(os.path.join(folder, "x"), "w") as file:
        file.write("x")
    with tempfile.TemporaryFile() as file:
        file.write(b"x")


def _write_files() -> None:
    """In the current folder, beside it, and in folders made for it."""
    os.makedirs("results/plots")
    for name in ("results/plots/x.txt", "../beside.txt"):
        with open(name, "w") as file:
            file.write("x")
        os.unlink(name)
    os.removedirs("results/plots")


def _use_threads() -> None:
    done: list[int] = []
    threads = [threading.Thread(target=done.append, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10.0)
    assert sorted(done) == [0, 1, 2, 3]


def _save_arrays() -> None:
    np.save("probe.npy", np.arange(10.0))
    assert np.load("probe.npy").sum() == 45.0
    os.unlink("probe.npy")


def _compute() -> None:
    a = np.random.default_rng(0).normal(size=(200, 200))
    assert np.allclose(np.linalg.inv(a) @ a, np.eye(200), atol=1e-6)


def training_step() -> str:
    """What goes wrong in a training step in torch; "" if nothing does, or torch is not installed."""
    return _error(_train)


def _train() -> None:
    """One training step, its model saved and loaded."""
    try:
        import torch
    except ImportError:
        return
    model = torch.nn.Sequential(
        torch.nn.Linear(8, 4), torch.nn.BatchNorm1d(4), torch.nn.ELU(), torch.nn.Linear(4, 2)
    )
    loss: Any = torch.nn.functional.cross_entropy(model(torch.ones(6, 8)), torch.zeros(6, dtype=torch.long))
    loss.backward()
    with torch.no_grad():  # an optimizer's first step would import 800 modules in this throw-away worker
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter.sub_(0.1 * parameter.grad)
    torch.save(model.state_dict(), "probe.pt")
    model.load_state_dict(torch.load("probe.pt"))
    os.unlink("probe.pt")


def _handle_signals() -> None:
    """An alarm of one's own, as some students time themselves."""
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    signal.sigtimedwait([], 0.05)
    signal.signal(signal.SIGALRM, before)


HONEST: tuple[tuple[str, Callable[[], None]], ...] = (
    ("lazy imports", _import_lazily),
    ("temporary files", _use_temporary_files),
    ("files in the current folder", _write_files),
    ("threads", _use_threads),
    ("saving arrays", _save_arrays),
    ("linear algebra", _compute),
    ("signals to oneself", _handle_signals),
)
