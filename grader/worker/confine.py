"""From a fork, or a fresh interpreter, to a confined worker.

Each layer is applied because the host asked for it, and a layer that cannot be applied ends the worker with
its name: nothing is left out silently. The host's probe, not this code, decides what the result is worth.
Nothing of a submission has been read when this runs.
"""

from __future__ import annotations

import base64
import faulthandler
import importlib
import os
import resource
import signal
import struct
import sys
from typing import Any

from . import kernel

COMMANDS, REPLIES = 3, 4
PID_PLACEHOLDER = 0x7F5A5A5A  # in the host's seccomp filter: this process's id


class LayerError(Exception):
    """A layer that was asked for could not be applied."""

    def __init__(self, layer: str, error: BaseException) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.layer = layer


def become_worker(config: dict[str, Any], descriptors: list[int]) -> None:
    """Confine this process, say hello, and serve. Never returns.

    Args:
        config: ``scratch``, ``max_reply``, and per layer ``namespaces``, ``user``, ``limits``, ``landlock``,
            ``seccomp``; a layer that is None or missing is off.
        descriptors: commands, replies, output.
    """
    place_descriptors(descriptors)
    os.makedirs(config["scratch"], 0o700, exist_ok=True)
    faulthandler.enable()
    from . import serve

    try:
        for name, layer in LAYERS:
            if config.get(name) is not None:
                _apply(name, layer, config)
    except LayerError as error:
        serve.write_frame(
            REPLIES, {"kind": "hello", "id": 0, "failed": error.layer, "reason": str(error)}, []
        )
        os._exit(71)
    hello = {"kind": "hello", "id": 0, "failed": "", "reason": "", "pid": os.getpid()}
    serve.write_frame(REPLIES, hello, [])
    serve.serve(COMMANDS, REPLIES, config)


def main(config: dict[str, Any]) -> None:
    """Role of a fresh interpreter: become the one worker that it is for."""
    become_worker(config, config["descriptors"])


def import_ahead() -> None:
    """Import what each worker of a warm interpreter would import otherwise: the Landlock binding, where it came along."""
    try:
        _landlock_binding()
    except ImportError:
        return  # the plan has no layer of it then, or fails in a worker with its name


def _landlock_binding() -> Any:
    return importlib.import_module(f"{__package__}.landlockpy")


def place_descriptors(descriptors: list[int]) -> None:
    """Commands and replies become 3 and 4, output 1 and 2, input is empty; everything else is closed."""
    high = [_duplicate_high(descriptor) for descriptor in descriptors]
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (high[2], 1), (high[2], 2), (high[0], COMMANDS), (high[1], REPLIES)):
        os.dup2(source, target, inheritable=target < COMMANDS)
    kernel.close_from(REPLIES + 1)


def _duplicate_high(descriptor: int) -> int:
    import fcntl

    return fcntl.fcntl(descriptor, fcntl.F_DUPFD, 64)


def _apply(name: str, layer: Any, config: dict[str, Any]) -> None:
    try:
        layer(config[name], config)
    except Exception as error:
        raise LayerError(name, error) from None


def die_with_parent(_: Any, config: dict[str, Any]) -> None:
    """Own session; killed when the parent ends."""
    if os.getsid(0) != os.getpid():
        os.setsid()
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)


