"""The seam: how a layer looks from here, whatever it is and wherever it runs.

A layer is calls and outcomes, nothing else. Adapters in this package make a :class:`Subject` of a layer
object, of a pair of functions or of a torch module in this process; another program may speak to a
worker instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

OUTPUT = "output"
"""The name of a layer's output in :attr:`Outcome.mutated`, :attr:`Outcome.late` and in evidence."""

COTANGENT = "cotangent"
"""The name of the cotangent in :attr:`Outcome.mutated`."""


@dataclass(frozen=True, eq=False)
class Call:
    """One forward, and a backward after it where a cotangent is given.

    Attributes:
        tensors: everything differentiable by name, inputs and parameters: ``{"x": (N, D), "weight": ...}``.
        constants: everything else by name: labels, masks, indices.
        cotangent: the loss gradient at the output, in the shape of the output; ``None`` asks for forward
            alone.
        backwards: how often backward is called, on the same cotangent, after the one forward. The
            gradients of the last are the outcome's.
    """

    tensors: Mapping[str, Array]
    constants: Mapping[str, Array] = field(default_factory=dict)
    cotangent: Array | None = None
    backwards: int = 1


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one call gave.

    Attributes:
        output: exactly a ``numpy.ndarray`` (a returned number is an array of shape ``()``), in the dtype
            and shape that came back; ``None`` where forward raised or returned nothing that is an array.
        grads: the gradients that came back, by the name of the tensor, in the shape that came back; a
            name that is missing or ``None``: no such gradient. Values that are not arrays of numbers are
            not handed on.
        mutated: names of inputs (tensors, constants, ``"cotangent"``) whose bytes changed during the
            call. Looked at on calls with a cotangent, at least.
        late: values *returned* by this call (``"output"`` and gradients by name; not gradients that the
            layer stores), read again after the last call of the same run. One that differs is an alias
            of a buffer written later. A name that is missing was not read again.
        error: the exception of forward or backward in one line, ``""`` if none.
        note: what was odd about the returned values: ``"output is a Python list"``.
    """

    output: Array | None
    grads: Mapping[str, Array | None] = field(default_factory=dict)
    mutated: tuple[str, ...] = ()
    late: Mapping[str, Array] = field(default_factory=dict)
    error: str = ""
    note: str = ""


class Subject(Protocol):
    """A layer that can be called. Nothing about it is trusted."""

    def run(self, calls: Sequence[Call], *, fresh: bool = False, freeze_seeds: bool = False) -> list[Outcome]:
        """Make these calls in this order on one instance.

        Args:
            calls: in order; each sets the tensors that are parameters, then calls forward, then perhaps
                backward. The layer gets copies of all arrays, in the memory layout and with the flags
                that they have here.
            fresh: on a new instance, which nobody called before.
            freeze_seeds: set the global seeds (random, numpy, torch) to the same value before every forward.

        Returns:
            One outcome for each call. An exception of the layer is an outcome, never raised.
        """
        ...


Truth = Callable[[Call], Outcome]
"""A reference: the right output, and the right gradients where the call has a cotangent."""


def plain(value: object) -> Array | None:
    """A returned value as exactly a ``numpy.ndarray``, or ``None`` if it is neither an array nor a number."""
    if type(value) is np.ndarray:
        return value
    if type(value) in (int, float, bool) or isinstance(value, np.generic):
        return np.asarray(value)
    return None
