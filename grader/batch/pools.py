"""Where tasks run: processes of this machine (Pebble) or an existing Dask cluster. Both hand out futures.

No scheduling of our own: Pebble replaces a process that crashed or ran too long and fails only its task; Dask
repeats a task whose worker is lost, and gives up on one that has cost several workers their life.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from grader.batch.job import THREADS, Graded, Task, grade_task, start_process
from grader.errors import UsageError

CONNECT_SECONDS = 20.0


@dataclass(frozen=True)
class Pool:
    """Takes tasks and gives futures.

    Attributes:
        submit: start a task.
        capacity: how many run at the same time, now.
        about: for people: "4 processes".
    """

    submit: Callable[[Task], Future[Graded]]
    capacity: Callable[[], int]
    about: str


@contextmanager
def local_pool(jobs: int, *, patience: float) -> Iterator[Pool]:
    """Processes of this machine; all of them are gone when the block ends, however it ends.

    Args:
        jobs: how many.
        patience: seconds after which a process that works on one submission is replaced.
    """
    from pebble import ProcessPool

    os.environ.update(THREADS)  # inherited; N processes share the machine, each with one thread
    context = multiprocessing.get_context("spawn")  # never fork a process that has threads
    pool = ProcessPool(max_workers=jobs, context=context, initializer=start_process, initargs=(os.getpid(),))
    try:
        yield Pool(
            lambda task: pool.schedule(grade_task, args=(task,), timeout=patience),
            lambda: jobs,
            f"{jobs} process{'es' if jobs > 1 else ''}",
        )
        pool.close()  # type: ignore[no-untyped-call]
    finally:
        pool.stop()  # type: ignore[no-untyped-call]
        pool.join()


@contextmanager
def dask_pool(address: str, *, client: Any = None) -> Iterator[Pool]:
    """An existing Dask cluster.

    Args:
        address: of its scheduler, ``tcp://host:8786``.
        client: one that is connected already.

    Raises:
        UsageError: ``gradmark[cluster]`` is not installed, or nobody answers at the address.
    """
    try:
        from distributed import Client
    except ImportError:
        raise UsageError("--scheduler needs Dask: pip install 'gradmark[cluster]'") from None
    own = client is None
    if own:
        try:
            client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:
            raise UsageError(f"--scheduler {address}: no Dask scheduler answers: {error}") from None
    executor = client.get_executor(pure=False)
    try:
        yield Pool(
            lambda task: executor.submit(grade_task, task),
            lambda: max(1, sum(client.ncores().values())),
            f"Dask at {address}",
        )
    finally:
        executor.shutdown(wait=False)
        if own:
            client.close()
