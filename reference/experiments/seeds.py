"""The figures that the seed documents report, by the numbers of these documents. Accuracies are shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Reported:
    """A figure in a seed document."""

    seed: str  # number of the document
    experiment: str
    what: str
    value: float
    ours: tuple[str, int]  # the row of our table (by its first cell) and its column


REPORTED = (
    Reported("002", "default-numpy", "best validation accuracy, NumPy", 0.4962, ("NumPy", 1)),
    Reported("002", "default-numpy", "test accuracy, NumPy", 0.4912, ("NumPy", 3)),
    Reported("002", "default-torch", "best validation accuracy, PyTorch", 0.5012, ("PyTorch", 1)),
    Reported("002", "default-torch", "test accuracy, PyTorch", 0.4974, ("PyTorch", 3)),
    Reported("000", "batch-norm", "accuracy without batch norm", 0.46, ("without batch norm", 3)),
    Reported("000", "batch-norm", "accuracy with batch norm", 0.4726, ("with batch norm", 3)),
)

SAID: Mapping[str, tuple[str, str]] = {
    "lr-sweep": ("002", "without batch norm the loss became NaN at 1, 10 and 100, so those ran with it; "
                        "with it, the losses at 10 and 100 were very high but finite"),
    "schedules": ("002", "time-based decay, lr / (1 + decay * epoch), is proposed; no figures"),
    "saddle": ("000", "near a saddle point the gradient is close to zero, so parameters barely move; no figures"),
    "dead-relu": ("000", "batch norm keeps units from dying; no figures"),
    "eval-mode": ("000", "mini-batch statistics at test time harm accuracy; no figures"),
}  # fmt: skip
