"""The parameters of a model that a submission's ``train`` returned: those of its linear layers, first to last."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.checks.context import CannotJudge, Context
from grader.checks.training_budget import CLASSES, PIXELS, Budget, Floats, Trial
from grader.checks.training_images import formed, image_set
from grader.checks.training_run import TrainRun
from grader.conventions.numpy_network import layer_classes
from grader.data import normalise
from grader.sandbox import Program, Ref

Parameters = list[
    tuple[Floats, Floats]
]  # weight (out, in) and bias (out,) of each linear layer, first to last
MOST_LAYERS = 12
LOOK = 2  # images that show which layers a NumPy model calls


@dataclass(frozen=True)
class Start:
    """A run of ``train``, and the parameters of its model."""

    trial: Trial
    layers: Parameters


class ParameterRun(TrainRun):
    """A run after which the parameters of the returned model are read."""

    lengthens = False  # the steps are counted
    arrays: Sequence[Any] = ()

    def _predict(self, model: Ref, is_torch: bool, sets: Sequence[str]) -> None:
        super()._predict(model, is_torch, sets)
        self.arrays = list(self.trial.state.values()) if is_torch else self._traced(model)

    def _traced(self, model: Ref) -> list[Any]:
        """What the layers that a NumPy model calls keep in ``params``."""
        images, _ = image_set(self.data, "training", self.budget)
        given = formed(normalise(images[:LOOK]), self.trial.form)
        program = Program()
        with (
            program.trace(layer_classes(self.context, program), ("forward",)) as trace,
            program.attempt("forward"),
        ):
            program.call(model.attr("forward"), given)
        for index in range(MOST_LAYERS):
            with program.attempt(f"{index}"):
                program.send(f"{index}", trace.instances.item(index).attr("params"))
        values = self.worker.run(program, timeout=self.limit).values
        kept = [values.get(f"{index}") for index in range(MOST_LAYERS)]
        return [value for params in kept if isinstance(params, dict) for value in params.values()]


def read_parameters(context: Context, budget: Budget) -> Start | None:
    """Call ``train`` once for all that ask for this budget; None if the parameters cannot be told."""
    key = f"training:{context.target}:parameters:{budget!r}"
    return context.once(key, lambda: _read(context, budget))


def _read(context: Context, budget: Budget) -> Start | None:
    with context.worker(readonly=(context.data().root,)) as worker:
        run = ParameterRun(context, budget, worker)
        try:
            trial = run.go(("training",), 0)
        except CannotJudge:
            return None
    layers = chained(run.arrays, (PIXELS, *budget.hidden, CLASSES))
    return None if layers is None else Start(trial, layers)


def chained(values: Sequence[Any], sizes: Sequence[int]) -> Parameters | None:
    """Weights and biases between consecutive sizes, however they are stored; None if one is missing or ambiguous."""
    arrays = [value for value in values if isinstance(value, np.ndarray) and value.dtype.kind == "f"]
    found: Parameters = []
    for fan_in, fan_out in itertools.pairwise(sizes):
        weights = [a for a in arrays if a.shape in ((fan_out, fan_in), (fan_in, fan_out))]
        biases = [a for a in arrays if a.size == fan_out == max(a.shape, default=0)]
        if len(weights) != 1 or len(biases) != 1 or fan_in == fan_out:
            return None
        weight = weights[0] if weights[0].shape == (fan_out, fan_in) else weights[0].T
        found.append((weight.astype(np.float64), biases[0].reshape(-1).astype(np.float64)))
    return found
