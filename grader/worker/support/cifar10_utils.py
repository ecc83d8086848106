"""Images for a submission's training, with the interface of the course's own ``cifar10_utils``.

``get_cifar10`` gives training, validation and test images, ``get_dataloader`` loaders over them. The images
come from memory-mapped arrays that the grader provides, whatever ``data_dir`` says: nothing is downloaded,
and torchvision is not needed. Batches, their order and their effect on torch's random generator are those
of a plain torch ``DataLoader``; only the way there is shorter, because a batch is cut from the arrays at
once.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import types
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import BatchSampler, DataLoader, Dataset, RandomSampler, SequentialSampler, Subset
from torch.utils.data.dataloader import default_collate

MEAN = (0.491, 0.482, 0.447)  # per colour channel, of pixels in [0, 1]
STD = (0.247, 0.243, 0.262)
SPLIT_SEED = 42
PIXELS = 3 * 32 * 32
FEW = 8  # validation images that are read one by one at least where they are validated on


class _Settings:
    """What the grader set for this run, and what was served so far."""

    root = ""  # folder of the arrays
    images: int | None = None  # training images at most
    held_out: int | None = None  # validation images at most, and test images at most
    epochs = 0  # announced, for progress
    spoil_after: float | None = None  # passes over the training images that are served with right labels
    per_epoch = 0  # training images
    served = 0  # training images
    spoilt = 0  # of them with a wrong label
    before = 0  # training images that were served before the data sets in use were read
    validated = 0  # images of the training files that are not for training
    mingled = 0  # of them, those for validation that were read among training images
    waiting = 0  # those for validation that were read since the last training image
    tested = 0  # test images
    test_shift = 0  # classes by which the labels of test images are shifted


_settings = _Settings()


def _configure(
    root: str,
    images: int | None = None,
    held_out: int | None = None,
    epochs: int = 0,
    spoil_after: float | None = None,
    test_shift: int = 0,
) -> None:
    """Start a run: the folder of the arrays and the budget; ``spoil_after`` counts passes."""
    DataLoader.__iter__ = _iterate_here  # type: ignore[method-assign]
    _settings.root, _settings.epochs = root, epochs
    _settings.images, _settings.held_out = images, held_out
    _settings.spoil_after, _settings.test_shift = spoil_after, test_shift
    for name in ("served", "spoilt", "before", "validated", "mingled", "waiting", "tested"):
        setattr(_settings, name, 0)


def _count() -> dict[str, int]:
    """How many images were served in this run, by what they are for, and how many with spoilt labels."""
    names = ("served", "spoilt", "per_epoch", "validated", "mingled", "tested")
    return {name: getattr(_settings, name) for name in names}


def _serve(labels: Any) -> Any:
    """Count training labels (N,), shifted by one class where the run is past its right ones."""
    each = max(_settings.per_epoch, 1)
    passes = _settings.served / each
    fresh = (
        _settings.served - _settings.before
    ) / each  # a training that starts again gets right labels again
    if _settings.spoil_after is not None and fresh >= _settings.spoil_after:
        labels = (labels + 1) % 10
        _settings.spoilt += len(labels)
    _settings.served += len(labels)
    progress = sys.modules.get("gradmark_progress")
    if progress is not None:
        progress.report(epoch=round(passes, 2), epochs=_settings.epochs)
    return labels


def _note_held_out(count: int, *, training: bool) -> None:
    """Count images for validation that are read at once, and whether among training images.

    They are if their batch has some, or, where images are read one by one, if few are read between two training
    images: an evaluation reads many.
    """
    if training:
        _settings.mingled += count or (_settings.waiting if _settings.waiting < FEW else 0)
        _settings.waiting = 0
    else:
        _settings.waiting += count


class Normalise:
    """Turns images (32, 32, 3) uint8 into tensors (3, 32, 32) float32 with mean and deviation taken out."""

    def __init__(self, mean: Sequence[float] = MEAN, std: Sequence[float] = STD) -> None:
        self.mean, self.std = mean, std
        scale = 1 / (255 * np.asarray(std, dtype=np.float64))
        shift = -np.asarray(mean, dtype=np.float64) / np.asarray(std, dtype=np.float64)
        self._scale, self._shift = (
            torch.from_numpy(np.repeat(v, PIXELS // 3).reshape(1, PIXELS)).float() for v in (scale, shift)
        )

    def __call__(self, image: Any) -> torch.Tensor:
        """One image (32, 32, 3) uint8, as (3, 32, 32) float32."""
        pixels = np.array(image, dtype=np.uint8).transpose(2, 0, 1)
        return self.batch(torch.from_numpy(np.ascontiguousarray(pixels).reshape(1, PIXELS)))[0]

    def batch(self, flat: torch.Tensor) -> torch.Tensor:
        """Images (N, 3072) uint8, channel first, as (N, 3, 32, 32) float32."""
        values = flat.float()
        return torch.addcmul(self._shift, values, self._scale, out=values).view(-1, 3, 32, 32)


class _NextBatch:
    """The interface of 2019 and 2020: ``next_batch``, ``images``, ``labels``."""

    one_hot = True
    _position = 0

    def __len__(self) -> int:
        raise NotImplementedError

    def _arrays(self, chosen: Any) -> tuple[torch.Tensor, Any]:
        raise NotImplementedError

    @property
    def num_examples(self) -> int:
        """Number of images."""
        return len(self)

    @property
    def images(self) -> Any:
        """All images, (N, 3, 32, 32) float32."""
        return self._chosen(np.arange(len(self)))[0]

    @property
    def labels(self) -> Any:
        """All labels, (N, 10) one-hot float32, or (N,) int64."""
        return self._chosen(np.arange(len(self)))[1]

    def next_batch(self, batch_size: int) -> tuple[Any, Any]:
        """The next images and labels, shuffled anew with NumPy's generator for every pass."""
        if self._position == 0 or self._position + batch_size > len(self):
            self._order, self._position = np.random.permutation(len(self)), 0
        chosen = self._order[self._position : self._position + batch_size]
        self._position += batch_size
        return self._chosen(chosen)

    def _chosen(self, chosen: Any) -> tuple[Any, Any]:
        images, labels = self._arrays(chosen)
        return images.numpy(), np.eye(10, dtype=np.float32)[labels] if self.one_hot else labels


