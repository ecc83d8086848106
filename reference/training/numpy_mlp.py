"""The MLP and its training step in NumPy, in float32 and without allocating in the loop.

Nearly all of a step is two matrix products: ``x @ w`` and ``x.T @ dz`` of the first layer. The rest is kept small by
buffers that are reused, by ``exp(min(z, 0))`` serving both ELU and its derivative, and by folding the learning rate
into the small ``dz`` rather than into the large ``dw``.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from reference.training.images import Images, Labels, Rows

Parameters = list[NDArray[np.float32]]  # w1, b1, w2, b2 ...; w is (in, out)


class NumpyMLP:
    """Linear layers with ELU between them and softmax with cross-entropy at the end.

    ``product_seconds`` is the time spent in matrix products, ``data_seconds`` in cutting batches.
    """

    def __init__(
        self, images: Images, hidden: Sequence[int], *, classes: int, batch_size: int, seed: int
    ) -> None:
        self.images = images
        self.batch_size = batch_size
        self.product_seconds = self.data_seconds = 0.0
        sizes = (images.features, *hidden, classes)
        self._rng = np.random.default_rng(seed)
        self.parameters: Parameters = []
        for layer, (fan_in, fan_out) in enumerate(pairwise(sizes)):
            deviation = np.sqrt(
                (1 if layer == 0 else 2) / fan_in
            )  # Kaiming; no activation before the first layer
            w = self._rng.standard_normal((fan_in, fan_out)) * deviation
            self.parameters += [w.astype(np.float32), np.zeros(fan_out, dtype=np.float32)]
        self._allocate(sizes)

    def _allocate(self, sizes: Sequence[int]) -> None:
        def buffers(shapes: Sequence[tuple[int, ...]]) -> list[NDArray[np.float32]]:
            return [np.empty(shape, dtype=np.float32) for shape in shapes]

        outputs = [(self.batch_size, size) for size in sizes[1:]]
        self._x = np.empty((self.batch_size, sizes[0]), dtype=np.float32)
        self._y = np.empty(self.batch_size, dtype=np.int64)
        self._values, self._slopes, self._dz = buffers(outputs), buffers(outputs), buffers(outputs)
        self._dw = buffers([w.shape for w in self.parameters[::2]])
        self._row = np.arange(self.batch_size)

    def order(self, count: int) -> NDArray[np.int64]:
        """The order of the training images in the next epoch."""
        return self._rng.permutation(count)

    def step(self, rows: NDArray[np.int64], rate: float) -> float:
        """One SGD step on a full batch of training images, by row number; the mean loss before it."""
        start = time.perf_counter()
        np.take(self.images.train_x, rows, axis=0, out=self._x, mode="clip")
        np.take(self.images.train_y, rows, out=self._y, mode="clip")
        self.data_seconds += time.perf_counter() - start
        with np.errstate(all="ignore"):  # a run that diverges is a result
            self._forward()
            loss = self._softmax_loss(rate)
            self._backward()
        return loss

    def accuracy(self, x: Rows, y: Labels) -> float:
        """Share of images (N, D) that are classified right."""
        with np.errstate(all="ignore"):
            for layer in range(0, len(self.parameters), 2):
                w, b = self.parameters[layer : layer + 2]
                z = np.empty((len(x), w.shape[1]), dtype=np.float32)
                self._product(x, w, z)
                z += b
                if layer + 2 < len(self.parameters):
                    z = np.maximum(z, 0) + np.expm1(np.minimum(z, 0))
                x = z
        return float(np.mean(np.argmax(x, axis=1) == y))

    def validation_accuracy(self) -> float:
        """Accuracy on the validation images."""
        return self.accuracy(self.images.validation_x, self.images.validation_y)

    def test_accuracy(self) -> float:
        """Accuracy on the test images."""
        return self.accuracy(self.images.test_x, self.images.test_y)

    def state(self) -> Parameters:
        """A copy of all parameters."""
        return [p.copy() for p in self.parameters]

    def restore(self, state: Parameters) -> None:
        """Take parameters back that ``state`` gave."""
        for p, saved in zip(self.parameters, state, strict=True):
            p[...] = saved

    def _forward(self) -> None:
        x = self._x
        last = len(self._values) - 1
        for layer, (z, slope) in enumerate(zip(self._values, self._slopes, strict=True)):
            self._product(x, self.parameters[2 * layer], z)
            z += self.parameters[2 * layer + 1]
            if layer < last:
                np.minimum(z, 0, out=slope)
                np.exp(slope, out=slope)  # ELU's derivative: 1 where z > 0, exp(z) elsewhere
                np.maximum(z, 0, out=z)
                z += slope
                z -= 1
            x = z

    def _softmax_loss(self, rate: float) -> float:
        """The mean cross-entropy of the logits; puts rate times their gradient into the last ``dz``."""
        z, p = self._values[-1], self._dz[-1]
        z -= z.max(axis=1, keepdims=True)
        np.exp(z, out=p)
        total = p.sum(axis=1, keepdims=True)
        loss = np.log(total).mean() - z[self._row, self._y].mean()
        p /= total
        p[self._row, self._y] -= 1
        p *= rate / self.batch_size
        return float(loss)

    def _backward(self) -> None:
        for layer in reversed(range(len(self._dz))):
            w, b = self.parameters[2 * layer : 2 * layer + 2]
            dz, dw = self._dz[layer], self._dw[layer]
            self._product((self._values[layer - 1] if layer else self._x).T, dz, dw)
            if layer:
                self._product(dz, w.T, self._dz[layer - 1])
                self._dz[layer - 1] *= self._slopes[layer - 1]
            w -= dw
            b -= dz.sum(axis=0)

    def _product(self, left: Rows, right: Rows, out: Rows) -> None:
        start = time.perf_counter()
        np.matmul(left, right, out=out)
        self.product_seconds += time.perf_counter() - start
