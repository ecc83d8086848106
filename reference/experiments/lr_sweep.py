"""The learning rate from 1e-6 to 100, at every rate with and without batch norm."""

from __future__ import annotations

import math

from reference.experiments.result import Cell, Curve, Result
from reference.experiments.setup import Setup, run_log
from reference.training.loop import Run

RATES = tuple(10.0**power for power in range(-6, 3))
EPOCHS = 5


def lr_sweep(setup: Setup) -> Result:
    """Train at each rate twice, so that batch norm and the rate are not confounded."""
    runs: dict[bool, list[Run]] = {False: [], True: []}
    for rate in RATES:
        for norm in (False, True):
            settings = setup.settings(
                rate=rate, batch_norm=norm, **({} if setup.epochs else {"epochs": EPOCHS})
            )
            name = f"lr {rate:g}, {'with' if norm else 'without'} batch norm"
            runs[norm].append(setup.train(name, settings, runs=2 * len(RATES)))
    pairs = zip(RATES, runs[False], runs[True], strict=True)
    return setup.result(
        name="lr-sweep",
        title="Learning rates from 1e-6 to 100",
        question="Which learning rates work, which diverge, and does batch norm widen the range?",
        answer=_answer(runs),
        columns=(
            "lr",
            "best validation accuracy",
            "last loss",
            "diverged",
            "the same with batch norm",
            "last loss",
            "diverged",
        ),
        rows=tuple((rate, *_cells(plain), *_cells(normed)) for rate, plain, normed in pairs),
        curves=_curves(runs),
        log={f"lr {r.settings.rate:g}, batch norm {norm}": run_log(r) for norm in runs for r in runs[norm]},
    )


def _cells(run: Run) -> tuple[Cell, ...]:
    return (run.best_validation_accuracy, run.epoch_losses[-1], run.diverged)


def _answer(runs: dict[bool, list[Run]]) -> str:
    parts = []
    for norm, words in ((False, "Without batch norm"), (True, "with it")):
        best = max(runs[norm], key=lambda run: run.best_validation_accuracy)
        diverged = [f"{run.settings.rate:g}" for run in runs[norm] if run.diverged]
        parts.append(
            f"{words} lr {best.settings.rate:g} is best ({best.best_validation_accuracy:.4f} on validation) and "
            f"it diverges at {', '.join(diverged) or 'none of the rates'}"
        )
    return "; ".join(parts) + "."


def _curves(runs: dict[bool, list[Run]]) -> tuple[Curve, ...]:
    found: list[Curve] = []
    for norm, words in ((False, "without batch norm"), (True, "with batch norm")):
        best = tuple(run.best_validation_accuracy for run in runs[norm])
        found.append(
            Curve(words, RATES, best, "best validation accuracy", "learning rate", "accuracy", log_x=True)
        )
        for run in runs[norm]:
            epochs = tuple(float(number) for number in range(1, run.settings.epochs + 1))
            losses = tuple(loss if math.isfinite(loss) else math.nan for loss in run.epoch_losses)
            found.append(Curve(f"lr {run.settings.rate:g}", epochs, losses, f"loss {words}", log_y=True))
    return tuple(found)
