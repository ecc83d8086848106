"""From a path to a data set, and what wrong paths say."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.data import data_info, load_data, normalise, standin
from grader.data.batches import read_release
from grader.data.dataset import train_rows, validation_rows
from grader.data.store import content_key
from grader.errors import DataError
from tests.data.release import NAMES, ROWS


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def test_folder_parent_and_archive_give_the_same_images(release: Path, cache: Path) -> None:
    sources = (release / "cifar-10-batches-py", release, release / "release.tar.gz")
    found = [load_data(source, cache_dir=cache) for source in sources]
    for data in found:
        assert data.kind == "cifar10"
        assert data.classes == tuple(NAMES)
        images, labels = data.train()
        assert images.shape == (50_000, 3, 32, 32)
        assert images.dtype == np.uint8
        assert tuple(images[23_456, 0, 0, :3]) == (2, 3_456 // 256, 3_456 % 256)
        assert labels[23_456] == (3_456 + 2) % 10
    assert found[0].root == found[1].root  # the same content is stored once
    assert np.array_equal(found[0].private_labels, found[2].private_labels)
    assert found[2].description == f"CIFAR-10 from {release / 'release.tar.gz'}"


def test_the_second_run_converts_nothing(release: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_data(release, cache_dir=cache)
    monkeypatch.setattr("grader.data.load.read_release", lambda source: pytest.fail("read again"))
    assert load_data(release, cache_dir=cache).kind == "cifar10"


def test_changed_content_is_converted_again(release: Path, cache: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(release / "cifar-10-batches-py", tmp_path / "cifar-10-batches-py")
    shutil.copyfile(copy / "data_batch_1", copy / "data_batch_2")
    changed = load_data(copy, cache_dir=cache)
    assert changed.root != load_data(release, cache_dir=cache).root
    assert changed.train()[0][10_000, 0, 0, 0] == 0


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("visible/train_labels.npy", b"rubbish"),
        ("visible/train_images.npy", b""),
        ("visible/test_labels.npy", np.zeros(50, dtype=np.float32)),
        ("visible/test_labels.npy", np.full(50, 10)),
        ("visible/train_images.npy", np.zeros((200, 3, 32, 31), dtype=np.uint8)),
        ("hidden/private_labels.npy", np.zeros(49, dtype=np.int64)),
        ("visible/meta.json", b"[]"),
        ("visible/meta.json", b'{"classes": ["one"]}'),
        ("facts.json", None),
    ],
)
def test_a_damaged_store_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, damage: Any
) -> None:
    few = standin.generate(train=200, test=100)
    monkeypatch.setattr(standin, "generate", lambda: few)
    data = load_data(None, cache_dir=tmp_path)
    before = np.array(data.public()[1])
    place = data.root.parent / name
    if isinstance(damage, np.ndarray):
        np.save(place, damage)
    elif damage is None:
        place.unlink()
    else:
        place.write_bytes(damage)
    again = load_data(None, cache_dir=tmp_path)
    assert all(np.array_equal(*pair) for pair in zip(again.train(), few[0], strict=True))
    assert np.array_equal(again.public()[1], before)
    assert len(again.private_labels) == 50
    assert data_info(cache_dir=tmp_path)["format"] == 1


@pytest.mark.parametrize("where", ["tempfile.mkdtemp", "numpy.save"])
def test_a_cache_that_cannot_be_written_is_named(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = standin.generate(train=200, test=100)
    monkeypatch.setattr(standin, "generate", lambda: few)
    monkeypatch.setattr(where, full_disk)
    with pytest.raises(DataError, match=r"cannot be written \(No space left on device\); set GRADMARK_CACHE"):
        load_data(None, cache_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_note_of_what_was_read_is_not_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.mkstemp", full_disk)
    assert len(content_key((Path(__file__),), tmp_path)) == 64


def full_disk(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def test_the_cache_of_somebody_else_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = standin.generate(train=200, test=100)
    monkeypatch.setattr(standin, "generate", lambda: few)
    data = load_data(None, cache_dir=tmp_path)

    def refused(path: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("grader.data.store.np.load", refused)
    with pytest.raises(DataError, match=r"private_images\.npy: not yours to read; set GRADMARK_CACHE"):
        load_data(None, cache_dir=tmp_path)
    assert (data.root / "train_images.npy").is_file()


def test_the_halves_are_disjoint_balanced_and_all(release: Path, cache: Path) -> None:
    data = load_data(release, cache_dir=cache)
    public, labels = data.public()
    assert len(labels) == len(data.private_labels) == ROWS // 2
    numbers = [
        images[:, 0, 0, 1].astype(int) * 256 + images[:, 0, 0, 2] for images in (public, data.private_images)
    ]
    assert sorted(np.concatenate(numbers)) == list(range(ROWS))
    assert list(np.bincount(labels)) == list(np.bincount(data.private_labels)) == [500] * 10
    assert np.array_equal((numbers[1] + 5) % 10, data.private_labels)
    assert numbers[0][:12].tolist() == PUBLIC_ROWS, "the cut must not change between versions"


PUBLIC_ROWS = [0, 1, 2, 3, 4, 6, 8, 13, 16, 17, 19, 20]


def test_nothing_under_root_tells_private_labels(release: Path, cache: Path) -> None:
    data = load_data(release, cache_dir=cache)
    names = sorted(entry.name for entry in data.root.rglob("*"))
    assert names == [
        "meta.json",
        "test_images.npy",
        "test_labels.npy",
        "train_images.npy",
        "train_labels.npy",
    ]


def test_validation_images_are_those_of_random_split() -> None:
    import torch
    from torch.utils.data import random_split

    parts = random_split(range(6_000), [1_000, 5_000], generator=torch.Generator().manual_seed(42))
    assert list(validation_rows(6_000)) == list(parts[1].indices)
    assert list(train_rows(6_000)) == list(parts[0].indices)


def test_normalise_takes_mean_and_deviation_out() -> None:
    images = np.full((1, 3, 32, 32), 100, dtype=np.uint8)
    want = (100 / 255 - np.array([0.491, 0.482, 0.447])) / np.array([0.247, 0.243, 0.262])
    assert normalise(images).dtype == np.float32
    assert np.allclose(normalise(images)[0, :, 3, 4], want, atol=1e-6)


def test_info_says_what_there_is(release: Path, cache: Path) -> None:
    info = data_info(release, cache_dir=cache)
    assert info["training images"] == 50_000
    assert info["private test images"] == 5_000
    assert info["kind"] == "cifar10"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda folder: folder / "nowhere",
            "no such file or folder; expected the folder cifar-10-batches-py",
        ),
        (lambda folder: folder, "holds no CIFAR-10 batches, but: nothing"),
        (lambda folder: _file(folder / "x.png"), "this file is not a tar archive"),
        (lambda folder: _file(folder / "data_batch_1").parent, "data_batch_2, data_batch_3"),
    ],
)
def test_wrong_paths_say_what_was_expected(tmp_path: Path, make: object, said: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with pytest.raises(DataError) as error:
        load_data(make(folder), cache_dir=tmp_path / "cache")  # type: ignore[operator]
    assert said in str(error.value)
    assert str(folder) in str(error.value)


def test_a_damaged_archive_is_named(release: Path, tmp_path: Path) -> None:
    whole = (release / "release.tar.gz").read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"cut.tar.gz: the archive is damaged .*fetch it again"):
        read_release(tmp_path / "cut.tar.gz")


def test_a_cache_that_cannot_be_made_is_named(tmp_path: Path, release: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"the cache cannot be made .*set GRADMARK_CACHE"):
        load_data(release, cache_dir=tmp_path / "file")


def _file(path: Path) -> Path:
    path.write_bytes(b"x" * 600)
    return path
