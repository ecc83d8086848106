"""Learning-rate schedules against a constant rate."""

from __future__ import annotations

from reference.experiments.defaults import COLUMNS, curves, row
from reference.experiments.result import Curve, Result
from reference.experiments.setup import Setup, run_log

KINDS = ("constant", "time-decay", "step", "cosine")


def schedules(setup: Setup) -> Result:
    """The default run with each schedule, all starting from the same rate."""
    settings = {kind: setup.settings(schedule=kind) for kind in KINDS}
    runs = {kind: setup.train(kind, settings[kind], runs=len(KINDS)) for kind in KINDS}
    best = max(runs, key=lambda kind: runs[kind].test_accuracy)
    rates = tuple(
        Curve(
            kind,
            tuple(float(epoch + 1) for epoch in range(chosen.epochs)),
            tuple(chosen.rate_of()(epoch) for epoch in range(chosen.epochs)),
            panel="learning rate",
            y_label="learning rate",
        )
        for kind, chosen in settings.items()
    )
    constant = runs["constant"]
    return setup.result(
        name="schedules",
        title="Learning-rate schedules",
        question="Does a rate that falls during training help? Time-based decay is lr / (1 + decay * epoch).",
        answer=f"{best} is best with test accuracy {runs[best].test_accuracy:.4f}, against "
        f"{constant.test_accuracy:.4f} with a constant rate.",
        columns=COLUMNS,
        rows=tuple(row(kind, run) for kind, run in runs.items()),
        curves=(*rates, *curves(runs)),
        log={kind: run_log(run) for kind, run in runs.items()},
    )
