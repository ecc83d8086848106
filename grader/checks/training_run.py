"""One call of a submission's ``train`` in the worker: with which arguments, and what came back.

``train`` is called with a budget of images and epochs. The model that it returns stays in the worker; the host asks
it for outputs on images whose labels the worker does not have, and reads the rest of what was returned as numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.support import absent, keep_output, printed, raised
from grader.checks.training_values import accuracies, accuracy_of, losses_in
from grader.data import DataSet, normalise
from grader.data.dataset import VALIDATION_SIZE, train_rows, validation_rows
from grader.errors import WorkerDied, WorkerTimeout
from grader.events import EpochDone
from grader.model import Verdict
from grader.sandbox import Opaque, Program, Ref, Worker

Floats = NDArray[np.float64]

CLASSES = 10
SECONDS = 120.0  # of one call of train with the default budget, unless the rubric says otherwise
LEAST_SECONDS = 20.0  # of a call with a smaller budget
HUNG_SECONDS = 8.0  # of a call after one that got nowhere
FORMS = ("flat", "images", "height, width, channel")
TRIES = 2  # calls that hang before the function is called no more
PASSES = (
    12  # over the training images, for each epoch asked for and one more, before a call counts as endless
)
PROBE = 512  # images that decide which form of input the model takes
MIDDLES = 64  # images between which lie the middles that show whether a model is affine
ITEMS = 6  # of what train returns


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The arguments of one call of ``train``, and the data that it sees."""

    hidden: tuple[int, ...] = (128,)
    rate: float = 0.1
    batch_norm: bool | None = None
    batch_size: int = 128
    epochs: int = 2
    images: int = 10_000
    held_out: int | None = None  # validation images and test images at most; None: all
    seed: int = 42
    spoil_after: int | None = None  # epochs with right training labels

    @property
    def work(self) -> int:
        """Images that training, validation and test go through."""
        held_out = VALIDATION_SIZE if self.held_out is None else self.held_out
        return self.epochs * (self.images + held_out) + held_out

    def __str__(self) -> str:
        epochs = "1 epoch" if self.epochs == 1 else f"{self.epochs} epochs"
        return f"{epochs} of {self.images:,} images, lr {self.rate:g}, hidden_dims {list(self.hidden)}"


@dataclass
class Trial:
    """What one call of ``train`` gave. Accuracies are shares, 0 to 1."""

    budget: Budget
    validation: tuple[float, ...] | None = None  # as returned
    test: float | None = None  # as returned
    losses: tuple[float, ...] = ()  # found in what was returned
    returned: str = ""  # in words
    served: int = 0  # training images
    spoilt: int = 0  # of them with a wrong label
    per_epoch: int = 0
    form: str = ""  # of the model's input
    outputs: dict[str, Floats] = field(default_factory=dict)  # by set of images: (N, C)
    state: Mapping[str, Any] = field(default_factory=dict)  # of a torch module
    seconds: float = 0.0


def run_train(
    context: Context,
    budget: Budget,
    sets: Sequence[str],
    *,
    worker: Worker | None = None,
    fresh_seed: int = 0,
) -> Trial:
    """Call ``train`` and ask the model that it returns for its outputs on the named sets of images.

    Args:
        context: of the check; its target is the function.
        budget: arguments and data.
        sets: "training", "validation", "public" or "private".
        worker: to run in; None: a fresh one.
        fresh_seed: what the generators are seeded with before the call, so that an unseeded ``train`` shows.

    Raises:
        CannotJudge: ``train`` is not there, raised, took too long, or returned no model.
    """
    if worker is not None:
        return TrainRun(context, budget, worker).go(sets, fresh_seed)
    with context.worker(readonly=(context.data().root,)) as own:
        return TrainRun(context, budget, own).go(sets, fresh_seed)


class RunsOnError(Exception):
    """``train`` goes on and on."""


