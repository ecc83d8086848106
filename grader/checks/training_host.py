"""The host's own training loop on a submission's network, for those whose layers work and whose loop does "
"not."""

from __future__ import annotations

from collections.abc import Sequence

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.training_run import Budget, Trial
from grader.model import Verdict


def run_host_loop(context: Context, budget: Budget, sets: Sequence[str]) -> Trial:
    """Train the submission's network with the host's loop."""
    raise CannotJudge(Finding(Verdict.MANUAL, "not here yet"))
