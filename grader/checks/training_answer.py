"""What ``train`` returned: the model among it, which stays in the worker, and the numbers, which are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grader.checks.context import CannotJudge, Context, Finding
from grader.checks.support import printed
from grader.checks.training_budget import Trial
from grader.checks.training_values import accuracies, accuracy_of, losses_in, row_of_accuracies
from grader.model import Verdict
from grader.sandbox import Opaque, Program, Ref, Worker

ITEMS = 6  # of what train returns


@dataclass(frozen=True)
class TrainAnswer:
    """Reads what was returned into a trial."""

    context: Context
    worker: Worker
    trial: Trial
    seconds: float  # for one request

    def read(self, result: Ref) -> tuple[Ref, bool]:
        """Find the model among what was returned; read the numbers."""
        program = Program()
        program.send("whole", program.describe(result))
        for number in range(ITEMS):
            with program.attempt(f"item {number}"):
                program.send(f"{number}", result.item(number))
        reply = self.worker.run(program, timeout=self.seconds)
        whole = reply.values.get("whole")
        whole = whole if isinstance(whole, dict) else {}
        items = [reply.values.get(f"{number}") for number in range(ITEMS)]
        listed = isinstance(whole.get("items"), list)  # of named tuples, too
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
        text = f"{self.context.target[1]} returned {self.trial.returned}; expected model, val_accuracies, test_accuracy, logging."
        unfilled = "ellipsis" in self.trial.returned or self.trial.returned in ("nothing", "")
        verdict = Verdict.MISSING if unfilled else Verdict.FAILED
        raise CannotJudge(
            Finding(verdict, text, hint="Return the trained model first.", output=printed(self.context))
        )

    def _numbers(self, rest: Sequence[Any]) -> None:
        """The validation accuracies are the first row of accuracies, the test accuracy the first number after it.

        Where none comes after it, it is the last number before it.
        """
        place = row_of_accuracies(rest)
        self.trial.validation = None if place is None else accuracies(rest[place])
        cut = 0 if place is None else place
        order = [*range(cut + (place is not None), len(rest)), *reversed(range(cut))]
        tested = next((i for i in order if accuracy_of(rest[i]) is not None), None)
        self.trial.test = None if tested is None else accuracy_of(rest[tested])
        self.trial.losses = losses_in([item for i, item in enumerate(rest) if i not in (place, tested)])

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
        reply = self.worker.run(program, timeout=self.seconds)
        state = reply.values.get("state")
        self.trial.state = state if isinstance(state, dict) else {}
        return kept, reply.values.get("torch") is True


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
    if isinstance(items, list):
        names = [_short(item.get("type")) for item in items if isinstance(item, dict)]
        return f"a {kind} of {', '.join(names) or 'nothing'}"
    return f"one {kind}"