class ImageSet(_NextBatch, Dataset[Any]):
    """All images of one file pair, with the attributes of torchvision's data sets."""

    def __init__(self, part: str, at_most: int | None = None) -> None:
        self.root, self.train = _settings.root, part == "train"
        stored = np.load(os.path.join(self.root, part + "_images.npy"), mmap_mode="r")[:at_most]
        self._flat = _as_tensor(stored.reshape(len(stored), PIXELS))
        self._labels = np.load(os.path.join(self.root, part + "_labels.npy"))[:at_most].astype(np.int64)
        self._training = np.zeros(len(stored), dtype=bool)  # rows that are served for training
        self._held = np.zeros(len(stored), dtype=bool)  # rows that are served for validation
        self.data = stored.transpose(0, 2, 3, 1)  # (N, 32, 32, 3) uint8
        self.targets = self._labels.tolist()
        with open(os.path.join(self.root, "meta.json"), encoding="utf-8") as file:
            self.classes = list(json.load(file)["classes"])
        self.class_to_idx = {name: index for index, name in enumerate(self.classes)}
        self.transform: Any = Normalise()
        self.target_transform: Any = None

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if not -len(self) <= index < len(self):
            raise IndexError(f"image {index} of {len(self)}")
        index = int(index) % len(self)
        image = self.transform(self.data[index]) if self.transform is not None else self.data[index]
        label = int(self._labels_of(np.array([index]))[0])
        return image, label if self.target_transform is None else self.target_transform(label)

    def __getitems__(self, indices: Sequence[int]) -> list[tuple[Any, Any]]:
        """Many items at once, for any loader that asks for batches."""
        if not self._plain():
            return [self[index] for index in indices]
        images, labels = self._arrays(np.asarray(indices, dtype=np.int64))
        return [(images[row], label) for row, label in enumerate(labels.tolist())]

    def _plain(self) -> bool:
        return type(self.transform) is Normalise and self.target_transform is None

    def _arrays(self, chosen: Any) -> tuple[torch.Tensor, Any]:
        """Images (N, 3, 32, 32) float32 and labels (N,) int64 of these rows."""
        return self.transform.batch(self._flat.index_select(0, torch.from_numpy(chosen))), self._labels_of(
            chosen
        )

    def _labels_of(self, rows: Any) -> Any:
        labels = self._labels[rows]
        if not self.train:
            _settings.tested += len(labels)
            return (labels + _settings.test_shift) % 10
        training = self._training[rows]
        count = int(np.count_nonzero(training))
        if count == len(labels):
            _note_held_out(0, training=True)
            return _serve(labels)
        _settings.validated += len(labels) - count
        _note_held_out(int(self._held[rows].sum()), training=count > 0)
        if count:
            labels[training] = _serve(labels[training])
        return labels


