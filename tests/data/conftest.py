"""One made-up release and one small stand-in for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.data import DataSet, standin
from grader.data.store import open_data, write_data
from tests.data.release import write_archive, write_release


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds cifar-10-batches-py and the tar.gz."""
    folder = tmp_path_factory.mktemp("release")
    write_archive(write_release(folder), folder / "release.tar.gz")
    return folder


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    """A stand-in of 6,000 training and 400 test images."""
    target = tmp_path_factory.mktemp("cache") / "small"
    train, test = standin.generate(train=6_000, test=400)
    write_data(target, train=train, test=test, classes=standin.CLASSES, facts={})
    data = open_data(target, kind="stand-in", description="small")
    assert data is not None
    return data
