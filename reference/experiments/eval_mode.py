"""What evaluating with mini-batch statistics does to test accuracy."""

from __future__ import annotations

from reference.experiments.result import Cell, Result
from reference.experiments.setup import Setup, run_curves, run_log
from reference.training.loop import Epoch, build, fit
from reference.training.torch_mlp import TorchMLP

BATCHES = (2, 8, 32, 128, 1_000)


def eval_mode(setup: Setup) -> Result:
    """Train one network with batch norm; test it in evaluation mode, and in training mode in many batches."""
    settings = setup.settings(batch_norm=True)
    model = build(setup.images, settings)
    assert isinstance(model, TorchMLP)

    def tell(epoch: Epoch) -> None:
        setup.progress(f"epoch {epoch.number} of {epoch.of}", epoch.number, epoch.of)

    run = fit(model, len(setup.images.train_y), settings, on_epoch=tell)
    right = model.test_accuracy()
    rows: list[tuple[Cell, ...]] = [("evaluation mode", None, right, 0.0)]
    for batch in BATCHES:
        found = model.test_accuracy(train_mode=True, batch=batch)
        rows.append(("training mode", batch, found, found - right))
    sorted_found = model.test_accuracy(train_mode=True, batch=128, by_class=True)
    rows.append(("training mode, images sorted by class", 128, sorted_found, sorted_found - right))
    return setup.result(
        name="eval-mode",
        title="Evaluating batch norm with mini-batch statistics",
        question="What happens to test accuracy when batch norm uses the statistics of the test batch?",
        answer=f"Evaluation mode gives {right:.4f}. With the statistics of batches of 2 it is {rows[1][2]:.4f}, of 128 "
        f"{rows[4][2]:.4f}, and {sorted_found:.4f} if each batch of 128 holds one class: an image's prediction then "
        "depends on which images it is tested with.",
        columns=("mode", "batch", "test accuracy", "difference"),
        rows=tuple(rows),
        curves=run_curves("with batch norm", run),
        log={"run": run_log(run)},
    )
