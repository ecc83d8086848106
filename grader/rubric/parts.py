"""What a rubric is made of: parts with their checks, variants, limits, and how a course spells a layer."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from grader.batch.policy import Policy
from grader.errors import RubricError
from grader.model import Frozen, HintLevel
from grader.rubric.checks import CheckBase, CheckSpec, Identifier, ScriptSpec, Target
from grader.rubric.scripts import compared, script_problems


class Limits(Frozen):
    """What one worker may use."""

    seconds: float = Field(
        default=20.0,
        gt=0,
        le=3600,
        description="wall time of one request, without what it waits for a processor (up to twice as much)",
    )
    memory_mb: int = Field(default=4096, ge=256, description="address space, MiB")
    scratch_mb: int = Field(default=256, ge=1, description="scratch space, MiB")
    scratch_files: int = Field(default=2000, ge=10, description="files in the scratch space")
    output_kb: int = Field(default=64, ge=1, description="captured output that is kept, KiB")
    processes: int = Field(default=0, ge=0, description="processes it may start; needs isolation level 3")


Source = str | int | float | bool | Mapping[str, str | int | float | bool]


class Spelled(Frozen):
    """How the course spells a layer, where names and shapes do not tell; everything that is left out is found.

    A quantity is an input, parameter, constant or option of the reference's layer (``grader rubric layers``), or a size:
    in_features, out_features, in_channels, out_channels, kernel_size, kernel_height, kernel_width, stride, padding,
    features, rows, dim, hidden_size; for backward also cotangent and cache.
    """

    forward: str = Field(
        default="", description="name of the method; found: forward, else the object is called"
    )
    backward: str = Field(default="", description="name of the method or function")
    arguments: Mapping[str, Source] = Field(
        default={},
        description="argument -> quantity, 'text' in quotes, a number, or a table of these; of constructor, forward and backward",
    )
    parameters: Mapping[str, str] = Field(
        default={}, description="parameter -> attribute that holds it: W, params.W1"
    )
    gradients: Mapping[str, str] = Field(default={}, description="parameter -> attribute of its gradient: dW")
    returns: tuple[str, ...] = Field(
        default=(), description="order of the gradients that backward returns: x, weight, bias"
    )
    without: tuple[str, ...] = Field(
        default=(),
        description="parameters that the course's layer lacks: bias, beta, bias_hh (found where there is one bias)",
    )
    gates: str = Field(
        default="",
        pattern="^([ifgo]( [ifgo]){3})?$",
        description='order of an LSTM\'s gates in its weights; empty: "i f g o"',
    )
    data_layout: Literal["", "channels_last", "columns"] = Field(
        default="", description="images as (N, H, W, C), or examples as columns; empty: (N, C, H, W) and rows"
    )


class PartSpec(Frozen):
    """A question of the homework: a group of checks."""

    id: Identifier = Field(description="short name, in ids of checks")
    title: str = Field(description="for reports")
    target: Target | None = Field(default=None, description="module:name of what is graded: layers:Affine")
    layer: str = Field(
        default="", description="the reference's layer that it is; of a network, its activation"
    )
    convention: Literal["", "module_class", "any", "torch"] = Field(
        default="",
        description="module_class: classes with dicts params and grads alone; torch: functions of tensors; empty: found",
    )
    spelling: Spelled = Field(default=Spelled(), description="names and places that cannot be found")
    options: Mapping[str, float | int | str | bool] = Field(
        default={}, description="options of the layer that the course fixes: stride = 2"
    )
    variants: tuple[str, ...] = Field(default=(), description="only in these variants; empty: in all")
    checks: tuple[CheckSpec, ...] = Field(min_length=1, description="tables of their own, see below")

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        ids = [check.id or check.kind for check in self.checks]
        twice = {name for name in ids if ids.count(name) > 1}
        if twice:
            raise ValueError(f"two checks are called {sorted(twice)[0]!r}; give each an id of its own")
        return self


class Variant(Frozen):
    """A year or track of the homework, and what a submission to it defines."""

    id: Identifier = Field(description="2025")
    also: tuple[str, ...] = Field(default=(), description="other names of the same variant")
    title: str = Field(default="", description="for people")
    defines: tuple[str, ...] = Field(
        default=(), description="module:name, module:name(parameter) or module:name()"
    )
    settings: Mapping[str, str | int | float | bool] = Field(
        default={}, description="free values, for people"
    )


class Rubric(Frozen):
    """A homework and how it is graded."""

    schema_: Literal[1] = Field(alias="schema", description="version of this format")
    id: Identifier = Field(description="short name, in reports and records")
    title: str = Field(description="of the homework")
    course: str = Field(default="", description="of the course")
    modules: tuple[str, ...] = Field(
        default=(), description="files that a submission is known by: modules.py ..."
    )
    limits: Limits = Field(default=Limits(), description="what one worker may use")
    hint_level: HintLevel | None = Field(
        default=None, description="for every check, instead of the checks' own"
    )
    settings: Mapping[str, str | int | float | bool] = Field(
        default={}, description="free values, for people"
    )
    solution: str = Field(
        default="", description="folder of the course's solution, for scripts; relative to this file"
    )
    environment: str = Field(
        default="", description="interpreter that runs submissions; --python overrides it"
    )
    policy: Policy | None = Field(
        default=None, description="late penalty and extra credit, for `grader batch`"
    )
    variants: tuple[Variant, ...] = Field(default=(), description="years or tracks of the homework")
    parts: tuple[PartSpec, ...] = Field(min_length=1, description="questions of the homework")
    source_hash: str = Field(default="", description="filled in when the file is read; leave it out")

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        _unique("parts", [part.id for part in self.parts])
        _unique("variants", [variant.id for variant in self.variants])
        known = {f"{part.id}.{check.id or check.kind}" for part in self.parts for check in part.checks}
        names = {variant.id for variant in self.variants}
        for i, part in enumerate(self.parts):
            for name in part.variants:
                _one_of(f"parts[{i}].variants", name, names)
            for j, check in enumerate(part.checks):
                for need in check.needs:
                    _one_of(f"parts[{i}].checks[{j}].needs", need, known)
                for name in check.variants:
                    _one_of(f"parts[{i}].checks[{j}].variants", name, names)
        return self

    def for_variant(self, variant: str) -> Rubric:
        """The rubric with only the parts and checks of one variant."""
        parts = []
        for part in self.parts:
            checks = tuple(c for c in part.checks if not c.variants or variant in c.variants)
            if checks and (not part.variants or variant in part.variants):
                parts.append(part.model_copy(update={"checks": checks}))
        return self.model_copy(update={"parts": tuple(parts)})

    def variant(self, name: str) -> Variant:
        """A variant by id.

        Raises:
            RubricError: there is no such variant; the message lists those that are.
        """
        for variant in self.variants:
            if name == variant.id or name in variant.also:
                return variant
        allowed = ", ".join(n for variant in self.variants for n in (variant.id, *variant.also)) or "none"
        raise RubricError(f"rubric {self.id}: no variant {name!r}; its variants are: {allowed}")


def check_id(part: PartSpec, check: CheckBase) -> str:
    """The id of a check within its report: ``linear.gradient``."""
    return f"{part.id}.{check.id or check.kind}"  # type: ignore[attr-defined]


def check_title(part: PartSpec, check: CheckBase) -> str:
    """What reports call a check: its title; of a script without one, its id and the names that it compares."""
    if not check.title and isinstance(check, ScriptSpec) and not script_problems(check):
        return f"{check.id.replace('_', ' ') or 'script'}: {', '.join(compared(check))}"
    return check.title or check_id(part, check)


def _unique(where: str, ids: list[str]) -> None:
    for name in ids:
        if ids.count(name) > 1:
            raise ValueError(f"{where}: two are called {name!r}")


def _one_of(where: str, name: str, known: set[str]) -> None:
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        guess = f"; did you mean {near[0]!r}?" if near else f"; allowed: {', '.join(sorted(known))}"
        raise ValueError(f"{where}: {name!r} does not exist{guess}")
