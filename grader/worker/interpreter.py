"""Executes programs: small instructions over named registers.

A program is a list of objects ``{"op": name, ...}``. Operands are nodes as in ``encoding``, and ``["r",
register, steps]`` for a register or something below it; a step is ``["a", attribute]`` or ``["i", operand]``.
Registers live until the program ends, unless the program keeps them for later ones.
"""

from __future__ import annotations

import copy
import importlib
import random
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from .describe import describe, signature
from .encoding import Encoder, TooLargeError, decode, is_tensor
from .errors import UnsetError, error_node
from .progress import Progress
from .trace import Trace


class Interpreter:
    """Registers, and what each instruction does to them."""

    def __init__(self, max_reply: int, progress: Progress) -> None:
        self.max_reply = max_reply
        self.progress = progress
        self.registers: dict[int, Any] = {}
        self.kept: set[int] = set()
        self.operations: dict[str, Callable[[dict[str, Any]], None]] = {
            "import": self._import,
            "get": self._get,
            "call": self._call,
            "set": self._set,
            "send": self._send,
            "copy": self._copy,
            "exists": self._exists,
            "describe": self._describe,
            "signature": self._signature,
            "attempt": self._attempt,
            "sweep": self._sweep,
            "collect": self._collect,
            "seed": self._seed,
            "tensor": self._tensor,
            "trace": self._trace,
            "keep": self._keep,
        }

    def run(
        self, header: dict[str, Any], arrays: list[np.ndarray]
    ) -> tuple[dict[str, Any], list[np.ndarray]]:
        """Execute one program; the reply holds what was sent before an error, the error, and caught
        errors.
        """
        self.arrays = arrays
        self.encoder = Encoder(self.max_reply)
        self.values: dict[str, Any] = {}
        self.errors: dict[str, Any] = {}
        self.collected: dict[str, list[Any]] = {}
        self.progress.request = header["id"]
        error = None
        try:
            self._block(header["program"])
        except BaseException as caught:
            error = error_node(caught, self.position)
        self.progress.request = None
        self.registers = {key: self.registers[key] for key in self.kept if key in self.registers}
        reply = {
            "values": [[name, node] for name, node in self.values.items()],
            "error": error,
            "errors": self.errors,
        }
        return reply, self.encoder.arrays

    def _block(self, instructions: list[dict[str, Any]]) -> None:
        for instruction in instructions:
            self.position = instruction["at"]
            self.operations[instruction["op"]](instruction)

    def _operand(self, node: list[Any]) -> Any:
        kind = node[0]
        if kind == "r":
            return self._walk(self._register(node[1]), node[2])
        if kind == "l":
            return [self._operand(item) for item in node[1]]
        if kind == "t":
            return tuple(self._operand(item) for item in node[1])
        if kind == "d":
            return {self._operand(key): self._operand(value) for key, value in node[1]}
        return decode(node, self.arrays)

    def _register(self, register: int) -> Any:
        if register not in self.registers:
            raise UnsetError("an earlier step failed, so this one has nothing to work on")
        return self.registers[register]

    def _walk(self, value: Any, steps: list[list[Any]]) -> Any:
        for kind, key in steps:
            value = getattr(value, key) if kind == "a" else value[self._operand(key)]
        return value

    def _import(self, instruction: dict[str, Any]) -> None:
        self.registers[instruction["out"]] = importlib.import_module(instruction["name"])

    def _get(self, instruction: dict[str, Any]) -> None:
        self.registers[instruction["out"]] = self._operand(instruction["of"])

    def _call(self, instruction: dict[str, Any]) -> None:
        function = self._operand(instruction["f"])
        args = [self._operand(node) for node in instruction["args"]]
        kwargs = {name: self._operand(node) for name, node in instruction["kwargs"].items()}
        self.registers[instruction["out"]] = function(*args, **kwargs)

    def _set(self, instruction: dict[str, Any]) -> None:
        """Assign, or write into the object that is there where shapes agree and it can be written."""
        _, register, steps = instruction["target"]
        parent = self._walk(self._register(register), steps[:-1])
        kind, key = steps[-1]
        key = key if kind == "a" else self._operand(key)
        value = self._operand(instruction["value"])
        if instruction["mode"] == "inplace" and _write_into(
            getattr(parent, key) if kind == "a" else parent[key], value
        ):
            return
        if kind == "a":
            setattr(parent, key, value)
        else:
            parent[key] = value

    def _send(self, instruction: dict[str, Any]) -> None:
        self.values[instruction["name"]] = self.encoder.encode(self._operand(instruction["of"]))

    def _copy(self, instruction: dict[str, Any]) -> None:
        value = self._operand(instruction["of"])
        self.registers[instruction["out"]] = (
            value.detach().clone() if is_tensor(value) else copy.deepcopy(value)
        )

    def _exists(self, instruction: dict[str, Any]) -> None:
        try:
            self._operand(instruction["of"])
        except (UnsetError, AttributeError, KeyError, IndexError, TypeError):
            self.registers[instruction["out"]] = False
        else:
            self.registers[instruction["out"]] = True

    def _describe(self, instruction: dict[str, Any]) -> None:
        self.registers[instruction["out"]] = describe(self._operand(instruction["of"]))

    def _signature(self, instruction: dict[str, Any]) -> None:
        self.registers[instruction["out"]] = signature(self._operand(instruction["of"]))

    def _attempt(self, instruction: dict[str, Any]) -> None:
        """Run a block; its error is recorded and the program goes on."""
        try:
            self._block(instruction["block"])
        except TooLargeError:
            raise
        except BaseException as caught:
            self.errors[instruction["name"]] = error_node(caught, self.position)

    def _sweep(self, instruction: dict[str, Any]) -> None:
        """Run a block once per row of the arrays, and stack what it collects."""
        columns = [(register, self.arrays[index]) for register, index in instruction["over"]]
        outer, self.collected = self.collected, {}
        for row in range(instruction["rows"]):
            self.registers[instruction["index"]] = row
            for register, array in columns:
                self.registers[register] = array[row].copy()
            self._block(instruction["block"])
        collected, self.collected = self.collected, outer
        for name, items in collected.items():
            self.values[name] = self.encoder.encode(np.stack(items) if items else np.zeros((0,)))

    def _collect(self, instruction: dict[str, Any]) -> None:
        value = self._operand(instruction["of"])
        value = value.detach().cpu().numpy() if is_tensor(value) else value
        self.collected.setdefault(instruction["name"], []).append(np.array(value, copy=True, subok=False))

    def _seed(self, instruction: dict[str, Any]) -> None:
        seed_generators(instruction["seed"])

    def _tensor(self, instruction: dict[str, Any]) -> None:
        import torch

        dtype = getattr(torch, instruction["dtype"]) if instruction["dtype"] else None
        value = self._operand(instruction["of"])
        tensor = torch.as_tensor(value).detach().clone().to(dtype=dtype, device=instruction["device"])
        self.registers[instruction["out"]] = tensor.requires_grad_(instruction["requires_grad"])

    def _trace(self, instruction: dict[str, Any]) -> None:
        """Run a block while the named methods of classes are recorded."""
        classes = [self._operand(node) for node in instruction["classes"]]
        with Trace(
            classes, instruction["methods"], instruction["max_events"], instruction["max_bytes"]
        ) as trace:
            self.registers[instruction["instances"]] = trace.instances
            self.registers[instruction["events"]] = trace.events
            self._block(instruction["block"])

    def _keep(self, instruction: dict[str, Any]) -> None:
        self.registers[instruction["out"]] = self._operand(instruction["of"])
        self.kept.add(instruction["out"])


def seed_generators(seed: int) -> None:
    """Seed the global generators of Python, NumPy and torch, as far as they are imported."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch = sys.modules.get("torch")  # whatever has not imported it draws nothing from it
    if torch is not None:
        torch.manual_seed(seed)


def _write_into(there: Any, value: Any) -> bool:
    """Copy a value into an array or tensor of the same shape; False where that cannot be."""
    if is_tensor(there):
        import torch

        if tuple(there.shape) != np.shape(value):
            return False
        with torch.no_grad():
            there.copy_(torch.as_tensor(value))
        return True
    if isinstance(there, np.ndarray) and there.shape == np.shape(value) and there.flags.writeable:
        there[...] = value
        return True
    return False
