"""Running one check: whatever goes wrong, in a submission or here, becomes a finding."""

from __future__ import annotations

import traceback

import numpy as np

from grader.checks import CHECKS
from grader.checks.context import CannotJudge, Context, Finding
from grader.errors import IsolationError, UsageError, WorkerError, WorkerTimeout
from grader.model import Verdict
from grader.rubric import CheckBase

PATIENT = frozenset({"training", "experiment", "claim"})  # with longer limits, and their own way to give up
_ENDS = "imports that end the worker"  # a fact: file and the error that importing it gave


def run_check(spec: CheckBase, context: Context) -> Finding:
    """Run one check; whatever goes wrong becomes a finding, and only a usage error goes up.

    A worker's death is the submission's; an exception in the host is ours, and leaves the points open.
    """
    kind: str = spec.kind  # type: ignore[attr-defined]
    if kind not in PATIENT and (known := _import_ends(context)):
        return Finding(Verdict.ERRORED, known)
    try:
        with np.errstate(all="ignore"):  # a submission's infinities are no warnings of ours
            return CHECKS[kind](spec, context)
    except CannotJudge as reason:
        return reason.finding
    except WorkerTimeout as error:
        context.hung()
        _keep_import(context, error)
        return Finding(Verdict.ERRORED, f"Too slow, or endless: {error}", output="".join(context.output))
    except WorkerError as error:
        _keep_import(context, error)
        return Finding(Verdict.ERRORED, str(error), output="".join(context.output))
    except (UsageError, IsolationError):
        raise
    except Exception as error:
        return Finding(
            Verdict.INTERNAL,
            f"gradmark failed here, not the submission: {type(error).__name__}: {error}",
            detail=traceback.format_exc(limit=-12),
        )


def _keep_import(context: Context, error: WorkerError) -> None:
    """Remember a file whose import does not end, or ends the process: it would do so in every check."""
    if error.importing:
        context.facts.setdefault(_ENDS, {})[error.importing] = str(error)


def _import_ends(context: Context) -> str:
    """Why the target cannot be imported, as an earlier check has found out; "" if none has."""
    ends: dict[str, str] = context.facts.get(_ENDS, {})
    if not ends:
        return ""
    read = context.submission.sources.reach(context.module).files
    return next(
        (f"importing {file} failed before: {error}" for file, error in ends.items() if file in read), ""
    )