class TrainRun:
    """One call of ``train`` and the questions after it."""

    def __init__(self, context: Context, budget: Budget, worker: Worker) -> None:
        self.context, self.budget, self.worker = context, budget, worker
        self.module, self.name = context.target
        self.data = context.data()
        self.trial = Trial(budget)
        self.reached = 0.0  # epochs
        self.limit = self._limit()

    def _limit(self) -> float:
        """Seconds for one call, by the work that it is: slow code gets its time, code that hangs loses little."""
        whole = self.context.spec.seconds or max(SECONDS, self.context.rubric.limits.seconds)
        share = self.budget.work / Budget().work
        limit = whole if share >= 1 else min(whole, max(LEAST_SECONDS, whole * share))
        return min(limit, HUNG_SECONDS) if self.context.facts.get(self._hung) else limit

    def _note_hung(self) -> None:
        self.context.facts[self._hung] = self.context.facts.get(self._hung, 0) + 1

    @property
    def _hung(self) -> str:
        return f"training:{self.context.target}:hung"

    def go(self, sets: Sequence[str], fresh_seed: int) -> Trial:
        """Call, read, ask."""
        missing = absent(self.context, self.module, self.name)
        if missing is not None:
            raise CannotJudge(missing)
        if self.context.facts.get(self._hung, 0) >= TRIES:
            text = f"{self.name} hung in {TRIES} calls and is not called again."
            raise CannotJudge(self._finding(Verdict.ERRORED, text))
        try:
            function, parameters = self.import_function()
            result = self._call(function, parameters, fresh_seed)
            model, is_torch = self._read(result)
            self._predict(model, is_torch, sets)
        except RunsOnError as endless:
            self._note_hung()
            raise CannotJudge(self._finding(Verdict.ERRORED, str(endless))) from endless
        except WorkerTimeout as slow:
            raise CannotJudge(self._finding(Verdict.ERRORED, self._too_slow())) from slow
        except WorkerDied as died:
            text = f"{self.name} ended the process: {died} ({self.budget})."
            raise CannotJudge(self._finding(Verdict.ERRORED, text)) from died
        return self.trial

    def _too_slow(self) -> str:
        if self.reached < 0.01:
            self._note_hung()
            return (
                f"{self.name} does not get anywhere: after {self.limit:.0f} s with {self.budget}, it had read less "
                "than 1 % of the training images of an epoch."
            )
        return (
            f"{self.name} is too slow: after {self.limit:.0f} s with {self.budget}, it had got through "
            f"{self.reached:.1f} epochs; the reference needs a few seconds. This does not say that it is wrong."
        )

    def _finding(self, verdict: Verdict, message: str, *, hint: str = "") -> Finding:
        return Finding(verdict, message, hint=hint, output=printed(self.context))

    def configure(self, program: Program) -> None:
        """Tell the loader in the worker what the budget is."""
        budget = self.budget
        program.call(
            program.import_("cifar10_utils").attr("_configure"),
            str(self.data.root),
            images=budget.images,
            held_out=budget.held_out,
            epochs=budget.epochs,
            spoil_after=budget.spoil_after,
        )

    def import_function(self) -> tuple[Ref, list[dict[str, Any]] | None]:
        """The function ``train``, kept in the worker, and its parameters."""
        program = Program()
        self.configure(program)
        with program.attempt("import"):
            function = program.keep(program.import_(self.module).attr(self.name))
            program.send("signature", program.signature(function))
        reply = self.worker.run(program, timeout=self.limit)
        keep_output(self.context, reply)
        if reply.error or reply.errors:
            error = reply.error or reply.errors["import"]
            raise CannotJudge(raised(error, doing=f"importing {self.module}", output=printed(self.context)))
        return function, reply.values["signature"]

    def _call(self, function: Ref, parameters: list[dict[str, Any]] | None, fresh_seed: int) -> Ref:
        program = Program()
        program.seed(fresh_seed)
        program.call(program.import_("torch").attr("set_grad_enabled"), True)
        args, kwargs = arguments(self.budget, parameters)
        with program.attempt("train"):
            result = program.keep(program.call(function, *args, **kwargs))
        program.send("count", program.call(program.import_("cifar10_utils").attr("_count")))
        reply = self.worker.run(program, timeout=self.limit, on_progress=self._progress())
        keep_output(self.context, reply)
        if reply.error or reply.errors:
            error = reply.error or reply.errors["train"]
            call = f"{self.name} ({self.budget})"
            raise CannotJudge(raised(error, doing=call, output=printed(self.context)))
        count = reply.values["count"] if isinstance(reply.values["count"], dict) else {}
        numbers = {key: value for key, value in count.items() if isinstance(value, int)}
        self.trial.served, self.trial.spoilt = numbers.get("served", 0), numbers.get("spoilt", 0)
        self.trial.per_epoch = numbers.get("per_epoch", 0)
        self.trial.seconds = reply.seconds
        return result

    def _progress(self) -> Callable[[Mapping[str, Any]], None]:
        told = [-1]

        def tell(fields: Mapping[str, Any]) -> None:
            epoch = fields.get("epoch")
            if not isinstance(epoch, int | float) or not 0 <= epoch < 1e6:
                return
            self.reached = max(self.reached, float(epoch))
            if self.reached > PASSES * (self.budget.epochs + 1):
                raise RunsOnError(
                    f"{self.name} does not stop: called with {self.budget}, it had read all training images "
                    f"{self.reached:.0f} times."
                )
            if int(epoch) == told[0]:
                return
            told[0] = int(epoch)
            number = min(told[0] + 1, self.budget.epochs)
            self.context.on_event(EpochDone(self.context.id, number, self.budget.epochs))

        return tell

    def _read(self, result: Ref) -> tuple[Ref, bool]:
        """Find the model among what was returned; read the numbers."""
        program = Program()
        program.send("whole", program.describe(result))
        for number in range(ITEMS):
            with program.attempt(f"item {number}"):
                program.send(f"{number}", result.item(number))
        reply = self.worker.run(program, timeout=self.limit)
        whole = reply.values.get("whole")
        whole = whole if isinstance(whole, dict) else {}
        items = [reply.values.get(f"{number}") for number in range(ITEMS)]
        listed = _short(whole.get("type")) in ("tuple", "list")
        self.trial.returned = _in_words(whole)
        if not listed:
            items = []
        place = next((i for i, item in enumerate(items) if _is_model(item)), None)
        if place is None and (listed or not _is_model(Opaque(str(whole.get("type", ""))))):
            self._no_model()
        if place is not None:
            rest = [item for i, item in enumerate(items) if i != place]
            self._numbers(rest)
        model = result if place is None else result.item(place)
        return self._kept(model)

    def _no_model(self) -> None:
        text = f"{self.name} returned {self.trial.returned}; expected model, val_accuracies, test_accuracy, logging."
        unfilled = "ellipsis" in self.trial.returned or self.trial.returned in ("nothing", "")
        verdict = Verdict.MISSING if unfilled else Verdict.FAILED
        raise CannotJudge(self._finding(verdict, text, hint="Return the trained model first."))

    def _numbers(self, rest: Sequence[Any]) -> None:
        """The validation accuracies are the first row of numbers, the test accuracy the first number "
        "after it."""
        for i, item in enumerate(rest):
            found = accuracies(item)
            if found is not None:
                self.trial.validation = found
                rest = rest[i + 1 :]
                break
        for i, item in enumerate(rest):
            value = accuracy_of(item)
            if value is not None:
                self.trial.test = value
                rest = rest[i + 1 :]
                break
        self.trial.losses = losses_in(rest)

    def _kept(self, model: Ref) -> tuple[Ref, bool]:
        """The model, ready to be asked, and whether it is a torch module."""
        program = Program()
        kept = program.keep(model)
        torch = program.import_("torch")
        module = torch.attr("nn").attr("Module")
        is_torch = program.call(program.import_("builtins").attr("isinstance"), kept, module)
        program.send("torch", is_torch)
        with program.attempt("state"):
            program.send("state", program.call(module.attr("state_dict"), kept))
        with program.attempt("eval"):
            program.call(kept.attr("eval"))
        program.call(torch.attr("set_grad_enabled"), False)
        reply = self.worker.run(program, timeout=self.limit)
        state = reply.values.get("state")
        self.trial.state = state if isinstance(state, dict) else {}
        return kept, reply.values.get("torch") is True

    def _predict(self, model: Ref, is_torch: bool, sets: Sequence[str]) -> None:
        images, labels = image_set(self.data, "training", self.budget)
        self.trial.form = self._form(model, is_torch, images[:PROBE], labels[:PROBE])
        for name in sets:
            images, _ = image_set(self.data, name, self.budget)
            self.trial.outputs[name] = self._outputs(model, is_torch, images, self.trial.form)

    def _form(self, model: Ref, is_torch: bool, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> str:
        """The form of input that the model takes; of those that it takes, the one in which it is right "
        "most often."""
        scores: dict[str, float] = {}
        refusals: list[CannotJudge] = []
        for form in FORMS:
            try:
                outputs = self._outputs(model, is_torch, images, form)
            except CannotJudge as refused:
                refusals.append(refused)
                continue
            scores[form] = float(np.mean(predicted(outputs) == labels))
            if scores[form] > 0.2:
                break
        if not scores:
            raise refusals[0]
        return max(scores, key=lambda form: scores[form])

    def _outputs(self, model: Ref, is_torch: bool, images: NDArray[np.uint8], form: str) -> Floats:
        """(N, C) what the model gives for images (N, 3, 32, 32), asked in batches of the size it was "
        "trained with."""
        count, size = len(images), self.budget.batch_size
        padded = images[np.arange(-(-count // size) * size) % count]  # some models take full batches only
        batches = _formed(normalise(padded), form).reshape(-1, size, *_formed_shape(form))
        program = Program()
        with program.attempt("forward"), program.sweep(x=batches) as row:
            if is_torch:
                given = program.tensor(row["x"], device=self.context.device)
                program.collect("outputs", program.call(model, given))
            else:
                program.collect("outputs", program.call(model.attr("forward"), row["x"]))
        reply = self.worker.run(program, timeout=self.limit)
        if reply.error or reply.errors:
            error = reply.error or reply.errors["forward"]
            doing = f"the model that {self.name} returned, on images ({form}),"
            raise CannotJudge(raised(error, doing=doing, output=printed(self.context)))
        outputs = reply.values.get("outputs")
        if not isinstance(outputs, np.ndarray) or outputs.shape != (len(batches), size, CLASSES):
            shape = outputs.shape[1:] if isinstance(outputs, np.ndarray) else "no array"
            text = f"the model that {self.name} returned gives {shape} for {size} images; expected {(size, CLASSES)}."
            raise CannotJudge(self._finding(Verdict.FAILED, text))
        return outputs.reshape(-1, CLASSES)[:count].astype(np.float64)


def image_set(data: DataSet, name: str, budget: Budget) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images and labels of a set, cut as the budget cuts them."""
    if name == "private":
        return data.private_images, data.private_labels
    if name == "public":
        images, labels = data.public()
        return images[: budget.held_out], labels[: budget.held_out]
    images, labels = data.train()
    if name == "middles":
        return _middles(images[:MIDDLES], images[MIDDLES : 2 * MIDDLES]), labels[: 3 * MIDDLES]
    size = min(VALIDATION_SIZE, len(labels))
    if name == "validation":
        rows = validation_rows(len(labels), size=size)[: budget.held_out]
    else:
        rows = train_rows(len(labels), size=size)[: min(budget.images, 1_000)]
    return images[rows], labels[rows]


def _middles(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Images, others, and the exact middles between them; the others are changed by 1 where there is no "
    "middle."""
    other = (other ^ ((one ^ other) & 1)).astype(np.uint8)
    middle = ((one.astype(np.uint16) + other) // 2).astype(np.uint8)
    return np.concatenate([one, other, middle])


def predicted(outputs: Floats) -> NDArray[np.int64]:
    """(N,) the class with the largest output; -1 where an output is not finite."""
    found = np.argmax(np.nan_to_num(outputs, nan=-np.inf), axis=1)
    return np.where(np.isfinite(outputs).all(axis=1), found, -1).astype(np.int64)


_NAMES: dict[str, str] = {
    "hidden_dims": "hidden", "n_hidden": "hidden", "hidden_units": "hidden", "dnn_hidden_units": "hidden",
    "lr": "rate", "learning_rate": "rate", "use_batch_norm": "batch_norm", "batch_norm": "batch_norm",
    "batch_size": "batch_size", "epochs": "epochs", "num_epochs": "epochs", "n_epochs": "epochs",
    "max_epochs": "epochs", "seed": "seed", "data_dir": "data_dir", "data_path": "data_dir",
}  # fmt: skip


def arguments(
    budget: Budget, parameters: list[dict[str, Any]] | None
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Positional and keyword arguments of a call of ``train``, by the names that it has."""
    values: dict[str, Any] = {
        "hidden": list(budget.hidden),
        "rate": budget.rate,
        "batch_norm": bool(budget.batch_norm),
        "batch_size": budget.batch_size,
        "epochs": budget.epochs,
        "seed": budget.seed,
        "data_dir": "data/",
    }
    course = ["hidden_dims", "lr", *(["use_batch_norm"] if budget.batch_norm is not None else [])]
    course += ["batch_size", "epochs", "seed", "data_dir"]
    by_name = {name: values[_NAMES[name]] for name in course}
    plain = [p for p in parameters or [] if p["kind"] in ("positional", "keyword", "either")]
    if not plain:
        return ((), by_name) if parameters is None or parameters else ((), {})
    known = {p["name"]: values[_NAMES[p["name"]]] for p in plain if p["name"] in _NAMES}
    strange = [p for p in plain if p["name"] not in _NAMES and not p["has_default"]]
    if strange and len(plain) >= len(course):
        return tuple(by_name.values()), {}
    return (), known


def _is_model(item: Any) -> bool:
    return isinstance(item, Opaque) and _short(item.type_name) not in (
        "ellipsis", "function", "method", "builtin_function_or_method", "NoneType", "type", "module",
    )  # fmt: skip


def _short(name: Any) -> str:
    return str(name).rpartition(".")[2]


def _in_words(whole: Mapping[str, Any]) -> str:
    kind = _short(whole.get("type"))
    if kind == "NoneType":
        return "nothing"
    items = whole.get("items")
    if kind in ("tuple", "list") and isinstance(items, list):
        names = [_short(item.get("type")) for item in items if isinstance(item, dict)]
        return f"a {kind} of {', '.join(names) or 'nothing'}"
    return f"one {kind}"


def _formed(images: NDArray[np.float32], form: str) -> NDArray[np.float32]:
    if form == "images":
        return images
    if form == "flat":
        return images.reshape(len(images), -1)
    return np.ascontiguousarray(images.transpose(0, 2, 3, 1)).reshape(len(images), -1)


def _formed_shape(form: str) -> tuple[int, ...]:
    return (3, 32, 32) if form == "images" else (3072,)
