"""Dead ReLU units, with and without batch norm: units that give 0 for every training image."""

from __future__ import annotations

from collections.abc import Callable

from reference.experiments.result import Cell, Curve, Result
from reference.experiments.setup import Setup, run_curves, run_log
from reference.training.loop import Epoch, build, fit
from reference.training.torch_mlp import TorchMLP

RATES = (0.1, 0.2, 0.3)
HIDDEN = (128, 128)
EPOCHS = 3


def dead_relu(setup: Setup) -> Result:
    """Train ReLU networks at growing rates and count the units that never fire."""
    rows: list[tuple[Cell, ...]] = []
    curves: list[Curve] = []
    log: dict[str, object] = {}
    for rate in RATES:
        for norm in (False, True):
            settings = setup.settings(
                hidden=HIDDEN,
                rate=rate,
                batch_norm=norm,
                activation="relu",
                **({} if setup.epochs else {"epochs": EPOCHS}),
            )
            name = f"lr {rate:g}, {'with' if norm else 'without'} batch norm"
            model = build(setup.images, settings)
            assert isinstance(model, TorchMLP)
            before, units = model.dead_units()
            run = fit(model, len(setup.images.train_y), settings, on_epoch=_teller(setup, name, len(rows)))
            after, _ = model.dead_units()
            rows.append(
                (rate, "with" if norm else "without", before, after, units, run.best_validation_accuracy)
            )
            curves += run_curves(name, run)
            log[name] = run_log(run)
    dead = {norm: [row[3] for row in rows if row[1] == norm] for norm in ("without", "with")}
    return setup.result(
        name="dead-relu",
        title="Dead ReLU units",
        question="How many ReLU units give 0 for every training image, so that they have no gradient?",
        answer=f"Without batch norm {', '.join(map(str, dead['without']))} of {rows[0][4]} units are dead after "
        f"training with lr {', '.join(f'{rate:g}' for rate in RATES)}; with batch norm "
        f"{', '.join(map(str, dead['with']))}: it keeps the inputs of ReLU around zero.",
        columns=("lr", "batch norm", "dead before", "dead after", "units", "best validation accuracy"),
        rows=tuple(rows),
        curves=tuple(curves),
        log=log,
    )


def _teller(setup: Setup, name: str, run: int) -> Callable[[Epoch], None]:
    """Tells the progress of one run among all."""

    def tell(epoch: Epoch) -> None:
        total = 2 * len(RATES) * epoch.of
        setup.progress(f"{name}, epoch {epoch.number} of {epoch.of}", run * epoch.of + epoch.number, total)

    return tell
