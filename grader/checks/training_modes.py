"""Does batch norm train in train mode, and is the model evaluated in evaluation mode?

While ``train`` runs, batch norm's passes are counted in the worker. A right loop sends every batch that it takes a
gradient of through batch norm in train mode, and every other batch in evaluation mode. How often it evaluates, on what
and in which batches does not matter.
"""

from __future__ import annotations

import importlib.resources

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.network_sizes import Fault
from grader.checks.support import printed
from grader.checks.training_budget import Trial
from grader.checks.training_run import TrainRun
from grader.checks.training_short import short_budget, short_trial
from grader.model import Evidence, Verdict
from grader.rubric import TrainingSpec
from grader.sandbox import Program, Ref

EPOCHS = 2
WATCH = "gradmark_modes.py"
HALF = 0.5  # share of the points where the modes are right, and batch norm is there unasked
HINT = "Where do you call model.train() and model.eval(), and what is the mode when each epoch starts?"
LOOKS = 2  # forward passes of the whole network without a gradient that are no evaluation: a summary, a shape


class WatchedRun(TrainRun):
    """A run during which batch norm's passes are counted."""

    _names: Ref

    def configure(self, program: Program) -> None:
        """Start counting."""
        super().configure(program)
        source = (importlib.resources.files("grader.worker") / "support" / WATCH).read_text(encoding="utf-8")
        names = program.get({"__name__": "gradmark_modes"})
        program.call(program.import_("builtins").attr("exec"), source, names)
        self._names = program.keep(names)

    def counts(self) -> dict[str, int]:
        """Passes by mode and direction."""
        program = Program()
        program.send("counts", self._names.item("counts"))
        found = self.worker.run(program, timeout=self.limit).values.get("counts")
        return {k: v for k, v in found.items() if isinstance(v, int)} if isinstance(found, dict) else {}


def train_eval_mode(spec: TrainingSpec, context: Context) -> Finding:
    """Train with batch norm and count its passes; those of the whole model where batch norm is the student's own."""
    budget = short_budget(spec, epochs=EPOCHS, batch_norm=True)
    with context.worker(readonly=(context.data().root,)) as worker:
        run = WatchedRun(context, budget, worker)
        trial, counts = run.go((), 0), run.counts()
    layers = sum(1 for name in trial.state if str(name).endswith("running_mean"))
    seen = {name: counts.get(name, 0) // layers for name in counts} if layers else {}
    if not counts.get("train forward", 0) + counts.get("eval forward", 0):  # none of PyTorch's own was called
        _refuse_none(spec, context, trial)
        seen = {name.removeprefix("model "): n for name, n in counts.items() if name.startswith("model ")}
    elif not layers:
        raise _no_averages(context)
    forward, backward = seen.get("train forward", 0), seen.get("train backward", 0)
    wrong = seen.get("eval backward", 0)
    fault = _fault(forward, backward, wrong)
    evidence = Evidence(
        what="batches through batch norm",
        agreed=fault is None,
        detail=f"with a gradient: {backward} in train mode and {wrong} in evaluation mode; without one: "
        f"{forward - backward} in train mode",
        got=float(wrong + forward - backward),
        want=0.0,
    )
    if fault is None and layers:
        fault = _always_there(spec, context)
    return _finding(context, fault, evidence)


def _finding(context: Context, fault: Fault | None, evidence: Evidence) -> Finding:
    if fault is None:
        text = "Training batches go through batch norm in train mode, all others in evaluation mode."
        return Finding(Verdict.PASSED, text, evidence=(evidence,), output=printed(context))
    unasked = fault.id == "T123"
    return Finding(
        Verdict.PARTIAL if unasked else Verdict.FAILED,
        f"{fault.text}.",
        share=HALF,
        hint=fault.diagnosis.hint if unasked else HINT,
        evidence=(evidence,),
        diagnoses=(fault.diagnosis,),
        output=printed(context),
    )


def _refuse_none(spec: TrainingSpec, context: Context, trial: Trial) -> None:
    """Batch norm of the student's own shows in parameters that the network without it lacks."""
    plain = short_trial(context, short_budget(spec, batch_norm=False))
    if len(trial.state) <= len(plain.state):
        raise CannotJudge(
            Finding(
                Verdict.FAILED,
                "With use_batch_norm = True, the model is trained without batch norm: it has no more parameters.",
                hint="Print the model that train makes. Does its constructor get the argument?",
                diagnoses=(Fault("T123", "").diagnosis,),
                output=printed(context),
            )
        )


def _always_there(spec: TrainingSpec, context: Context) -> Fault | None:
    """Batch norm in a network that is asked for without it."""
    try:
        plain = short_trial(context, short_budget(spec, batch_norm=False))
    except CannotJudge:
        return None
    if not any(str(name).endswith("running_mean") for name in plain.state):
        return None
    return Fault("T123", "With use_batch_norm = False, the model is trained with batch norm all the same")


def _no_averages(context: Context) -> CannotJudge:
    return CannotJudge(
        Finding(
            Verdict.FAILED,
            "With use_batch_norm = True, the returned model has no batch norm that keeps running averages.",
            hint="Print the model. Is track_running_stats off, or batch norm kept where PyTorch cannot see it?",
            diagnoses=(Fault("N136", "").diagnosis,),
            output=printed(context),
        )
    )


def _fault(forward: int, backward: int, wrong: int) -> Fault | None:
    """What the counts say is wrong; None if nothing is."""
    if backward == 0:
        return Fault(
            "T141",
            "Batch norm is trained in evaluation mode: no training batch goes through it in train mode",
        )
    if wrong:
        return Fault(
            "T141",
            f"{wrong} of {wrong + backward} training batches go through batch norm in evaluation mode: after an "
            "evaluation, training goes on in the mode of the evaluation",
        )
    if forward - backward > LOOKS:
        return Fault(
            "T140",
            f"The model is evaluated in train mode: {forward - backward} batches that are not trained on go through "
            "batch norm in train mode, which uses their own statistics and changes the running averages",
        )
    return None
