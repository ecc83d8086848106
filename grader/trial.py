"""Reading a large file of a submission, tried first in a process of its own that may fail.

The host parses what students write: Python sources, answer files, notebooks. The size of a file bounds neither the
time nor the memory that this takes: an f-string of 800 KB keeps Python 3.11's parser busy for six minutes, 2 MiB of
short statements become 1.8 GiB of syntax tree, and a codec may be quadratic. Small files are bounded by their size; a
larger one is read here, under limits, before the host reads it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

SMALL = 32 << 10  # bytes that the host reads without a trial
SMALL_ANSWERS = (
    12 << 10
)  # of files that are read by regular expressions, quadratic where nothing closes what opens
CPU_SECONDS = 4
WALL_SECONDS = 60.0
MEMORY = 192 << 20  # bytes beyond those of the bare process; the host takes as many afterwards
NOTEBOOK_MEMORY = 512 << 20  # plots travel inside; the host gets the sources alone
_CODE = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from grader.trial import main; main()"


def why_unreadable(reader: str, files: Mapping[str, bytes]) -> str:
    """Why files that are not small cannot be read; "" if they can.

    Args:
        reader: a name in ``READERS``.
        files: by name.
    """
    small = SMALL_ANSWERS if reader == "answers" else SMALL
    return "" if sum(map(len, files.values())) <= small else read_apart(reader, files)[0]


def read_apart(
    reader: str, files: Mapping[str, bytes], options: Sequence[str] = (), *, seconds: int = CPU_SECONDS
) -> tuple[str, Any]:
    """Read files in a process with limits: why it failed ("" if it did not), and what the reader returned."""
    request = {
        "reader": reader,
        "files": {name: data.decode("latin-1") for name, data in files.items()},
        "options": list(options),
        "seconds": seconds,
    }
    path = [str(Path(__file__).resolve().parents[1]), *(entry for entry in sys.path if entry)]
    command = [sys.executable, "-s", "-c", _CODE, json.dumps(path)]
    try:
        done = subprocess.run(
            command, input=json.dumps(request).encode(), capture_output=True, timeout=WALL_SECONDS, cwd="/"
        )
    except subprocess.TimeoutExpired:
        return "reading it takes too long", None
    if done.returncode == 0:
        return "", json.loads(done.stdout)
    if done.returncode == _REFUSED:
        return done.stdout.decode("utf-8", "replace"), None
    return "reading it takes too much time or memory", None


_REFUSED = 9


def main() -> None:
    """The process with limits: reads a request from its input, writes what the reader returns to its output."""
    request = json.load(sys.stdin)
    reader = READERS[request["reader"]]()
    files = {name: text.encode("latin-1") for name, text in request["files"].items()}
    _limit(request["seconds"], NOTEBOOK_MEMORY if request["reader"] in ("notebooks", "numbers") else MEMORY)
    try:
        found = reader(files, request["options"])
    except (ValueError, RecursionError, MemoryError) as error:
        print(f"{type(error).__name__}: {error}"[:300], end="")
        sys.exit(_REFUSED)
    json.dump(found, sys.stdout)


def _limit(seconds: int, memory: int) -> None:
    """No more than some seconds and some memory from here on, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    used = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    for kind, most in (
        (resource.RLIMIT_CPU, int(used) + seconds),
        (resource.RLIMIT_AS, _address_space() + memory),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))


def _address_space() -> int:
    """Bytes of address space of this process; a generous guess where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 1 << 30


Reader = Callable[[dict[str, bytes], list[str]], Any]


def _sources() -> Reader:
    from grader.submission.outline import parse_outline

    return lambda files, _: [parse_outline(name, data) for name, data in files.items()] and None


def _answers() -> Reader:
    from grader.answers import read_answers

    return lambda files, _: [read_answers(name, data) for name, data in files.items()] and None


def _notebooks() -> Reader:
    from grader.errors import SubmissionError
    from grader.notebooks import convert

    def read(files: dict[str, bytes], modules: list[str]) -> Any:
        try:
            converted = convert(files, modules)
        except SubmissionError as error:
            raise ValueError(str(error)) from None
        return [{k: v.decode("latin-1") for k, v in converted.files.items()}, list(converted.notes)]

    return read


def _numbers() -> Reader:
    from grader.notebooks.numbers import numbers_in

    return lambda files, _: numbers_in(files)


READERS: dict[str, Callable[[], Reader]] = {
    "sources": _sources,
    "answers": _answers,
    "notebooks": _notebooks,
    "numbers": _numbers,
}
