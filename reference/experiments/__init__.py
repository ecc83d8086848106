"""The experiments that the seed documents report, and some that explain them.

``run(name, setup)`` gives a :class:`Result`; ``write(result, folder)`` its JSON log and its picture;
``write_page(logs, page)`` the page that sets all results beside the seeds' figures.
"""

from __future__ import annotations

from collections.abc import Callable

from reference.experiments.dead_relu import dead_relu
from reference.experiments.defaults import batch_norm, default_numpy, default_torch
from reference.experiments.eval_mode import eval_mode
from reference.experiments.lr_sweep import lr_sweep
from reference.experiments.page import write_page
from reference.experiments.plots import write
from reference.experiments.result import Curve, Result
from reference.experiments.saddle import saddle
from reference.experiments.schedules import schedules
from reference.experiments.setup import Setup

__all__ = ["EXPERIMENTS", "NAMES", "Curve", "Result", "Setup", "run", "write", "write_page"]

EXPERIMENTS: dict[str, Callable[[Setup], Result]] = {
    "default-numpy": default_numpy,
    "default-torch": default_torch,
    "batch-norm": batch_norm,
    "lr-sweep": lr_sweep,
    "schedules": schedules,
    "saddle": saddle,
    "dead-relu": dead_relu,
    "eval-mode": eval_mode,
}
NAMES = tuple(EXPERIMENTS)


def run(name: str, setup: Setup) -> Result:
    """Run one experiment.

    Raises:
        KeyError: there is none of that name; ``NAMES`` lists them.
    """
    setup.restart()
    return EXPERIMENTS[name](setup)
