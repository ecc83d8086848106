"""The record of one grading: what was asked, what came out, with which evidence, for how many points.

Everything here is frozen data. ``report.json`` is ``Report.model_dump_json()``; every other view is made from it.
Floats that are not finite are written as the strings ``"NaN"``, ``"Infinity"`` and ``"-Infinity"``, which JSON allows.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from grader.text import clean

SCHEMA = 1


class Verdict(StrEnum):
    """The outcome of one check. Only ``passed`` and ``partial`` earn points."""

    PASSED = "passed"
    PARTIAL = "partial"
    FAILED = "failed"
    ERRORED = "errored"  # the submission raised, crashed, ran out of time or memory
    MISSING = "missing"  # not there, or still the unfilled template
    SKIPPED = "skipped"  # a check that it needs did not pass, or it was not asked for
    MANUAL = "manual"  # a person must mark it; its points stay open
    INTERNAL = "internal"  # our fault; its points stay open


class Audience(StrEnum):
    """Who may see a check: students in their self-check, or the course alone."""

    PUBLIC = "public"
    HIDDEN = "hidden"


class HintLevel(StrEnum):
    """How much of the fault a student is told."""

    NONE = "none"
    FAULT = "fault"  # the name of the fault
    HINT = "hint"  # and a hint how to see it
    FULL = "full"  # and all numbers


class Frozen(BaseModel):
    """Base of all records: immutable, no unknown fields, non-finite floats as strings."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    @model_validator(mode="before")
    @classmethod
    def _clean_texts(cls, data: Any) -> Any:
        """Make every text harmless where it enters the record: much of it was chosen by a submission."""
        if not isinstance(data, dict):
            return data
        return {name: _cleaned(value) for name, value in data.items()}


def _cleaned(value: Any) -> Any:
    if type(value) is str:
        return clean(value)
    if isinstance(value, (tuple, list)) and any(type(item) is str for item in value):
        return tuple(clean(item) if type(item) is str else item for item in value)
    return value


class Matrix(Frozen):
    """A small two-dimensional excerpt of an array, for a reader to look at (a heat map, a table)."""

    shape: tuple[int, ...]  # of the whole array
    rows: tuple[tuple[float, ...], ...]  # at most 16 x 16, the corner that holds the worst element
    origin: tuple[
        int, ...
    ] = ()  # index of rows[0][0] in the whole array; empty: unknown, or the first element


class Evidence(Frozen):
    """The numbers behind a verdict: one comparison, one measurement or one event."""

    what: str  # "dL/dW against autograd", "same call twice"
    agreed: bool
    detail: str = ""  # one sentence for people
    probe: str = ""  # the probe that showed it: "batch of 1", "ties"
    tensor: str = ""  # "x", "weight", "bias", "output"
    shape: tuple[int, ...] | None = None
    worst_index: tuple[int, ...] | None = None
    got: float | None = None
    want: float | None = None
    abs_error: float | None = None  # the largest
    rel_error: float | None = None  # the largest, relative to `rel_to`
    rel_to: str = ""  # names the denominator: "max |want|"
    off: int | None = None  # elements that are off
    total: int | None = None  # of how many
    tolerance: float | None = None
    tolerance_reason: str = ""
    got_matrix: Matrix | None = None
    want_matrix: Matrix | None = None


class Diagnosis(Frozen):
    """A named fault that explains wrong numbers."""

    id: str  # "G103", explained by `grader explain G103`
    title: str  # "bias gradient is not summed over the batch"
    hint: str = ""  # a question or a thing to try; never the answer
    tensor: str = ""
    explains: float | None = None  # share of the discrepancy that it explains, 0 to 1
    certain: bool = True  # False: one of several that fit, or a pattern and not an exact explanation


class Curve(Frozen):
    """A series of numbers over epochs or steps, drawn in reports."""

    name: str  # "submission: training loss"
    x: tuple[float, ...]
    y: tuple[float, ...]
    x_label: str = "epoch"
    y_label: str = ""


class Band(Frozen):
    """A threshold that earns a share of the points."""

    at_least: float
    share: float  # 0 to 1


