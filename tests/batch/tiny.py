"""A small homework and a class with every kind of submission, so that whole batches take seconds."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from grader.batch.job import Graded, Task, grade_task
from grader.batch.pools import Pool
from grader.batch.request import BatchRequest, BatchResult
from grader.batch.run import Batch
from grader.batch.watch import Watch
from grader.sandbox import SandboxSettings
from tests.batch.classes import files_of, zipped

ANY = SandboxSettings(require=1, allow_unconfined=True)
RUBRIC = """
schema = 1
id = "tiny"
title = "Tiny homework"
modules = ["modules.py"]
[limits]
seconds = 2
[[parts]]
id = "linear"
title = "Linear module"
target = "modules:LinearModule"
layer = "linear"
[[parts.checks]]
kind = "forward"
title = "forward"
points = 3
[[parts.checks]]
kind = "gradient"
title = "gradient"
points = 6
"""
RIGHT = files_of("full_marks")["modules.py"]
CLASS = {
    "alice": RIGHT,
    "bob": files_of("bias_gradient_not_summed")["modules.py"],
    "carol": b"import os\nos._exit(0)\n" + RIGHT,
    "dave": b"import time\nwhile True:\n    time.sleep(1)\n" + RIGHT,
    "erin": RIGHT + b"\nprint(object(), 'here')\n",
    "grace": b"",
}
HANGS = "dave"


def write_class(folder: Path, *, hanging: bool = True) -> tuple[Path, Path]:
    """The class, with or without the one who hangs (seconds per run), and its rubric: (submissions, rubric)."""
    submissions = folder / "class"
    for name, source in CLASS.items():
        if name == HANGS and not hanging:
            continue
        (submissions / name).mkdir(parents=True)
        (submissions / name / "modules.py").write_bytes(source)
    (submissions / "frank.zip").write_bytes(zipped({"modules.py": CLASS["alice"]})[:-40])
    rubric = folder / "tiny.toml"
    rubric.write_text(RUBRIC)
    return submissions, rubric


def request(folder: Path, results: Path, **changes: Any) -> BatchRequest:
    """A batch over the class in this folder."""
    settings: dict[str, Any] = {"seed": 7, "sandbox": ANY, "rubric": str(folder / "tiny.toml"), **changes}
    return BatchRequest(folder / "class", results, **settings)


def run(asked: BatchRequest) -> BatchResult:
    """Run it with nobody watching."""
    batch = Batch(asked)
    with batch.store.locked(), Watch(0, quiet=True, log=batch.store.log) as watch:
        return batch.run(watch)


@contextmanager
def inline_pool(jobs: int, *, patience: float) -> Iterator[Pool]:
    """Tasks in this process, at once: for tests of everything but processes."""

    def submit(task: Task) -> Future[Graded]:
        future: Future[Graded] = Future()
        try:
            future.set_result(grade_task(task))
        except Exception as error:
            future.set_exception(error)
        return future

    yield Pool(submit, lambda: 1, "this process")


def results_of(root: Path) -> dict[str, bytes]:
    """Everything that must repeat byte for byte: all files outside run/."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and "run" not in path.relative_to(root).parts
    }
