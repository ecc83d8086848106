"""The reference's curves beside a submission's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grader.checks.training_budget import Budget, Trial
from grader.checks.training_curves import curves
from grader.data import DataSet

BUDGET = Budget(
    hidden=(4,), rate=1e-4, epochs=2, images=256, batch_size=32
)  # 3,072 equal inputs: a small rate


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    """5,300 small-valued images, of which 5,000 are for validation; the class shows in the brightness."""
    root: Path = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 5_300)
    images = (labels[:, None, None, None] * 20 + rng.integers(0, 20, (5_300, 3, 1, 1))).astype(np.uint8)
    images = np.broadcast_to(images, (5_300, 3, 32, 32))
    np.save(root / "train_images.npy", images)
    np.save(root / "train_labels.npy", labels)
    return DataSet("stand-in", "a test", root, (), images[:10], labels[:10])


@pytest.mark.parametrize("batch_norm", [None, True])
def test_the_reference_trains_with_the_submissions_budget(data: DataSet, batch_norm: bool | None) -> None:
    budget = replace(BUDGET, batch_norm=batch_norm)
    found = curves(data, Trial(budget, validation=(0.1, 0.2), losses=(3.0,) * 16))
    assert [curve.name for curve in found] == [
        f"{who}: {what}"
        for who in ("submission", "reference")
        for what in ("training loss", "validation accuracy")
    ]
    loss, accuracy = found[2], found[3]
    assert loss.x == found[0].x
    assert loss.x[-1] == 2.0
    assert loss.y[0] == pytest.approx(np.log(10), abs=1.0)
    assert loss.y[-1] < loss.y[0]
    assert accuracy.x == (1.0, 2.0)
    assert len(set(accuracy.y)) == 2
    assert curves(data, Trial(budget, losses=(1.0,)))[1].y == loss.y


def test_only_what_the_submission_shows_has_a_curve_beside_it(data: DataSet) -> None:
    assert curves(data, Trial(BUDGET)) == ()
    found = curves(data, Trial(BUDGET, validation=(0.1, 0.2)))
    assert [curve.y_label for curve in found] == ["accuracy", "accuracy"]
