"""The homework's default runs: NumPy, PyTorch, and PyTorch with batch norm."""

from __future__ import annotations

from reference.experiments.result import Curve, Result
from reference.experiments.setup import Setup, run_curves, run_log
from reference.training.loop import Run

COLUMNS = ("run", "best validation accuracy", "epoch", "test accuracy")


def row(name: str, run: Run) -> tuple[str | int | float, ...]:
    """A run as a row of the table."""
    return (name, run.best_validation_accuracy, run.best_epoch, run.test_accuracy)


def _default(setup: Setup, name: str, backend: str, words: str) -> Result:
    run = setup.train(words, setup.settings(backend=backend))
    return setup.result(
        name=name,
        title=f"Default run in {words}",
        question="What does one hidden layer of 128 reach with lr 0.1, batches of 128, 10 epochs and seed 42?",
        answer=f"Test accuracy {run.test_accuracy:.4f} of the model of epoch {run.best_epoch}, the best on "
        f"validation with {run.best_validation_accuracy:.4f}.",
        columns=COLUMNS,
        rows=(row(words, run),),
        curves=run_curves(words, run),
        log={"run": run_log(run)},
    )


def default_numpy(setup: Setup) -> Result:
    """The default run of the NumPy loop."""
    return _default(setup, "default-numpy", "numpy", "NumPy")


def default_torch(setup: Setup) -> Result:
    """The default run of the PyTorch loop."""
    return _default(setup, "default-torch", "torch", "PyTorch")


def batch_norm(setup: Setup) -> Result:
    """The default run with and without batch norm, otherwise alike."""
    runs = {
        name: setup.train(name, setup.settings(batch_norm=use), runs=2)
        for name, use in (("without batch norm", False), ("with batch norm", True))
    }
    plain, normed = runs.values()
    gain = normed.test_accuracy - plain.test_accuracy
    return setup.result(
        name="batch-norm",
        title="Batch norm between linear and activation",
        question="Does batch norm help the default run?",
        answer=f"Test accuracy {plain.test_accuracy:.4f} without and {normed.test_accuracy:.4f} with it "
        f"({gain * 100:+.1f} points); after one epoch, {plain.validation_accuracies[0]:.4f} and "
        f"{normed.validation_accuracies[0]:.4f} on validation.",
        columns=COLUMNS,
        rows=tuple(row(name, run) for name, run in runs.items()),
        curves=curves(runs),
        log={name: run_log(run) for name, run in runs.items()},
    )


def curves(runs: dict[str, Run]) -> tuple[Curve, ...]:
    """The curves of all runs."""
    return tuple(curve for name, run in runs.items() for curve in run_curves(name, run))
