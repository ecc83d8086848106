"""The kinds of checks: one file each, and the table of them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from grader.checks.context import Context, Finding

__all__ = ["CHECKS", "Context", "Finding"]

Check = Callable[[Any, Context], Finding]


def _in(module: str, name: str) -> Check:
    """A check that is imported when it first runs, so that grading layers does not load what training needs."""

    def run(spec: Any, context: Context) -> Finding:
        check: Check = getattr(import_module(f"grader.checks.{module}"), name)
        return check(spec, context)

    return run


CHECKS: dict[str, Check] = {
    "forward": _in("forward", "check_forward"),
    "gradient": _in("gradient", "check_gradient"),
    "contract": _in("contract", "check_contract"),
    "init": _in("init", "check_init"),
    "network": _in("network", "check_network"),
    "torch_module": _in("torch_module", "check_torch_module"),
    "metrics": _in("metrics", "check_metrics"),
    "training": _in("training", "check_training"),
    "experiment": _in("experiment", "check_experiment"),
    "claim": _in("claim", "check_claim"),
    "script": _in("script", "check_script"),
    "formula": _in("formula", "check_formula"),
    "manual": _in("manual", "check_manual"),
}
