"""Does batch norm train in train mode, and is the model evaluated in evaluation mode?

Batch norm counts the batches that it sees in train mode. Of a model that comes back after some epochs, this count must
be that of the training batches of these epochs, and of nothing else.
"""

from __future__ import annotations

import numpy as np

from grader.checks.context import Context, Finding
from grader.checks.support import printed
from grader.checks.training_run import Trial
from grader.checks.training_short import short_budget, short_trial
from grader.model import Evidence, Verdict
from grader.rubric import TrainingSpec

EPOCHS = 3
COUNTER = "num_batches_tracked"


def train_eval_mode(spec: TrainingSpec, context: Context) -> Finding:
    """Train with batch norm and read its counters."""
    trial = short_trial(context, short_budget(spec, epochs=EPOCHS, batch_norm=True))
    counts = [int(np.asarray(v).reshape(())) for k, v in trial.state.items() if str(k).endswith(COUNTER)]
    if not counts:
        text = "With use_batch_norm = True, the returned model has no batch norm that keeps running averages."
        hint = "Print the model. Is track_running_stats switched off, or batch norm kept where PyTorch cannot see it?"
        return Finding(Verdict.FAILED, text, hint=hint, output=printed(context))
    fault = _fault(trial, max(counts))
    steps = _steps(trial)
    evidence = Evidence(
        what="batches that batch norm saw in train mode",
        agreed=not fault,
        detail=f"{max(counts)}; an epoch has {steps} training batches, and {EPOCHS} epochs were trained",
        got=float(max(counts)),
        want=float(_best_epoch(trial) * steps),
    )
    if not fault:
        text = "Batch norm saw the training batches in train mode, and no others."
        return Finding(Verdict.PASSED, text, evidence=(evidence,), output=printed(context))
    return Finding(
        Verdict.FAILED,
        fault,
        hint="Where do you call model.train() and model.eval(), and what is the mode when each epoch starts?",
        evidence=(evidence,),
        output=printed(context),
    )


def _steps(trial: Trial) -> int:
    return max(trial.per_epoch // trial.budget.batch_size, 1)


def _best_epoch(trial: Trial) -> int:
    values = (trial.validation or ())[-EPOCHS:]
    return values.index(max(values)) + 1 if values else EPOCHS


def _fault(trial: Trial, count: int) -> str:
    """What is wrong with the count of batches; "" if nothing is."""
    steps, rest = _steps(trial), trial.per_epoch % trial.budget.batch_size
    if count == 0:
        return "Batch norm saw no batch in train mode: the model trains in evaluation mode."
    with_smaller = steps + (1 if rest else 0)
    if all(count % size for size in {steps, with_smaller}) or count > EPOCHS * with_smaller:
        return (
            f"Batch norm saw {count} batches in train mode, which is no number of epochs of {steps} "
            f"training batches: "
            "the model was also evaluated in train mode, so that validation images changed its running "
            "averages."
        )
    if count == steps and _best_epoch(trial) > 1:
        return (
            f"The returned model is that of epoch {_best_epoch(trial)}, but batch norm saw the {steps} "
            f"batches of one "
            "epoch in train mode: after the first evaluation, training went on in evaluation mode."
        )
    return ""
