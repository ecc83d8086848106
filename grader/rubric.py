"""A rubric is data: which parts a homework has, which checks, how many points, which limits.

``load_rubric`` reads a TOML file (or a built-in rubric by name) into frozen pydantic models. Every error names the
file, the path inside it, the value and what is allowed.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from grader.batch.policy import Policy
from grader.errors import RubricError
from grader.formulas.question import Question
from grader.model import Audience, Band, Frozen, HintLevel
from grader.scripted import ScriptInput, ScriptMistake, ScriptOptimizer

PACKAGE_RUBRICS = Path(__file__).parent / "rubrics"  # inside the wheel
CHECKOUT_RUBRICS = Path(__file__).parent.parent / "rubrics"

_IDENTIFIER = re.compile(r"^[a-z0-9][a-z0-9_\-]{0,59}$")
Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_\-]*$", max_length=60)]
Target = Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]


class Limits(Frozen):
    """What one worker may use."""

    seconds: float = Field(default=20.0, gt=0, le=3600, description="wall time of one request")
    memory_mb: int = Field(default=4096, ge=256, description="address space, MiB")
    scratch_mb: int = Field(default=256, ge=1, description="scratch space, MiB")
    scratch_files: int = Field(default=2000, ge=10, description="files in the scratch space")
    output_kb: int = Field(default=64, ge=1, description="captured output that is kept, KiB")
    processes: int = Field(default=0, ge=0, description="processes it may start; needs isolation level 3")


class CheckBase(Frozen):
    """What every check of a rubric says, whatever its kind."""

    id: Identifier = Field(default="", description="its name within the part; the kind if left out")
    title: str = Field(default="", description="what it asks, for reports")
    points: float = Field(default=1.0, ge=0, description="points must be 0 or more")
    needs: tuple[str, ...] = Field(default=(), description="ids of checks that must pass first")
    audience: Audience = Field(
        default=Audience.PUBLIC,
        description="public: students see it in `grader check`; hidden: the course alone",
    )
    hint_level: HintLevel = Field(default=HintLevel.HINT, description="how much of a fault a student is told")
    target: Target | None = Field(default=None, description="module:name; the part's target if left out")
    variants: tuple[str, ...] = Field(default=(), description="only in these variants; empty: in all")
    seconds: float | None = Field(default=None, gt=0, description="time limit, instead of the rubric's")


class ForwardSpec(CheckBase):
    """Does ``forward`` compute the layer?"""

    kind: Literal["forward"]
    tolerance: float = Field(
        default=1e-6, gt=0, description="relative to the largest value; float32 gets 1e-4"
    )


class GradientSpec(CheckBase):
    """Is each gradient (input, every parameter) right?"""

    kind: Literal["gradient"]
    tensors: tuple[str, ...] = Field(default=(), description="only these tensors; empty: all")
    ties: bool = Field(
        default=True,
        description="whether points with equal values count, where max pooling has several maxima and ReLU its kink",
    )


ContractAsk = Literal[
    "overwrites", "inputs_untouched", "batch_of_one", "fresh_batch", "stable", "stable_rows", "clear_cache"
]


class ContractSpec(CheckBase):
    """Does the layer keep the rubric's contract? The points are shared equally among ``asks``."""

    kind: Literal["contract"]
    asks: tuple[ContractAsk, ...] = Field(min_length=1, description="the points are shared among them")


class InitSpec(CheckBase):
    """Is the initialisation Kaiming normal? Tested statistically with a stated error rate."""

    kind: Literal["init"]
    gain: float = Field(default=2.0, gt=0, description="variance times fan-in of a hidden layer")
    input_gain: float | None = Field(
        default=1.0, gt=0, description="the same for the input layer; none: no exception"
    )
    error_rate: float = Field(default=1e-9, gt=0, lt=0.01, description="chance of failing a right one")


class NetworkSpec(CheckBase):
    """Is the NumPy network the composition of the submission's own layers, forward or backward?"""

    kind: Literal["network"]
    ask: Literal["forward", "gradient"] = Field(default="forward", description="one question per check")
    softmax: bool = Field(default=True, description="whether the network ends in a softmax")


class TorchModuleSpec(CheckBase):
    """Is the PyTorch network right: forward on its own weights, batch norm, initialisation?"""

    kind: Literal["torch_module"]
    ask: Literal["forward", "batch_norm", "init"] = Field(
        default="forward", description="one question per check"
    )
    gain: float = Field(default=2.0, description="for init: variance times fan-in of a hidden layer")
    input_gain: float | None = Field(default=1.0, description="for init: the same for the input layer")
    error_rate: float = Field(
        default=1e-9, gt=0, lt=0.01, description="for init: chance of failing a right one"
    )


class MetricsSpec(CheckBase):
    """Is a metrics function right?"""

    kind: Literal["metrics"]
    metric: Literal["accuracy", "confusion_matrix", "metrics", "evaluate_model"] = Field(
        description="which function the target is"
    )
    torch: bool = Field(default=False, description="arguments and results are torch tensors")


