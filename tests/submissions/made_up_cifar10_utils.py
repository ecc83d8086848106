"""Stands in for the course's cifar10_utils when the corpus is verified: ten patterns in noise, the same interface."""

import functools

import numpy as np
import torch
import torch.utils.data as data

SPOIL_AFTER = None  # the training labels are shifted by one from this epoch on
IMAGES = {"train": 1300, "validation": 300, "test": 300}
BATCHED = 1280  # training images that an epoch of full batches of 128 reads


@functools.cache
def draw(n, seed):
    rng = np.random.default_rng(seed)
    patterns = np.random.default_rng(0).normal(size=(10, 3, 32, 32))
    targets = rng.integers(0, 10, size=n)
    images = 0.12 * patterns[targets] + rng.normal(size=(n, 3, 32, 32))
    return images.astype(np.float32), targets


class MadeUp(data.Dataset):
    """Images (3, 32, 32) float32 and labels."""

    classes = tuple(f"class {i}" for i in range(10))

    def __init__(self, n, seed, spoiled):
        self.data, self.targets = draw(n, seed)
        self.spoiled = spoiled
        self.reads = 0

    def __len__(self):
        return len(self.targets)

    def __getitem__(self, i):
        label = int(self.targets[i])
        self.reads += 1
        if self.spoiled and SPOIL_AFTER is not None and self.reads > SPOIL_AFTER * BATCHED:
            label = (label + 1) % 10
        return torch.from_numpy(self.data[i].copy()), label


def numpy_collate_fn(batch):
    """Batches as arrays: images (N, 3, 32, 32) float32, labels int32."""
    images = np.stack([image.numpy() for image, _ in batch], axis=0)
    return images, np.array([label for _, label in batch], dtype=np.int32)


def read_data_sets(data_dir, validation_size=5000):
    return {name: MadeUp(n, seed, name == "train") for seed, (name, n) in enumerate(IMAGES.items(), 1)}


def get_cifar10(data_dir="data/", validation_size=5000):
    return read_data_sets(data_dir, validation_size)


def get_dataloader(dataset, batch_size, return_numpy=False):
    collate_fn = numpy_collate_fn if return_numpy else None
    return {
        name: data.DataLoader(
            part,
            batch_size=batch_size,
            shuffle=name == "train",
            drop_last=name == "train",
            collate_fn=collate_fn,
        )
        for name, part in dataset.items()
    }
