"""A class at 1, 10, 100 and 1,000 submissions: rate, memory of the host, and the ratio to graders that start anew for each.

Two of these run on the same submissions, as many at a time as the batch has processes: `grade` in an interpreter of its
own, and a course's own tests under pytest, as Otter and Gradescope harnesses run them.

``python -m tests.bench.batch --sizes 1,10 --only linear --only elu`` changes sizes and checks.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from grader.batch.request import BatchRequest
from grader.batch.run import Batch
from grader.batch.watch import Watch
from grader.sandbox import SandboxSettings
from tests.batch.classes import EXAMPLES

SIZES = (1, 10, 100, 1_000)
LAYERS = ("linear", "elu", "softmax", "cross_entropy")
SAMPLE = 6  # submissions that the other graders are timed on
OWN_TESTS = Path(__file__).with_name("course_unittests.py")
SETTINGS = SandboxSettings(require=1, allow_unconfined=True)


def main(
    sizes: tuple[int, ...] = SIZES, only: tuple[str, ...] = LAYERS, jobs: int = os.cpu_count() or 1
) -> None:
    """Print one line per size."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        sample = _classroom(root / "sample", SAMPLE)
        fresh = _each(sample, jobs, lambda folder: _grade(folder, only))
        tests = _each(sample, jobs, _pytest)
        print(f"{jobs} at a time, checks {', '.join(only)}; seconds per submission of others: {fresh:.2f} `grade` each, "
              f"{tests:.2f} pytest each")  # fmt: skip
        print(
            f"{'size':>5} {'seconds':>8} {'s each':>7} {'per s':>6} {'x grade':>8} {'x pytest':>9} {'host MiB':>9}  again"
        )
        for size in sizes:
            submissions = _classroom(root / f"class{size}", size)
            request = BatchRequest(
                submissions, root / f"results{size}", only=only, seed=1, jobs=jobs, sandbox=SETTINGS
            )
            seconds = _seconds(request)
            again = _seconds(request)
            each = seconds / size
            print(f"{size:>5} {seconds:>8.1f} {each:>7.2f} {1 / each:>6.2f} {fresh / each:>8.1f} {tests / each:>9.1f} "
                  f"{_memory_mib():>9.0f}  {again:.1f} s, all kept", flush=True)  # fmt: skip


def _classroom(folder: Path, size: int) -> Path:
    """Submissions made of the examples' layers, no two alike."""
    sources = [path / "modules.py" for path in sorted(EXAMPLES.iterdir()) if (path / "modules.py").is_file()]
    for number in range(size):
        target = folder / f"student{number:04}"
        target.mkdir(parents=True)
        source = sources[number % len(sources)].read_bytes()
        (target / "modules.py").write_bytes(source + f"\n# {number}\n".encode())
    return folder


def _seconds(request: BatchRequest) -> float:
    clock = time.perf_counter()
    batch = Batch(request)
    with batch.store.locked(), Watch(0, quiet=True) as watch:
        batch.run(watch)
    return time.perf_counter() - clock


def _each(submissions: Path, jobs: int, grade: Callable[[Path], None]) -> float:
    """Seconds per submission of a grader that is started for each, so many at a time."""
    folders = sorted(submissions.iterdir())
    clock = time.perf_counter()
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(grade, folders))
    return (time.perf_counter() - clock) / len(folders)


def _grade(folder: Path, only: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "grader", "grade", str(folder), "--quiet", "--isolation", "1",
               "--allow-unconfined", *(f"--only={name}" for name in only)]  # fmt: skip
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _pytest(folder: Path) -> None:
    """The course's own tests on one submission; that some fail is what they are for."""
    shutil.copy(OWN_TESTS, folder / "test_course.py")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        ".",
        "-c",
        os.devnull,
        "test_course.py",
    ]
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=folder, env=alone, stdout=subprocess.PIPE, check=False)
    if done.returncode not in (0, 1, 2):
        raise RuntimeError(done.stdout.decode())


def _memory_mib() -> float:
    """Memory of this process that is in use now, in MiB."""
    status = Path("/proc/self/status").read_text().splitlines()
    return float(next(line for line in status if line.startswith("VmRSS")).split()[1]) / 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--only", action="append")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    main(tuple(map(int, given.sizes.split(","))), tuple(given.only or LAYERS), given.jobs)
