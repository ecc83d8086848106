"""A script of the course's as data: what it is given, what is due, and which wrong results are known.

A rubric holds these models. The script itself is Python; it runs in a worker with the submission, and what is due runs
in another worker, without it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any, Literal, Protocol, Self

from pydantic import Field, model_validator

from grader.model import Frozen
from grader.syntax import parse_python

CAME = "came"  # what the submission's script left behind, for lines of the rubric that look at it
Drawn = Literal[
    "normal",  # standard normal
    "positive",  # between 0.3 and 2.5
    "unit",  # between 0.1 and 0.9
    "probabilities",  # positive, rows that sum to 1
    "labels",  # whole numbers from 0 to the size after it, less 1: "N: labels C"
    "one_hot",  # rows of the identity: "N C: one_hot"
    "binary",  # 0 or 1
]


class ScriptInput(Frozen):
    """An array that a script is given. In TOML also short: `"N D"`, `"N: labels C"`, `"2 3 8 8: positive"`, `""` for a number."""

    shape: tuple[str | int, ...] = Field(default=(), max_length=6, description="names of sizes, or numbers")
    drawn: Drawn = Field(default="normal", description="which values it takes")
    classes: str | int = Field(default="", description="for labels: how many, as a size or a number")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        shape, _, drawn = value.partition(":")
        sizes = [_size(word) for word in re.split(r"[\s,×]+", shape) if word]
        kind, *classes = drawn.split() or ["normal"]
        return {"shape": sizes, "drawn": kind, "classes": _size(classes[0]) if classes else ""}

    @model_validator(mode="after")
    def _labels_have_classes(self) -> Self:
        if (self.drawn == "labels") != (self.classes != ""):
            raise ValueError('labels, and only they, need the number of classes: "N: labels C"')
        return self

    @property
    def sizes(self) -> tuple[str, ...]:
        """Names of the sizes that it has."""
        return tuple(size for size in (*self.shape, self.classes) if isinstance(size, str) and size)


class ScriptMistake(Frozen):
    """A wrong result that the course has seen before, what to say about it and what it still earns."""

    expected: str = Field(
        description="Python that computes the wrong result, as `expected` computes the right one"
    )
    message: str = Field(description="what to say about it")
    share: float = Field(default=0.0, ge=0, le=1, description="what it still earns, as a share of the points")


class ScriptOptimizer(Frozen):
    """A script that follows an optimizer: the names to look at, so that what is wrong with it is named."""

    name: Literal["sgd", "adam"] = Field(description="the reference's: SGD with momentum, or Adam and AdamW")
    start: str = Field(default="w", description="input: the parameter before the first step")
    grads: str = Field(default="grads", description="input: one gradient per step, along the first axis")
    path: str = Field(default="path", description="what the script assigns: the parameter after every step")
    options: Mapping[str, bool | float | tuple[float, float]] = Field(
        default={},
        description="lr, momentum, dampening, weight_decay, nesterov; or lr, betas, eps, weight_decay, decoupled",
    )


def assigned(script: str) -> tuple[str, ...]:
    """Names that a script assigns at its top level, in order; not imports, functions, or names with an underscore before.

    Raises:
        SyntaxError: it is not Python.
    """
    found: dict[str, None] = {}
    for statement in parse_python(script).body:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)):
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found[node.id] = None
    return tuple(name for name in found if not name.startswith("_"))


class Scripts(Protocol):
    """What a check of this kind says."""

    script: str
    expected: str
    compare: tuple[str, ...]
    mistakes: tuple[ScriptMistake, ...]


def compared(check: Scripts) -> tuple[str, ...]:
    """Names whose values are compared: those that the rubric lists, else all that ``expected`` assigns.

    Raises:
        SyntaxError: it is not Python.
    """
    return check.compare or assigned(check.expected)


def script_problems(check: Scripts) -> list[str]:
    """Scripts that are no Python, and names that are compared and not assigned; one sentence each."""
    texts = {"script": check.script, **({"expected": check.expected} if check.expected else {})}
    texts |= {f"mistakes[{i}].expected": mistake.expected for i, mistake in enumerate(check.mistakes)}
    names: dict[str, tuple[str, ...]] = {}
    for field, text in texts.items():
        try:
            names[field] = assigned(text)
        except SyntaxError as error:
            return [f"{field}: line {error.lineno}: {error.msg}"]
    wanted = compared(check)
    if not wanted:
        return ["nothing is compared; list names in compare"]
    unseen = [name for name in _looked_up(check.expected, CAME) if name not in wanted]
    if unseen:
        return [f"expected: {CAME} has no {unseen[0]!r}, which is not compared; list it in compare, too"]
    return [
        f"{field}: {name!r} is compared and never assigned; list what to compare, or call it _{name}"
        for field, own in names.items()
        for name in [name for name in wanted if name not in own][:1]
    ]


def imported(script: str) -> tuple[tuple[str, str], ...]:
    """What a script imports: module and name, the name empty for a module as a whole.

    Raises:
        SyntaxError: it is not Python.
    """
    found: list[tuple[str, str]] = []
    for node in ast.walk(parse_python(script)):
        if isinstance(node, ast.ImportFrom) and node.module:
            found += [(node.module, "" if item.name == "*" else item.name) for item in node.names]
        elif isinstance(node, ast.Import):
            found += [(item.name, "") for item in node.names]
    return tuple(dict.fromkeys(found))


def _looked_up(script: str, name: str) -> list[str]:
    """Keys that a script reads of a dict: ``came["out"]``."""
    return [
        str(node.slice.value)
        for node in ast.walk(parse_python(script))
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)
        if isinstance(node.value, ast.Name) and node.value.id == name
    ]


def looks_at(script: str, name: str) -> bool:
    """Whether a script uses a name.

    Raises:
        SyntaxError: it is not Python.
    """
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(parse_python(script)))


def _size(word: str) -> str | int:
    return int(word) if word.isdigit() else word
