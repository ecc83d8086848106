"""The system calls that a worker may make, as a seccomp filter program built with libseccomp.

The filter is built here and installed by the worker, so that the submission's environment needs no package
for it. Whatever is not listed fails with ENOSYS, as on an older kernel; what honest code may try and must not
do fails with EPERM. Everything that starts a program, reaches a network, another process or the kernel's
configuration is absent.
"""

from __future__ import annotations

import base64
import ctypes.util
import errno
import importlib
import tempfile
from functools import cache
from typing import Any

from grader.worker.confine import PID_PLACEHOLDER

CLONE_THREAD = 0x00010000
CLONE_NAMESPACES = 0x7E020080  # NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET, NEWTIME
AF_UNIX = 1
# duplicates, flags, locks, pipe sizes and seals; not F_SETOWN and F_SETSIG, which signal any process of the same user
FCNTL_ALLOWED = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1031, 1032, 1033, 1034)
PRCTL_ALLOWED = (3, 15, 16, 38, 0x53564D41)  # get dumpable, name, no_new_privs, naming of memory areas


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FILES = _names("""
access chdir chmod close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64
fallocate fchdir fchmod fchmodat fdatasync fgetxattr flistxattr flock fstat fstatfs fsync ftruncate
futimesat getcwd getdents getdents64 getxattr lgetxattr link linkat listxattr llistxattr lseek lstat mkdir
mkdirat newfstatat open openat openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead
readlink readlinkat readv rename renameat renameat2 rmdir sendfile stat statfs statx symlink symlinkat
sync_file_range truncate umask unlink unlinkat utime utimensat utimes write writev
""")
MEMORY = _names("""
brk get_mempolicy madvise mbind membarrier mincore mlock mlock2 mmap mprotect mremap msync munlock munmap
pkey_alloc pkey_free pkey_mprotect set_mempolicy
""")
PROCESS = _names("""
arch_prctl capget exit exit_group futex futex_waitv get_robust_list get_thread_area getcpu getegid geteuid
getgid getgroups getitimer getpgid getpgrp getpid getppid getpriority getresgid getresuid getrlimit
getrusage getsid gettid getuid restart_syscall rseq sched_get_priority_max sched_get_priority_min
sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_setaffinity
sched_yield set_robust_list set_thread_area set_tid_address sysinfo time times uname wait4 waitid setitimer
alarm
""")
SIGNALS = _names("""
pause rt_sigaction rt_sigpending rt_sigprocmask rt_sigreturn rt_sigsuspend rt_sigtimedwait sigaltstack
signalfd signalfd4
""")
TIME = _names("""
clock_getres clock_gettime clock_nanosleep gettimeofday nanosleep timer_create timer_delete timer_getoverrun
timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime
""")
WAITING = _names("""
epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 pipe pipe2 poll
ppoll pselect6 select getrandom
""")
REFUSED = _names("""
fork vfork execve execveat socket connect bind listen accept accept4 sendto sendmsg sendmmsg recvfrom
recvmsg recvmmsg ptrace process_vm_readv process_vm_writev pidfd_open pidfd_getfd pidfd_send_signal kill
tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo memfd_create memfd_secret mount umount2 pivot_root chroot
unshare setns bpf perf_event_open keyctl add_key request_key setuid setgid setreuid setregid setresuid
setresgid setgroups setfsuid setfsgid capset personality reboot swapon swapoff sethostname setdomainname
chown fchown lchown fchownat mknod mknodat setpriority ioprio_set sched_setscheduler sched_setparam
sched_setattr setrlimit prlimit64 setsid setpgid shmget shmat shmctl msgget semget mq_open io_uring_setup
io_uring_enter io_uring_register userfaultfd open_by_handle_at name_to_handle_at init_module finit_module
delete_module kexec_load acct quotactl syslog splice tee vmsplice settimeofday clock_settime clock_adjtime
adjtimex iopl ioperm fanotify_init inotify_init inotify_init1 inotify_add_watch inotify_rm_watch
lookup_dcookie move_pages migrate_pages process_madvise vhangup setxattr lsetxattr fsetxattr removexattr
lremovexattr fremovexattr landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp
""")
LOCAL_SOCKETS = _names("""
socketpair getsockopt setsockopt getsockname getpeername shutdown
""")
WITH_PROCESSES = _names("""
connect bind listen accept accept4 sendto sendmsg recvfrom recvmsg kill tkill tgkill
""")


