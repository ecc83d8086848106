"""Every table and field of a rubric as Markdown, read from the models, so that the page cannot say anything else."""

from __future__ import annotations

import types
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from grader.batch.policy import LateStep, Policy
from grader.errors import UsageError
from grader.formulas.question import Alternative, Mistake, Near, Question, Symbol
from grader.rubric import CheckBase, CheckSpec, Limits, PartSpec, Rubric, Spelled, TrainingBands, Variant
from grader.rubric.scripts import ScriptInput, ScriptMistake, ScriptOptimizer
from grader.truth import LAYERS

BEGIN, END = "<!-- fields of the models: begin -->", "<!-- fields of the models: end -->"
EXAMPLES = {
    "forward": '{ kind = "forward", points = 3 }',
    "gradient": '{ kind = "gradient", points = 6 }',
    "contract": '{ kind = "contract", points = 2, asks = ["overwrites", "inputs_untouched", "batch_of_one"] }',
    "init": '{ kind = "init", points = 2, gain = 2.0 }',
    "network": '{ kind = "network", id = "backward", points = 5, ask = "gradient" }',
    "torch_module": '{ kind = "torch_module", points = 5 }',
    "metrics": '{ kind = "metrics", points = 2, metric = "confusion_matrix" }',
    "training": '{ kind = "training", points = 6, hidden_dims = [128], epochs = 2, bands = { cifar10 = ['
    "{ at_least = 0.40, share = 1.0 }], stand_in = [{ at_least = 0.40, share = 1.0 }] } }",
    "claim": '{ kind = "claim", points = 1, file = "results.json", values = { "numpy.test" = "test_accuracy" } }',
    "experiment": '{ kind = "experiment", points = 2, experiment = "lr-sweep" }',
    "script": '{ kind = "script", points = 3, inputs = { w = "D", dw = "D" }, script = "from optim import sgd\\n'
    'new = sgd(w, dw, lr=0.1)", expected = "new = w - 0.1 * dw" }',
    "formula": '{ kind = "formula", points = 2, question = { id = "q1", symbols = { X = "S M", W = "N M", dY = "S N" }, '
    'forward = "Y = X W^T", wrt = "W", equivalents = ["dY^T X"], '
    'mistakes = [{ answer = "X^T dY", message = "This is the transpose." }] } }',
    "manual": '{ kind = "manual", id = "why", points = 3, question = "Why does weight sharing help?" }',
}  # fmt: skip
"""One check of every kind, as it stands in a rubric."""

Table = tuple[str, type[BaseModel], frozenset[str]]
COMMON = frozenset(CheckBase.model_fields)


def kinds() -> dict[str, type[BaseModel]]:
    """The models of the kinds of checks, by kind."""
    return {
        get_args(model.model_fields["kind"].annotation)[0]: model
        for model in get_args(get_args(CheckSpec)[0])
    }


def rubric_reference() -> str:
    """All tables of a rubric with their fields, and an example of every kind of check."""
    lines: list[str] = []
    for title, model, hidden in _tables():
        lines += [f"### {title}", "", _first_line(model), "", *_fields(model, hidden), ""]
    lines += [
        "### Every check",
        "",
        "Fields that every kind of check has.",
        "",
        *_fields(CheckBase, frozenset()),
        "",
    ]
    for kind, model in kinds().items():
        lines += [f'### kind = "{kind}"', "", _first_line(model), ""]
        lines += ["```toml", f"checks = [{EXAMPLES[kind]}]", "```", ""]
        lines += [*_fields(model, COMMON | {"kind"}), ""]
    lines += ["### Layers", "", *_layers(), ""]
    return "\n".join(lines)


def write_reference(path: Path) -> None:
    """Put the reference between the marks of a page.

    Raises:
        UsageError: the page has no such marks.
    """
    text = path.read_text("utf-8")
    if BEGIN not in text or END not in text:
        raise UsageError(f"{path}: no lines {BEGIN} and {END} to write between")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    path.write_text(f"{before}{BEGIN}\n\n{rubric_reference()}\n{END}{after}", "utf-8")


def _tables() -> Iterator[Table]:
    none: frozenset[str] = frozenset()
    yield "The rubric", Rubric, frozenset({"source_hash"})
    yield "[[parts]]", PartSpec, none
    yield "[parts.spelling]", Spelled, none
    yield "[limits]", Limits, none
    yield "[[variants]]", Variant, none
    yield "[policy]", Policy, none
    yield "policy.steps", LateStep, none
    yield "question", Question, none
    yield "question.symbols", Symbol, none
    yield "question.mistakes", Mistake, none
    yield "question.alternatives", Alternative, none
    yield "question.near", Near, none
    yield "inputs of a script", ScriptInput, none
    yield "mistakes of a script", ScriptMistake, none
    yield "optimizer of a script", ScriptOptimizer, none
    yield "bands", TrainingBands, none


def _first_line(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").strip().split("\n\n")[0].split()).replace("``", "`")


def _fields(model: type[BaseModel], hidden: frozenset[str]) -> list[str]:
    shown = {name: field for name, field in model.model_fields.items() if name not in hidden}
    if not shown:
        return ["No fields of its own."]
    rows = ["| field | type | default | meaning |", "|---|---|---|---|"]
    for name, field in shown.items():
        cells = (
            f"`{field.alias or name}`",
            _type(field.annotation),
            _default(field),
            field.description or "",
        )
        rows.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return rows


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is PydanticUndefined or value is None or value in ("", (), {}) or isinstance(value, BaseModel):
        return ""
    return f"`{_shown(value)}`"


def _shown(value: Any) -> str:
    """A value as TOML has it."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool):
        return str(value).lower()
    return str(list(value) if isinstance(value, tuple) else value)


def _type(annotation: Any) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(inner[0])
    if origin is Literal:
        return " or ".join(f"`{value!r}`".replace("'", '"') for value in inner if value != "")
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_type(item) for item in inner if item is not type(None)))
    if annotation == PartSpec.model_fields["checks"].annotation:
        return "list of checks"
    if origin is tuple:
        return f"list of {_type(inner[0])}"
    if origin is not None and inner:
        return f"table of {_type(inner[-1])}"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(f'`"{item.value}"`' for item in annotation)
    return _PLAIN.get(annotation, _named(annotation))


def _named(annotation: Any) -> str:
    """A table by its name in the file."""
    name = getattr(annotation, "__name__", str(annotation))
    return f"table `{_NAMES.get(name, name.lower())}`"


_NAMES = {
    "PartSpec": "parts",
    "Spelled": "spelling",
    "TrainingBands": "bands",
    "LateStep": "steps",
    "ScriptInput": "input",
    "ScriptMistake": "mistake",
    "ScriptOptimizer": "optimizer",
}
_PLAIN = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def _layers() -> list[str]:
    rows = ["| `layer` | inputs | parameters | constants | options |", "|---|---|---|---|---|"]
    for layer in LAYERS.values():
        inputs = [name for name in layer.tensors if name not in layer.parameters]
        options = [
            f"{name} = {'none' if value is None else _shown(value)}" for name, value in layer.options.items()
        ]
        cells = (
            f"`{layer.name}`",
            ", ".join(inputs),
            ", ".join(layer.parameters),
            ", ".join(layer.constants),
            ", ".join(options),
        )
        rows.append("| " + " | ".join(cells) + " |")
    return rows
