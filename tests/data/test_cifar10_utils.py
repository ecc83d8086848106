"""What a submission's ``import cifar10_utils`` finds, used the ways students use it."""

from __future__ import annotations

import importlib.util
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Subset, random_split

from grader.data import DataSet, normalise
from grader.data.dataset import MEAN, SPLIT_SEED, STD, train_rows, validation_rows

FILE = Path(__file__).parents[2] / "grader" / "worker" / "support" / "cifar10_utils.py"


@pytest.fixture
def utils(small: DataSet) -> Any:
    """The module as a worker imports it, told where the small stand-in lies."""
    spec = importlib.util.spec_from_file_location("cifar10_utils", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module._configure(str(small.root))
    return module


def test_constants_are_the_hosts(utils: Any) -> None:
    assert (utils.MEAN, utils.STD, utils.SPLIT_SEED) == (MEAN, STD, SPLIT_SEED)


def test_splits_and_loaders_have_the_courses_sizes(utils: Any) -> None:
    cifar10 = utils.get_cifar10("data/")
    loader = utils.get_dataloader(cifar10, batch_size=128, return_numpy=True)
    assert [len(cifar10[name]) for name in ("train", "validation", "test")] == [1_000, 5_000, 200]
    assert [len(loader[name]) for name in ("train", "validation", "test")] == [7, 40, 2]
    assert [len(loader[name].dataset) for name in loader] == [1_000, 5_000, 200]


def test_batches_for_numpy(utils: Any, small: DataSet) -> None:
    loader = utils.get_dataloader(utils.get_cifar10(), 128, return_numpy=True)
    images, labels = next(iter(loader["validation"]))
    assert (images.shape, images.dtype) == ((128, 3, 32, 32), np.float32)
    assert (labels.shape, labels.dtype) == ((128,), np.int32)
    rows = validation_rows(6_000)[:128]
    assert np.allclose(images, normalise(small.train()[0][rows]), atol=1e-5)
    assert np.array_equal(labels, small.train()[1][rows])
    images[...] = 0  # a submission may write into what it got
    assert np.array_equal(next(iter(loader["validation"]))[1], labels)


def test_batches_for_torch(utils: Any) -> None:
    batch = next(iter(utils.get_dataloader(utils.get_cifar10(), 64)["test"]))
    assert isinstance(batch, list)
    assert (batch[0].dtype, batch[1].dtype) == (torch.float32, torch.int64)


@pytest.mark.parametrize("return_numpy", [False, True])
def test_a_plain_loader_gives_the_same_batches_and_leaves_the_same_generator(
    utils: Any, return_numpy: bool
) -> None:
    cifar10 = utils.get_cifar10()
    ours = utils.get_dataloader(cifar10, 96, return_numpy)["train"]
    collate = utils.numpy_collate_fn if return_numpy else None
    plain = DataLoader(cifar10["train"], 96, shuffle=True, drop_last=True, collate_fn=collate)
    seen = []
    for loader in (ours, plain):
        torch.manual_seed(3)
        batches = [(np.asarray(x), np.asarray(y)) for _ in range(2) for x, y in loader]
        seen.append((batches, torch.rand(1)))
    for (x, y), (other_x, other_y) in zip(seen[0][0], seen[1][0], strict=True):
        assert np.array_equal(x, other_x)
        assert np.array_equal(y, other_y)
    assert len(seen[0][0]) == 20
    assert torch.equal(seen[0][1], seen[1][1])


def test_another_seed_gives_another_order(utils: Any) -> None:
    loader = utils.get_dataloader(utils.get_cifar10(), 100, return_numpy=True)["train"]
    orders = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        orders.append(np.concatenate([y for _, y in loader]))
    assert not np.array_equal(*orders)


def test_splits_are_those_of_random_split(utils: Any) -> None:
    cifar10 = utils.get_cifar10(validation_size=2_000)
    whole = cifar10["train"].dataset
    parts = random_split(whole, [4_000, 2_000], generator=torch.Generator().manual_seed(42))
    assert list(cifar10["train"].indices) == list(parts[0].indices)
    assert list(cifar10["validation"].indices) == list(parts[1].indices)


def test_what_students_look_at(utils: Any) -> None:
    cifar10 = utils.get_cifar10("data/")
    loader = utils.get_dataloader(cifar10, 32)
    for data in (loader["train"].dataset.dataset, loader["test"].dataset, cifar10["validation"].dataset):
        assert len(data.classes) == 10
        assert data.data.shape[1:] == (32, 32, 3)
        assert data.data.dtype == np.uint8
        assert len(data.targets) == len(data)
    assert loader["train"].dataset[0][0].shape == cifar10["train"][0][0].shape == (3, 32, 32)
    assert type(cifar10["train"][0][1]) is int
    assert cifar10["test"][-1][0].shape == (3, 32, 32)
    assert np.stack([cifar10["train"][i][0] for i in range(3)]).shape == (3, 3, 32, 32)
    assert loader["train"].batch_size == 32
    with pytest.raises(IndexError):
        cifar10["test"][200]
    with pytest.raises(ValueError, match=r"Validation size should be between 0 and 6000. Received: 6001"):
        utils.get_cifar10(validation_size=6_001)


def test_own_loaders_and_subsets_work(utils: Any) -> None:
    cifar10 = utils.get_cifar10()
    few = Subset(cifar10["train"], range(10, 60))
    loader = utils.get_dataloader({"train": few, "validation": few, "test": cifar10["test"]}, 25)
    assert [len(y) for _, y in loader["validation"]] == [25, 25]
    assert next(iter(loader["validation"]))[1][0] == cifar10["train"][10][1]
    doubled = torch.utils.data.ConcatDataset([cifar10["train"], cifar10["test"]])
    assert sum(len(y) for _, y in DataLoader(doubled, 100)) == 1_200
    collate = lambda batch: len(batch)  # noqa: E731
    assert next(iter(utils.Loader(cifar10["train"], 5, collate_fn=collate))) == 5


def test_a_changed_transform_is_used(utils: Any) -> None:
    cifar10 = utils.get_cifar10()
    cifar10["train"].dataset.transform = lambda image: torch.full((3, 32, 32), float(image.max()))
    images, _ = next(iter(utils.get_dataloader(cifar10, 16)["train"]))
    assert torch.all(images == images[:, :1, :1, :1])


def test_the_interface_of_2020(utils: Any) -> None:
    cifar10 = utils.get_cifar10("cifar10/cifar-10-batches-py")
    x, y = cifar10["train"].next_batch(200)
    assert (x.shape, y.shape) == ((200, 3, 32, 32), (200, 10))
    assert np.array_equal(y.sum(axis=1), np.ones(200))
    assert cifar10["test"].images.shape == (200, 3, 32, 32)
    assert utils.get_cifar10("x", one_hot=False)["test"].labels.shape == (200,)
    np.random.seed(4)
    first = [cifar10["validation"].next_batch(1_000)[1].argmax(axis=1) for _ in range(5)]
    assert np.array_equal(
        np.bincount(np.concatenate(first)), np.bincount(cifar10["validation"].labels.argmax(axis=1))
    )


def test_budget_of_images(utils: Any, small: DataSet) -> None:
    utils._configure(str(small.root), images=300, held_out=100)
    cifar10 = utils.get_cifar10()
    assert [len(cifar10[name]) for name in ("train", "validation", "test")] == [300, 100, 100]
    assert list(cifar10["train"].indices) == list(train_rows(6_000)[:300])
    assert list(cifar10["validation"].indices) == list(validation_rows(6_000)[:100])


def test_labels_are_spoilt_after_the_passes_that_were_asked_for(utils: Any, small: DataSet) -> None:
    utils._configure(str(small.root), images=256, held_out=100, spoil_after=2)
    cifar10 = utils.get_cifar10()
    loader = utils.get_dataloader(cifar10, 64, return_numpy=True)
    right = np.sort(small.train()[1][train_rows(6_000)[:256]])
    for number in range(4):
        labels = np.concatenate([y for _, y in loader["train"]])
        expected = right if number < 2 else np.sort((right + 1) % 10)
        assert np.array_equal(np.sort(labels), expected), f"pass {number + 1}"
        held = np.concatenate([y for _, y in loader["validation"]])
        assert np.array_equal(held, small.train()[1][validation_rows(6_000)[:100]])
    counted = {"served": 1_024, "spoilt": 512, "per_epoch": 256, "validated": 400, "mingled": 0, "tested": 0}
    assert utils._count() == counted
    assert cifar10["train"][0][1] == (small.train()[1][train_rows(6_000)[0]] + 1) % 10


@pytest.mark.parametrize("batched", [True, False])
def test_validation_images_among_training_images_are_counted(utils: Any, batched: bool) -> None:
    cifar10 = utils.get_cifar10()
    both = torch.utils.data.ConcatDataset([cifar10["train"], cifar10["validation"]])
    rows = [row for first in range(500) for row in (first, 1_000 + first)]
    if batched:
        list(
            DataLoader(
                Subset(cifar10["train"].dataset, both.datasets[1].indices + cifar10["train"].indices), 6_000
            )
        )
    else:
        [both[row] for row in rows]
    counted = utils._count()
    assert counted["mingled"] == (
        5_000 if batched else 499
    )  # the last of them has no training image after it
    list(DataLoader(cifar10["validation"], 100))
    list(cifar10["train"])
    assert utils._count()["mingled"] == counted["mingled"]


def test_labels_of_test_images_may_be_shifted(utils: Any, small: DataSet) -> None:
    utils._configure(str(small.root), test_shift=1)
    (_, labels), *_ = DataLoader(utils.get_cifar10()["test"], 200)
    assert np.array_equal(labels, (small.public()[1] + 1) % 10)


def test_progress_is_reported(utils: Any, small: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, float]] = []
    hook = types.ModuleType("gradmark_progress")
    hook.report = lambda **fields: told.append(fields)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "gradmark_progress", hook)
    utils._configure(str(small.root), images=256, epochs=2)
    loader = utils.get_dataloader(utils.get_cifar10(), 128)
    for _ in range(2):
        list(loader["train"])
    assert told == [{"epoch": epoch, "epochs": 2} for epoch in (0.0, 0.5, 1.0, 1.5)]


def test_names_that_a_submission_added_to_its_own_file(utils: Any, tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "cifar10_utils.py").write_text(
        "import torchvision\nfrom torchvision import transforms\nfrom torchvision.datasets import CIFAR10\n"
        "DATA = transforms.Compose([transforms.ToTensor()])\n"
        "def get_cifar10(x): raise SystemExit('must not run')\n"
        "def size_of_train(): return len(get_cifar10()['train'])\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert utils.size_of_train() == 1_000
    assert "torchvision" not in sys.modules
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        utils.nothing  # noqa: B018


def test_without_a_data_set_it_says_so(utils: Any) -> None:
    utils._configure("")
    with pytest.raises(FileNotFoundError, match="no data set was given"):
        utils.get_cifar10()