class SeccompUnavailable(Exception):
    """libseccomp or its binding is not here; the message says which."""


@cache
def filter_program(*, processes: bool = False, device: str = "cpu") -> str:
    """The filter as base64 of BPF instructions; the worker puts its process id in place of the placeholder.

    Args:
        processes: whether the worker may fork and talk to its own children over local sockets.
        device: "cuda" allows the driver's ioctls and the calls it starts with.

    Raises:
        SeccompUnavailable: where libseccomp is missing.
    """
    library = load_library()
    rules = library.SyscallFilter(library.ERRNO(errno.ENOSYS))
    allowed = [*FILES, *MEMORY, *PROCESS, *SIGNALS, *TIME, *WAITING, *LOCAL_SOCKETS]
    if processes:
        allowed += [*WITH_PROCESSES, "fork", "vfork"]
    for name in allowed:
        _add(library, rules, library.ALLOW, name)
    for name in REFUSED:
        if name not in allowed and name not in _CONDITIONAL:
            _add(library, rules, library.ERRNO(errno.EPERM), name)
    _conditions(library, rules, processes=processes, device=device)
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return base64.b64encode(file.read()).decode()


_CONDITIONAL = frozenset(("kill", "tkill", "tgkill", "prlimit64", "socket"))


def _conditions(library: Any, rules: Any, *, processes: bool, device: str) -> None:
    """Calls that depend on their arguments."""
    allow, refuse = library.ALLOW, library.ERRNO(errno.EPERM)
    own = library.Arg(0, library.EQ, PID_PLACEHOLDER)
    if not processes:
        for name in ("kill", "tgkill"):
            _add(library, rules, allow, name, own)
        _add(library, rules, refuse, "kill", library.Arg(0, library.NE, PID_PLACEHOLDER))
        _add(library, rules, refuse, "tgkill", library.Arg(0, library.NE, PID_PLACEHOLDER))
        _add(library, rules, refuse, "tkill")
    _add(library, rules, allow, "prlimit64", library.Arg(0, library.EQ, 0), library.Arg(2, library.EQ, 0))
    if processes:
        _add(library, rules, allow, "socket", library.Arg(0, library.EQ, AF_UNIX))
        _add(library, rules, allow, "clone", library.Arg(0, library.MASKED_EQ, CLONE_NAMESPACES, 0))
    else:
        thread = library.Arg(0, library.MASKED_EQ, CLONE_NAMESPACES | CLONE_THREAD, CLONE_THREAD)
        _add(library, rules, allow, "clone", thread)
        _add(library, rules, refuse, "clone", library.Arg(0, library.MASKED_EQ, CLONE_THREAD, 0))
        _add(library, rules, refuse, "socket")
    for command in FCNTL_ALLOWED:
        _add(library, rules, allow, "fcntl", library.Arg(1, library.EQ, command))
    for option in PRCTL_ALLOWED:
        _add(library, rules, allow, "prctl", library.Arg(0, library.EQ, option))
    if device == "cuda":
        for name in ("ioctl", "memfd_create", "mknod", "mknodat"):
            _add(library, rules, allow, name)
    else:
        for request in _IOCTLS:
            _add(library, rules, allow, "ioctl", library.Arg(1, library.EQ, request))


_IOCTLS = (
    0x5401,
    0x5413,
    0x541B,
    0x5421,
    0x5450,
    0x5451,
)  # TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX


def _add(library: Any, rules: Any, action: int, name: str, *arguments: Any) -> None:
    """Add a rule; a call that this architecture or libseccomp does not know stays at the default."""
    number = library.resolve_syscall(library.Arch.NATIVE, name)
    if number >= 0:
        rules.add_rule(action, number, *arguments)


def load_library() -> Any:
    """The binding of libseccomp, also where neither ldconfig nor a compiler can tell where the library is.

    Raises:
        SeccompUnavailable: if it, or the library, is missing.
    """
    try:
        return importlib.import_module("pyseccomp")
    except ImportError:
        raise SeccompUnavailable("the package pyseccomp is not installed") from None
    except (OSError, RuntimeError):
        pass
    search = ctypes.util.find_library
    ctypes.util.find_library = lambda name: "libseccomp.so.2" if name == "seccomp" else search(name)
    try:
        return importlib.import_module("pyseccomp")
    except (ImportError, OSError, RuntimeError) as error:
        raise SeccompUnavailable(f"libseccomp.so.2 cannot be loaded: {error}") from None
    finally:
        ctypes.util.find_library = search