class Split(_NextBatch, Subset[Any]):
    """Some rows of the images."""

    dataset: ImageSet

    def __len__(self) -> int:
        return len(self.indices)

    def _arrays(self, chosen: Any) -> tuple[torch.Tensor, Any]:
        return self.dataset._arrays(np.asarray(self.indices)[chosen])


class Loader(DataLoader[Any]):
    """A torch ``DataLoader`` that cuts whole batches from the arrays where it can."""

    def __iter__(self) -> Any:
        found = _rows(self.dataset)
        if found is None or self.num_workers or self.collate_fn not in (default_collate, numpy_collate_fn):
            return super().__iter__()
        torch.empty((), dtype=torch.int64).random_(generator=self.generator)  # as every torch loader does
        return self._batches(*found)

    def _batches(self, data: ImageSet, rows: Any) -> Iterator[Any]:
        as_numpy = self.collate_fn is numpy_collate_fn
        for chosen in self._batches_of_rows():
            images, labels = data._arrays(chosen if rows is None else rows[chosen])
            if as_numpy:
                yield images.numpy(), labels.astype(np.int32)
            else:
                yield [images, torch.from_numpy(labels)]

    def _batches_of_rows(self) -> Iterator[Any]:
        """The row numbers of each batch; those of torch's own samplers are cut from one array."""
        sampler = self.batch_sampler
        if type(sampler) is not BatchSampler or type(sampler.sampler) not in (
            RandomSampler,
            SequentialSampler,
        ):
            yield from (np.asarray(batch, dtype=np.int64) for batch in sampler or ())
            return
        order = np.array(list(sampler.sampler), dtype=np.int64)
        if sampler.drop_last:
            order = order[: len(order) - len(order) % sampler.batch_size]
        for start in range(0, len(order), sampler.batch_size):
            yield order[start : start + sampler.batch_size]


_iterate = DataLoader.__iter__


def _iterate_here(self: DataLoader[Any]) -> Any:
    """The iterator of any torch loader, without processes of its own, of which there are none here."""
    self.num_workers, self.timeout = 0, 0
    return _iterate(self)


def get_cifar10(data_dir: str = "data/", validation_size: int = 5000, one_hot: bool = True) -> dict[str, Any]:
    """Training, validation and test images.

    Args:
        data_dir: not used; the grader says where the images are.
        validation_size: how many of the training images are for validation.
        one_hot: labels of ``next_batch`` and ``labels`` are one-hot.

    Returns:
        Data sets under ``train``, ``validation`` and ``test``. An item is an image (3, 32, 32) float32 and
        its label.
    """
    return read_data_sets(data_dir, validation_size, one_hot)


