"""The stand-in: deterministic, of the right form, and never named for what it is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from grader.data import DataSet, load_data, standin
from grader.data.dataset import MEAN, STD


def test_the_same_call_gives_the_same_images() -> None:
    one, two = standin.generate(train=300, test=100), standin.generate(train=300, test=100)
    for (images, labels), (others, other_labels) in zip(one, two, strict=True):
        assert np.array_equal(images, others)
        assert np.array_equal(labels, other_labels)
    assert not np.array_equal(one[0][0], standin.generate(train=300, test=100, seed=1)[0][0])


def test_form(small: DataSet) -> None:
    images, labels = small.train()
    assert images.shape == (6_000, 3, 32, 32)
    assert images.dtype == np.uint8
    assert list(np.bincount(labels)) == [600] * 10
    scaled = images[:2_000] / 255
    assert np.allclose(scaled.mean(axis=(0, 2, 3)), MEAN, atol=0.05)
    assert np.allclose(scaled.std(axis=(0, 2, 3)), STD, atol=0.05)


def test_neighbouring_pixels_are_alike_as_in_photographs(small: DataSet) -> None:
    grey = small.train()[0][:1_000].mean(axis=1)
    near = np.corrcoef(grey[:, :, 1:].ravel(), grey[:, :, :-1].ravel())[0, 1]
    far = np.corrcoef(grey[:, :, 16:].ravel(), grey[:, :, :-16].ravel())[0, 1]
    assert near > 0.8
    assert far < 0.4


def test_it_is_used_without_data_and_says_what_it_is(tmp_path: Path, monkeypatch: object) -> None:
    real = standin.generate
    monkeypatch.setattr(standin, "generate", lambda: real(train=200, test=100))  # type: ignore[attr-defined]
    data = load_data(None, cache_dir=tmp_path)
    assert data.used.kind == "stand-in"
    assert data.description == "offline stand-in (generated; not CIFAR-10)"
    assert not any("cifar" in name.lower() for name in data.classes)
    assert "cifar" not in str(data.root.relative_to(tmp_path)).lower()
