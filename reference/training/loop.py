"""The training loop: epochs of SGD steps, validation after each, the best model kept and tested."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from reference.training import schedules
from reference.training.images import Images
from reference.training.numpy_mlp import NumpyMLP
from reference.training.torch_mlp import ACTIVATIONS, TorchMLP


class Model(Protocol):
    """What the loop needs of a model."""

    data_seconds: float
    product_seconds: float

    def order(self, count: int) -> NDArray[np.int64]: ...
    def step(self, rows: NDArray[np.int64], rate: float) -> float: ...
    def validation_accuracy(self) -> float: ...
    def test_accuracy(self) -> float: ...
    def state(self) -> Any: ...
    def restore(self, state: Any) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one run is made of; the defaults are the homework's."""

    hidden: tuple[int, ...] = (128,)
    rate: float = 0.1
    batch_size: int = 128
    epochs: int = 10
    seed: int = 42
    batch_norm: bool = False
    activation: Literal["elu", "relu"] = "elu"
    classes: int = 10
    backend: Literal["numpy", "torch"] = "torch"
    schedule: str = "constant"  # constant, time-decay, step or cosine
    device: str = "auto"  # of torch

    def rate_of(self) -> schedules.Schedule:
        """The schedule; time-based decay halves the rate over the run, steps divide it by ten at half of it."""
        match self.schedule:
            case "constant":
                return schedules.constant(self.rate)
            case "time-decay":
                return schedules.time_decay(self.rate, decay=1 / self.epochs)
            case "step":
                return schedules.step(self.rate, every=max(self.epochs // 2, 1))
            case "cosine":
                return schedules.cosine(self.rate, epochs=self.epochs)
        raise ValueError(f"schedule {self.schedule!r}: one of constant, time-decay, step, cosine")


@dataclass(frozen=True)
class Epoch:
    """The figures of one epoch, told as soon as it ends."""

    number: int  # from 1
    of: int
    loss: float  # mean over the epoch's steps
    validation_accuracy: float


@dataclass(frozen=True, kw_only=True)
class Run:
    """The figures of one training run. Accuracies are shares, 0 to 1; times are seconds."""

    settings: Settings
    losses: tuple[float, ...]  # of every step
    epoch_losses: tuple[float, ...]  # means
    validation_accuracies: tuple[float, ...]  # after every epoch
    best_epoch: int  # from 1
    test_accuracy: float  # of the model of the best epoch
    seconds: float
    data_seconds: float = 0.0
    product_seconds: float = 0.0

    @property
    def best_validation_accuracy(self) -> float:
        """The largest validation accuracy."""
        return max(self.validation_accuracies)

    @property
    def diverged(self) -> bool:
        """Whether the loss became infinite or NaN, or ended an epoch above ten times its first value."""
        last, first = self.epoch_losses[-1], self.losses[0]
        return not math.isfinite(last) or last > 10 * max(first, 1.0)

    def record(self) -> dict[str, Any]:
        """All figures as plain data."""
        return {
            **asdict(self),
            "best_validation_accuracy": self.best_validation_accuracy,
            "diverged": self.diverged,
        }


def train(
    images: Images, settings: Settings, *, on_epoch: Callable[[Epoch], None] = lambda epoch: None
) -> Run:
    """Train a model as the settings say."""
    return fit(build(images, settings), len(images.train_y), settings, on_epoch=on_epoch)


def build(images: Images, settings: Settings) -> Model:
    """A fresh model.

    Raises:
        ValueError: batch norm or ReLU in NumPy, or a device that is not here.
    """
    if settings.backend == "numpy":
        if settings.batch_norm or settings.activation != "elu":
            raise ValueError("the NumPy loop has ELU and no batch norm; use backend='torch'")
        return NumpyMLP(
            images,
            settings.hidden,
            classes=settings.classes,
            batch_size=settings.batch_size,
            seed=settings.seed,
        )
    return TorchMLP(
        images,
        settings.hidden,
        classes=settings.classes,
        seed=settings.seed,
        batch_norm=settings.batch_norm,
        activation=ACTIVATIONS[settings.activation],
        device=settings.device,
    )


def fit(
    model: Model, count: int, settings: Settings, *, on_epoch: Callable[[Epoch], None] = lambda epoch: None
) -> Run:
    """Train ``model`` on ``count`` images; at the end it holds the parameters of its best epoch."""
    start = time.perf_counter()
    log = _Log()
    rate_of = settings.rate_of()
    for epoch in range(settings.epochs):
        order = model.order(count)
        steps = len(order) // settings.batch_size
        rows = order[: steps * settings.batch_size].reshape(steps, settings.batch_size)
        log.losses += [model.step(batch, rate_of(epoch)) for batch in rows]
        log.epoch_losses.append(float(np.mean(log.losses[-steps:])))
        log.keep(model)
        on_epoch(Epoch(epoch + 1, settings.epochs, log.epoch_losses[-1], log.accuracies[-1]))
    model.restore(log.best_state)
    return Run(
        settings=replace(settings),
        losses=tuple(log.losses),
        epoch_losses=tuple(log.epoch_losses),
        validation_accuracies=tuple(log.accuracies),
        best_epoch=log.accuracies.index(max(log.accuracies)) + 1,
        test_accuracy=model.test_accuracy(),
        seconds=time.perf_counter() - start,
        data_seconds=model.data_seconds,
        product_seconds=model.product_seconds,
    )


@dataclass
class _Log:
    losses: list[float] = field(default_factory=list)
    epoch_losses: list[float] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)
    best_state: Any = None

    def keep(self, model: Model) -> None:
        """Validate, and keep a copy of the parameters if they are the best so far."""
        accuracy = model.validation_accuracy()
        if not self.accuracies or accuracy > max(self.accuracies):
            self.best_state = model.state()
        self.accuracies.append(accuracy)
