"""Running one check: whatever goes wrong, in a submission or here, becomes a finding."""

from __future__ import annotations

import traceback

import numpy as np

from grader.checks import CHECKS
from grader.checks.context import CannotJudge, Context, Finding
from grader.errors import IsolationError, UsageError, WorkerError, WorkerTimeout
from grader.model import Verdict
from grader.rubric import CheckBase


def run_check(spec: CheckBase, context: Context) -> Finding:
    """Run one check; whatever goes wrong becomes a finding, and only a usage error goes up.

    A worker's death is the submission's; an exception in the host is ours, and leaves the points open.
    """
    kind: str = spec.kind  # type: ignore[attr-defined]
    try:
        with np.errstate(all="ignore"):  # a submission's infinities are no warnings of ours
            return CHECKS[kind](spec, context)
    except CannotJudge as reason:
        return reason.finding
    except WorkerTimeout as error:
        context.facts[f"hung:{spec.target or context.part.target}"] = True
        return Finding(Verdict.ERRORED, f"Too slow, or endless: {error}", output="".join(context.output))
    except WorkerError as error:
        return Finding(Verdict.ERRORED, str(error), output="".join(context.output))
    except (UsageError, IsolationError):
        raise
    except Exception as error:
        return Finding(
            Verdict.INTERNAL,
            f"gradmark failed here, not the submission: {type(error).__name__}: {error}",
            detail=traceback.format_exc(limit=-12),
        )
