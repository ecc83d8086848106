"""What all layers in this process have in common: copies in, watched values out, exceptions caught."""

from __future__ import annotations

import random
import sys
import traceback
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from grader.numerics.subject import COTANGENT, OUTPUT, Array, Call, Outcome, plain

_SEED = 20231105  # what the global generators are set to; any fixed number


class LocalSubject(ABC):
    """A layer in this process. A subclass says how to make an instance and how to call it."""

    def __init__(self) -> None:
        self._instance: Any = None

    def run(self, calls: Sequence[Call], *, fresh: bool = False, freeze_seeds: bool = False) -> list[Outcome]:
        """Make these calls in this order on one instance; see :class:`~grader.numerics.subject.Subject`."""
        if fresh or self._instance is None:
            self._instance = self.new()
        outcomes, returned = [], []
        with warnings.catch_warnings(), np.errstate(all="ignore"), frozen_generators(freeze_seeds) as freeze:
            warnings.simplefilter("ignore")
            for call in calls:
                freeze(self._instance)
                outcome, values = self._one(call)
                outcomes.append(outcome)
                returned.append(values)
        return [_read_again(*pair) for pair in zip(outcomes, returned, strict=True)]

    @abstractmethod
    def new(self) -> Any:
        """A new instance, which nobody called before."""

    @abstractmethod
    def forward(
        self, instance: Any, tensors: dict[str, Array], constants: dict[str, Array]
    ) -> tuple[Any, Any]:
        """The returned output and what backward needs of this forward."""

    @abstractmethod
    def backward(self, instance: Any, kept: Any, cotangent: Array) -> tuple[dict[str, Any], dict[str, Any]]:
        """Gradients by name: those that were returned, and those that the layer stores."""

    def _one(self, call: Call) -> tuple[Outcome, dict[str, Any]]:
        """One call, and the objects that it returned, uncopied."""
        tensors = {name: copy_alike(array) for name, array in call.tensors.items()}
        constants = {name: copy_alike(array) for name, array in call.constants.items()}
        returned: dict[str, Any] = {}
        grads: dict[str, Array | None] = {}
        output, error = None, ""
        mutated: tuple[str, ...] = ()
        value: Any = None
        try:
            value, kept = self.forward(self._instance, tensors, constants)
            output = _taken(value)
            if output is not None:
                returned[OUTPUT] = value
            if call.cotangent is not None:
                cotangent = copy_alike(call.cotangent)
                for _ in range(call.backwards):
                    direct, stored = self.backward(self._instance, kept, cotangent)
                returned.update(direct)
                grads = {name: _taken(grad) for name, grad in (stored | direct).items()}
                mutated = _changed(call, tensors, constants, cotangent)
        except (Exception, SystemExit) as problem:
            error = one_line(problem)
        note = "" if output is not None or error else f"forward returned {type(value).__name__}"
        return Outcome(output, grads, mutated, {}, error, note), returned


def copy_alike(array: Array) -> Array:
    """A copy in the same memory layout: strided stays strided, read-only stays read-only."""
    if type(array) is not np.ndarray:
        return array
    if array.flags.forc:
        copied = array.copy(order="K")
    else:
        padded = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
        copied = padded[..., ::2]
        copied[...] = array
    if not array.flags.writeable:
        copied.flags.writeable = False
    return copied


def one_line(problem: BaseException) -> str:
    """An exception in one line: type, text, file and line where it was raised."""
    frames = traceback.extract_tb(problem.__traceback__)
    where = f" ({frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno})" if frames else ""
    text = " ".join(str(problem).split())
    return f"{type(problem).__name__}: {text[:300]}{where}"


@contextmanager
def frozen_generators(on: bool) -> Iterator[Callable[[Any], None]]:
    """Give a function that sets all global generators, and an object's own, to one state.

    The states of the global ones are put back at the end. An unseeded ``numpy.random.default_rng()`` is
    seeded meanwhile, so that a generator made inside a call repeats.
    """
    if not on:
        yield lambda instance: None
        return
    torch = sys.modules.get("torch")
    default_rng = np.random.default_rng
    before = random.getstate(), np.random.get_state(), torch.get_rng_state() if torch else None

    def seeded(seed: Any = None) -> np.random.Generator:
        return default_rng(_SEED if seed is None else seed)

    def freeze(instance: Any) -> None:
        random.seed(_SEED)
        np.random.seed(_SEED)
        if torch:
            torch.manual_seed(_SEED)
        for value in getattr(instance, "__dict__", {}).values():
            _reseed(value)

    np.random.default_rng = seeded
    try:
        yield freeze
    finally:
        np.random.default_rng = default_rng
        random.setstate(before[0])
        np.random.set_state(before[1])
        if torch:
            torch.set_rng_state(before[2])


def _reseed(value: object) -> None:
    """Set a generator that an object holds to a fixed state."""
    if isinstance(value, np.random.Generator):
        value.bit_generator.state = type(value.bit_generator)(_SEED).state
    elif isinstance(value, (np.random.RandomState, random.Random)):
        value.seed(_SEED)
    elif type(value).__name__ == "Generator" and hasattr(value, "manual_seed"):
        value.manual_seed(_SEED)


def _taken(value: object) -> Array | None:
    """A returned value as it is now: an array is copied."""
    array = plain(value)
    return array.copy() if array is value and array is not None else array


def _same_bytes(left: Array, right: Array) -> bool:
    """Whether two arrays hold the same bytes (NaN equals NaN)."""
    if left is right or type(left) is not np.ndarray:
        return True
    if left.shape != right.shape:
        return False
    if left.dtype != right.dtype:  # a parameter that the layer stores in another precision
        left = left.astype(right.dtype)
    return left.tobytes() == right.tobytes()


def _changed(
    call: Call, tensors: Mapping[str, Array], constants: Mapping[str, Array], cotangent: Array
) -> tuple[str, ...]:
    """Names of the copies that no longer equal what was handed in."""
    pairs = [(name, array, tensors[name]) for name, array in call.tensors.items()]
    pairs += [(name, array, constants[name]) for name, array in call.constants.items()]
    if call.cotangent is not None:
        pairs.append((COTANGENT, call.cotangent, cotangent))
    return tuple(name for name, given, copied in pairs if not _same_bytes(given, copied))


def _read_again(outcome: Outcome, returned: Mapping[str, Any]) -> Outcome:
    """The outcome with those returned values that differ by now."""
    late = {}
    for name, value in returned.items():
        first = outcome.output if name == OUTPUT else outcome.grads.get(name)
        if type(value) is np.ndarray and first is not None and not _same_bytes(first, value):
            late[name] = value.copy()
    if not late:
        return outcome
    return Outcome(outcome.output, outcome.grads, outcome.mutated, late, outcome.error, outcome.note)