class FormulaReading(Frozen):
    """How a written answer was read."""

    source: str  # as the student wrote it
    read_as: str  # normal form in Unicode: "(dL/dY)ᵀ X"
    latex: str = ""  # normal form, typeset by reports
    shape: str = ""  # symbolic: "N × M"
    file: str = ""
    note: str = ""  # which reading was taken, layout, left-hand side


class CheckResult(Frozen):
    """The outcome of one check."""

    id: str  # "linear.gradient", unique in a report
    title: str
    kind: str
    verdict: Verdict
    points: float = Field(ge=0, le=1e9)
    earned: float = Field(default=0.0, ge=0, le=1e9)
    message: str = ""  # one line: what went wrong and why
    detail: str = ""  # more lines: traceback of the submission's own frames, what was compared
    hint: str = ""
    evidence: tuple[Evidence, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    curves: tuple[Curve, ...] = ()
    bands: tuple[Band, ...] = ()
    formula: FormulaReading | None = None
    audience: Audience = Audience.PUBLIC
    hint_level: HintLevel = HintLevel.HINT
    needs: tuple[str, ...] = ()
    output: str = ""  # what the submission printed during this check, cut and cleaned
    work: str = ""  # the submission's text that a person has to mark
    repeat: str = ""  # the command that repeats this check alone
    seconds: float = 0.0
    marked_by: str = ""  # who gave the points of a manual check
    asked: bool = True  # False: left out of this run on purpose (--only, hidden in a self-check)
    where: str = ""  # the submission's file and line that the message speaks of: "modules.py:31"
    target: str = ""  # the work that it looked at: "modules:LinearModule", "answer:q1a"


class PartResult(Frozen):
    """A group of checks with points: a question of the homework."""

    id: str
    title: str
    checks: tuple[CheckResult, ...]

    @property
    def points(self) -> float:
        """Points that the part is worth."""
        return sum(check.points for check in self.checks)

    @property
    def earned(self) -> float:
        """Points that the submission earned in it."""
        return sum(check.earned for check in self.checks)

    @property
    def open_points(self) -> float:
        """Points that nobody decided yet: manual checks without marks, and faults of ours."""
        open_verdicts = (Verdict.MANUAL, Verdict.INTERNAL)
        return sum(check.points for check in self.checks if check.verdict in open_verdicts)


class Layer(Frozen):
    """One layer of the sandbox and whether it is on."""

    name: str
    on: bool
    reason: str = ""


class Isolation(Frozen):
    """What the probe in a throw-away worker found that a submission cannot do."""

    level: int
    name: str  # "namespaced", "confined", "process", "none"
    gaps: tuple[str, ...] = ()  # by name: "disk_over_limit"
    layers: tuple[Layer, ...] = ()


class DataUsed(Frozen):
    """Which data set training used."""

    kind: Literal["none", "cifar10", "stand-in"]
    description: str  # "CIFAR-10 from data/cifar-10-batches-py", "offline stand-in (generated; not CIFAR-10)"


class Report(Frozen):
    """One submission, graded."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    gradmark: str  # version of this package
    submission: str
    submission_hash: str = ""  # sha256 over names and bytes of the files
    rubric: str  # id
    rubric_title: str
    rubric_hash: str = ""
    variant: str = ""
    variant_reason: str = ""  # "found: ELUModule takes alpha"
    data: DataUsed
    device: str
    isolation: Isolation
    seed: int
    audience: Literal["student", "instructor"] = "student"
    started: str = ""  # ISO 8601, UTC; empty where results must repeat byte for byte
    seconds: float = 0.0
    notes: tuple[str, ...] = ()  # about the submission as a whole: files left out, where it was found
    parts: tuple[PartResult, ...]

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        ser_json_inf_nan="strings",
        populate_by_name=True,
        serialize_by_alias=True,
    )

    @property
    def checks(self) -> tuple[CheckResult, ...]:
        """All checks, in the order of the report."""
        return tuple(check for part in self.parts for check in part.checks)

    @property
    def points(self) -> float:
        """Points that the homework is worth."""
        return sum(part.points for part in self.parts)

    @property
    def earned(self) -> float:
        """Points that the submission earned."""
        return sum(part.earned for part in self.parts)

    @property
    def open_points(self) -> float:
        """Points that nobody decided yet."""
        return sum(part.open_points for part in self.parts)
