"""A written question as data: names, shapes, domains, the forward pass and what counts as right.

A rubric holds these models and nothing that runs. The forward pass is written in the same formula language that
answers are read in; its gradient is the truth. Where a question has no forward pass, ``truth`` names a function of
``reference.analytic``, or ``answer`` states the result as a formula.
"""

from __future__ import annotations

import re
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from grader.model import Frozen

Domain = Literal[
    "normal",  # standard normal: any real number
    "positive",  # between 0.3 and 2.5
    "unit",  # between 0.1 and 0.9
    "probabilities",  # positive, summing to 1: a vector, every row of a matrix
    "integer",  # 2 to 9
    "symmetric",  # square, symmetric
    "invertible",  # square, well conditioned
]
Kind = Literal["formula", "scalar", "integer", "parts"]


class Symbol(Frozen):
    """A name that an answer may use. In TOML also short: ``"S M"``, ``"S M: probabilities"``, ``""`` for a scalar."""

    shape: tuple[str | int, ...] = Field(default=(), max_length=2, description="(), (M) a column, (S, M)")
    domain: Domain = Field(default="normal", description="which values it takes")
    given: bool = Field(default=True, description="false: drawn for the forward pass; no answer may use it")
    aliases: tuple[str, ...] = Field(default=(), description="other spellings, in the answer's own language")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        shape, _, domain = value.partition(":")
        sizes = tuple(int(size) if size.isdigit() else size for size in re.split(r"[\s,×x]+", shape) if size)
        return {"shape": sizes, **({"domain": domain.strip()} if domain.strip() else {})}


class Mistake(Frozen):
    """A wrong answer that the course has seen before, what to say about it and what it still earns."""

    answer: str = Field(description="the wrong answer, as a formula")
    message: str = Field(description="what to say about it")
    id: str = Field(default="W101", description="name of the diagnosis")
    share: float = Field(default=0.0, ge=0, le=1, description="what it still earns, as a share of the points")


class Near(Frozen):
    """What a near miss still earns, as a share of the points."""

    factor: float = Field(default=0.0, ge=0, le=1, description="off by a constant factor")
    sign: float = Field(default=0.0, ge=0, le=1, description="off by a sign")
    transposed: float = Field(default=0.0, ge=0, le=1, description="the transpose")
    missing_sum: float = Field(default=0.0, ge=0, le=1, description="a sum over the batch is missing")


class Truth(Frozen):
    """What is right: exactly one of a forward pass, a named truth and a stated answer, or several that agree."""

    symbols: dict[str, Symbol] = Field(default_factory=dict, description="names that an answer may use")
    forward: tuple[str, ...] = Field(default=(), description="assignments; the last is the output")
    wrt: str = Field(default="", description="differentiate the output with respect to this symbol")
    truth: str = Field(default="", description="name in reference.analytic")
    answer: str = Field(default="", description="the result as a formula")
    layout: Literal["same", "any"] | None = Field(
        default=None, description="any: the transpose is right as well"
    )

    @field_validator("forward", mode="before")
    @classmethod
    def _lines(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _forward_needs_wrt(self) -> Self:
        if self.forward and not self.wrt:
            raise ValueError("forward needs wrt: the symbol to differentiate with respect to")
        return self


class Alternative(Truth):
    """Another truth, with names of its own, that earns all or some of the points (a statement read differently)."""

    message: str = Field(description="what to say about it")
    share: float = Field(default=1.0, ge=0, le=1, description="what it earns, as a share of the points")


class Question(Truth):
    """A written question."""

    id: str = Field(
        default="", description="name of the answer in the answer file; the check's id if left out"
    )
    kind: Kind = Field(default="formula", description="what is compared; parts: several answers of their own")
    prompt: str = Field(default="", description="what is asked, with the forward formula, for reports")
    target: str = Field(
        default="", description="left-hand side of the answer: dW, alpha; d + wrt if left out"
    )
    dims: dict[str, tuple[int, int]] = Field(
        default_factory=dict, description="range of a size; 3 to 7 if left out"
    )
    functions: tuple[str, ...] = Field(
        default=(), description="elementwise functions with a derivative: h gives h'"
    )
    loss: tuple[str, ...] = Field(default=(), description="further names of the loss")
    aliases: dict[str, str] = Field(default_factory=dict, description="spelling -> formula it stands for")
    near: Near = Field(default=Near(), description="what a near miss still earns")
    equivalents: tuple[str, ...] = Field(
        default=(), description="right answers, checked by `grader rubric lint`"
    )
    same_as: tuple[str, ...] = Field(default=(), description="questions that have the same answer, for lint")
    mistakes: tuple[Mistake, ...] = Field(default=(), description="wrong answers seen before")
    alternatives: tuple[Alternative, ...] = Field(
        default=(), description="other truths, for a statement that can be read differently"
    )
    parts: tuple[Question, ...] = Field(default=(), description="for kind parts: answers of their own")
    combine: str = Field(
        default="", description="for kind parts: one formula of the parts is compared: alpha M"
    )
    positive: tuple[str, ...] = Field(default=(), description="parts that have to be positive")

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.kind == "parts":
            if not self.parts:
                raise ValueError("kind parts needs parts")
            return self
        if not (self.forward or self.truth or self.answer):
            raise ValueError("one of forward, truth and answer has to say what is right")
        return self

    @property
    def left_side(self) -> str:
        """The name that the answer defines: ``dW``."""
        return self.target or (f"d{self.wrt}" if self.wrt else "")
