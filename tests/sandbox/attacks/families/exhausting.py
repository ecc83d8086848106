"""Attacks that want the grader to hang, to grow, to die, or to fill the machine."""

from tests.sandbox.attacks.attack import Attack, Sign, attack


def _exhaust(name: str, source: str, *, naive: bool = True) -> Attack:
    return attack(name, "exhausting", Sign.HARM, source, naive=naive)


EXHAUSTING = (
    _exhaust(
        "endless_loop_that_catches_everything",
        """
        def attack():
            while True:
                try:
                    while True:
                        x = 1
                        y = x + 1
                except BaseException:
                    continue
        """,
    ),
    _exhaust(
        "endless_loop_without_alarm",
        "def attack():\n    import signal\n    signal.alarm(0)\n    while True: pass",
    ),
    _exhaust("endless_on_import", "import signal\nsignal.alarm(0)\nwhile True: pass"),
    _exhaust("loop_in_c", "def attack():\n    import itertools\n    return sum(itertools.repeat(0))"),
    _exhaust("sleep", "def attack():\n    import signal, time\n    signal.alarm(0)\n    time.sleep(1000)"),
    _exhaust(
        "deadlock",
        "def attack():\n    import signal, threading\n    signal.alarm(0)\n    lock = threading.Lock()\n    lock.acquire()\n    lock.acquire()",
    ),
    _exhaust(
        "thread_that_never_ends",
        "def attack():\n    import signal, threading, time\n    signal.alarm(0)\n    threading.Thread(target=time.sleep, args=(1000,)).start()",
    ),
    _exhaust(
        "stop_oneself",
        "def attack():\n    import os, signal\n    os.kill(os.getpid(), signal.SIGSTOP)\n    import time; time.sleep(1000)",
    ),
    _exhaust(
        "memory_at_once",
        "def attack():\n    import numpy\n    a = numpy.empty(3 << 30, 'u1')\n    return 'breach: more memory than the limit'",
    ),
    _exhaust(
        "memory_bit_by_bit",
        """
        def attack():
            import mmap
            held = []
            for _ in range(60):
                held.append(mmap.mmap(-1, 64 << 20))
            return "breach: more memory than the limit"
        """,
    ),
    _exhaust(
        "memory_shared",
        """
        def attack():
            import mmap, os
            for number in range(80):
                path = f"/dev/shm/gradmark-fill-{os.getpid()}-{number}"
                try:
                    descriptor = os.open(path, os.O_CREAT | os.O_RDWR)
                    os.posix_fallocate(descriptor, 0, 1 << 20)
                    os.close(descriptor)
                finally:
                    if number == 79:
                        for k in range(80):
                            os.unlink(f"/dev/shm/gradmark-fill-{os.getpid()}-{k}")
            return "breach: more shared memory than the limit"
        """,
        naive=True,
    ),
    _exhaust(
        "fork_bomb",
        """
        def attack():
            import os, time
            children = 0
            for _ in range(50):
                if os.fork() == 0:
                    time.sleep(3)
                    os._exit(0)
                children += 1
            return f"breach: {children} processes"
        """,
    ),
    _exhaust(
        "threads_without_end",
        """
        def attack():
            import threading, time
            for _ in range(2000):
                threading.Thread(target=time.sleep, args=(20,), daemon=True).start()
            return "breach: 2000 threads"
        """,
    ),
    _exhaust(
        "fill_the_disk",
        """
        def attack():
            import os
            for number in range(4):
                with open(f"fill-{number}", "wb") as file:
                    os.posix_fallocate(file.fileno(), 0, 20 << 20)
            return "breach: more disk than the limit"
        """,
    ),
    _exhaust(
        "one_big_file",
        "def attack():\n    import os\n    with open('big', 'wb') as file:\n        os.posix_fallocate(file.fileno(), 0, 64 << 20)\n    return 'breach: a file larger than the limit'",
    ),
    _exhaust(
        "many_files",
        "def attack():\n    for number in range(1000): open(f'f{number}', 'w').close()\n    return 'breach: more files than the limit'",
    ),
    _exhaust(
        "deep_folders",
        """
        def attack():
            import os
            for _ in range(1000):
                os.mkdir("d")
                os.chdir("d")
            return "breach: more folders than the limit"
        """,
    ),
    _exhaust(
        "folders_that_cannot_be_removed",
        """
        def attack():
            import os
            os.makedirs("locked/inside")
            open("locked/inside/file", "w").close()
            os.chmod("locked/inside", 0)
            os.chmod("locked", 0)
        """,
        naive=False,
    ),
    _exhaust(
        "descriptors",
        "def attack():\n    held = []\n    for _ in range(500): held.append(open('/dev/null'))\n    return 'breach: more files open than the limit'",
    ),
    _exhaust("output_flood", "def attack():\n    for _ in range(200): print('x' * 100_000)"),
    _exhaust(
        "output_flood_without_end",
        "def attack():\n    import os, signal\n    signal.alarm(0)\n    while True: os.write(1, b'y' * 65536)",
    ),
    _exhaust(
        "error_flood",
        "def attack():\n    import sys\n    for _ in range(200): sys.stderr.write('e' * 100_000)",
    ),
    _exhaust("recursion", "import sys\nsys.setrecursionlimit(10**9)\ndef attack():\n    return attack()"),
    _exhaust("segmentation_fault", "def attack():\n    import ctypes\n    ctypes.string_at(0)"),
    _exhaust("abort", "def attack():\n    import os\n    os.abort()"),
    _exhaust("exit_at_once", "def attack():\n    import os\n    os._exit(7)"),
    _exhaust(
        "kill_oneself",
        "def attack():\n    import os\n    os.kill(os.getpid(), 9)\n    import time; time.sleep(9)",
    ),
    _exhaust(
        "close_all_descriptors",
        "def attack():\n    import os\n    os.closerange(0, 1000)\n    import time; time.sleep(1)",
        naive=False,
    ),
    _exhaust("enormous_list", "def attack():\n    return list(range(3_000_000))", naive=False),
    _exhaust("enormous_text", "def attack():\n    return 'x' * 500_000_000", naive=False),
    _exhaust(
        "enormous_array", "def attack():\n    import numpy\n    return numpy.zeros(30_000_000)", naive=False
    ),
    _exhaust(
        "deeply_nested",
        "def attack():\n    value = []\n    for _ in range(100_000): value = [value]\n    return value",
        naive=False,
    ),
    _exhaust(
        "contains_itself",
        "def attack():\n    value = []\n    value.append(value)\n    return value",
        naive=False,
    ),
    _exhaust(
        "many_small_objects",
        "def attack():\n    return {str(i): {'a': i} for i in range(200_000)}",
        naive=False,
    ),
    _exhaust("integer_of_many_digits", "def attack():\n    return 10 ** 1_000_000", naive=False),
    _exhaust(
        "error_that_explodes_when_shown",
        """
        class Bomb(Exception):
            def __str__(self):
                raise SystemExit("boom")
            __repr__ = __str__
        def attack():
            raise Bomb
        """,
        naive=False,
    ),
    _exhaust(
        "error_with_enormous_text", "def attack():\n    raise ValueError('x' * 300_000_000)", naive=False
    ),
    _exhaust(
        "signals_to_oneself",
        """
        def attack():
            import os, signal
            for number in range(1, 32):
                if number not in (9, 19):
                    signal.signal(number, signal.SIG_IGN) if number not in (32,) else None
            signal.alarm(0)
            while True:
                try: os.kill(os.getpid(), 15)
                except BaseException: pass
        """,
    ),
    _exhaust(
        "fill_the_disk_with_removed_files",
        """
        def attack():
            import os, time
            held = []
            for number in range(20):
                held.append(open(f"f{number}", "wb"))
                os.unlink(f"f{number}")
                os.posix_fallocate(held[-1].fileno(), 0, 20 << 20)
            time.sleep(0.3)
            return "breach: more disk than the limit"
        """,
    ),
    _exhaust(
        "fill_the_disk_with_files_without_a_name",
        """
        def attack():
            import mmap, os, time
            held = []
            for _ in range(20):
                file = os.open(".", os.O_TMPFILE | os.O_RDWR)
                os.posix_fallocate(file, 0, 20 << 20)
                held.append(mmap.mmap(file, 20 << 20))
                os.close(file)
            time.sleep(0.3)
            return "breach: more disk than the limit"
        """,
    ),
    _exhaust(
        "list_without_end",
        """
        class Endless(list):
            def __len__(self): return 5
            def __iter__(self):
                while True: yield "x"
        def attack(): return Endless([1])
        """,
        naive=False,
    ),
    _exhaust(
        "dict_without_end",
        """
        class Endless(dict):
            def items(self):
                number = 0
                while True:
                    number += 1
                    yield number, number
        def attack(): return Endless(a=1)
        """,
        naive=False,
    ),
    _exhaust(
        "error_whose_class_has_no_name",
        """
        class Nameless(type):
            @property
            def __name__(cls): raise SystemExit("no name")
        class Error(BaseException, metaclass=Nameless): pass
        def attack(): raise Error
        """,
    ),
    _exhaust(
        "array_at_an_address_of_its_choice",
        """
        def attack():
            import numpy
            class Liar:
                __array_interface__ = {"shape": (10**6,), "typestr": "<f8", "data": (0x1000, False), "version": 3}
            return numpy.asarray(Liar()).sum()
        """,
    ),
    _exhaust(
        "stacks_of_threads",
        """
        def attack():
            import threading, time
            threading.stack_size(1 << 27)
            for _ in range(200):
                threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
            return "breach: more memory than the limit"
        """,
    ),
)
