"""A data set as the grader holds it: what a submission may see in one folder, what it may not elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from grader.model import DataUsed

Images = NDArray[np.uint8]  # (N, 3, 32, 32)
Labels = NDArray[np.int64]  # (N,)
Kind = Literal["cifar10", "stand-in"]

MEAN = (0.491, 0.482, 0.447)  # per colour channel, of pixels in [0, 1]: the course's figures for CIFAR-10
STD = (0.247, 0.243, 0.262)
VALIDATION_SIZE = 5_000
SPLIT_SEED = 42  # of the torch generator that the course splits training from validation images with


@dataclass(frozen=True)
class DataSet:
    """One data set, memory-mapped.

    ``root`` holds ``train_images.npy`` (N, 3, 32, 32) uint8, ``train_labels.npy`` (N,) int64,
    ``test_images.npy`` and ``test_labels.npy`` (the public half of the test images) and ``meta.json``. It
    is all that a worker may see. The private half's labels are in this object and in a folder of the cache
    beside ``root``, never under it.
    """

    kind: Kind
    description: str  # for report headers: "CIFAR-10 from data/cifar-10-batches-py"
    root: Path
    classes: tuple[str, ...]
    private_images: Images
    private_labels: Labels

    @property
    def used(self) -> DataUsed:
        """The record that a report keeps of this data set."""
        return DataUsed(kind=self.kind, description=self.description)

    def train(self) -> tuple[Images, Labels]:
        """All training images and labels (validation included), memory-mapped."""
        return self._read("train")

    def public(self) -> tuple[Images, Labels]:
        """The test images and labels that a submission sees as its test set, memory-mapped."""
        return self._read("test")

    def whole_test(self) -> tuple[Images, Labels]:
        """All test images and labels, both halves: for the reference, which is ours."""
        images, labels = self.public()
        return np.concatenate([images, self.private_images]), np.concatenate([labels, self.private_labels])

    def validation(self, *, size: int = VALIDATION_SIZE) -> tuple[Images, Labels]:
        """The validation images and labels, in the order in which the course's loader serves them."""
        images, labels = self.train()
        rows = validation_rows(len(labels), size=size)
        return images[rows], labels[rows]

    def _read(self, split: str) -> tuple[Images, Labels]:
        return tuple(
            np.load(self.root / f"{split}_{part}.npy", mmap_mode="r") for part in ("images", "labels")
        )


def validation_rows(count: int, *, size: int = VALIDATION_SIZE) -> NDArray[np.int64]:
    """Row numbers of the validation images: the tail of the permutation of ``random_split``."""
    return _split_order(count)[count - size :]


def train_rows(count: int, *, size: int = VALIDATION_SIZE) -> NDArray[np.int64]:
    """Row numbers of the training images, in the order in which budgets cut them."""
    return _split_order(count)[: count - size]


def _split_order(count: int) -> NDArray[np.int64]:
    import torch

    order = torch.randperm(count, generator=torch.Generator().manual_seed(SPLIT_SEED))
    return np.asarray(order.numpy(), dtype=np.int64)


def normalise(images: Images) -> NDArray[np.float32]:
    """Images (N, 3, 32, 32) uint8 as loaders serve them: float32, mean and deviation taken out."""
    scaled = images.astype(np.float32) / np.float32(255)
    mean, std = (np.asarray(values, dtype=np.float32).reshape(1, 3, 1, 1) for values in (MEAN, STD))
    return np.asarray((scaled - mean) / std, dtype=np.float32)
