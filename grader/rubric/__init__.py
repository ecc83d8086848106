"""A rubric is data: which parts a homework has, which checks, how many points, which limits.

``checks`` holds a frozen pydantic model for each kind of check, ``parts`` what they are put together to, and ``file``
reads a TOML file, or a built-in rubric by name, into them. ``reference`` writes the page of all fields.
"""

from grader.rubric.checks import (
    CheckBase,
    CheckSpec,
    ClaimSpec,
    ContractSpec,
    ExperimentSpec,
    FormulaSpec,
    ForwardSpec,
    GradientSpec,
    InitSpec,
    ManualSpec,
    MetricsSpec,
    NetworkSpec,
    ScriptSpec,
    TorchModuleSpec,
    TrainingBands,
    TrainingSpec,
)
from grader.rubric.file import builtin_rubrics, find_rubric, load_rubric
from grader.rubric.parts import Limits, PartSpec, Rubric, Spelled, Variant, check_id, check_title

__all__ = [
    "CheckBase",
    "CheckSpec",
    "ClaimSpec",
    "ContractSpec",
    "ExperimentSpec",
    "FormulaSpec",
    "ForwardSpec",
    "GradientSpec",
    "InitSpec",
    "Limits",
    "ManualSpec",
    "MetricsSpec",
    "NetworkSpec",
    "PartSpec",
    "Rubric",
    "ScriptSpec",
    "Spelled",
    "TorchModuleSpec",
    "TrainingBands",
    "TrainingSpec",
    "Variant",
    "builtin_rubrics",
    "check_id",
    "check_title",
    "find_rubric",
    "load_rubric",
]
