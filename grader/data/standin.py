"""The offline stand-in: generated images, so that training can be graded where CIFAR-10 cannot be had.

It has the shape of CIFAR-10 and nothing else of it. An image is a random field with the power spectrum of
natural images (amplitude falling as 1 / frequency, most of it in luminance), plus a faint pattern of its
class. A class has one pattern that all its images share, which a linear classifier can find, and several
variants, only one of which an image shows, which take a hidden layer. The strengths below are calibrated so
that softmax regression, an MLP and an MLP with batch norm reach about the accuracies that they reach on
CIFAR-10, within two points, and the MLP about as much after its first epoch.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grader.data.dataset import MEAN, STD, Images, Labels

VERSION = 2  # of the recipe: other numbers, other images
CLASSES = tuple(f"pattern {number}" for number in range(10))
TRAIN, TEST = 50_000, 10_000
SEED = 20_240_117
SIZE = 32  # pixels
CHUNK = 2_000  # images made at a time

FALL = 1.15  # amplitude of frequency f is (1 + f) ** -FALL
COLOURS = (1.0, 0.35, 0.25)  # deviations of luminance and the two colour differences
BAND = 3  # patterns use frequencies below this
VARIANTS = 3  # per class
SHARED = 1.36  # strength of the pattern of a class, in deviations of the field
VARIED = 2.38  # strength of a variant of it
CONTRAST = 0.35  # deviation of the logarithm of an image's contrast


def generate(*, train: int = TRAIN, test: int = TEST, seed: int = SEED) -> tuple[tuple[Images, Labels], ...]:
    """Training and test images (N, 3, 32, 32) uint8 with their labels (N,), the classes equally frequent.

    The same arguments give the same images.
    """
    recipe = np.random.default_rng(seed)
    patterns = _patterns(recipe)
    return tuple(
        _images(patterns, count, np.random.default_rng([seed, part]))
        for part, count in enumerate((train, test))
    )


def _amplitudes() -> NDArray[np.float32]:
    """(3, 32, 32) deviation of each cosine coefficient, in luminance and two colour differences."""
    frequency = np.hypot(*np.meshgrid(np.arange(SIZE), np.arange(SIZE)))
    fall = (1 + frequency) ** -FALL
    fall /= np.sqrt((fall**2).sum() / SIZE**2)  # so that a pixel of the field has unit variance
    return (np.asarray(COLOURS)[:, None, None] * fall).astype(np.float32)


def _patterns(rng: np.random.Generator) -> NDArray[np.float32]:
    """(10, VARIANTS, 3, 32, 32) cosine coefficients, in deviations of the field."""
    inside = np.zeros((3, SIZE, SIZE), dtype=bool)
    inside[:, :BAND, :BAND] = True
    count = int(inside.sum())
    found = np.zeros((10, VARIANTS, 3, SIZE, SIZE), dtype=np.float32)
    shared = rng.standard_normal((10, 1, count)) * SHARED / np.sqrt(count)
    varied = rng.standard_normal((10, VARIANTS, count)) * VARIED / np.sqrt(count)
    found[:, :, inside] = shared + varied - varied.mean(axis=1, keepdims=True)
    return found


def _images(patterns: NDArray[np.float32], count: int, rng: np.random.Generator) -> tuple[Images, Labels]:
    labels = rng.permutation(np.arange(count) % 10)
    images = np.empty((count, 3, SIZE, SIZE), dtype=np.uint8)
    for start in range(0, count, CHUNK):
        rows = slice(start, start + CHUNK)
        images[rows] = _pixels(_fields(patterns, labels[rows], rng))
    return images, labels.astype(np.int64)


def _fields(
    patterns: NDArray[np.float32], labels: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.float32]:
    """(N, 3, 32, 32) fields of unit variance in luminance and two colour differences."""
    count = len(labels)
    coefficients = rng.standard_normal((count, 3, SIZE, SIZE), dtype=np.float32)
    coefficients += patterns[labels, rng.integers(VARIANTS, size=count)]
    coefficients *= _amplitudes()
    contrast = np.exp(CONTRAST * rng.standard_normal((count, 1, 1, 1), dtype=np.float32))
    basis = _cosines()
    return np.asarray(contrast * np.matmul(np.matmul(basis.T, coefficients), basis), dtype=np.float32)


def _cosines() -> NDArray[np.float32]:
    """(32, 32) orthonormal cosines (DCT-II), one frequency a row."""
    frequency, place = np.mgrid[:SIZE, :SIZE]
    rows = np.cos(np.pi * (place + 0.5) * frequency / SIZE) * np.sqrt(2 / SIZE)
    rows[0] /= np.sqrt(2)
    return np.asarray(rows, dtype=np.float32)


def _pixels(fields: NDArray[np.float32]) -> Images:
    """Fields as pixels, with the mean and deviation per colour channel that the loader takes out again."""
    luminance, warm, green = fields[:, 0], fields[:, 1], fields[:, 2]
    colours = np.stack([luminance + warm, luminance + green, luminance - warm - green], axis=1)
    deviation = colours.std(axis=(0, 2, 3), keepdims=True)
    mean, spread = (np.asarray(values, dtype=np.float32).reshape(1, 3, 1, 1) for values in (MEAN, STD))
    pixels = (mean + spread * colours / deviation) * 255
    clipped: Images = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
    return clipped
