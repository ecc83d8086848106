"""What every experiment is given, and the training runs that most of them are made of."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from reference.experiments.result import Curve, Result, thinned
from reference.training.images import Images
from reference.training.loop import Epoch, Run, Settings, train

Progress = Callable[[str, int, int], None]  # what is under way, steps done, steps in all


@dataclass
class Setup:
    """Images, device and scale of an experiment.

    Attributes:
        images: the data.
        data: what the images are, in words.
        device: of PyTorch.
        epochs: instead of every experiment's own number, for a quick look.
        progress: told about every epoch.
    """

    images: Images
    data: str
    device: str = "auto"
    epochs: int | None = None
    progress: Progress = lambda what, done, total: None
    started: float = field(default_factory=time.perf_counter)
    _done: int = 0
    _runs: dict[Settings, Run] = field(default_factory=dict)

    def restart(self) -> None:
        """Begin to count epochs and seconds anew."""
        self.started, self._done = time.perf_counter(), 0

    def train(self, name: str, settings: Settings, *, runs: int = 1) -> Run:
        """Train, as one of ``runs`` runs of the experiment; what another experiment trained alike is taken."""
        if settings in self._runs:
            return self._runs[settings]
        total = runs * settings.epochs

        def tell(epoch: Epoch) -> None:
            self._done += 1
            self.progress(f"{name}, epoch {epoch.number} of {epoch.of}", self._done, total)

        self._runs[settings] = train(self.images, settings, on_epoch=tell)
        return self._runs[settings]

    def settings(self, **changes: Any) -> Settings:
        """The homework's settings with changes, on this setup's device."""
        if self.epochs is not None:
            changes["epochs"] = self.epochs
        return Settings(device=self.device, **changes)

    def result(self, **parts: Any) -> Result:
        """A result with data, device and seconds filled in."""
        seconds = round(time.perf_counter() - self.started, 1)
        return Result(data=self.data, device=self.device, seconds=seconds, **parts)


def run_curves(name: str, run: Run) -> tuple[Curve, ...]:
    """Loss over steps and validation accuracy over epochs of a run."""
    epochs = tuple(float(number) for number in range(1, run.settings.epochs + 1))
    x, y = thinned(run.losses, last=run.settings.epochs)
    return (
        Curve(name, x, y, panel="training loss"),
        Curve(name, epochs, run.validation_accuracies, panel="validation accuracy", y_label="accuracy"),
    )


def run_log(run: Run) -> dict[str, Any]:
    """Everything about a run but the losses of single steps."""
    return {key: value for key, value in run.record().items() if key != "losses"}