class TrainingBands(Frozen):
    """Accuracy bands for one data set."""

    cifar10: tuple[Band, ...] = Field(default=(), description="{ at_least, share } on CIFAR-10")
    stand_in: tuple[Band, ...] = Field(default=(), description="the same on the generated stand-in")


TrainingAsk = Literal[
    "accuracy",
    "loss_falls",
    "parameters_change",
    "best_model",
    "repeats",
    "learning_rate",
    "architectures",
    "honest_report",
    "train_eval_mode",
]


class TrainingSpec(CheckBase):
    """Does training reach accuracy bands in a budget, and is it done right?"""

    kind: Literal["training"]
    ask: TrainingAsk = Field(default="accuracy", description="one question per check")
    bands: TrainingBands = Field(default=TrainingBands(), description="for accuracy: what earns which share")
    hidden_dims: tuple[int, ...] = Field(default=(128,), description="passed to the target")
    learning_rate: float = Field(default=0.1, gt=0, description="passed to the target")
    batch_size: int = Field(default=128, ge=1, description="passed to the target")
    epochs: int = Field(default=2, ge=1, description="passed to the target")
    images: int = Field(default=10_000, ge=100, description="training images")
    batch_norm: bool | None = Field(default=None, description="passed as use_batch_norm; none: not passed")
    network: Target | None = Field(default=None, description="network class, for loop = 'host'")
    loop: Literal["submission", "host"] = Field(
        default="submission", description="whose training loop is run"
    )
    confidence: float = Field(
        default=0.99, gt=0.5, lt=1, description="one-sided; a band counts unless excluded by it"
    )


class ClaimSpec(CheckBase):
    """Do the reported numbers come out again?"""

    kind: Literal["claim"]
    file: str = Field(default="results.json", description="file of the submission that holds the numbers")
    values: Mapping[str, str] = Field(default={}, description="key in the file -> what it claims")
    tolerance: float = Field(default=0.03, gt=0, description="absolute")


class ExperimentSpec(CheckBase):
    """Does an experiment show the trend that the reference shows?"""

    kind: Literal["experiment"]
    experiment: str = Field(description="name of the reference's experiment")
    file: str = Field(default="results.json", description="file of the submission that holds the numbers")


class ScriptSpec(CheckBase):
    """Does a short script of yours compute the same with the submission as it should? For whatever has no kind of its own."""

    kind: Literal["script"]
    script: str = Field(description="Python: imports from the submission, and assigns what is compared")
    inputs: Mapping[str, ScriptInput] = Field(
        default={}, description="arrays that it is given: name -> sizes and what is drawn"
    )
    expected: str = Field(
        default="",
        description="Python that assigns the same names as they should be; empty: the script is run with the rubric's `solution`",
    )
    compare: tuple[str, ...] = Field(default=(), description="names to compare; all that `expected` assigns")
    mistakes: tuple[ScriptMistake, ...] = Field(default=(), description="wrong results seen before")
    optimizer: ScriptOptimizer | None = Field(
        default=None, description="of a script that follows an optimizer: its faults are named"
    )
    tolerance: float = Field(
        default=1e-4, gt=0, description="relative; the default lets float32 through, 1e-6 asks for float64"
    )
    trials: int = Field(default=3, ge=1, le=20, description="how often inputs are drawn")


class FormulaSpec(CheckBase):
    """Is a written result equal to the truth? Without an id of its own, its id is the question's."""

    kind: Literal["formula"]
    question: Question = Field(description="what is asked, and what is true")

    @model_validator(mode="before")
    @classmethod
    def _named_by_its_question(cls, table: Any) -> Any:
        question = table.get("question") if isinstance(table, Mapping) else None
        name = str(question.get("id", "")) if isinstance(question, Mapping) else ""
        if not _IDENTIFIER.fullmatch(name) or table.get("id"):
            return table
        return {**table, "id": name}


class ManualSpec(CheckBase):
    """An essay or derivation, marked by a person."""

    kind: Literal["manual"]
    question: str = Field(default="", description="what is asked, for the person who marks")
    answer: str = Field(default="", description="id of the answer in the submission's answer file")


CheckSpec = Annotated[
    ForwardSpec
    | GradientSpec
    | ContractSpec
    | InitSpec
    | NetworkSpec
    | TorchModuleSpec
    | MetricsSpec
    | TrainingSpec
    | ClaimSpec
    | ExperimentSpec
    | ScriptSpec
    | FormulaSpec
    | ManualSpec,
    Field(discriminator="kind"),
]


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


def load_rubric(name: str | Path) -> Rubric:
    """Read a rubric from a TOML file, or a built-in one by its name.

    Raises:
        RubricError: not found, not TOML, or not a rubric; every problem is named with its path.
    """
    path = find_rubric(name)
    return _builtin(path) if path in builtin_rubrics().values() else _load(path)


