"""With which arguments a submission's ``train`` is called, on how much data, and what one call of it gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.data.dataset import VALIDATION_SIZE
from grader.rubric import TrainingSpec

Floats = NDArray[np.float64]

CLASSES = 10
HOMEWORK_EPOCHS = 10  # of the homework's own run, with which every submission was tried
PIXELS = 3072
LEAST_SHARE = 0.5  # of an image's cost that does not depend on the network: loading, copying


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The arguments of one call of ``train``, and the data that it sees."""

    hidden: tuple[int, ...] = (128,)
    rate: float = 0.1
    batch_norm: bool | None = None
    batch_size: int = 128
    epochs: int = 2
    images: int = 10_000
    held_out: int | None = None  # validation images and test images at most; None: all
    seed: int = 42
    spoil_after: int | None = None  # epochs with right training labels, shifted by one class after that
    test_shift: int = 0  # classes by which the labels of test images are shifted

    @property
    def work(self) -> int:
        """Images that training, validation and test go through."""
        held_out = VALIDATION_SIZE if self.held_out is None else self.held_out
        return self.epochs * (self.images + held_out) + held_out

    @property
    def effort(self) -> float:
        """The work, and what an image costs in a network of this size; in images of the default network."""
        units = [
            sum(a * b for a, b in pairwise((PIXELS, *h, CLASSES))) for h in (self.hidden, Budget().hidden)
        ]
        return self.work * max(units[0] / units[1], LEAST_SHARE)

    def __str__(self) -> str:
        epochs = "1 epoch" if self.epochs == 1 else f"{self.epochs} epochs"
        return f"{epochs} of {self.images:,} images, lr {self.rate:g}, hidden_dims {list(self.hidden)}"


def asked_budget(spec: TrainingSpec) -> Budget:
    """What a check's spec asks for."""
    return Budget(
        hidden=spec.hidden_dims,
        rate=spec.learning_rate,
        batch_norm=spec.batch_norm,
        batch_size=spec.batch_size,
        epochs=spec.epochs,
        images=spec.images,
    )


@dataclass
class Trial:
    """What one call of ``train`` gave. Accuracies are shares, 0 to 1."""

    budget: Budget  # that train was called with: more epochs than asked for where it raised with so few
    validation: tuple[float, ...] | None = None  # as returned
    test: float | None = None  # as returned
    losses: tuple[float, ...] = ()  # found in what was returned
    returned: str = ""  # in words
    served: int = 0  # training images
    spoilt: int = 0  # of them with a wrong label
    per_epoch: int = 0
    validated: int = 0  # validation images that were read
    mingled: int = 0  # of them, those that were read among training images
    tested: int = 0  # test images that were read
    form: str = ""  # of the model's input
    outputs: dict[str, Floats] = field(default_factory=dict)  # by set of images: (N, C)
    state: Mapping[str, Any] = field(default_factory=dict)  # of a torch module
    seconds: float = 0.0


_NAMES: dict[str, str] = {
    "hidden_dims": "hidden", "n_hidden": "hidden", "hidden_units": "hidden", "dnn_hidden_units": "hidden",
    "lr": "rate", "learning_rate": "rate", "use_batch_norm": "batch_norm", "batch_norm": "batch_norm",
    "batch_size": "batch_size", "epochs": "epochs", "num_epochs": "epochs", "n_epochs": "epochs",
    "max_epochs": "epochs", "seed": "seed", "data_dir": "data_dir", "data_path": "data_dir",
}  # fmt: skip


def arguments(
    budget: Budget, parameters: list[dict[str, Any]] | None
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Positional and keyword arguments of a call of ``train``, by the names that it has."""
    values: dict[str, Any] = {
        "hidden": list(budget.hidden),
        "rate": budget.rate,
        "batch_norm": bool(budget.batch_norm),
        "batch_size": budget.batch_size,
        "epochs": budget.epochs,
        "seed": budget.seed,
        "data_dir": "data/",
    }
    course = ["hidden_dims", "lr", *(["use_batch_norm"] if budget.batch_norm is not None else [])]
    course += ["batch_size", "epochs", "seed", "data_dir"]
    by_name = {name: values[_NAMES[name]] for name in course}
    plain = [p for p in parameters or [] if p["kind"] in ("positional", "keyword", "either")]
    if not plain:
        return ((), by_name) if parameters is None or parameters else ((), {})
    known = {p["name"]: values[_NAMES[p["name"]]] for p in plain if p["name"] in _NAMES}
    strange = [p for p in plain if p["name"] not in _NAMES and not p["has_default"]]
    if strange and len(plain) >= len(course):
        return tuple(by_name.values()), {}
    return (), known
