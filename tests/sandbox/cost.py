"""``python -m tests.sandbox.cost``: what a worker costs, by level, as a Markdown table (medians)."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from grader.sandbox import Program, Sandbox, SandboxSettings

WITHOUT: dict[str, dict[str, str]] = {
    "all layers": {},
    "no bubblewrap, no namespaces": {"bubblewrap": "left out", "namespaces": "left out"},
    "limits alone": dict.fromkeys(("bubblewrap", "namespaces", "landlock", "seccomp", "user"), "left out"),
}
REPEATS = 15
TRAINING = b"""
import torch
def train():
    model = torch.nn.Linear(20, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(20):
        loss = torch.nn.functional.cross_entropy(model(torch.randn(16, 20)), torch.zeros(16, dtype=torch.long))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return float(loss)
"""


def median_ms(action: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median wall time of an action in milliseconds."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        action()
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)


def calls(count: int, array: np.ndarray) -> Program:
    """A program that sends an array through the worker ``count`` times."""
    p = Program()
    for number in range(count):
        p.send(f"x{number}", array)
    return p


def spawn(sandbox: Sandbox) -> None:
    """Open a worker, make one call, close it."""
    with sandbox.worker({"modules.py": b"x = 1"}) as worker:
        p = Program()
        p.import_("modules")
        worker.run(p, timeout=60.0)


def train(sandbox: Sandbox) -> None:
    """Open a worker, train 20 steps, close it."""
    with sandbox.worker({"modules.py": TRAINING}) as worker:
        p = Program()
        p.send("loss", p.call(p.import_("modules").attr("train")))
        worker.run(p, timeout=60.0)


def measure(without: dict[str, str]) -> list[str]:
    """One row of figures."""
    with Sandbox(SandboxSettings(require=1, allow_unconfined=True, without=without)) as sandbox:
        started = time.perf_counter()
        level = sandbox.isolation.level
        start = time.perf_counter() - started
        time.sleep(3.0)  # the warm interpreter takes its optimizer step meanwhile
        figures = [median_ms(lambda: spawn(sandbox)), median_ms(lambda: train(sandbox))]
        with sandbox.worker({}) as worker:
            tiny, big = calls(1, np.zeros(8, np.float32)), calls(1, np.zeros(10_000_000 // 8))
            worker.run(tiny, timeout=60.0)
            figures += [median_ms(lambda: worker.run(tiny, timeout=60.0), 200)]
            figures += [median_ms(lambda: worker.run(big, timeout=60.0))]
    return [str(level), f"{start:.2f} s", *(f"{figure:.2f} ms" for figure in figures)]


def main() -> None:
    """Print the table."""
    command = [sys.executable, "-c", "import torch"]
    plain = median_ms(lambda: subprocess.run(command, check=True), 3)
    print(f"load {os.getloadavg()[0]:.1f}; plain `python -c 'import torch'`: {plain / 1000:.2f} s\n")
    print(
        "| layers | level | start and probe | spawn, load, close | ... and 20 training steps | round trip | 10 MB there and back |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, without in WITHOUT.items():
        print(f"| {name} | {' | '.join(measure(without))} |", flush=True)


if __name__ == "__main__":
    main()
