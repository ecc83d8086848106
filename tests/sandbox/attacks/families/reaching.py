"""Attacks that want to change, reach or leave something outside."""

from tests.sandbox.attacks.attack import Attack, Sign, attack


def _reach(name: str, source: str, *, naive: bool = True) -> Attack:
    return attack(name, "reaching", Sign.TRACE, source, naive=naive)


def _raw_call(
    name: str, number: int, arguments: str, success: str = "result >= 0", *, naive: bool = True
) -> Attack:
    """A system call by number that must not work; on x86-64 alone."""
    return _reach(
        name,
        f"""
        def attack():
            import ctypes, facts, os, platform
            if platform.machine() != "x86_64":
                return ""
            libc = ctypes.CDLL(None, use_errno=True)
            result = libc.syscall({number}, {arguments})
            if result == 0 and {number} in (56, 57, 58, 435):
                os._exit(0)
            return "breach: call {number} worked" if {success} else ""
        """,
        naive=naive,
    )


REACHING = (
    _reach(
        "tcp",
        "def attack():\n    import facts, socket\n    socket.create_connection(('127.0.0.1', facts.TCP), 1)",
    ),
    _reach(
        "udp",
        "def attack():\n    import facts, socket\n"
        "    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', facts.UDP))",
    ),
    _reach(
        "unix_socket_by_path",
        "def attack():\n    import facts, socket\n    socket.socket(socket.AF_UNIX).connect(facts.SOCKET)",
    ),
    _reach(
        "unix_socket_abstract",
        "def attack():\n    import facts, socket\n    socket.socket(socket.AF_UNIX).connect('\\0' + facts.ABSTRACT)",
    ),
    _reach(
        "socket_by_raw_system_call",
        """
        def attack():
            import ctypes, facts, struct
            libc = ctypes.CDLL(None)
            descriptor = libc.syscall(41, 2, 1, 0)
            address = struct.pack("<HH4s8x", 2, (facts.TCP >> 8) | (facts.TCP & 255) << 8, bytes([127, 0, 0, 1]))
            libc.syscall(42, descriptor, address, 16)
        """,
    ),
    _reach(
        "raw_packets",
        "def attack():\n    import socket\n    socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n    return 'breach'",
    ),
    _reach(
        "vsock",
        "def attack():\n    import socket\n    socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)\n    return 'breach'",
    ),
    _reach(
        "netlink",
        "def attack():\n    import socket\n    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)\n    return 'breach'",
    ),
    _reach(
        "kill_another_process",
        "def attack():\n    import facts, os\n    os.kill(facts.VICTIM, 9)\n    import time; time.sleep(0.1)",
    ),
    _reach(
        "kill_through_pidfd",
        "def attack():\n    import facts, os, signal, time\n"
        "    signal.pidfd_send_signal(os.pidfd_open(facts.VICTIM), 9)\n    time.sleep(0.1)",
    ),
    _reach(
        "slow_another_process_down",
        "def attack():\n    import facts, os\n    os.setpriority(os.PRIO_PROCESS, facts.VICTIM, 19)",
    ),
    _reach(
        "limit_another_process",
        "def attack():\n    import facts, resource\n"
        "    resource.prlimit(facts.VICTIM, resource.RLIMIT_NOFILE, (5, 5))\n    return 'breach: changed its limits'",
    ),
    _reach(
        "trace_another_process",
        "def attack():\n    import ctypes, facts\n"
        "    return 'breach: attached' if ctypes.CDLL(None).ptrace(16, facts.VICTIM, 0, 0) == 0 else ''",
    ),
    _reach(
        "kill_the_worker_server",
        """
        def attack():
            import os, signal
            parent = os.getppid()
            if parent > 1:
                os.kill(parent, 0)
                return "breach: could signal the parent"
        """,
    ),
    _reach(
        "write_outside", "def attack():\n    import facts\n    open(facts.OUTSIDE + '/new', 'w').write('x')"
    ),
    _reach(
        "overwrite_results",
        "def attack():\n    import facts\n    open(facts.OUTSIDE + '/results.json', 'w').write('10/10')",
    ),
    _reach("change_truth", "def attack():\n    import facts\n    open(facts.SECRET, 'w').write('x')"),
    _reach(
        "delete_truth",
        "def attack():\n    import facts, os\n    os.rename(facts.SECRET, facts.OUTSIDE + '/moved')",
    ),
    _reach(
        "write_through_symlink",
        "def attack():\n    import facts, os\n    os.symlink(facts.OUTSIDE, 'out')\n    open('out/new', 'w').write('x')",
    ),
    _reach(
        "poison_packages",
        """
        def attack():
            import os, numpy, sys
            for place in (os.path.dirname(numpy.__file__), os.path.dirname(os.__file__), *sys.path[2:]):
                try:
                    path = os.path.join(place, "gradmark_probe_of_write.py")
                    open(path, "w").close()
                    os.unlink(path)
                    return "breach: could write to " + place
                except OSError:
                    continue
        """,
    ),
    _reach(
        "write_to_home_and_temporary",
        """
        def attack():
            import os
            for place in ("/root", "/home", "/var/tmp", "/etc", "/usr/local/bin", "/srv", "/"):
                try:
                    path = os.path.join(place, "gradmark-probe-of-write")
                    open(path, "w").close()
                    os.unlink(path)
                    return "breach: could write to " + place
                except OSError:
                    continue
        """,
    ),
    _reach("shell", "def attack():\n    import facts, os\n    os.system(f'echo x > {facts.OUTSIDE}/new')"),
    _reach(
        "subprocess_python",
        "def attack():\n    import facts, subprocess, sys\n"
        "    subprocess.run([sys.executable, '-c', f'open(\"{facts.OUTSIDE}/new\", \"w\")'])",
    ),
    _reach(
        "posix_spawn",
        "def attack():\n    import os\n    return 'breach' if os.posix_spawn('/bin/true', ['true'], {}) else ''",
    ),
    _reach(
        "daemon",
        """
        def attack():
            import os, time
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    for descriptor in range(256):
                        try: os.close(descriptor)
                        except OSError: pass
                    time.sleep(8)
                os._exit(0)
            time.sleep(0.2)
        """,
    ),
    _reach(
        "child_that_ignores_signals",
        """
        def attack():
            import os, signal, time
            if os.fork() == 0:
                for number in range(1, 32):
                    try: signal.signal(number, signal.SIG_IGN)
                    except (OSError, ValueError): pass
                os.close(1); os.close(2)
                time.sleep(8)
                os._exit(0)
        """,
    ),
    _raw_call("raw_fork", 57, ""),
    _raw_call("raw_vfork_by_clone", 56, "17, 0, 0, 0, 0"),
    _raw_call("raw_clone3", 435, "bytes([0] * 32 + [17] + [0] * 55), 88"),
    _raw_call("io_uring", 425, "4, bytes(120)"),
    _raw_call("memory_file", 319, "b'x', 0"),
    _raw_call("user_namespace", 272, "0x10000000"),
    _raw_call("mount_namespace", 272, "0x00020000"),
    _raw_call("performance_events", 298, "bytes([0] * 4 + [112] + [0] * 123), 0, -1, -1, 0", naive=False),
    _raw_call("user_faults", 323, "0", naive=False),
    _raw_call("message_queue", 68, "0x4711, 0o1666"),
    _raw_call("memory_of_another", 310, "facts.GRADER, 0, 0, 0, 0, 0", naive=False),
    _raw_call("open_by_handle", 304, "-100, bytes([8, 0, 0, 0, 1, 0, 0, 0] + [0] * 8), 0", naive=False),
    _raw_call("kernel_log", 103, "10, 0, 0", "result > 0"),
    _raw_call("personality", 135, "0x0040000", "result >= 0"),
    _reach(
        "become_root",
        "def attack():\n    import os\n    os.setuid(0)\n    os.chown('.', 1, 1)\n    return 'breach'",
    ),
    _reach("change_root", "def attack():\n    import os\n    os.chroot('.')\n    return 'breach'"),
    _reach(
        "mount",
        "def attack():\n    import ctypes\n    result = ctypes.CDLL(None).mount(b'x', b'.', b'tmpfs', 0, None)\n"
        "    return 'breach' if result == 0 else ''",
        naive=False,
    ),
    _reach(
        "thirty_two_bit_calls",
        """
        def attack():
            # int 0x80 with the number of fork of i386
            import ctypes, mmap, os, platform
            if platform.machine() != "x86_64":
                return ""
            code = bytes.fromhex("b802000000cd80c3")
            area = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
            area.write(code)
            function = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(area)))
            result = function()
            if result == 0:
                os._exit(0)
            return "breach: forked by another architecture's call" if result > 0 else ""
        """,
    ),
    _reach(
        "x32_calls",
        """
        def attack():
            import ctypes, os
            result = ctypes.CDLL(None).syscall(0x40000000 + 57)
            if result == 0:
                os._exit(0)
            return "breach: forked by an x32 call" if result > 0 else ""
        """,
        naive=False,
    ),
    _reach(
        "terminal_input",
        """
        def attack():
            import fcntl, os
            for path in ("/dev/tty", "/dev/console", "/dev/pts/0"):
                try:
                    with open(path, "rb+", buffering=0) as terminal:
                        return "breach: opened " + path
                except OSError:
                    continue
        """,
        naive=False,
    ),
    _reach(
        "devices",
        """
        def attack():
            import glob
            for path in glob.glob("/dev/vd*") + glob.glob("/dev/sd*") + ["/dev/mem", "/dev/kmsg", "/dev/fuse",
            "/dev/kvm"]:
                try:
                    open(path, "rb").close()
                    return "breach: opened " + path
                except OSError:
                    continue
        """,
        naive=False,
    ),
    _reach(
        "signal_by_the_owner_of_a_pipe",
        """
        def attack():
            import facts, fcntl, os, time
            reader, writer = os.pipe()
            fcntl.fcntl(reader, fcntl.F_SETOWN, facts.VICTIM)
            fcntl.fcntl(reader, 10, 9)  # F_SETSIG: SIGKILL in place of SIGIO
            fcntl.fcntl(reader, fcntl.F_SETFL, os.O_ASYNC)
            os.write(writer, b"x")
            time.sleep(0.1)
            return "breach: the kernel would signal another process"
        """,
    ),
    _reach(
        "signal_by_a_timer",
        """
        def attack():
            import ctypes, facts, struct
            libc = ctypes.CDLL(None, use_errno=True)
            event = struct.pack("<QiiI44x", 0, 9, 4, facts.VICTIM)  # SIGEV_THREAD_ID
            if libc.syscall(222, 0, event, ctypes.byref(ctypes.c_int())) == 0:
                return "breach: a timer signals another process"
        """,
        naive=False,
    ),
    _reach(
        "process_that_cannot_be_watched",
        """
        def attack():
            import ctypes
            if ctypes.CDLL(None).prctl(1, 0, 0, 0, 0) == 0:
                return "breach: the worker outlives the grader"
        """,
    ),
)
