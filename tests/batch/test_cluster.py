"""A real Dask cluster with processes: the same bytes as on this machine, also when a worker is killed half-way."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.batch import job
from grader.batch import run as run_module
from grader.batch.request import BatchRequest
from grader.batch.run import Batch
from grader.batch.watch import Watch
from grader.errors import UsageError
from tests.batch import tiny

distributed = pytest.importorskip("distributed", reason="gradmark[cluster] is not installed")
pytestmark = pytest.mark.filterwarnings("ignore")  # of Dask, when its worker is killed


@pytest.fixture
def cluster() -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
        ) as made:
            yield made


def _pids(address: str) -> dict[str, int]:
    with distributed.Client(address, set_as_default=False) as client:
        return dict(client.run(os.getpid))


def test_a_killed_worker_costs_nothing_but_time(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.write_class(tmp_path)
    address = cluster.scheduler_address
    pids = _pids(address)
    killed: list[int] = []
    results = tmp_path / "cluster"

    def kill_one() -> None:
        deadline = time.monotonic() + 200
        while not list(results.glob("run/state/*.json")) and time.monotonic() < deadline:
            time.sleep(0.02)
        victim = next(iter(pids.values()))
        os.kill(victim, signal.SIGKILL)
        killed.append(victim)

    killer = threading.Thread(target=kill_one)
    killer.start()
    batch = Batch(tiny.request(tmp_path, results, scheduler=address))
    with batch.store.locked(), Watch(0, quiet=True) as watch:
        result = batch.run(watch)
    killer.join()
    assert killed
    assert len(result.rows) == len(tiny.CLASS) + 1
    assert not any(row.shown.outcome == "internal" for row in result.rows)

    monkeypatch.setattr(run_module, "local_pool", tiny.inline_pool)
    tiny.run(tiny.request(tmp_path, tmp_path / "here"))
    job._close_sandbox()
    assert tiny.results_of(results) == tiny.results_of(tmp_path / "here")


def test_nobody_at_the_address_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.write_class(tmp_path)
    monkeypatch.setattr("grader.batch.pools.CONNECT_SECONDS", 1)
    asked: BatchRequest = tiny.request(tmp_path, tmp_path / "r", scheduler="tcp://127.0.0.1:1")
    with pytest.raises(UsageError, match=r"--scheduler tcp://127\.0\.0\.1:1: no Dask scheduler answers"):
        tiny.run(asked)
