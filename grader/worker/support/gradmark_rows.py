"""Counts validation images that are read among training images while a submission trains; shifts test labels.

The grader runs this source in the worker before ``train``; the count is ``cifar10_utils._mingled``, and test labels are
shifted by ``cifar10_utils._test_shift`` classes. An image is among training images if its batch has some, or, where
images are read one by one, if few are read between two training images: an evaluation reads many.
"""

from __future__ import annotations

import functools
from typing import Any

import cifar10_utils  # type: ignore[import-not-found]
import numpy as np

FEW = 8  # images of a batch or of an evaluation at least


class Rows:
    """Which rows were read since the data sets were read."""

    held: Any = None  # (N,) rows for validation
    waiting = 0  # of them, read since the last training image

    def split(self, splits: dict[str, Any]) -> dict[str, Any]:
        """Remember which rows are for validation."""
        self.held = np.zeros(len(splits["train"].dataset), dtype=bool)
        self.held[splits["validation"].indices] = True
        return splits

    def note(self, rows: Any, training: Any) -> None:
        """Rows (N,) that are read at once, and which of them are for training."""
        held = int(self.held[rows].sum())
        if training.any() and held:
            cifar10_utils._mingled += held
        elif held:
            self.waiting += held
        elif training.any():
            cifar10_utils._mingled += self.waiting if self.waiting < FEW else 0
            self.waiting = 0


def _watch(seen: Rows) -> None:
    labels_of, read = cifar10_utils.ImageSet._labels_of, cifar10_utils.read_data_sets

    @functools.wraps(labels_of)
    def labels(self: Any, rows: Any) -> Any:
        if self.train and seen.held is not None:
            seen.note(rows, self._training[rows])
        found = labels_of(self, rows)
        return found if self.train else (found + cifar10_utils._test_shift) % 10

    @functools.wraps(read)
    def read_and_remember(*args: Any, **kwargs: Any) -> dict[str, Any]:
        return seen.split(read(*args, **kwargs))

    cifar10_utils.ImageSet._labels_of = labels
    cifar10_utils.read_data_sets = read_and_remember


if not hasattr(cifar10_utils, "_mingled"):
    _watch(Rows())
cifar10_utils._mingled = cifar10_utils._test_shift = 0
