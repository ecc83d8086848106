"""A layer in any form as a ``Subject``: many calls become one program, one round trip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.conventions.arguments import sources_of
from grader.conventions.form_program import Written, write_call
from grader.conventions.in_worker import LayerInWorker, as_array, changed
from grader.conventions.layer_form import LayerForm
from grader.conventions.vocabulary import bare, gradient_names, words_of
from grader.numerics import Array, Call, Outcome
from grader.sandbox import Program, Ref, Reply

MOST_CALLS = 40  # forward calls in one request, whose size is limited


@dataclass
class FormSubject(LayerInWorker[LayerForm]):
    """A layer of any form: an object, functions or torch code."""

    _made_with: object = None

    def run(self, calls: Sequence[Call], *, fresh: bool = False, freeze_seeds: bool = False) -> list[Outcome]:
        """Make these calls in this order on one instance; see ``Subject``.

        Raises:
            WorkerError: the worker died, ran out of time or broke the protocol.
            CannotJudge: a package is missing, or has moved on, where submissions run.
        """
        if fresh:
            self._instance = None
        if len(calls) > MOST_CALLS and all(call.cotangent is None for call in calls):
            parts = [calls[i : i + MOST_CALLS] for i in range(0, len(calls), MOST_CALLS)]
            return [outcome for part in parts for outcome in self.run(part, freeze_seeds=freeze_seeds)]
        if not calls:
            return []
        program = self._program()
        written = []
        for number, call in enumerate(calls):
            with program.attempt(f"{number}.new"):
                instance = self._make(program, call.tensors)
            written.append(
                write_call(program, self.spelling, instance, f"{number}.", call, freeze_seeds=freeze_seeds)
            )
        for number, left in enumerate(written):
            for name, ref in left.again.items():
                with program.attempt(f"{number}.late.{name}"):
                    program.send(f"{number}.late.{name}", ref)
        reply = self._ask(program, calls)
        return [
            self._outcome(reply, f"{i}.", call, left)
            for i, (call, left) in enumerate(zip(calls, written, strict=True))
        ]

    def _make(self, program: Program, tensors: Mapping[str, Array]) -> Ref:
        arguments, keywords = self.spelling.constructor_call(tensors)
        if self._instance is None or (arguments, keywords) != self._made_with:
            self._instance = new_instance(program, self.spelling, arguments, keywords)
            self._made_with = (arguments, keywords)
        return self._instance

    def _outcome(self, reply: Reply, at: str, call: Call, left: Written) -> Outcome:
        got = reply.values
        error = self._error(reply, at)
        output, note = as_array(got.get(at + "output"))
        output = None if output is None else self.spelling.canonical("output", output, output)
        if call.cotangent is None:
            return Outcome(output, error=error, note=note)
        grads = self._gradients(got, at, "returned", call)
        later = {
            "output": as_array(got.get(at + "late.output"))[0],
            **self._returned(got.get(at + "late.returned"), call),
        }
        before = {
            "output": as_array(got.get(at + "output"))[0],
            **self._returned(got.get(at + "returned"), call),
        }
        late = {
            name: now
            for name, now in later.items()
            if now is not None
            and (old := before.get(name)) is not None
            and not np.array_equal(now, old, equal_nan=True)
        }
        return Outcome(output, grads, self._mutated(got, at, left), late, error, note)

    def _gradients(self, got: Mapping[str, object], at: str, key: str, call: Call) -> dict[str, Array | None]:
        returned = self._returned(got.get(at + key), call)
        grads: dict[str, Array | None] = {}
        for name, like in call.tensors.items():
            if name in self.spelling.gradients:
                array = as_array(got.get(f"{at}grad.{name}"))[0]
            else:
                array = returned.get(name)
            if array is not None and self._unscaled(call):
                array = array * np.asarray(call.cotangent).reshape(())
            grads[name] = None if array is None else self.spelling.canonical(name, array, like)
        return grads

    def _unscaled(self, call: Call) -> bool:
        """Whether backward was given no cotangent, so that its factor is still missing."""
        form = self.spelling
        given = form.shape == "torch" or "cotangent" in sources_of(form.takes_back)
        return not given and call.cotangent is not None and call.cotangent.size == 1

    def _returned(self, value: object, call: Call) -> dict[str, Array | None]:
        """Gradients that backward returned, by name: from a dictionary, a sequence in order, or one array."""
        names = self.spelling.returns
        if isinstance(value, Mapping):
            return {name: as_array(by_name(value, name))[0] for name in names}
        if isinstance(value, (tuple, list)) and any(isinstance(item, Mapping) for item in value):
            return self._returned(_flat(names, value), call)
        rows = as_array(value)[0] if names and are_rows(value) else None
        if rows is not None and rows.shape == call.tensors[names[0]].shape:
            return {names[0]: rows}
        if isinstance(value, (tuple, list)) and not all(isinstance(item, (int, float)) for item in value):
            return {name: as_array(item)[0] for name, item in zip(names, value, strict=False)}
        return {names[0]: as_array(value)[0]} if names else {}

    def _mutated(self, got: Mapping[str, object], at: str, left: Written) -> tuple[str, ...]:
        """Names of arrays that were handed over and differ now; what did not come back is not held against it."""
        found = []
        for name, before in left.handed.items():
            now = got.get(at + name)
            if isinstance(now, np.ndarray) and now.ndim == np.ndim(before) and changed(now, before):
                found.append(name.removeprefix("given.").removeprefix("param."))
        return tuple(found)


def new_instance(
    program: Program, form: LayerForm, arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> Ref:
    """What a form's functions are attributes of: a new object, or the module where nothing is constructed."""
    module = program.import_(form.module)
    if form.construct is None:
        return program.keep(module)
    instance = program.call(module.attr(form.name), *arguments, **keywords)
    if form.shape == "torch" and form.double:
        program.call(instance.attr("double"))
    return program.keep(instance)


def are_rows(value: object) -> bool:
    """Whether a list is one matrix, written as lists of numbers of one length."""
    return (
        isinstance(value, list)
        and all(
            isinstance(row, list) and row and all(isinstance(x, (int, float)) for x in row) for row in value
        )
        and len({len(row) for row in value}) == 1
    )


def _flat(names: Sequence[str], value: Sequence[object]) -> dict[str, object]:
    """``(dx, {"W": dw, "b": db})`` as one dictionary."""
    found: dict[str, object] = {}
    for name, item in zip(names, value, strict=False):
        found |= {str(key): grad for key, grad in item.items()} if isinstance(item, Mapping) else {name: item}
    return found


def by_name(returned: Mapping[Any, object], name: str) -> object:
    """A gradient out of a dictionary, by any of its names."""
    bared = {bare(str(key)): value for key, value in returned.items()}
    for wish in (*gradient_names([name]), bare(name), *gradient_names(words_of(name)), *words_of(name)):
        if isinstance(bared.get(wish), np.ndarray):
            return bared[wish]
    return None
