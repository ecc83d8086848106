"""Training: what an epoch spends on data, and the NumPy loop beside PyTorch's, in one run.

``python -m tests.bench training``; GRADMARK_BENCH_DATA names a CIFAR-10 folder, else the cache or the stand-in is used.
"""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from grader.data import DataSet, load_data, standin
from grader.data.dataset import MEAN, STD
from reference.training.images import split_images
from reference.training.loop import Settings, train

MODULE = Path(__file__).parents[2] / "grader" / "worker" / "support" / "cifar10_utils.py"
BATCH = 128
REPEATS = 3


class PerImage(Dataset[Any]):
    """Images transformed one at a time, as the course's loader does: to a tensor, then normalised."""

    def __init__(self, split: Any) -> None:
        self.split, self.data = split, split.dataset.data
        self.mean, self.std = (torch.tensor(values).reshape(3, 1, 1) for values in (MEAN, STD))

    def __len__(self) -> int:
        return len(self.split)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        row = self.split.indices[index]
        image = torch.from_numpy(np.array(self.data[row])).permute(2, 0, 1).contiguous().float().div(255)
        return image.sub_(self.mean).div_(self.std), self.split.dataset.targets[row]


class Ready:
    """Batches cut from float32 images that were made before: what no loader of shuffled batches can undercut."""

    def __init__(self, split: Any) -> None:
        self.images, labels = split._arrays(np.arange(len(split)))
        self.labels = torch.from_numpy(labels)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        order = torch.randperm(len(self.labels))
        for rows in order[: len(order) // BATCH * BATCH].view(-1, BATCH):
            yield self.images.index_select(0, rows), self.labels.index_select(0, rows)


def load_module() -> Any:
    """The worker's data module, here."""
    spec = importlib.util.spec_from_file_location("cifar10_utils", MODULE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def seconds_of_pass(loader: Iterable[Any]) -> float:
    """The shortest of some passes over a loader."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        for _ in loader:
            pass
        times.append(time.perf_counter() - start)
    return min(times)


def seconds_of_epoch(loader: Iterable[Any]) -> tuple[float, float]:
    """The shortest epoch of the course's PyTorch loop, and what it waited for its batches meanwhile."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(3072, 128), nn.ELU(), nn.Linear(128, 10))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    times = []
    for _ in range(REPEATS):
        waited, start = 0.0, time.perf_counter()
        batches = iter(loader)
        while True:
            asked = time.perf_counter()
            batch = next(batches, None)
            waited += time.perf_counter() - asked
            if batch is None:
                break
            loss = nn.functional.cross_entropy(network(batch[0]), batch[1])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        times.append((time.perf_counter() - start, waited))
    return min(times)


def compare_loaders(data: DataSet) -> None:
    """The same loop, fed by our module, by per-image transforms, and by images that were made ready before."""
    utils = load_module()
    utils._configure(str(data.root))
    split = utils.get_cifar10()["train"]
    loaders: dict[str, Iterable[Any]] = {
        "our module": utils.Loader(split, BATCH, shuffle=True, drop_last=True),
        "per-image transforms": DataLoader(PerImage(split), BATCH, shuffle=True, drop_last=True),
        "ready float32, 553 MB (the floor)": Ready(split),
    }
    print(
        f"{'one epoch of 45,000 images (PyTorch)':40s} {'epoch s':>8s} {'data s':>8s} {'share':>7s} {'waited':>7s}"
    )
    for name, loader in loaders.items():
        fed = seconds_of_pass(loader)
        epoch, waited = seconds_of_epoch(loader)
        print(f"  {name:38s} {epoch:8.2f} {fed:8.2f} {fed / epoch:7.1%} {waited / epoch:7.1%}")
    print("  share: a pass over the batches alone, caches warm; waited: inside the loop, which empties them")


def compare_loops(data: DataSet) -> None:
    """One epoch of the NumPy and of the PyTorch reference loop."""
    images = split_images(data.train(), data.whole_test())
    runs = {}
    for backend in ("numpy", "torch"):
        settings = replace(Settings(device="cpu"), backend=backend, epochs=1)
        tried = [train(images, settings) for _ in range(REPEATS)]
        runs[backend] = min(tried, key=lambda run: run.seconds)
    numpy, pytorch = runs["numpy"], runs["torch"]
    print(
        f"reference, one epoch with validation and test: NumPy {numpy.seconds:.2f} s, PyTorch {pytorch.seconds:.2f} s"
    )
    print(f"  NumPy / PyTorch                        {numpy.seconds / pytorch.seconds:8.2f}")
    print(f"  NumPy: share in matrix products        {numpy.product_seconds / numpy.seconds:8.1%}")
    print(f"  NumPy: share in cutting batches        {numpy.data_seconds / numpy.seconds:8.1%}")


def calibrate() -> None:
    """What the reference's models reach on the stand-in, beside what they are meant to reach."""
    images = split_images(*standin.generate())
    models = {
        "softmax regression": (Settings(hidden=(), rate=0.01, epochs=5, device="cpu"), 0.40),
        "MLP": (Settings(device="cpu"), 0.49),
        "MLP with batch norm": (Settings(batch_norm=True, device="cpu"), 0.50),
    }
    print("stand-in: test accuracy, meant, after one epoch (validation; 0.42 to 0.43 meant for the MLP)")
    for name, (settings, meant) in models.items():
        run = train(images, settings)
        print(f"  {name:30s} {run.test_accuracy:8.4f} {meant:8.2f} {run.validation_accuracies[0]:8.4f}")


def main() -> None:
    """Print all figures."""
    given = os.environ.get("GRADMARK_BENCH_DATA")
    data = load_data(Path(given) if given else None)
    print(f"{data.description}; {torch.get_num_threads()} threads of PyTorch; shortest of {REPEATS}")
    compare_loaders(data)
    compare_loops(data)
    calibrate()
