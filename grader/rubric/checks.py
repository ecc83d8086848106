"""What a rubric can ask: a model for each kind of check, with its fields, limits and descriptions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from grader.formulas.question import Question
from grader.model import Audience, Band, Frozen, HintLevel
from grader.rubric.scripts import ScriptInput, ScriptMistake, ScriptOptimizer

_IDENTIFIER = re.compile(r"^[a-z0-9][a-z0-9_\-]{0,59}$")
Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_\-]*$", max_length=60)]
Target = Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]


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


HOST_ASKS = ("accuracy", "loss_falls", "parameters_change")


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
        default="submission",
        description="whose training loop is run; host: a network earns without a working train",
    )
    confidence: float = Field(
        default=0.99, gt=0.5, lt=1, description="one-sided; a band counts unless excluded by it"
    )

    @model_validator(mode="after")
    def _host_loop_is_possible(self) -> TrainingSpec:
        if self.loop == "host" and self.network is None:
            raise ValueError("loop = 'host' needs network = 'module:class'")
        if self.loop == "host" and self.ask not in HOST_ASKS:
            raise ValueError(
                f"ask = '{self.ask}' is about the submission's own train; with loop = 'host', ask for "
                f"{' or '.join(HOST_ASKS)}"
            )
        return self


ClaimMeaning = Literal["test_accuracy", "best_validation_accuracy", "validation_accuracies"]


class ClaimSpec(CheckBase):
    """Do the reported numbers come out again?"""

    kind: Literal["claim"]
    file: str = Field(
        default="results.json",
        description="file of the submission that holds the numbers; without it, what its notebooks assign and show",
    )
    values: Mapping[str, ClaimMeaning] = Field(
        min_length=1,
        description="key in the file, with dots between keys -> what it claims: of the homework's default run",
    )
    tolerance: float = Field(default=0.03, gt=0, description="absolute; 0.02 more on the stand-in")


class ExperimentSpec(CheckBase):
    """Does an experiment show the trend that the reference shows?"""

    kind: Literal["experiment"]
    experiment: Literal["lr-sweep", "batch-norm", "schedules"] = Field(
        description='key of the file under which its numbers stand, as `{ "0.1": 0.49 }`, curves, rows or columns'
    )
    file: str = Field(
        default="results.json",
        description="file of the submission that holds the numbers; without it, what its notebooks assign and show",
    )


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
