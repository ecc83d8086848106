"""gradmark: grades deep-learning homework, and checks gradients of any layer.

The public names are imported when they are first asked for: a worker, which imports this package on its
way to ``grader.worker``, loads nothing of the host.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.numerics import (
        Call,
        Event,
        Evidence,
        GradientReport,
        Judgement,
        Outcome,
        Point,
        Setup,
        Subject,
        TensorVerdict,
        assert_gradients_close,
        check_gradients,
        check_setups,
        compare,
    )

__all__ = [
    "Call",
    "Event",
    "Evidence",
    "GradientReport",
    "Judgement",
    "Outcome",
    "Point",
    "Setup",
    "Subject",
    "TensorVerdict",
    "assert_gradients_close",
    "check_gradients",
    "check_setups",
    "compare",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("grader.numerics"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
