"""Attacks that want to read what they must not: secrets, truth, neighbours, memory."""

from tests.sandbox.attacks.attack import Attack, Sign, attack

_SCAN = """
def scan(data):
    import re
    if isinstance(data, str):
        data = data.encode("utf-8", "replace")
    found = re.search(rb"loot-[0-9a-f]{24}", data)
    return found.group().decode() if found else ""
"""


def _read(name: str, source: str, *, naive: bool = True) -> Attack:
    from textwrap import dedent

    return attack(name, "reading", Sign.LOOT, _SCAN + dedent(source), naive=naive)


def _read_file(name: str, path: str) -> Attack:
    return _read(name, f"def attack():\n    import facts, os\n    return open({path}).read()")


READING = (
    _read_file("read_secret_file", "facts.SECRET"),
    _read_file("read_neighbour", "facts.NEIGHBOUR + '/modules.py'"),
    _read_file("read_through_dots", "'../../../../../../../../../..' + facts.SECRET"),
    _read_file("read_through_proc_root", "'/proc/self/root' + facts.SECRET"),
    _read_file("read_through_proc_cwd", "'/proc/self/cwd/' + os.path.relpath(facts.SECRET)"),
    _read(
        "read_through_symlink",
        """
        def attack():
            import facts, os
            if not os.path.lexists("link"):
                os.symlink(facts.SECRET, "link")
            return open("link").read()
        """,
    ),
    _read(
        "read_through_hard_link",
        """
        def attack():
            import facts, os
            if not os.path.lexists("hard"):
                os.link(facts.SECRET, "hard")
            return open("hard").read()
        """,
    ),
    _read(
        "read_by_raw_system_call",
        """
        def attack():
            import ctypes, facts
            libc = ctypes.CDLL(None, use_errno=True)
            descriptor = libc.syscall(257, -100, facts.SECRET.encode(), 0)
            buffer = ctypes.create_string_buffer(200)
            libc.read(descriptor, buffer, 200)
            return buffer.value.decode()
        """,
    ),
    _read(
        "read_by_mmap",
        """
        def attack():
            import facts, numpy
            return scan(bytes(numpy.memmap(facts.SECRET, dtype="u1", mode="r")))
        """,
    ),
    _read(
        "walk_the_file_system",
        """
        def attack():
            import facts, os
            top = os.path.dirname(facts.TRUTH)
            for folder, _, names in os.walk(top):
                for name in names:
                    try:
                        if found := scan(open(os.path.join(folder, name), "rb").read(1 << 16)):
                            return found
                    except OSError:
                        continue
            return ""
        """,
    ),
    _read(
        "environment_variables",
        "def attack():\n    import os\n    return scan(repr(dict(os.environ))) or scan(open('/proc/self/environ', 'rb').read())",
    ),
    _read(
        "environment_of_others",
        """
        def attack():
            import os
            for name in os.listdir("/proc"):
                try:
                    if name.isdigit() and (found := scan(open(f"/proc/{name}/environ", "rb").read())):
                        return found
                except OSError:
                    continue
            return ""
        """,
    ),
    _read(
        "memory_of_own_process",
        """
        def attack():
            try:
                maps = open("/proc/self/maps").read().splitlines()
                memory = open("/proc/self/mem", "rb")
            except OSError:
                return ""
            for line in maps:
                area, rights = line.split()[:2]
                start, end = (int(part, 16) for part in area.split("-"))
                if "r" in rights and "w" in rights and end - start < 1 << 26:
                    try:
                        memory.seek(start)
                        if found := scan(memory.read(end - start)):
                            return found
                    except (OSError, ValueError, OverflowError):
                        continue
            return ""
        """,
    ),
    _read(
        "memory_of_grader",
        """
        def attack():
            import facts, os
            for pid in (os.getppid(), facts.GRADER):
                try:
                    maps = open(f"/proc/{pid}/maps").read().splitlines()
                    memory = open(f"/proc/{pid}/mem", "rb")
                except OSError:
                    continue
                for line in maps:
                    if "[heap]" not in line and "rw" not in line: continue
                    start, end = (int(part, 16) for part in line.split()[0].split("-"))
                    try:
                        memory.seek(start)
                        if found := scan(memory.read(min(end - start, 1 << 24))):
                            return found
                    except (OSError, ValueError, OverflowError):
                        continue
            return ""
        """,
    ),
    _read(
        "memory_by_process_vm_readv",
        """
        def attack():
            import ctypes, facts, os
            class Area(ctypes.Structure):
                _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
            libc = ctypes.CDLL(None, use_errno=True)
            for pid in (os.getppid(), facts.GRADER):
                try:
                    line = next(line for line in open(f"/proc/{pid}/maps") if " rw" in line)
                except OSError:
                    continue
                buffer = ctypes.create_string_buffer(64)
                ours, theirs = Area(ctypes.addressof(buffer), 64), Area(int(line.split("-")[0], 16), 64)
                if libc.process_vm_readv(pid, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0) > 0:
                    return "breach: read the memory of another process"
            return ""
        """,
    ),
    _read(
        "objects_of_the_interpreter",
        """
        def attack():
            import gc, sys
            for thing in gc.get_objects():
                if isinstance(thing, dict):
                    for value in list(thing.values()):
                        if isinstance(value, (str, bytes)) and (found := scan(value)):
                            return found
            return ""
        """,
    ),
    _read(
        "inherited_descriptors",
        """
        def attack():
            import os, stat
            for descriptor in range(3, 1024):
                try:
                    mode = os.fstat(descriptor).st_mode
                except OSError:
                    continue
                if stat.S_ISDIR(mode) or stat.S_ISSOCK(mode):
                    return "breach: a folder or a socket was inherited"
                if stat.S_ISREG(mode) and (found := scan(os.pread(descriptor, 1 << 16, 0))):
                    return found
            return ""
        """,
        naive=False,
    ),
    _read(
        "import_the_reference",
        """
        def attack():
            import facts, importlib, sys
            sys.path += [facts.CHECKOUT, facts.CHECKOUT + "/.venv/lib/python3.11/site-packages"]
            for name in ("reference", "reference.layers", "grader", "grader.truth", "gradmark"):
                try:
                    importlib.import_module(name)
                    return "breach: imported " + name
                except ImportError:
                    continue
            return ""
        """,
    ),
    _read(
        "read_the_reference",
        """
        def attack():
            import facts, os
            places = [facts.CHECKOUT, *__import__("sys").path]
            for place in places:
                for name in ("reference/__init__.py", "grader/__init__.py", "tests/__init__.py",
                "rubrics/uva_dl1_a1.toml"):
                    try:
                        open(os.path.join(place, name)).close()
                        return "breach: opened " + name
                    except OSError:
                        continue
            return ""
        """,
    ),
    _read(
        "system_files",
        """
        def attack():
            for path in ("/etc/passwd", "/etc/shadow", "/root/.bashrc", "/root/.ssh/id_rsa", "/etc/hostname",
            "/proc/1/cmdline"):
                try:
                    data = open(path, "rb").read()
                    if path != "/proc/1/cmdline" or b"gradmark" not in data:
                        if path in ("/etc/passwd", "/etc/shadow") and data:
                            return "breach: read " + path
                except OSError:
                    continue
            return ""
        """,
    ),
    _read(
        "left_by_the_worker_before",
        """
        def attack():  # SECOND
            import glob, os
            places = [".", "..", "../..", "/tmp", "/var/tmp", "/dev/shm", os.environ.get("TMPDIR", "/tmp")]
            for place in places:
                if glob.glob(os.path.join(place, "left-behind-*")):
                    return "breach: found what an earlier worker has left"
            for place in places:
                try:
                    open(os.path.join(place, "left-behind-x"), "w").close()
                except OSError:
                    continue
            return ""
        """,
        naive=False,
    ),
    _read(
        "left_in_shared_memory",
        """
        def attack():  # SECOND
            import ctypes
            libc = ctypes.CDLL(None, use_errno=True)
            libc.shmat.restype = ctypes.c_void_p
            segment = libc.shmget(0x67726164, 4096, 0o1666)
            if segment < 0:
                return ""
            address = libc.shmat(segment, None, 0)
            if ctypes.string_at(address, 6) == b"filled":
                return "breach: shared memory of an earlier worker"
            ctypes.memmove(address, b"filled", 6)
            return ""
        """,
        naive=False,
    ),
    _read(
        "kernel_keyring",
        """
        def attack():  # SECOND
            import ctypes
            libc = ctypes.CDLL(None, use_errno=True)
            buffer = ctypes.create_string_buffer(16)
            key = libc.syscall(249, b"user", b"gradmark-key", None, -4)
            if key > 0 and libc.syscall(250, 11, key, buffer, 16) > 0:
                return "breach: a key of an earlier worker"
            libc.syscall(248, b"user", b"gradmark-key", b"payload", 7, -4)
            return ""
        """,
        naive=False,
    ),
)