def own_namespaces(options: dict[str, Any], config: dict[str, Any]) -> None:
    """New pid, mount, network, ipc and uts namespaces; a bounded tmpfs as scratch, ``/tmp`` and ``/dev/shm``.

    The caller's process stays behind as a shim that waits; the worker goes on as process 1 of its namespace.
    """
    flags = kernel.CLONE_NEWPID | kernel.CLONE_NEWNS | kernel.CLONE_NEWNET
    flags |= kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
    if options["user"]:
        uid, gid = os.getuid(), os.getgid()
        kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # or the files below belong to the superuser
        kernel.unshare(flags | kernel.CLONE_NEWUSER)
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{uid} {uid} 1"),
            ("gid_map", f"{gid} {gid} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    else:
        kernel.unshare(flags)
    _leave_shim()
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    _mount_scratch(options, config["scratch"])


def _leave_shim() -> None:
    """Fork; the child returns, the parent waits for it and ends the same way."""
    child = os.fork()
    if child == 0:
        return
    try:
        kernel.close_from(0)
        status = os.waitpid(child, 0)[1]
        if os.WIFSIGNALED(status):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            if os.WTERMSIG(status) != signal.SIGKILL:
                signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
            os.kill(os.getpid(), os.WTERMSIG(status))
        os._exit(os.WEXITSTATUS(status))
    finally:
        os._exit(73)


def _mount_scratch(options: dict[str, Any], scratch: str) -> None:
    flags = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount("none", "/", "none", kernel.MS_REC | kernel.MS_PRIVATE)
    bounds = f"size={options['bytes']},nr_inodes={options['files']},mode=0700"
    owner = f",uid={options['owner']},gid={options['owner']}" if options.get("owner") is not None else ""
    kernel.mount("scratch", scratch, "tmpfs", flags, bounds + owner)
    temporary = os.path.join(scratch, "tmp")
    os.mkdir(temporary, 0o700)
    if options.get("owner") is not None:
        os.chown(temporary, options["owner"], options["owner"])
    for folder in options["temporary"]:
        kernel.mount(temporary, folder, "none", kernel.MS_BIND)
    if options["jail"]:
        _mount_proc(flags | kernel.MS_NOEXEC)


def _mount_proc(flags: int) -> None:
    """This namespace's own /proc; none at all where a container's masks forbid it."""
    try:
        kernel.mount("proc", "/proc", "proc", flags)
    except OSError:
        kernel.mount("none", "/proc", "tmpfs", flags | kernel.MS_RDONLY, "size=4k,mode=0555")


def own_user(uid: int, config: dict[str, Any]) -> None:
    """Become an unprivileged user that no other worker is."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)  # the change of user has cleared it


def no_privileges(options: dict[str, Any], config: dict[str, Any]) -> None:
    """No capabilities, no way to get any, no memory dumps; only a host that watches may look at its open files."""
    kernel.drop_capabilities()
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1 if options["watched"] else 0)


def resource_limits(limits: dict[str, int], config: dict[str, Any]) -> None:
    """Memory, processor time, file size, open files."""
    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is not None:
            hard = resource.getrlimit(kind)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (value, value))


def landlock(paths: dict[str, list[str]], config: dict[str, Any]) -> None:
    """No file but those listed: ``read`` files and folders, ``list`` folders' names only, ``write``
    everything.
    """
    library = _landlock_binding()
    access = library.AccessFS
    read = access.READ_FILE | access.READ_DIR
    anything = library.fs_for_abi(library.abi_version())
    write = anything & ~(access.EXECUTE | access.MAKE_BLOCK | access.MAKE_CHAR | access.IOCTL_DEV)
    groups = (("read", read), ("list", access.READ_DIR), ("write", write))
    devices = access.READ_FILE | access.WRITE_FILE | access.IOCTL_DEV | access.TRUNCATE
    scope = library.Scope.ABSTRACT_UNIX_SOCKET | library.Scope.SIGNAL
    with library.Ruleset(scoped=scope) as rules:
        for group, rights in (*groups, ("device", devices)):
            for path in paths.get(group, ()):
                _allow(rules, path, rights, access)
        rules.restrict()


def _allow(rules: Any, path: str, rights: Any, access: Any) -> None:
    """Allow a path that exists; files cannot carry the rights of folders."""
    try:
        if not os.path.isdir(path):
            rights &= (
                access.READ_FILE | access.WRITE_FILE | access.TRUNCATE | access.IOCTL_DEV | access.EXECUTE
            )
        rules.allow_path(path, rights)
    except FileNotFoundError:
        return


def seccomp(program: str, config: dict[str, Any]) -> None:
    """The host's filter, with this process's id in place of the placeholder."""
    code = base64.b64decode(program)
    own = struct.pack("<I", os.getpid())
    instructions = [code[start : start + 8] for start in range(0, len(code), 8)]
    marker = struct.pack("<I", PID_PLACEHOLDER)
    if sys.byteorder != "little":
        raise OSError("a big-endian machine")
    kernel.install_filter(b"".join(part[:4] + own if part[4:] == marker else part for part in instructions))


LAYERS = (
    ("session", die_with_parent),
    ("namespaces", own_namespaces),
    ("user", own_user),
    ("limits", resource_limits),
    ("privileges", no_privileges),
    ("landlock", landlock),
    ("seccomp", seccomp),
)
