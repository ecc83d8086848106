"""A pair of functions as a subject: ``forward(x, w) -> out, cache``, ``backward(dout, cache) -> grads``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from grader.errors import UsageError
from grader.numerics.adapters.layers import by_name
from grader.numerics.adapters.local import LocalSubject
from grader.numerics.subject import Array


class FunctionsSubject(LocalSubject):
    """A forward that returns its output and a cache, and a backward that takes a cotangent and the cache.

    Args:
        forward: called with the arguments in order; returns ``(out, cache)``, or ``out`` alone, whose
            cache is then the arguments.
        backward: ``backward(dout, cache)``; returns gradients as a tuple in the order of the tensors, as a
            dictionary by name (``"w"`` or ``"dw"``), or one array for the first tensor.
        tensors: names of the differentiable arguments, in order.
        order: names of all arguments in order; by default the tensors and then the constants as they come.
    """

    def __init__(
        self,
        forward: Callable[..., Any],
        backward: Callable[..., Any],
        *,
        tensors: Sequence[str],
        order: Sequence[str] | None = None,
    ) -> None:
        super().__init__()
        if not callable(forward) or not callable(backward):
            raise UsageError("a layer as a pair is (forward, backward), and both are functions")
        self._forward, self._backward = forward, backward
        self.tensors = tuple(tensors)
        self.order = tuple(order) if order is not None else None

    def new(self) -> Any:
        """Functions have no instance; any state of theirs is global."""
        return self

    def forward(
        self, instance: Any, tensors: dict[str, Array], constants: dict[str, Array]
    ) -> tuple[Any, Any]:
        """The output and the cache."""
        values = tensors | constants
        arguments = [values[name] for name in self.order or values if name in values]
        result = self._forward(*arguments)
        if isinstance(result, tuple) and len(result) == 2:
            return result
        return result, tuple(arguments)

    def backward(self, instance: Any, kept: Any, cotangent: Array) -> tuple[dict[str, Any], dict[str, Any]]:
        """The gradients, all of them returned."""
        dout: Any = cotangent if cotangent.ndim else float(cotangent)
        return by_name(self._backward(dout, kept), self.tensors), {}