@cache
def _builtin(path: Path) -> Rubric:
    """One of our own, which does not change while we run."""
    return _load(path)


def _load(path: Path) -> Rubric:
    try:
        data = path.read_bytes()
        table = tomllib.loads(data.decode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise RubricError(f"rubric {path}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise RubricError(f"rubric {path}: not valid TOML: {error}") from error
    table = _extended(table, path, depth=0)
    try:
        rubric = Rubric.model_validate(
            {**table, "source_hash": hashlib.sha256(repr(table).encode()).hexdigest()}
        )
    except ValidationError as error:
        found = error.errors()
        places = [item["loc"] for item in found]
        # where an item of a list is wrong, pydantic adds that the list is too short
        causes = [
            item
            for item in found
            if item["type"] != "too_short" or not any(_inside(loc, item["loc"]) for loc in places)
        ]
        raise RubricError("\n".join(_problem(path, item, table) for item in causes)) from error
    beside = str((path.parent / rubric.solution).resolve()) if rubric.solution else ""
    return rubric.model_copy(update={"solution": beside})


def _inside(place: tuple[int | str, ...], other: tuple[int | str, ...]) -> bool:
    return len(place) > len(other) and place[: len(other)] == other


def find_rubric(name: str | Path) -> Path:
    """The file of a rubric given by path or by built-in name.

    Raises:
        RubricError: there is neither; the message lists the built-in names.
    """
    path = Path(name)
    if path.suffix == ".toml" or path.is_file():
        if not path.is_file():
            raise RubricError(f"rubric {path}: no such file")
        return path
    built_in = builtin_rubrics()
    if str(name) in built_in:
        return built_in[str(name)]
    near = difflib.get_close_matches(str(name), built_in, n=1)
    guess = f"; did you mean {near[0]!r}?" if near else ""
    raise RubricError(
        f"rubric {name!r}: no file and no built-in rubric of that name{guess} (built in: {', '.join(built_in)})"
    )


def builtin_rubrics() -> dict[str, Path]:
    """Built-in rubrics by name."""
    folder = PACKAGE_RUBRICS if PACKAGE_RUBRICS.is_dir() else CHECKOUT_RUBRICS
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def _extended(table: dict[str, Any], path: Path, *, depth: int) -> dict[str, Any]:
    """The table with what it ``extends`` underneath (scalars replace, parts replace by id) and ``includes`` after it."""
    for name in table.pop("include", []):
        included = _other(path, str(name), "include", depth)
        table = {**table, "parts": [*table.get("parts", []), *included.get("parts", [])]}
    base_name = table.pop("extends", None)
    if base_name is None:
        return table
    base = _other(path, str(base_name), "extends", depth)
    parts = {part.get("id"): part for part in base.get("parts", [])}
    for part in table.get("parts", []):
        parts[part.get("id")] = part
    for name in table.pop("drop_parts", []):
        if parts.pop(name, None) is None:
            raise RubricError(f"rubric {path}: drop_parts: {base_name} has no part {name!r}")
    return {**base, **table, "parts": list(parts.values())}


def _other(path: Path, name: str, word: str, depth: int) -> dict[str, Any]:
    """The table of a rubric that another one names: a file beside it, or a built-in one."""
    if depth >= 5:
        raise RubricError(f"rubric {path}: {word}: more than 5 rubrics deep")
    beside = path.parent / name
    other = beside if beside.is_file() else find_rubric(name)
    try:
        table = tomllib.loads(other.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RubricError(f"rubric {path}: {word}: {other} cannot be read: {error}") from error
    return _extended(table, other, depth=depth + 1)


def _problem(path: Path, item: Any, table: Mapping[str, Any]) -> str:
    where = ""
    for step in item["loc"]:
        if isinstance(step, int):
            where += f"[{step}]"
        elif step not in _KINDS:  # the discriminator's tag is no place in the file
            where += f".{step}" if where else str(step)
    value = item.get("input")
    shown = "" if isinstance(value, (dict, list, tuple)) or item["type"] == "missing" else f"{value!r}: "
    message = item["msg"].removeprefix("Value error, ")
    if item["type"] == "greater_than_equal" and where.endswith("points"):
        return f"rubric {path.name}: {where}: {value!r} is negative; points must be 0 or more"
    return f"rubric {path.name}: {where}: {shown}{message}" if where else f"rubric {path.name}: {message}"


_KINDS = {
    "forward", "gradient", "contract", "init", "network", "torch_module", "metrics", "training", "claim",
    "experiment", "script", "formula", "manual",
}  # fmt: skip


def _unique(where: str, ids: list[str]) -> None:
    for name in ids:
        if ids.count(name) > 1:
            raise ValueError(f"{where}: two are called {name!r}")


def _one_of(where: str, name: str, known: set[str]) -> None:
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        guess = f"; did you mean {near[0]!r}?" if near else f"; allowed: {', '.join(sorted(known))}"
        raise ValueError(f"{where}: {name!r} does not exist{guess}")
