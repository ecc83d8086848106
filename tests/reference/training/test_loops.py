"""The training loops: the same mathematics in NumPy and PyTorch, best model kept, reproducible."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from reference.training import schedules
from reference.training.images import MEAN, STD, Images, normalised_rows, split_images
from reference.training.loop import Settings, build, fit, train
from reference.training.numpy_mlp import NumpyMLP
from reference.training.torch_mlp import TorchMLP, pick_device

SMALL = Settings(hidden=(16,), batch_size=32, epochs=4, rate=0.1, device="cpu", seed=3)


@pytest.fixture(scope="module")
def images() -> Images:
    """Three classes around their own centres, 40 features."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(3, 40))

    def draw(count: int) -> tuple[np.ndarray, np.ndarray]:
        y = rng.integers(0, 3, count)
        return (centres[y] * 0.5 + rng.normal(size=(count, 40))).astype(np.float32), y

    parts = [draw(count) for count in (640, 200, 200)]
    return Images(*(array for part in parts for array in part))


@pytest.mark.parametrize("hidden", [(), (16,), (12, 9)])
def test_a_numpy_step_is_a_torch_step(images: Images, hidden: tuple[int, ...]) -> None:
    numpy = NumpyMLP(images, hidden, classes=3, batch_size=32, seed=1)
    pytorch = TorchMLP(images, hidden, classes=3, seed=1, device="cpu")
    with torch.no_grad():
        for parameter, value in zip(pytorch.network.parameters(), numpy.parameters, strict=True):
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(value.T)))
    rng = np.random.default_rng(2)
    for _ in range(5):
        rows = rng.permutation(640)[:32]
        assert numpy.step(rows, 0.3) == pytest.approx(pytorch.step(rows, 0.3), rel=1e-4)
    for parameter, value in zip(pytorch.network.parameters(), numpy.parameters, strict=True):
        assert np.allclose(parameter.detach().numpy(), value.T, atol=1e-5)


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_it_learns_and_repeats(images: Images, backend: str) -> None:
    settings = replace(SMALL, backend=backend, classes=3)
    run, again = train(images, settings), train(images, settings)
    assert run.epoch_losses[-1] < 0.6 * run.losses[0]
    assert run.test_accuracy > 0.8
    assert (run.losses, run.validation_accuracies) == (again.losses, again.validation_accuracies)
    other = train(images, replace(settings, seed=4))
    assert other.losses != run.losses


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_the_model_of_the_best_epoch_is_kept(images: Images, backend: str) -> None:
    settings = replace(SMALL, backend=backend, classes=3, epochs=6, rate=3.0)
    model = build(images, settings)
    run = fit(model, 640, settings)
    assert run.best_epoch == run.validation_accuracies.index(max(run.validation_accuracies)) + 1
    assert model.validation_accuracy() == run.best_validation_accuracy
    assert model.test_accuracy() == run.test_accuracy


def test_initialisation_is_kaiming_with_the_input_layers_exception(images: Images) -> None:
    wide = Images(*([np.zeros((4, 3_000), np.float32), np.zeros(4, np.int64)] * 3))
    for model in (
        NumpyMLP(wide, (2_000, 500), classes=3, batch_size=2, seed=0).parameters,
        list(TorchMLP(wide, (2_000, 500), classes=3, seed=0, device="cpu").network.parameters()),
    ):
        arrays = [value.detach().numpy() if isinstance(value, torch.Tensor) else value for value in model]
        assert arrays[0].std() == pytest.approx((1 / 3_000) ** 0.5, rel=0.01)
        assert arrays[2].std() == pytest.approx((2 / 2_000) ** 0.5, rel=0.01)
        assert not arrays[1].any()


def test_batch_norm_and_dead_units(images: Images) -> None:
    run = train(images, replace(SMALL, batch_norm=True, classes=3))
    assert run.test_accuracy > 0.8
    model = TorchMLP(images, (8,), classes=3, seed=0, activation=torch.nn.ReLU, device="cpu")
    with torch.no_grad():
        model.network.linear1.bias[:3] = -1e6
    assert model.dead_units() == (3, 8)


def test_testing_in_training_mode_leaves_the_running_averages(images: Images) -> None:
    model = TorchMLP(images, (8,), classes=3, seed=0, batch_norm=True, device="cpu")
    model.step(np.arange(32), 0.1)
    before = model.state()
    assert model.test_accuracy(train_mode=True, batch=50) != model.test_accuracy()
    for name, value in model.state().items():
        assert torch.equal(value, before[name]), name


def test_divergence_is_a_result(images: Images) -> None:
    run = train(images, replace(SMALL, backend="numpy", classes=3, rate=1e4, epochs=2))
    assert run.diverged
    assert not train(images, replace(SMALL, backend="numpy", classes=3, epochs=2)).diverged


def test_the_order_of_images_is_that_of_torchs_loader(images: Images) -> None:
    model = TorchMLP(images, (), classes=3, seed=0, device="cpu")
    loader = torch.utils.data.DataLoader(range(50), batch_size=50, shuffle=True)
    torch.manual_seed(7)
    ours = [model.order(50).tolist() for _ in range(2)]
    torch.manual_seed(7)
    assert ours == [batch.tolist() for _ in range(2) for batch in loader]


def test_schedules() -> None:
    assert schedules.constant(0.1)(7) == 0.1
    assert schedules.time_decay(0.1, decay=0.5)(4) == pytest.approx(0.1 / 3)
    assert [schedules.step(1.0, every=2)(epoch) for epoch in range(5)] == pytest.approx(
        [1, 1, 0.1, 0.1, 0.01]
    )
    cosine = schedules.cosine(1.0, epochs=4)
    assert [cosine(epoch) for epoch in (0, 2, 4, 9)] == pytest.approx([1, 0.5, 0, 0])
    with pytest.raises(ValueError, match="one of constant, time-decay, step, cosine"):
        Settings(schedule="none").rate_of()


def test_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pick_device("cpu").type == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="device 'cuda': not here; available: cpu"):
        pick_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert pick_device("auto").type == "cuda"
    assert pick_device("cuda:1").index == 1


def test_numpy_refuses_what_it_has_not(images: Images) -> None:
    with pytest.raises(ValueError, match="use backend='torch'"):
        build(images, replace(SMALL, backend="numpy", batch_norm=True))


def test_images_are_cut_and_normalised() -> None:
    rng = np.random.default_rng(0)
    pixels, labels = rng.integers(0, 256, (60, 3, 32, 32), dtype=np.uint8), np.arange(60) % 10
    found = split_images((pixels, labels), (pixels[:5], labels[:5]), validation_size=20)
    order = torch.randperm(60, generator=torch.Generator().manual_seed(42)).numpy()
    assert np.array_equal(found.train_y, labels[order[:40]])
    assert np.array_equal(found.validation_y, labels[order[40:]])
    want = (pixels[:5] / 255 - np.reshape(MEAN, (3, 1, 1))) / np.reshape(STD, (3, 1, 1))
    assert np.allclose(found.test_x, want.reshape(5, -1), atol=1e-5)
    assert np.array_equal(normalised_rows(pixels, chunk=7), normalised_rows(pixels))
