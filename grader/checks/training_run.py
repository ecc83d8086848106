"""One call of a submission's ``train`` in the worker: with which arguments, and what came back.

``train`` is called with a budget of images and epochs. The model that it returns stays in the worker; the host asks
it for outputs on images whose labels the worker does not have, and reads the rest of what was returned as numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.support import absent, keep_output, printed, raised
from grader.checks.training_answer import TrainAnswer
from grader.checks.training_budget import HOMEWORK_EPOCHS, Budget, Trial, arguments
from grader.checks.training_images import image_set
from grader.checks.training_model import TrainedModel
from grader.errors import WorkerDied, WorkerTimeout
from grader.events import EpochDone
from grader.model import Verdict
from grader.sandbox import Program, Ref, Worker

SECONDS = 120.0  # of one call of train with the default budget, unless the rubric says otherwise
LONGEST_SECONDS = 900.0  # of a call with a larger one
LEAST_SECONDS = 20.0  # of a call with a smaller budget
HUNG_SECONDS = 8.0  # of a call after one that got nowhere
PATIENCE = 3.0  # times what a call should take at the pace of the slowest one before it
TRIES = 2  # calls that hang before the function is called no more
PASSES = (
    12  # over the training images, for each epoch asked for and one more, before a call counts as endless
)
PROBE = 512  # images that decide which form of input the model takes


def run_train(
    context: Context,
    budget: Budget,
    sets: Sequence[str],
    *,
    worker: Worker | None = None,
    fresh_seed: int = 0,
) -> Trial:
    """Call ``train`` and ask the model that it returns for its outputs on the named sets of images.

    Args:
        context: of the check; its target is the function.
        budget: arguments and data.
        sets: "training", "validation", "public" or "private".
        worker: to run in; None: a fresh one.
        fresh_seed: what the generators are seeded with before the call, so that an unseeded ``train`` shows.

    Raises:
        CannotJudge: ``train`` is not there, raised, took too long, or returned no model.
    """
    if worker is not None:
        return TrainRun(context, budget, worker).go(sets, fresh_seed)
    with context.worker(readonly=(context.data().root,)) as own:
        return TrainRun(context, budget, own).go(sets, fresh_seed)


class RunsOnError(Exception):
    """``train`` goes on and on."""


class TrainRun:
    """One call of ``train`` and the questions after it.

    A ``train`` that raises with few epochs, and does not with those of the homework (``epoch % (epochs // 5)``), is run
    with these: that is ``lengthens``.
    """

    lengthens = True

    def __init__(self, context: Context, budget: Budget, worker: Worker) -> None:
        self.context, self.worker = context, worker
        self.module, self.name = context.target
        self.data = context.data()
        short = (
            self.lengthens and budget.epochs < HOMEWORK_EPOCHS and context.facts.get(self._raises_if_short)
        )
        self._plan(replace(budget, epochs=HOMEWORK_EPOCHS) if short else budget)

    def _plan(self, budget: Budget) -> None:
        self.budget, self.trial = budget, Trial(budget)
        self.reached = 0.0  # epochs
        self.limit = self._limit()

    def _limit(self) -> float:
        """Seconds for one call, by the work that it is: slow code gets its time, code that hangs loses little."""
        given = self.context.spec.seconds
        whole = given or max(SECONDS, self.context.rubric.limits.seconds)
        share = self.budget.work / Budget().work
        limit = min(whole, max(LEAST_SECONDS, whole * share))
        if share > 1 and given is None:  # a run of the whole homework, for a claim
            whole = limit = min(whole * share, LONGEST_SECONDS)
        if self.context.facts.get(self._hung):
            return min(limit, HUNG_SECONDS)
        due: float = PATIENCE * self.context.facts.get(self._pace, 0.0) * self.budget.effort
        return max(limit, min(due, float(whole)))

    def _note_hung(self) -> None:
        self.context.facts[self._hung] = self.context.facts.get(self._hung, 0) + 1

    def _note_pace(self) -> None:
        """Seconds for an image, of the slowest call that ended: slow code and a busy machine get their time."""
        pace = self.trial.seconds / self.budget.effort
        self.context.facts[self._pace] = max(pace, self.context.facts.get(self._pace, 0.0))

    @property
    def _hung(self) -> str:
        return f"training:{self.context.target}:hung"

    @property
    def _pace(self) -> str:
        return f"training:{self.context.target}:pace"

    @property
    def _raises_if_short(self) -> str:
        return f"training:{self.context.target}:raises if short"

    def go(self, sets: Sequence[str], fresh_seed: int) -> Trial:
        """Call, read, ask."""
        missing = absent(self.context, self.module, self.name)
        if missing is not None:
            raise CannotJudge(missing)
        if self.context.facts.get(self._hung, 0) >= TRIES:
            text = f"{self.name} hung in {TRIES} calls and is not called again."
            raise CannotJudge(self._finding(Verdict.ERRORED, text))
        try:
            function, parameters = self.import_function()
            result = self._call_long_enough(function, parameters, fresh_seed)
            answer = TrainAnswer(self.context, self.worker, self.trial, self.limit)
            self._predict(*answer.read(result), sets)
        except RunsOnError as endless:
            self._note_hung()
            raise CannotJudge(self._finding(Verdict.ERRORED, str(endless))) from endless
        except WorkerTimeout as slow:
            raise CannotJudge(self._finding(Verdict.ERRORED, self._too_slow())) from slow
        except WorkerDied as died:
            text = f"{self.name} ended the process: {died} ({self.budget})."
            raise CannotJudge(self._finding(Verdict.ERRORED, text)) from died
        return self.trial

    def _too_slow(self) -> str:
        if self.reached < 0.01:
            self._note_hung()
            return (
                f"{self.name} does not get anywhere: after {self.limit:.0f} s with {self.budget}, it had read less "
                "than 1 % of the training images of an epoch."
            )
        return (
            f"{self.name} is too slow: after {self.limit:.0f} s with {self.budget}, it had got through "
            f"{self.reached:.1f} epochs; the reference needs a few seconds. This does not say that it is wrong."
        )

    def _finding(self, verdict: Verdict, message: str, *, hint: str = "") -> Finding:
        return Finding(verdict, message, hint=hint, output=printed(self.context))

    def configure(self, program: Program) -> None:
        """Tell the loader in the worker what the budget is."""
        budget = self.budget
        program.call(
            program.import_("cifar10_utils").attr("_configure"),
            str(self.data.root),
            images=budget.images,
            held_out=budget.held_out,
            epochs=budget.epochs,
            spoil_after=budget.spoil_after,
            test_shift=budget.test_shift,
        )

    def import_function(self) -> tuple[Ref, list[dict[str, Any]] | None]:
        """The function ``train``, kept in the worker, and its parameters."""
        program = Program()
        self.configure(program)
        with program.attempt("import"):
            function = program.keep(program.import_(self.module).attr(self.name))
            program.send("signature", program.signature(function))
        reply = self.worker.run(program, timeout=self.limit)
        keep_output(self.context, reply)
        if reply.error or reply.errors:
            error = reply.error or reply.errors["import"]
            raise CannotJudge(raised(error, doing=f"importing {self.module}", output=printed(self.context)))
        return function, reply.values["signature"]

    def _call_long_enough(
        self, function: Ref, parameters: list[dict[str, Any]] | None, fresh_seed: int
    ) -> Ref:
        try:
            return self._call(function, parameters, fresh_seed)
        except CannotJudge as raises:
            tried = self._raises_if_short in self.context.facts
            if not self.lengthens or tried or self.budget.epochs >= HOMEWORK_EPOCHS:
                raise
            first = raises
        self.context.facts[self._raises_if_short] = False
        self._plan(replace(self.budget, epochs=HOMEWORK_EPOCHS))
        program = Program()
        TrainRun.configure(self, program)
        self.worker.run(program, timeout=self.limit)
        try:
            result = self._call(function, parameters, fresh_seed)
        except CannotJudge:
            raise first from None
        self.context.facts[self._raises_if_short] = True
        return result

    def _call(self, function: Ref, parameters: list[dict[str, Any]] | None, fresh_seed: int) -> Ref:
        program = Program()
        program.seed(fresh_seed)
        program.call(program.import_("torch").attr("set_grad_enabled"), True)
        args, kwargs = arguments(self.budget, parameters)
        with program.attempt("train"):
            result = program.keep(program.call(function, *args, **kwargs))
        program.send("count", program.call(program.import_("cifar10_utils").attr("_count")))
        reply = self.worker.run(program, timeout=self.limit, on_progress=self._progress())
        keep_output(self.context, reply)
        if reply.error or reply.errors:
            error = reply.error or reply.errors["train"]
            call = f"{self.name} ({self.budget})"
            raise CannotJudge(raised(error, doing=call, output=printed(self.context)))
        count = reply.values["count"] if isinstance(reply.values["count"], dict) else {}
        numbers = {key: value for key, value in count.items() if isinstance(value, int)}
        self.trial.served, self.trial.spoilt = numbers.get("served", 0), numbers.get("spoilt", 0)
        self.trial.per_epoch = numbers.get("per_epoch", 0)
        self.trial.validated, self.trial.tested = numbers.get("validated", 0), numbers.get("tested", 0)
        self.trial.mingled = numbers.get("mingled", 0)
        self.trial.seconds = reply.seconds
        self._note_pace()
        return result

    def _progress(self) -> Callable[[Mapping[str, Any]], None]:
        told = [-1]

        def tell(fields: Mapping[str, Any]) -> None:
            epoch = fields.get("epoch")
            if not isinstance(epoch, int | float) or not 0 <= epoch < 1e6:
                return
            self.reached = max(self.reached, float(epoch))
            if self.reached > PASSES * (self.budget.epochs + 1):
                raise RunsOnError(
                    f"{self.name} does not stop: called with {self.budget}, it had read all training images "
                    f"{self.reached:.0f} times."
                )
            if int(epoch) == told[0]:
                return
            told[0] = int(epoch)
            number = min(told[0] + 1, self.budget.epochs)
            self.context.on_event(EpochDone(self.context.id, number, self.budget.epochs))

        return tell

    def _predict(self, model: Ref, is_torch: bool, sets: Sequence[str]) -> None:
        trained = TrainedModel(
            self.context, self.worker, model, is_torch, batch_size=self.budget.batch_size, seconds=self.limit
        )
        images, labels = image_set(self.data, "training", self.budget)
        self.trial.form = trained.form(images[:PROBE], labels[:PROBE])
        for name in sets:
            images, _ = image_set(self.data, name, self.budget)
            self.trial.outputs[name] = trained.outputs(images, self.trial.form)
