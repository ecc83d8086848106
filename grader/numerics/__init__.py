"""Gradient checking that knows its own error: finite differences, comparisons with reasons, probes.

``check_gradients`` checks a layer of this process; ``check_setups`` checks anything that is a
``Subject``, at several sizes and beside a reference; ``compare`` compares two arrays. Nothing here knows
a rubric.
"""

from grader.numerics.adapters import FunctionsSubject, LayerSubject, TorchSubject, find_parameters
from grader.numerics.api import check_gradients
from grader.numerics.check import check_setups
from grader.numerics.compare import Comparison, compare, compare_within
from grader.numerics.gradients import assert_gradients_close, compare_gradients, describe
from grader.numerics.noise import Noise
from grader.numerics.points import Draw, Point, Setup, draw_like
from grader.numerics.probes import PROBES, ProbeKind
from grader.numerics.report import (
    Against,
    Event,
    Evidence,
    GradientReport,
    Judgement,
    Record,
    TensorVerdict,
)
from grader.numerics.subject import Array, Call, Outcome, Subject, Truth

__all__ = [
    "PROBES",
    "Against",
    "Array",
    "Call",
    "Comparison",
    "Draw",
    "Event",
    "Evidence",
    "FunctionsSubject",
    "GradientReport",
    "Judgement",
    "LayerSubject",
    "Noise",
    "Outcome",
    "Point",
    "ProbeKind",
    "Record",
    "Setup",
    "Subject",
    "TensorVerdict",
    "TorchSubject",
    "Truth",
    "assert_gradients_close",
    "check_gradients",
    "check_setups",
    "compare",
    "compare_gradients",
    "compare_within",
    "describe",
    "draw_like",
    "find_parameters",
]
