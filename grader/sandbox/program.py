"""Programs: what the host asks a worker to do, built like ordinary calls.

::

    p = Program()
    modules = p.import_("modules")
    layer = p.call(modules.attr("LinearModule"), 5, 3)
    p.set(layer.attr("params").item("weight"), w)
    p.send("y", p.call(layer.attr("forward"), x))

Nothing runs until ``Worker.run(p)``. Registers are numbered uniquely in the host, so that a program may use
what an earlier program of the same worker kept with :meth:`Program.keep`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from grader.worker.frames import DTYPES

Node = list[Any]
_registers = itertools.count(1)


@dataclass(frozen=True)
class Ref:
    """A register of the worker, or a place below it; evaluated each time that an instruction uses it."""

    register: int
    steps: tuple[tuple[str, Any], ...] = ()

    def attr(self, name: str) -> Ref:
        """The attribute of that name."""
        return Ref(self.register, (*self.steps, ("a", name)))

    def item(self, key: Any) -> Ref:
        """The item under that key or index; the key may be a Ref."""
        return Ref(self.register, (*self.steps, ("i", key)))


@dataclass(frozen=True, eq=False)
class Input:
    """An array argument with a memory layout and flags: Fortran order, every second element, read-only."""

    array: NDArray[Any]
    order: Literal["C", "F", "strided"] = "C"
    writeable: bool = True


@dataclass(frozen=True)
class SweepRow:
    """Inside a sweep: the current row of each array, and its number."""

    rows: Mapping[str, Ref]
    index: Ref

    def __getitem__(self, name: str) -> Ref:
        return self.rows[name]


@dataclass(frozen=True)
class TraceRef:
    """Registers that a trace fills: the recorded events and the instances that they name."""

    events: Ref
    instances: Ref


class Program:
    """A list of instructions under construction."""

    def __init__(self) -> None:
        self.instructions: list[dict[str, Any]] = []
        self.arrays: list[NDArray[Any]] = []
        self.names: set[str] = set()  # that values are sent under
        self.attempts: set[str] = set()
        self._block = self.instructions
        self._count = 0

    def import_(self, name: str) -> Ref:
        """Import a module of the submission, or any other, by its dotted name."""
        return self._out("import", name=name)

    def get(self, value: Any) -> Ref:
        """Put a value, or what a Ref points at now, into a register of its own."""
        return self._out("get", of=self._operand(value))

    def call(self, function: Ref, /, *args: Any, **kwargs: Any) -> Ref:
        """Call with values, Refs, or lists, tuples and dicts of them."""
        nodes = [self._operand(value) for value in args]
        named = {name: self._operand(value) for name, value in kwargs.items()}
        return self._out("call", f=self._operand(function), args=nodes, kwargs=named)

    def set(self, target: Ref, value: Any, *, mode: Literal["assign", "inplace"] = "assign") -> None:
        """Assign to an attribute or item; ``inplace`` writes into the array that is there if its shape
        agrees.
        """
        if not target.steps:
            raise ValueError("set needs an attribute or item of a register, not the register itself")
        self._add("set", target=self._operand(target), value=self._operand(value), mode=mode)

    def send(self, name: str, value: Any) -> None:
        """Send a value back under a name; arrays are copied at this moment."""
        self.names.add(name)
        self._add("send", name=name, of=self._operand(value))

    def copy(self, value: Any) -> Ref:
        """A deep copy; a detached clone of a tensor."""
        return self._out("copy", of=self._operand(value))

    def exists(self, path: Ref) -> Ref:
        """Whether a path can be followed: True or False."""
        return self._out("exists", of=self._operand(path))

    def describe(self, value: Any) -> Ref:
        """A bounded description of an object, as nested dicts (``grader.worker.describe`` lists the keys)."""
        return self._out("describe", of=self._operand(value))

    def signature(self, function: Ref) -> Ref:
        """The parameters of a callable as a list of dicts, or None where Python cannot tell."""
        return self._out("signature", of=self._operand(function))

    def seed(self, seed: int) -> None:
        """Seed ``random``, ``numpy.random`` and torch."""
        self._add("seed", seed=seed)

    def tensor(self, value: Any, *, dtype: str = "", requires_grad: bool = False, device: str = "cpu") -> Ref:
        """A new torch tensor with a copy of the value; ``dtype`` such as ``"float64"``, empty to keep it."""
        node = self._operand(value)
        return self._out("tensor", of=node, dtype=dtype, requires_grad=requires_grad, device=device)

    def keep(self, value: Any) -> Ref:
        """A register that later programs of the same worker may use."""
        return self._out("keep", of=self._operand(value))

    def attempt(self, name: str = "") -> Attempt:
        """A block whose error is recorded in ``reply.errors[name]``; the program goes on after it."""
        return Attempt(self, name)

    @contextmanager
    def sweep(self, **arrays: NDArray[Any]) -> Iterator[SweepRow]:
        """A block run once per row of the arrays (equal first dimensions); ``collect`` stacks its results."""
        lengths = {len(array) for array in arrays.values()}
        if len(lengths) != 1:
            raise ValueError(f"a sweep needs arrays of one length, got {sorted(lengths)}")
        refs = {name: Ref(next(_registers)) for name in arrays}
        index = Ref(next(_registers))
        over = [[refs[name].register, self._array(array)] for name, array in arrays.items()]
        with self._nested() as block:
            yield SweepRow(refs, index)
        self._add("sweep", over=over, rows=lengths.pop(), index=index.register, block=block)

    def collect(self, name: str, value: Any) -> None:
        """Inside a sweep: add this row's value; the reply holds all of them stacked along a new first
        axis.
        """
        self.names.add(name)
        self._add("collect", name=name, of=self._operand(value))

    @contextmanager
    def trace(
        self,
        classes: Sequence[Ref],
        methods: Sequence[str],
        *,
        max_events: int = 500,
        max_bytes: int = 32 << 20,
    ) -> Iterator[TraceRef]:
        """A block during which calls of these methods on instances of these classes are recorded."""
        trace = TraceRef(Ref(next(_registers)), Ref(next(_registers)))
        nodes = [self._operand(kind) for kind in classes]
        with self._nested() as block:
            yield trace
        self._add(
            "trace",
            classes=nodes,
            methods=list(methods),
            max_events=max_events,
            max_bytes=max_bytes,
            events=trace.events.register,
            instances=trace.instances.register,
            block=block,
        )

    def _add(self, operation: str, **fields: Any) -> None:
        self._block.append({"op": operation, "at": self._count, **fields})
        self._count += 1

    def _out(self, operation: str, **fields: Any) -> Ref:
        ref = Ref(next(_registers))
        self._add(operation, out=ref.register, **fields)
        return ref

    @contextmanager
    def _nested(self) -> Iterator[list[dict[str, Any]]]:
        outer, self._block = self._block, []
        try:
            yield self._block
        finally:
            self._block = outer

    def _array(self, array: NDArray[Any]) -> int:
        plain = np.array(array, order="C", copy=True, subok=False)
        if plain.dtype.str not in DTYPES:
            raise TypeError(f"arrays of dtype {plain.dtype} cannot be sent to a worker")
        self.arrays.append(plain)
        return len(self.arrays) - 1

    def _operand(self, value: Any) -> Node:
        """The node of a value, a Ref, or a container of them."""
        if type(value) is Ref:
            steps = [[kind, key if kind == "a" else self._operand(key)] for kind, key in value.steps]
            return ["r", value.register, steps]
        if type(value) is str:
            return ["s", value]
        if isinstance(value, Input):
            return ["a", self._array(value.array), {"order": value.order, "writeable": value.writeable}]
        if isinstance(value, np.ndarray):
            return ["a", self._array(value)]
        if isinstance(value, list):
            return ["l", [self._operand(item) for item in value]]
        if isinstance(value, tuple):
            return ["t", [self._operand(item) for item in value]]
        if isinstance(value, Mapping):
            return ["d", [[self._operand(key), self._operand(item)] for key, item in value.items()]]
        if isinstance(value, bytes):
            return ["y", self._array(np.frombuffer(value, np.uint8))]
        return _scalar(value)


class Attempt:
    """The block of :meth:`Program.attempt`; a program has hundreds, so this is no generator."""

    def __init__(self, program: Program, name: str) -> None:
        self._program, self._name = program, name

    def __enter__(self) -> str:
        program = self._program
        self._name = self._name or f"attempt{program._count}"
        program.attempts.add(self._name)
        self._outer, program._block = program._block, []
        return self._name

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        program = self._program
        block, program._block = program._block, self._outer
        if kind is None:
            program._add("attempt", name=self._name, block=block)


def _scalar(value: Any) -> Node:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None:
        return ["n"]
    if isinstance(value, bool):
        return ["b", value]
    if isinstance(value, int):
        return ["i", int(value)]
    if isinstance(value, float):
        return ["f", repr(float(value))]
    if isinstance(value, complex):
        return ["c", repr(value.real), repr(value.imag)]
    if isinstance(value, str):
        return ["s", str(value)]
    raise TypeError(f"a {type(value).__name__} cannot be sent to a worker")
