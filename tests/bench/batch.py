"""A class at 1, 10, 100 and 1,000 submissions: rate, memory of the host, and the ratio to a fresh interpreter for each.

``python -m tests.bench.batch --sizes 1,10 --only linear --only elu`` changes sizes and checks.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from grader.batch.request import BatchRequest
from grader.batch.run import Batch
from grader.batch.watch import Watch
from grader.sandbox import SandboxSettings
from tests.batch.classes import EXAMPLES

SIZES = (1, 10, 100, 1_000)
LAYERS = ("linear", "elu", "softmax", "cross_entropy")
FRESH = 3  # submissions that are graded with a fresh interpreter each, for the ratio
SETTINGS = SandboxSettings(require=1, allow_unconfined=True)


def main(
    sizes: tuple[int, ...] = SIZES, only: tuple[str, ...] = LAYERS, jobs: int = os.cpu_count() or 1
) -> None:
    """Print one line per size."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        fresh = _fresh(_classroom(root / "fresh", FRESH), only)
        print(
            f"{jobs} processes, checks {', '.join(only)}; a fresh interpreter each: {fresh:.2f} s per submission"
        )
        print(
            f"{'size':>5} {'seconds':>8} {'s each':>7} {'per s':>6} {'ratio':>6} {'host MiB':>9}  again (all kept)"
        )
        for size in sizes:
            submissions = _classroom(root / f"class{size}", size)
            request = BatchRequest(
                submissions, root / f"results{size}", only=only, seed=1, jobs=jobs, sandbox=SETTINGS
            )
            seconds = _seconds(request)
            again = _seconds(request)
            print(
                f"{size:>5} {seconds:>8.1f} {seconds / size:>7.2f} {size / seconds:>6.2f} {fresh * size / seconds:>6.1f} "
                f"{_memory_mib():>9.0f}  {again:.1f} s"
            )


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


def _fresh(submissions: Path, only: tuple[str, ...]) -> float:
    """Seconds per submission of `grader grade`, one process after another."""
    clock = time.perf_counter()
    folders = sorted(submissions.iterdir())
    for folder in folders:
        command = [sys.executable, "-m", "grader", "grade", str(folder), "--quiet", "--isolation", "1",
                   "--allow-unconfined", *(f"--only={name}" for name in only)]  # fmt: skip
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - clock) / len(folders)


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
