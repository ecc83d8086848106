"""Images as the training loops take them: rows of float32, cut into training, validation and test images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # (N, 3, 32, 32)
Rows = NDArray[np.float32]  # (N, D)
Labels = NDArray[np.int64]  # (N,)

MEAN = (0.491, 0.482, 0.447)  # per colour channel, of pixels in [0, 1]: the course's figures for CIFAR-10
STD = (0.247, 0.243, 0.262)
SPLIT_SEED = 42


@dataclass(frozen=True)
class Images:
    """One data set in memory."""

    train_x: Rows
    train_y: Labels
    validation_x: Rows
    validation_y: Labels
    test_x: Rows
    test_y: Labels

    @property
    def features(self) -> int:
        """Numbers per image."""
        return int(self.train_x.shape[1])


def split_images(
    train: tuple[Pixels, Labels], test: tuple[Pixels, Labels], *, validation_size: int = 5_000
) -> Images:
    """Normalise images and cut them as the course does.

    Args:
        train: images (N, 3, 32, 32) uint8 and labels (N,).
        test: images and labels, not cut.
        validation_size: how many of the training images are for validation: the tail of the order that
            ``torch.utils.data.random_split`` makes with a generator of seed 42.
    """
    order = torch.randperm(len(train[1]), generator=torch.Generator().manual_seed(SPLIT_SEED)).numpy()
    cut = len(order) - validation_size
    rows, held = order[:cut], order[cut:]
    return Images(
        train_x=normalised_rows(train[0], rows),
        train_y=np.asarray(train[1])[rows],
        validation_x=normalised_rows(train[0], held),
        validation_y=np.asarray(train[1])[held],
        test_x=normalised_rows(test[0]),
        test_y=np.asarray(test[1]),
    )


def normalised_rows(pixels: Pixels, rows: NDArray[np.int64] | None = None, *, chunk: int = 2_000) -> Rows:
    """Images (N, 3, 32, 32) uint8, or some rows of them, as (N, 3072) float32, mean and deviation taken out."""
    rows = np.arange(len(pixels)) if rows is None else rows
    size = int(np.prod(pixels.shape[2:]))
    mean, std = (np.repeat(np.asarray(v, dtype=np.float32), size) for v in (MEAN, STD))
    found = np.empty((len(rows), 3 * size), dtype=np.float32)
    for start in range(0, len(rows), chunk):
        part = found[start : start + chunk]
        part[...] = pixels[rows[start : start + chunk]].reshape(len(part), -1)
        part /= np.float32(255)
        part -= mean
        part /= std
    return found
