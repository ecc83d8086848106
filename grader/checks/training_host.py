"""The grader's own training loop on a submission's network, for those whose layers work and whose loop does not.

The loop runs in the worker like a submission's ``train``, and its model is measured in the same way.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Sequence
from typing import Any

from grader.checks.context import CannotJudge, Context
from grader.checks.support import keep_output, printed, raised
from grader.checks.training_budget import Budget, Trial
from grader.checks.training_run import TrainRun
from grader.errors import RubricError
from grader.rubric import TrainingSpec
from grader.sandbox import Program, Ref

LOOP = "gradmark_loop.py"


def run_host_loop(context: Context, budget: Budget, sets: Sequence[str]) -> Trial:
    """Train the submission's network with the grader's loop; the outputs are those of ``run_train``.

    Raises:
        CannotJudge: the network is not there, raised, or took too long.
        RubricError: the check names no network.
    """
    spec = context.spec
    network = spec.network if isinstance(spec, TrainingSpec) else None
    if network is None:
        raise RubricError(
            f"rubric {context.rubric.id}: {context.id}: loop = 'host' needs network = 'module:class'"
        )
    with context.worker(readonly=(context.data().root,)) as worker:
        return HostRun(context, budget, worker, network).go(sets, 0)


class HostRun(TrainRun):
    """A run whose ``train`` is the grader's."""

    def __init__(self, context: Context, budget: Budget, worker: Any, network: str) -> None:
        super().__init__(context, budget, worker)
        self.module, _, self.name = network.partition(":")

    def import_function(self) -> tuple[Ref, list[dict[str, Any]] | None]:
        """Import the network and hand it to the loop."""
        program = Program()
        self.configure(program)
        source = (importlib.resources.files("grader.worker") / "support" / LOOP).read_text(encoding="utf-8")
        with program.attempt("import"):
            network = program.import_(self.module).attr(self.name)
            names = program.get({"__name__": "gradmark_loop"})
            program.call(program.import_("builtins").attr("exec"), source, names)
            program.set(names.item("NETWORK"), network)
            function = program.keep(names.item("train"))
            program.send("signature", program.signature(function))
        reply = self.worker.run(program, timeout=self.limit)
        keep_output(self.context, reply)
        if reply.error or reply.errors:
            error = reply.error or reply.errors["import"]
            raise CannotJudge(raised(error, doing=f"importing {self.module}", output=printed(self.context)))
        return function, reply.values["signature"]