def read_data_sets(
    data_dir: str = "data/", validation_size: int = 5000, one_hot: bool = True
) -> dict[str, Any]:
    """The same as ``get_cifar10``."""
    if not _settings.root:
        raise FileNotFoundError("no data set was given for this check")
    if isinstance(validation_size, bool):  # 2019 and 2020: get_cifar10(data_dir, one_hot, validation_size)
        one_hot, validation_size = validation_size, 0 if one_hot is True else int(one_hot)
    whole, test = ImageSet("train"), ImageSet("test", _settings.held_out)
    if not 0 <= validation_size <= len(whole):
        message = f"Validation size should be between 0 and {len(whole)}. Received: {validation_size}."
        raise ValueError(message)
    order = torch.randperm(len(whole), generator=torch.Generator().manual_seed(SPLIT_SEED))
    cut = len(whole) - validation_size
    train = order[: min(cut, _settings.images or cut)].tolist()
    whole._training[train] = True
    _settings.per_epoch, _settings.before = len(train), _settings.served
    held_out = order[cut:][: _settings.held_out].tolist()
    whole._held[held_out] = True
    splits = {"train": Split(whole, train), "validation": Split(whole, held_out), "test": test}
    for split in splits.values():
        split.one_hot = one_hot
    return splits


def get_dataloader(dataset: Any, batch_size: int, return_numpy: bool = False) -> dict[str, DataLoader[Any]]:
    """Loaders over the data sets of ``get_cifar10``; the one for training shuffles and drops a smaller last
    batch.

    Args:
        dataset: data sets under ``train``, ``validation`` and ``test``.
        batch_size: images in a batch.
        return_numpy: batches are arrays, with labels int32, instead of tensors.
    """
    collate = numpy_collate_fn if return_numpy else None
    return {
        name: Loader(
            dataset[name], batch_size, shuffle=name == "train", drop_last=name == "train", collate_fn=collate
        )
        for name in ("train", "validation", "test")
    }


def numpy_collate_fn(batch: Sequence[tuple[Any, Any]]) -> tuple[Any, Any]:
    """A batch of items as arrays: images (N, 3, 32, 32) float32, labels (N,) int32."""
    images = np.stack([np.asarray(image) for image, _ in batch], axis=0)
    return images, np.array([label for _, label in batch], dtype=np.int32)


def _rows(data: Any) -> tuple[ImageSet, Any] | None:
    """The images and row numbers that a data set comes down to; None if it is something else."""
    rows = None
    while isinstance(data, Subset):
        chosen = np.asarray(data.indices, dtype=np.int64)
        data, rows = data.dataset, chosen if rows is None else chosen[rows]
    return (data, rows) if type(data) is ImageSet and data._plain() else None


def _as_tensor(stored: Any) -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # torch warns that the mapping is read-only; nothing here writes to it
        return torch.from_numpy(stored)


def __getattr__(name: str) -> Any:
    """What a submission added to its own ``cifar10_utils.py``."""
    if name.startswith("__"):
        raise AttributeError(name)
    theirs = _submission_module()
    if theirs is None or not hasattr(theirs, name):
        raise AttributeError(f"module 'cifar10_utils' has no attribute {name!r}")
    return getattr(theirs, name)


_submissions: list[types.ModuleType] = []


def _submission_module() -> types.ModuleType | None:
    """The submission's own file of this name, but with the data functions of this one."""
    if _submissions:
        return _submissions[0]
    here = os.path.realpath(__file__)
    for folder in (os.getcwd(), *sys.path):
        path = os.path.join(folder, "cifar10_utils.py")
        if os.path.isfile(path) and os.path.realpath(path) != here:
            _submissions.append(_execute(path))
            return _submissions[0]
    return None


def _execute(path: str) -> types.ModuleType:
    """Run a submission's file; torchvision, if it is not installed, is an empty module meanwhile."""
    module = types.ModuleType("cifar10_utils")
    module.__file__ = path
    names = ("torchvision", "torchvision.datasets", "torchvision.transforms")
    absent = () if importlib.util.find_spec("torchvision") else names
    sys.modules.update({name: _Anything(name) for name in absent})
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            exec(compile(file.read(), path, "exec"), module.__dict__)
    finally:
        for name in absent:
            sys.modules.pop(name, None)
    for function in (get_cifar10, read_data_sets, get_dataloader, numpy_collate_fn):
        setattr(module, function.__name__, function)
    return module


class _Anything(types.ModuleType):
    """A module in which every name exists."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Anything(name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self
