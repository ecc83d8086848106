"""One forward, and a backward after it, of a layer in any form: the instructions for the worker."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grader.conventions.arguments import Argument, quantities, resolve, sources_of
from grader.conventions.in_worker import FROZEN_SEED, as_input
from grader.conventions.layer_form import LayerForm
from grader.numerics import Array, Call
from grader.sandbox import Program, Ref


@dataclass
class Written:
    """What the instructions of one call left behind: arrays that were handed over, and what may be read again."""

    handed: dict[str, Array] = field(default_factory=dict)
    again: dict[str, Ref] = field(default_factory=dict)


def write_call(
    program: Program, form: LayerForm, instance: Ref, at: str, call: Call, *, freeze_seeds: bool
) -> Written:
    """Set parameters, call forward, call backward; everything that may change is sent back under names that begin with
    ``at``."""
    write = _TorchCall if form.shape == "torch" else _PlainCall
    return write(program, form, instance, at, call).write(freeze_seeds)


@dataclass
class _PlainCall:
    """A layer in NumPy."""

    program: Program
    form: LayerForm
    instance: Ref
    at: str
    call: Call
    written: Written = field(default_factory=Written)
    refs: dict[str, Any] = field(default_factory=dict)

    def write(self, freeze_seeds: bool) -> Written:
        """All instructions of the call."""
        program, at = self.program, self.at
        with program.attempt(at + "forward"):
            self._set_parameters()
            arguments, keywords = self._arguments(self.form.takes)
            if freeze_seeds:
                program.seed(FROZEN_SEED)
            result = program.call(self._function(self.form.forward), *arguments, **keywords)
            output = self._output(result)
            program.send(at + "output", output)
        if self.call.cotangent is None:
            return self.written
        self.written.again["output"] = output
        with program.attempt(at + "backward"):
            returned = self._backward(result, output)
            program.send(at + "returned", returned)
        self.written.again["returned"] = returned
        self._read_stored()
        return self.written

    def _output(self, result: Ref) -> Ref:
        form, program = self.form, self.program
        if form.pair:
            stack = program.import_("torch" if form.shape == "torch" else "numpy").attr("stack")
            return program.call(stack, [result.item(0), result.item(1)])
        return program.get(result.item(0)) if form.cached or form.joint else result

    def _function(self, name: str) -> Ref:
        found = self.instance
        for step in name.split(".") if name else ():
            found = found.attr(step)
        return found

    def _set_parameters(self) -> None:
        for name, member in self.form.parameters.items():
            value = self.form.stored(name, self.call.tensors, {})
            self.written.handed["param." + name] = value
            inplace = member.dtype == "float64" and member.shape == value.shape
            self.program.set(member.under(self.instance), value, mode="inplace" if inplace else "assign")

    def _arguments(self, wanted: tuple[Argument, ...]) -> tuple[list[Any], dict[str, Any]]:
        """Arguments and keywords; arrays are put into registers once, so that they can be read again."""
        call, form = self.call, self.form
        known = {**call.tensors, **call.constants}
        values = {**quantities(form.reference, call.tensors, form.settings()), **self.refs}
        for name in sorted(sources_of(wanted)):
            if name in known and name not in self.refs:
                values[name] = self.refs[name] = self._array(
                    name, form.stored(name, call.tensors, call.constants)
                )
        pairs = [(a.keyword, resolve(a.source, values)) for a in wanted]
        return [value for keyword, value in pairs if not keyword], {k: v for k, v in pairs if k}

    def _array(self, name: str, array: Array) -> Ref:
        self.written.handed["given." + name] = array
        return self.program.get(as_input(array))

    def _backward(self, result: Ref, output: Ref) -> Ref:
        form, program = self.form, self.program
        if form.joint:
            return program.get(result.item(1))
        if self.call.cotangent is None or not form.backward:
            return program.get(None)
        self._hand_cotangents()
        self.refs["cache"] = program.get(result.item(2 if form.pair else 1)) if form.cached else self._given()
        self.refs["output"] = output
        arguments, keywords = self._arguments(form.takes_back)
        for _ in range(self.call.backwards):
            returned = program.call(self._function(form.backward), *arguments, **keywords)
        return returned

    def _hand_cotangents(self) -> None:
        """The cotangent, or those of the output's two parts."""
        wanted, dout = sources_of(self.form.takes_back), self.form.stored_cotangent(self.call)
        if "cotangent_cell" in wanted:
            dout, second = dout if self.form.pair else (dout, np.zeros_like(dout))
            self.refs["cotangent_cell"] = self._array("cotangent_cell", second)
        if "cotangent" in wanted:
            self.refs["cotangent"] = self._array("cotangent", dout) if dout.ndim else float(dout)

    def _given(self) -> Any:
        """What forward was given: all that a backward without a cache can start from."""
        given = [self.refs[a.source] for a in self.form.takes if str(a.source) in self.refs]
        return given[0] if len(given) == 1 else tuple(given)

    def _read_stored(self) -> None:
        program, at = self.program, self.at
        places = {"grad." + name: member for name, member in self.form.gradients.items()}
        places |= {"param." + name: member for name, member in self.form.parameters.items()}
        for name, member in places.items():
            with program.attempt(at + name):
                program.send(at + name, member.under(self.instance))
        for name in self.written.handed:
            if name.startswith("given."):
                with program.attempt(at + name):
                    program.send(at + name, self.refs[name.removeprefix("given.")])


class _TorchCall(_PlainCall):
    """A layer in torch: the gradients are autograd's."""

    def _set_parameters(self) -> None:
        for name, member in self.form.parameters.items():
            self.program.set(
                member.under(self.instance), self.form.stored(name, self.call.tensors, {}), mode="inplace"
            )

    def _array(self, name: str, array: Array) -> Ref:
        floating = np.asarray(array).dtype.kind == "f"
        self.written.handed["given." + name] = array
        dtype = ("float64" if self.form.double else "float32") if floating else ""
        plain = np.ascontiguousarray(array).copy() if array.ndim else np.asarray(array)
        return self.program.tensor(plain, dtype=dtype, requires_grad=name in self.call.tensors)

    def _backward(self, result: Ref, output: Ref) -> Ref:
        program = self.program
        dout = program.tensor(
            np.array(self.form.stored_cotangent(self.call)),
            dtype="float64" if self.form.double else "float32",
        )
        dout = program.call(dout.attr("reshape"), output.attr("shape"))
        wanted = [
            self.refs[name] if name in self.refs else self.form.parameters[name].under(self.instance)
            for name in self.form.returns
        ]
        grad = program.import_("torch.autograd").attr("grad")
        return program.call(grad, output, wanted, dout, retain_graph=True, allow_unused=True)

    def _read_stored(self) -> None:
        """Nothing is stored: autograd returns all gradients."""
