"""A layer of a submission as a ``Subject``: many calls become one program, one round trip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grader.conventions.in_worker import FROZEN_SEED, LayerInWorker, as_array, as_input, changed
from grader.conventions.spelling import Spelling
from grader.numerics import Array, Call, Outcome
from grader.sandbox import Program, Ref, Reply


@dataclass
class WorkerSubject(LayerInWorker[Spelling]):
    """A layer of the usual form: a class with ``forward``, ``backward``, ``params`` and ``grads``."""

    _sizes: tuple[object, ...] = ()

    def run(self, calls: Sequence[Call], *, fresh: bool = False, freeze_seeds: bool = False) -> list[Outcome]:
        """Make these calls in this order on one instance; see ``Subject``.

        Raises:
            WorkerError: the worker died, ran out of time or broke the protocol.
            CannotJudge: a package is missing, or has moved on, where submissions run.
        """
        if not calls:
            return []
        program = self._program()
        if fresh:
            self._instance = None
        swept = self._can_sweep(calls, freeze_seeds)
        if swept:
            self._sweep(program, calls)
        else:
            returned = [self._one(program, number, call, freeze_seeds) for number, call in enumerate(calls)]
            for number, refs in enumerate(returned):
                _reread(program, number, refs)
        reply = self._ask(program, calls)
        if swept and reply.error is None and "y" in reply.values:
            outputs = reply.values["y"]
            if isinstance(outputs, np.ndarray) and len(outputs) == len(calls):
                return [Outcome(row) for row in outputs]
        if swept:  # some call of the sweep raised, or shapes differ: find out which
            return [outcome for call in calls for outcome in self._singly(call)]
        return [self._outcome(reply, number, call) for number, call in enumerate(calls)]

    def _singly(self, call: Call) -> list[Outcome]:
        program = Program()
        self._one(program, 0, call, False)
        return [self._outcome(self.worker.run(program, timeout=self.timeout), 0, call)]

    def _can_sweep(self, calls: Sequence[Call], freeze_seeds: bool) -> bool:
        first = calls[0]
        if len(calls) < 3 or freeze_seeds:
            return False
        return all(
            call.cotangent is None
            and call.constants.keys() == first.constants.keys()
            and all(call.constants[name] is first.constants[name] for name in first.constants)
            and all(_alike(call.tensors[name], first.tensors[name]) for name in first.tensors)
            for call in calls
        )

    def _sweep(self, program: Program, calls: Sequence[Call]) -> None:
        first = calls[0]
        layer = self._layer(program, first.tensors)
        stacks = {
            name: np.stack([self._stored(name, call.tensors[name]) for call in calls])
            for name in first.tensors
        }
        moving = {name: stack for name, stack in stacks.items() if (stack != stack[:1]).any()}
        moving = moving or {"x": stacks["x"]}
        for name, stack in stacks.items():
            if name not in moving and name in self.spelling.parameters:
                self._set(program, layer, name, stack[0])
        with program.sweep(**moving) as row:
            for name in moving:
                if name in self.spelling.parameters:
                    self._set(program, layer, name, row[name])
            x = row["x"] if "x" in moving else program.copy(stacks["x"][0])
            program.collect("y", program.call(layer.attr("forward"), x, *self._labels(first)))

    def _layer(self, program: Program, tensors: Mapping[str, Array]) -> Ref:
        sizes = self.spelling.arguments(tensors)
        if self._instance is None or sizes != self._sizes:
            module = program.import_(self.spelling.module)
            self._instance = program.keep(program.call(module.attr(self.spelling.name), *sizes))
            self._sizes = sizes
        return self._instance

    def _set(self, program: Program, layer: Ref, name: str, value: Array | Ref) -> None:
        parameter = self.spelling.parameters[name]
        program.set(layer.attr("params").item(parameter.key), value, mode=self.spelling.mode)

    def _stored(self, name: str, array: Array) -> Array:
        parameter = self.spelling.parameters.get(name)
        return array if parameter is None else parameter.stored(array)

    def _labels(self, call: Call) -> tuple[Array, ...]:
        if not self.spelling.is_loss:
            return ()
        labels = np.asarray(call.constants["labels"])
        if self.spelling.labels == "one-hot":
            return (np.eye(call.tensors["x"].shape[-1])[labels],)
        return (labels,)

    def _one(self, program: Program, number: int, call: Call, freeze_seeds: bool) -> dict[str, Ref]:
        """One call: set parameters, forward, backward; everything that may change is sent back.

        Returns what the call returned, by name, to be read again after the last call.
        """
        at = f"{number}."
        returned: dict[str, Ref] = {}
        with program.attempt(at + "new"):
            layer = self._layer(program, call.tensors)
        with program.attempt(at + "forward"):
            for name in self.spelling.parameters:
                self._set(program, layer, name, self.spelling.parameters[name].stored(call.tensors[name]))
            x = program.get(as_input(call.tensors["x"]))
            labels = tuple(program.get(value) for value in self._labels(call))
            if freeze_seeds:
                program.seed(FROZEN_SEED)
            output = program.call(layer.attr("forward"), x, *labels)
            program.send(at + "output", output)
        if call.cotangent is None:
            return {}
        returned["output"] = output
        with program.attempt(at + "backward"):
            dout = program.get(as_input(call.cotangent))
            for _ in range(call.backwards):
                given = (x, *labels) if self.spelling.is_loss else (dout,)
                dx = program.call(layer.attr("backward"), *given)
            program.send(at + "dx", dx)
        returned["x"] = dx
        for name, parameter in self.spelling.parameters.items():
            with program.attempt(at + "grad." + name):
                program.send(at + "grad." + name, layer.attr("grads").item(parameter.key))
            with program.attempt(at + "param." + name):
                program.send(at + "param." + name, layer.attr("params").item(parameter.key))
        with program.attempt(at + "inputs"):
            program.send(at + "x", x)
            program.send(at + "dout", dout)
            for label in labels:
                program.send(at + "labels", label)
        return returned

    def _outcome(self, reply: Reply, number: int, call: Call) -> Outcome:
        at = f"{number}."
        got = reply.values
        error = self._error(reply, at)
        output, note = as_array(got.get(at + "output"))
        if call.cotangent is None:
            return Outcome(output, error=error, note=note)
        grads: dict[str, Array | None] = {}
        dx, dx_note = as_array(got.get(at + "dx"))
        scaled = dx is not None and self.spelling.is_loss and call.cotangent.size == 1
        grads["x"] = dx * call.cotangent.reshape(()) if scaled and dx is not None else dx
        for name, parameter in self.spelling.parameters.items():
            gradient, _ = as_array(got.get(at + "grad." + name))
            grads[name] = None if gradient is None else parameter.canonical(gradient, call.tensors[name])
        first = {"output": output, "x": dx}
        late = {
            name: now
            for name, before in first.items()
            if before is not None
            and (now := as_array(got.get(f"{at}late.{name}"))[0]) is not None
            and not np.array_equal(now, before, equal_nan=True)
        }
        return Outcome(output, grads, self._mutated(got, at, call), late, error, note or dx_note)

    def _mutated(self, got: Mapping[str, object], at: str, call: Call) -> tuple[str, ...]:
        sent: dict[str, tuple[str, Array | None]] = {
            "x": ("x", call.tensors["x"]),
            "cotangent": ("dout", call.cotangent),
            **{n: ("param." + n, p.stored(call.tensors[n])) for n, p in self.spelling.parameters.items()},
        }
        if self.spelling.is_loss:
            sent["labels"] = ("labels", self._labels(call)[0])
        return tuple(name for name, (key, array) in sent.items() if changed(got.get(at + key), array))


def _reread(program: Program, number: int, refs: Mapping[str, Ref]) -> None:
    for name, ref in refs.items():
        with program.attempt(f"{number}.late.{name}"):
            program.send(f"{number}.late.{name}", ref)


def _alike(a: Array, b: Array) -> bool:
    return a.shape == b.shape and a.dtype == b.dtype and a.flags.c_contiguous and a.flags.writeable
